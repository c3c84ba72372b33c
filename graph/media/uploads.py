"""Files on their way in."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import ID

from domain.kernel.paging import Page, PageRequest
from domain.kernel.refusals import Forbidden, InvalidInput, NotFound, SignInRequired
from domain.kernel.work import Work
from domain.media import upload as uploading
from domain.media import uploads as domain_uploads
from domain.media.upload import Upload as UploadRow
from domain.media.upload import UploadLimits
from graph.batching import derived
from graph.context import Context
from graph.global_ids import Kind, loads_node, read_id
from graph.media.vocabulary import UploadState
from graph.nodes import Node
from graph.paging import After, Before, First, Last, connection_of
from graph.payloads import shown
from graph.problems import Problem, problem
from graph.root_fields import mutation_field, query_field
from graph.rows import declares


@loads_node(Kind.UPLOAD, row=UploadRow)
async def visible_uploads(context: Context, keys: Sequence[UUID]) -> list[UploadRow | None]:
    """Load the viewer's own uploads."""
    return await domain_uploads.visible_uploads(context.reads, keys, viewer=context.viewer)


@declares(UploadRow)
@strawberry.type(description="A file on its way in, by the tus protocol.")
class Upload(Node):
    """An upload."""

    state: UploadState = strawberry.field(description="Where it is on its way.")
    url: str = derived(
        lambda upload, context: context.address_of(f"/uploads/{upload.id}"),
        description="Where to send its bytes, by tus 1.0.0.",
    )
    file_name: str = strawberry.field(description="What the file is called.")
    media_type: str = strawberry.field(description="What its sender takes it for.")
    size_bytes: float | None = strawberry.field(description="How long it is; null while its sender does not know.")
    offset_bytes: float = strawberry.field(description="How many bytes have arrived.")
    created_at: datetime = strawberry.field(description="When it was announced.")
    expires_at: datetime | None = strawberry.field(
        description="When it is given up unless more arrives, or, once whole, unless something is made from it; when"
        " it ended; null when it stays."
    )


UploadConnection = connection_of(Upload, plural="uploads")


@problem(uploading.UploadTooLarge, description="The upload is larger than is accepted.")
class UploadTooLarge(Problem):
    """Too many bytes."""

    max_size_bytes: float = strawberry.field(description="How many bytes would do.")


@problem(uploading.TooManyUploads, description="The account has too many unfinished uploads. Finish or terminate some.")
class TooManyUploads(Problem):
    """Too many unfinished uploads."""

    open_max: int = strawberry.field(description="How many an account may have.")


@problem(uploading.UploadEnded, description="The upload has expired or was terminated. Create a new one.")
class UploadEnded(Problem):
    """The upload has ended."""

    state: UploadState = derived(lambda refusal, _: UploadState(refusal.state), description="How it ended.")


@problem(uploading.UploadInUse, description="An asset is being made from this upload. Cancel the asset first.")
class UploadInUse(Problem):
    """An asset needs the upload."""


@strawberry.input(description="A file to upload.")
class CreateUploadInput:
    """A file to upload."""

    file_name: str = strawberry.field(description="What the file is called; up to 200 characters are kept.")
    media_type: str = strawberry.field(description="What kind of file it is, such as `video/mp4`.")
    size_bytes: float | None = strawberry.field(default=None, description="How long it is; leave out when unknown.")


@strawberry.type(description="The upload is announced; send its bytes to its `url`.")
class UploadCreated:
    """What createUpload gives."""

    upload: Upload = strawberry.field(description="The new upload.")


@strawberry.input(description="An upload to end.")
class TerminateUploadInput:
    """An upload to end."""

    upload_id: ID = strawberry.field(description="Which one; your own.")


@strawberry.type(description="The upload is ended and its bytes are removed.")
class UploadTerminated:
    """What terminateUpload gives."""

    upload: Upload = strawberry.field(description="The upload as it is now.")


@query_field(UploadConnection, description="Your own uploads, the newest first. Editors only.")
async def uploads(
    context: Context, first: First = None, after: After = None, last: Last = None, before: Before = None
) -> Page[UploadRow]:
    """List the viewer's uploads."""
    page = PageRequest.parse(first=first, after=after, last=last, before=before)
    return await domain_uploads.list_uploads(context.reads, viewer=context.viewer, page=page)


@mutation_field(
    UploadCreated,
    refusals=(InvalidInput, SignInRequired, Forbidden, uploading.UploadTooLarge, uploading.TooManyUploads),
    description="Announce a file. Its bytes then go to the upload's `url`, by tus 1.0.0. Editors only.",
)
async def create_upload(
    work: Work,
    context: Context,
    input: Annotated[CreateUploadInput, strawberry.argument(description="The file.")],
) -> UploadCreated:
    """Announce an upload."""
    upload = await domain_uploads.create_upload(
        work,
        viewer=context.viewer,
        size_bytes=_whole_bytes(input.size_bytes),
        file_name=input.file_name,
        media_type=input.media_type,
        limits=UploadLimits.of(context.runtime.settings),
    )
    return UploadCreated(upload=shown(upload))


@mutation_field(
    UploadTerminated,
    refusals=(NotFound, SignInRequired, Forbidden, uploading.UploadEnded, uploading.UploadInUse),
    description="End an upload, also while its bytes arrive, and remove them. Editors only.",
)
async def terminate_upload(
    work: Work,
    context: Context,
    input: Annotated[TerminateUploadInput, strawberry.argument(description="The upload.")],
) -> UploadTerminated:
    """End an upload."""
    upload_id = read_id(Kind.UPLOAD, input.upload_id)
    upload = await domain_uploads.terminate_upload(work, viewer=context.viewer, upload_id=upload_id)
    return UploadTerminated(upload=shown(upload))


def _whole_bytes(size: float | None) -> int | None:
    if size is None:
        return None
    if not size.is_integer():
        raise InvalidInput("size_bytes", "Give a whole number of bytes.")
    return int(size)
