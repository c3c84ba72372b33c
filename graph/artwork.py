"""Pictures of titles: those editors uploaded, and stills of what plays, in the sizes and formats that were made."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, NamedTuple
from uuid import UUID

import strawberry

from domain.media import artworks
from domain.media.artwork import Artwork as ArtworkRow
from domain.media.artwork import ArtworkFailure, ArtworkKind, ArtworkState, ImageFormat, PictureFile, Rendition
from domain.media.asset import Playing
from domain.media.showing import picture_of_titles
from graph.batching import derived, load_all
from graph.context import Context
from graph.enums import described
from graph.global_ids import Kind, loads_node
from graph.loads import is_editor, titles_playing
from graph.nodes import Node
from graph.rows import declares

WIDTH_DEFAULT = 640

described(
    ArtworkKind,
    description="What a picture of a title is for.",
    values={
        ArtworkKind.POSTER: "The title in a row of titles.",
        ArtworkKind.BACKDROP: "What stands behind everything else on the title's page.",
        ArtworkKind.LOGO: "Its name as a picture, usually see-through.",
        ArtworkKind.STILL: "A scene of it.",
    },
)
described(
    ArtworkState,
    description="How far a picture is.",
    values={
        ArtworkState.PROCESSING: "Its files are being made.",
        ArtworkState.READY: "It is shown.",
        ArtworkState.FAILED: "Nothing came of it; `failure` says why.",
        ArtworkState.REPLACED: "A later picture is shown at its place.",
    },
)
described(
    ArtworkFailure,
    description="Why nothing came of a picture.",
    values={
        ArtworkFailure.NOT_A_PICTURE: "The file is no JPEG, PNG, WebP or AVIF.",
        ArtworkFailure.TOO_LARGE: "It has more than 100 million pixels, or takes too long to read.",
        ArtworkFailure.TOO_SMALL: "A side is shorter than 32 pixels.",
        ArtworkFailure.ODD_SHAPE: "One side is more than 8 times as long as the other.",
        ArtworkFailure.BROKEN: "The file is damaged.",
        ArtworkFailure.GAVE_UP: "Something of ours broke. Add it again.",
    },
)
described(
    ImageFormat,
    description="How a picture is encoded.",
    values={
        ImageFormat.JPEG: "JPEG: every client shows it.",
        ImageFormat.PNG: "PNG: made instead of JPEG of what is see-through.",
        ImageFormat.WEBP: "WebP: about a third smaller.",
        ImageFormat.AVIF: "AVIF: about half the size.",
    },
)

Width = Annotated[
    int, strawberry.argument(description="How many pixels wide it should be; the next larger size there is comes.")
]
Format = Annotated[
    ImageFormat | None,
    strawberry.argument(
        description="The format wanted. By default, and where it was not made: JPEG, or PNG for what is see-through."
    ),
]
OfKind = Annotated[ArtworkKind, strawberry.argument(description="What it is for.")]


class Shown(NamedTuple):
    """One file of a picture."""

    url: str
    width: int
    height: int | None
    format: ImageFormat = ImageFormat.JPEG
    dominant_color: str | None = None
    blur_hash: str | None = None
    language: str | None = None


@declares(Shown)
@strawberry.type(description="A picture in one size.")
class Image:
    """A picture."""

    url: str = strawberry.field(description="Where it is. The picture behind an address never changes.")
    width: int = strawberry.field(description="Its width in pixels.")
    height: int | None = strawberry.field(description="Its height in pixels; null when unknown.")
    format: ImageFormat = strawberry.field(description="How it is encoded.")
    dominant_color: str | None = strawberry.field(
        description="Its most frequent colour as `#rrggbb`, to show until it is there; null for stills of a video."
    )
    blur_hash: str | None = strawberry.field(
        description="Its BlurHash (blurha.sh), to show until it is there; null for stills of a video."
    )
    language: str | None = strawberry.field(
        description="The language it is for, as a BCP 47 tag; null when it is for everybody."
    )


@declares(ArtworkRow)
@strawberry.type(description="A picture an editor uploaded for a title.")
class Artwork(Node):
    """A picture of a title, as editors see it."""

    kind: ArtworkKind = strawberry.field(description="What it is for.")
    language: str | None = strawberry.field(
        description="The language it is for, as a BCP 47 tag; null when it is for everybody."
    )
    state: ArtworkState = strawberry.field(description="How far it is.")
    failure: ArtworkFailure | None = strawberry.field(description="Why nothing came of it.")
    created_at: datetime = strawberry.field(description="When it was added.")
    images: list[Image] = derived(
        lambda artwork, context: images_of(artwork, context),
        description="Every file that was made of it, by format and width; empty unless it is ready.",
    )


@loads_node(Kind.ARTWORK, row=ArtworkRow)
async def visible_artworks(context: Context, keys: Sequence[UUID]) -> list[ArtworkRow | None]:
    """Load pictures as such; only editors see them."""
    return await artworks.artworks_by_id(context.reads, keys) if is_editor(context) else [None for _ in keys]


async def titles_artworks(context: Context, keys: Sequence[UUID]) -> Sequence[Sequence[ArtworkRow]]:
    """Load every picture of titles, the newest first; only editors see them."""
    return await artworks.artworks_of_titles(context.reads, keys) if is_editor(context) else [() for _ in keys]


async def titles_artwork(
    context: Context, keys: Sequence[UUID], kind: ArtworkKind, width: int, format: ImageFormat | None = None
) -> list[PictureFile | None]:
    """Load a file of the best picture of one kind for this caller's languages."""
    return await picture_of_titles(
        context.reads, keys, kind=kind, width=width, format=format, languages=context.caller.languages
    )


async def titles_posters(context: Context, keys: Sequence[UUID], width: int) -> list[PictureFile | Playing | None]:
    """Load the poster that was uploaded, or else what plays, which has stills."""
    uploaded, playing = await asyncio.gather(
        titles_artwork(context, keys, ArtworkKind.POSTER, width), load_all(context, titles_playing, keys)
    )
    return [poster or stills for poster, stills in zip(uploaded, playing, strict=True)]


def artwork_image(
    file: PictureFile | None, context: Context, kind: OfKind, width: Width = WIDTH_DEFAULT, format: Format = None
) -> Shown | None:
    """Return a picture's file; which one is chosen where it is loaded."""
    return None if file is None else _uploaded(file, context)


def poster_of(found: PictureFile | Playing | None, context: Context, width: Width = WIDTH_DEFAULT) -> Shown | None:
    """Return the smallest poster or still that is wide enough, or the widest."""
    if found is None or isinstance(found, PictureFile):
        return None if found is None else _uploaded(found, context)
    asset_id, _, wide, high, sizes = found
    if not sizes:
        return None
    chosen = min([size for size in sizes if size >= width] or [max(sizes)])
    height = round(chosen * high / wide) if wide and high else None
    return Shown(context.address_of(f"/posters/{asset_id}/{chosen}.jpg"), chosen, height)


def _uploaded(file: PictureFile, context: Context) -> Shown:
    _, language, color, blur_hash, width, height, format, name = file
    return Shown(context.address_of(f"/artwork/{name}"), width, height, format, color, blur_hash, language)


def images_of(artwork: ArtworkRow, context: Context) -> list[Shown]:
    """Return every file of a picture."""
    files = () if artwork.picture is None else artwork.picture.renditions
    return [_shown(artwork, file, context) for file in files]


def _shown(artwork: ArtworkRow, file: Rendition, context: Context) -> Shown:
    assert artwork.picture is not None, "it has files"
    return Shown(
        url=context.address_of(f"/artwork/{file.name}"),
        width=file.width,
        height=file.height,
        format=file.format,
        dominant_color=artwork.picture.dominant_color,
        blur_hash=artwork.picture.blur_hash,
        language=artwork.language,
    )
