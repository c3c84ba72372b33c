"""Uploads: announced, put together, ended, and looked up.

`receiving` takes their bytes; `upload` has their states, and draws the tree of refusals.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from domain.accounts import Viewer
from domain.kernel.jobs import Job
from domain.kernel.paging import Page, PageRequest, decode_cursor, encode_cursor, page_of
from domain.kernel.refusals import InvalidInput, NotFound
from domain.kernel.work import Reads, Work
from domain.media.policy import MEDIA, MediaAct
from domain.media.store import uploads as store
from domain.media.upload import (
    CONCATENATED_MAX,
    FILE_NAME_DEFAULT,
    MEDIA_TYPE_DEFAULT,
    METADATA_MAX_CHARS,
    TooManyUploads,
    Upload,
    UploadEnded,
    UploadId,
    UploadInUse,
    UploadLimits,
    UploadState,
    UploadTooLarge,
    plain_file_name,
    plain_media_type,
)

SWEEP = "media.sweep_upload"
EXPIRE = "media.expire_uploads"
# Whoever still writes to an ended upload notices within a lease; what it stored until then is swept as well.
SWEEP_DELAY_S = 30.0
EXPIRED_AT_ONCE = 100

_LIST = "uploads"


async def create_upload(
    work: Work,
    *,
    viewer: Viewer | None,
    size_bytes: int | None,
    limits: UploadLimits,
    file_name: str = FILE_NAME_DEFAULT,
    media_type: str = MEDIA_TYPE_DEFAULT,
    metadata: str = "",
    is_partial: bool = False,
) -> Upload:
    """Announce an upload; its bytes follow over tus. Editors only. `size_bytes` is None when it is not known yet.

    Raises:
        SignInRequired, Forbidden, InvalidInput.
        UploadTooLarge, TooManyUploads.
    """
    viewer = MEDIA.require(viewer, MediaAct.UPLOAD)
    if size_bytes is not None:
        check_size(size_bytes, limits)
    upload = _new(work, viewer, limits, size_bytes, file_name, media_type, metadata, is_partial=is_partial)
    await _insert(work, upload, limits)
    return upload


async def create_final_upload(
    work: Work,
    *,
    viewer: Viewer | None,
    partial_ids: Sequence[UUID],
    limits: UploadLimits,
    file_name: str = FILE_NAME_DEFAULT,
    media_type: str = MEDIA_TYPE_DEFAULT,
    metadata: str = "",
) -> Upload:
    """Announce an upload that is the given partial ones in this order; `receiving.concatenate` then makes it whole.

    The partial uploads are kept at least as long as the new one may take.

    Raises:
        SignInRequired, Forbidden, UploadTooLarge, TooManyUploads.
        InvalidInput: one of them is absent, another account's, not partial, or not whole.
    """
    viewer = MEDIA.require(viewer, MediaAct.UPLOAD)
    if not 1 <= len(partial_ids) <= CONCATENATED_MAX:
        raise InvalidInput("Upload-Concat", f"Name 1 to {CONCATENATED_MAX} partial uploads.")
    expires_at = work.now + timedelta(seconds=limits.ttl_s)
    found = await store.lock_partials(work.connection, partial_ids, account_id=viewer.account_id, expires_at=expires_at)
    sizes = {partial.id: partial.offset_bytes for partial in found}
    if missing := [id for id in partial_ids if id not in sizes]:
        raise InvalidInput("Upload-Concat", f"{missing[0]} is not a whole partial upload of yours.")
    size_bytes = sum(sizes[UploadId(id)] for id in partial_ids)
    check_size(size_bytes, limits)
    upload = _new(work, viewer, limits, size_bytes, file_name, media_type, metadata, concatenates=partial_ids)
    await _insert(work, upload, limits)
    return upload


async def terminate_upload(work: Work, *, viewer: Viewer | None, upload_id: UUID) -> Upload:
    """End an upload and remove its bytes, also while they arrive.

    Raises:
        SignInRequired, Forbidden, NotFound.
        UploadEnded: it has ended already.
        UploadInUse: an asset is being made from it.
    """
    upload = await own_upload(work, viewer=viewer, upload_id=upload_id)
    if await store.is_in_use(work.connection, upload_id):
        raise UploadInUse
    if not await store.terminate(work.connection, upload_id, now=work.now):
        raise UploadEnded(upload.state)
    await sweep_later(work, upload_id=upload.id)
    (terminated,) = await store.uploads_by_id(work.connection, [upload_id])
    assert terminated is not None, "an upload is deleted long after its end"
    return terminated


async def expire_uploads(work: Work, *, limit: int = EXPIRED_AT_ONCE) -> int:
    """End uploads nobody went on with, or made something from, in time, and enqueue the removal of their bytes.

    Returns how many there were.
    """
    expired = await store.expire(work.connection, now=work.now, limit=limit)
    for id in expired:
        await sweep_later(work, upload_id=id)
    return len(expired)


async def prune_uploads(work: Work, *, kept: timedelta, limit: int) -> int:
    """Delete up to `limit` uploads that ended `kept` ago and that nothing was made from; return how many."""
    return await store.prune(work.connection, before=work.now - kept, limit=limit)


async def sweep_later(work: Work, *, upload_id: UUID) -> None:
    """Enqueue the removal of what an upload that is whole, or has ended, no longer needs."""
    await work.enqueue(
        Job(SWEEP, {"upload_id": str(upload_id)}, delay_s=SWEEP_DELAY_S, dedupe_key=f"upload:{upload_id}:sweep")
    )


async def own_upload(work: Work, *, viewer: Viewer | None, upload_id: UUID) -> Upload:
    """Return the editor's own upload and lock it until the work ends. Another account's looks like an absent one.

    Raises:
        SignInRequired, Forbidden, NotFound.
    """
    viewer = MEDIA.require(viewer, MediaAct.UPLOAD)
    upload = await store.lock_upload(work.connection, upload_id)
    if upload is None or upload.account_id != viewer.account_id:
        raise NotFound("upload", upload_id)
    return upload


async def uploads_by_id(reads: Reads, keys: Sequence[UUID]) -> list[Upload | None]:
    """Batch load uploads aligned with `keys`; who may see them is the caller's question."""
    async with reads.connection() as connection:
        return await store.uploads_by_id(connection, keys)


async def visible_uploads(reads: Reads, keys: Sequence[UUID], *, viewer: Viewer | None) -> list[Upload | None]:
    """Batch load the uploads this viewer may see, its own; None for all others."""
    return [
        upload if upload is not None and viewer is not None and upload.account_id == viewer.account_id else None
        for upload in await uploads_by_id(reads, keys)
    ]


async def list_uploads(reads: Reads, *, viewer: Viewer | None, page: PageRequest) -> Page[Upload]:
    """Return a page of the editor's own uploads, the newest first.

    Raises:
        SignInRequired, Forbidden.
        InvalidInput: a cursor of another list.
    """
    viewer = MEDIA.require(viewer, MediaAct.UPLOAD)
    async with reads.connection() as connection:
        rows = await store.page_of_account(
            connection,
            viewer.account_id,
            below=_id_of(page.after),
            above=_id_of(page.before),
            rising=page.backwards,
            limit=page.limit + 1,
        )
    return page_of(rows, request=page, cursor=lambda upload: encode_cursor(_LIST, upload.id))


def check_size(size_bytes: int, limits: UploadLimits) -> None:
    """Refuse a size nobody may send.

    Raises:
        InvalidInput: nothing, or less.
        UploadTooLarge.
    """
    if size_bytes <= 0:
        raise InvalidInput("sizeBytes", "The file is empty. Choose another.")
    if size_bytes > limits.max_size_bytes:
        raise UploadTooLarge(limits.max_size_bytes)


def _new(
    work: Work,
    viewer: Viewer,
    limits: UploadLimits,
    size_bytes: int | None,
    file_name: str,
    media_type: str,
    metadata: str,
    *,
    is_partial: bool = False,
    concatenates: Sequence[UUID] = (),
) -> Upload:
    if len(metadata) > METADATA_MAX_CHARS:
        raise InvalidInput("Upload-Metadata", f"Give at most {METADATA_MAX_CHARS} characters.")
    return Upload(
        id=UploadId(work.new_id()),
        account_id=viewer.account_id,
        state=UploadState.CREATED,
        size_bytes=size_bytes,
        offset_bytes=0,
        file_name=plain_file_name(file_name),
        media_type=plain_media_type(media_type),
        metadata=metadata,
        is_partial=is_partial,
        concatenates=tuple(concatenates),
        object_key=None,
        created_at=work.now,
        expires_at=work.now + timedelta(seconds=limits.ttl_s),
    )


async def _insert(work: Work, upload: Upload, limits: UploadLimits) -> None:
    if await store.count_open(work.connection, upload.account_id) >= limits.open_max:
        raise TooManyUploads(limits.open_max)
    await store.insert_upload(work.connection, upload)


def _id_of(cursor: str | None) -> UUID | None:
    if cursor is None:
        return None
    values = decode_cursor(_LIST, cursor)
    try:
        return UUID(str(values[0]))
    except (IndexError, ValueError) as garbage:
        raise InvalidInput(
            "cursor", "This cursor does not belong to this list. Start from the first page."
        ) from garbage
