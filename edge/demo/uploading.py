"""Sends the demo's files through the same verbs as anybody's uploads, going on where an earlier start left off."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

from domain.accounts import Viewer
from domain.kernel.paging import PAGE_MAX, PageRequest
from domain.media.receiving import Piece, Receiver, receive
from domain.media.upload import Upload, UploadLimits, UploadState
from domain.media.uploads import create_upload, list_uploads
from domain.runtime import Runtime

CHUNK_BYTES = 1024 * 1024


async def send_file(runtime: Runtime, *, viewer: Viewer, path: Path, media_type: str) -> UUID:
    """Upload the file and return the complete upload's id. Calling it again uploads nothing twice."""
    size_bytes = await asyncio.to_thread(lambda: path.stat().st_size)
    limits = UploadLimits.of(runtime.settings)
    upload = await earlier_upload(runtime, viewer=viewer, file_name=path.name, size_bytes=size_bytes)
    if upload is None:
        async with runtime.work() as work:
            upload = await create_upload(
                work, viewer=viewer, size_bytes=size_bytes, limits=limits, file_name=path.name, media_type=media_type
            )
    if upload.state is not UploadState.COMPLETE:
        receiver = Receiver(open_work=runtime.work, objects=runtime.objects, limits=limits)
        piece = Piece(
            offset_bytes=upload.offset_bytes,
            chunks=_chunks(path, upload.offset_bytes),
            length_bytes=size_bytes - upload.offset_bytes,
        )
        await receive(receiver, viewer=viewer, upload_id=upload.id, piece=piece)
    return upload.id


async def earlier_upload(
    runtime: Runtime, *, viewer: Viewer, file_name: str, size_bytes: int | None = None
) -> Upload | None:
    """Return the viewer's newest upload of this name, and size if given, that is complete or can still be completed."""
    page = await list_uploads(runtime.reads(), viewer=viewer, page=PageRequest(limit=PAGE_MAX))
    now = runtime.clock()
    for upload in page.items:
        is_same = upload.file_name == file_name and size_bytes in (None, upload.size_bytes)
        if is_same and upload.ended(now) is None:
            return upload
    return None


async def _chunks(path: Path, start: int) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
            yield chunk
