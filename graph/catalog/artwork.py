"""Pictures of titles as editors add and remove them."""

from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import ID

from domain.kernel.refusals import Forbidden, InvalidInput, NotFound, SignInRequired
from domain.kernel.work import Work
from domain.media import artworks as domain
from domain.media.artwork import ArtworkKind
from domain.media.assets import UploadNotComplete
from domain.media.upload import UploadTooLarge
from graph.artwork import Artwork
from graph.batching import batched
from graph.catalog.titles import Title
from graph.context import Context
from graph.global_ids import Kind, read_id
from graph.loads import visible_titles
from graph.payloads import shown
from graph.problems import Problem, problem
from graph.root_fields import mutation_field


@problem(domain.TooManyArtworks, description="The title has as many pictures as it may. Remove some first.")
class TooManyArtworks(Problem):
    """Too many pictures."""

    artworks_max: int = strawberry.field(description="How many a title may have.")


@strawberry.input(description="A complete upload to make into a picture of a title.")
class AddArtworkInput:
    """A picture to add."""

    title_id: ID = strawberry.field(description="Which title.")
    upload_id: ID = strawberry.field(description="The upload: a JPEG, PNG, WebP or AVIF of up to 64 MB.")
    kind: ArtworkKind = strawberry.field(description="What it is for.")
    language: str | None = strawberry.field(
        default=None, description="The language it is for, as a BCP 47 tag. By default it is for everybody."
    )


@strawberry.type(description="The picture is being made. It is shown once it is ready.")
class ArtworkAdded:
    """What addArtwork gives."""

    artwork: Artwork = strawberry.field(description="The picture.")
    title: Title = batched(visible_titles, key=lambda added: added.artwork.title_id, description="The title it is of.")


@strawberry.input(description="A picture to remove.")
class RemoveArtworkInput:
    """A picture to remove."""

    artwork_id: ID = strawberry.field(description="Which picture.")


@strawberry.type(description="The picture is gone.")
class ArtworkRemoved:
    """What removeArtwork gives."""

    title_key: strawberry.Private[UUID]
    title: Title = batched(visible_titles, key=lambda removed: removed.title_key, description="The title it was of.")


@mutation_field(
    ArtworkAdded,
    refusals=(
        InvalidInput, NotFound, SignInRequired, Forbidden,
        UploadNotComplete, UploadTooLarge, domain.TooManyArtworks,
    ),
    description="Make an upload into a picture of a title, in several sizes and formats. Editors only.",
)  # fmt: skip
async def add_artwork(
    work: Work,
    context: Context,
    input: Annotated[AddArtworkInput, strawberry.argument(description="The picture.")],
) -> ArtworkAdded:
    """Add a picture."""
    artwork = await domain.add_artwork(
        work,
        viewer=context.viewer,
        title_id=read_id(Kind.TITLE, input.title_id),
        upload_id=read_id(Kind.UPLOAD, input.upload_id),
        kind=input.kind,
        language=input.language,
    )
    return ArtworkAdded(artwork=shown(artwork))


@mutation_field(
    ArtworkRemoved,
    refusals=(NotFound, SignInRequired, Forbidden),
    description="Take a picture of a title away. Editors only.",
)
async def remove_artwork(
    work: Work,
    context: Context,
    input: Annotated[RemoveArtworkInput, strawberry.argument(description="Which picture.")],
) -> ArtworkRemoved:
    """Remove a picture."""
    title_id = await domain.remove_artwork(
        work, viewer=context.viewer, artwork_id=read_id(Kind.ARTWORK, input.artwork_id)
    )
    return ArtworkRemoved(title_key=title_id)


MUTATIONS = [add_artwork, remove_artwork]
