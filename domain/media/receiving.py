"""Taking the bytes of an upload: streamed into the object store part by part, acknowledged only when they lie there.

One writer at a time holds a lease on the upload. Every change of the row names that writer and the offset it went
on from, so a writer that was taken over, killed or frozen can change nothing, and its objects carry its own id.
A part is put first and its row committed after; a crash between the two loses no acknowledged byte, and the sweep
takes the object. The last bytes are acknowledged together with the whole, so that an upload whose offset equals its
size is whole, always. Parts are streamed into one object then, which S3 gets as a multipart upload.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NoReturn
from uuid import UUID

import structlog

from domain.accounts import Viewer
from domain.kernel.ids import new_id
from domain.kernel.refusals import InvalidInput, Refusal
from domain.kernel.work import Work
from domain.media.checksums import Checksum
from domain.media.object_store import ObjectStore
from domain.media.store import uploads as store
from domain.media.upload import (
    ChecksumMismatch,
    Part,
    Upload,
    UploadBusy,
    UploadEnded,
    UploadIsFinal,
    UploadLimits,
    UploadOffsetMismatch,
    UploadState,
    UploadTooLarge,
    part_key,
    whole_key,
)
from domain.media.uploads import check_size, own_upload, sweep_later

# What one request holds in memory before it becomes a part: S3 wants 5 MiB or more for a good reason, calls cost.
PART_BYTES = 8 << 20
# A last part smaller than this is read back and goes on growing, so that tiny requests do not make endless parts.
SMALL_PART_BYTES = 1 << 20
# A dead writer's upload may be taken over after this long. Clients of tus give up after about 9 s of trying.
LEASE_S = 8.0
RENEW_AFTER_S = 2.0

log = structlog.get_logger("uploads")


class BytesCut(Exception):
    """The sender went away before its announced end. What arrived counts, unless a checksum was to prove it."""


@dataclass(frozen=True)
class Receiver:
    """What receiving needs of its process: transactions, the object store, and the limits."""

    open_work: Callable[[], AbstractAsyncContextManager[Work]]
    objects: ObjectStore
    limits: UploadLimits


@dataclass(frozen=True)
class Piece:
    """What one request sends: bytes from `offset_bytes` on.

    `length_bytes` is how many are announced, if they are; `size_bytes` the size of the whole, if this request is
    the first to tell it. The chunks may raise BytesCut.
    """

    offset_bytes: int
    chunks: AsyncIterator[bytes]
    length_bytes: int | None = None
    size_bytes: int | None = None
    checksum: Checksum | None = None


async def receive(receiver: Receiver, *, viewer: Viewer | None, upload_id: UUID, piece: Piece) -> Upload:
    """Take a piece of an upload and return the upload as it stands then.

    Raises:
        SignInRequired, Forbidden, NotFound, InvalidInput.
        UploadOffsetMismatch, UploadBusy, UploadTooLarge, UploadEnded, UploadIsFinal.
        ChecksumMismatch: nothing of the piece was kept.
        StorageUnavailable, Unavailable: what was acknowledged before stays.
        BytesCut: the sender is gone; what it sent was kept, unless a checksum was to prove it.
    """
    writer = _Writer(receiver)
    async with receiver.open_work() as work:
        upload = await own_upload(work, viewer=viewer, upload_id=upload_id)
        _check_piece(upload, piece, work.now)
        if upload.state is UploadState.COMPLETE:
            return upload
        await writer.begin(work, await _with_size(work, upload, piece, receiver.limits))
    async with writer.holding():
        await writer.take(piece)
    return await _reloaded(receiver, upload_id)


async def concatenate(receiver: Receiver, *, upload: Upload) -> Upload:
    """Put a final upload together from its partial ones and return it whole.

    Raises:
        UploadBusy, UploadEnded, StorageUnavailable, Unavailable.
    """
    writer = _Writer(receiver)
    async with receiver.open_work() as work:
        await writer.begin(work, upload)
        shares = await store.parts_of(work.connection, upload.concatenates)
    async with writer.holding():
        await writer.finish([part for share in shares for part in share])
    return await _reloaded(receiver, upload.id)


def _check_piece(upload: Upload, piece: Piece, now: datetime) -> None:
    if (ended := upload.ended(now)) is not None:
        raise UploadEnded(ended)
    if upload.is_final:
        raise UploadIsFinal
    if piece.offset_bytes != upload.offset_bytes:
        raise UploadOffsetMismatch(upload.offset_bytes)
    if piece.size_bytes is not None and upload.size_bytes not in (None, piece.size_bytes):
        raise InvalidInput("Upload-Length", f"It is {upload.size_bytes} already and cannot change.")
    if piece.size_bytes is not None and piece.size_bytes < upload.offset_bytes:
        raise InvalidInput("Upload-Length", f"{upload.offset_bytes} bytes have arrived already.")
    size = upload.size_bytes if upload.size_bytes is not None else piece.size_bytes
    if size is not None and piece.offset_bytes + (piece.length_bytes or 0) > size:
        raise UploadTooLarge(size)


async def _with_size(work: Work, upload: Upload, piece: Piece, limits: UploadLimits) -> Upload:
    if piece.size_bytes is None or upload.size_bytes is not None:
        return upload
    check_size(piece.size_bytes, limits)
    await store.set_size(work.connection, upload.id, piece.size_bytes)
    return replace(upload, size_bytes=piece.size_bytes)


async def _reloaded(receiver: Receiver, upload_id: UUID) -> Upload:
    async with receiver.open_work() as work:
        (upload,) = await store.uploads_by_id(work.connection, [upload_id])
    assert upload is not None, "an upload is never deleted"
    return upload


class _Writer:
    """One request's hold on an upload: what of it is stored but not committed, and what is still in memory."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._objects = receiver.objects
        self._id = new_id()
        self._upload: Upload | None = None
        self._offset = 0
        self._renewed_s = time.monotonic()
        # A committed part that is small enough to go on growing: its bytes are put again with those that follow.
        self._small: Part | None = None
        self._pending: list[Part] = []
        self._held: list[bytes] = []
        self._held_start = 0
        self._held_bytes = 0
        self._parts_put = 0
        # Objects that no committed row can name: they go when the request fails.
        self._unnamed: set[str] = set()

    @property
    def upload(self) -> Upload:
        assert self._upload is not None, "begin comes first"
        return self._upload

    async def begin(self, work: Work, upload: Upload) -> None:
        """Become the writer of the upload, in the caller's work.

        Raises:
            UploadBusy, UploadEnded.
        """
        if not await store.take_lease(work.connection, upload.id, self._lease(work)):
            await self._lose(work, upload)
        self._upload = upload
        self._offset = self._held_start = upload.offset_bytes
        last = await store.last_part_of(work.connection, upload.id)
        if last is not None and last.size_bytes < SMALL_PART_BYTES:
            self._small = last

    @contextlib.asynccontextmanager
    async def holding(self) -> AsyncIterator[None]:
        """Let go of the upload when the block ends; when it fails, also of what nobody will ever refer to."""
        try:
            yield
        except BaseException:
            await self._let_go(unnamed=True)
            raise
        await self._let_go(unnamed=False)

    async def take(self, piece: Piece) -> None:
        """Store the bytes of a piece as they come."""
        most = self.upload.size_bytes if self.upload.size_bytes is not None else self._receiver.limits.max_size_bytes
        digest = piece.checksum.begin() if piece.checksum is not None else None
        arrived, cut = self._offset, False
        try:
            async for chunk in piece.chunks:
                arrived += len(chunk)
                if arrived > most:
                    raise UploadTooLarge(most)
                if digest is not None:
                    digest.update(chunk)
                await self._hold(chunk, commit=digest is None)
        except BytesCut:
            if digest is not None:
                raise
            cut = True
        if piece.checksum is not None and digest is not None and not piece.checksum.fits(digest):
            raise ChecksumMismatch
        if arrived == self.upload.size_bytes:
            await self.finish(await self._committed())
        elif arrived > self._offset:
            await self._put_held()
            await self._commit()
        if cut:
            raise BytesCut

    async def finish(self, committed: Sequence[Part]) -> None:
        """Make the upload whole from its committed parts, the pending ones, and the bytes in memory."""
        object_key = None
        if self.upload.is_partial:
            await self._put_held()
        else:
            object_key = whole_key(self.upload.id, writer_id=self._id)
            self._unnamed.add(object_key)
            async with self._renewing():
                await self._put_whole(object_key, [*committed, *self._pending])
        async with self._receiver.open_work() as work:
            lease, size_bytes = self._lease(work), self.upload.size_bytes
            assert size_bytes is not None, "whole means that the size is known"
            offered = self._offer()
            if not await store.complete(
                work.connection, self.upload.id, lease, self._pending, size_bytes=size_bytes, object_key=object_key
            ):
                self._unnamed |= offered
                await self._lose(work, self.upload)
            if object_key is not None:
                await sweep_later(work, upload_id=self.upload.id)

    async def _hold(self, chunk: bytes, *, commit: bool) -> None:
        if self._small is not None:
            await self._reopen(self._small)
        self._held.append(chunk)
        self._held_bytes += len(chunk)
        if self._held_bytes >= PART_BYTES:
            await self._put_held()
            if commit:
                await self._commit()
        elif time.monotonic() - self._renewed_s > RENEW_AFTER_S:
            await self._renew()

    async def _reopen(self, small: Part) -> None:
        self._held.append(await self._objects.get(small.object_key))
        self._held_bytes, self._held_start, self._small = small.size_bytes, small.start_byte, None

    async def _put_held(self) -> None:
        if not self._held:
            return
        upload_id, start = self.upload.id, self._held_start
        key = part_key(upload_id, start_byte=start, writer_id=self._id, number=self._parts_put)
        self._unnamed.add(key)
        async with self._renewing():
            await self._objects.put(key, b"".join(self._held), durable=True)
        self._pending.append(Part(start, self._held_bytes, key))
        self._parts_put += 1
        self._held, self._held_start, self._held_bytes = [], start + self._held_bytes, 0

    async def _commit(self) -> None:
        """Move the offset behind the pending parts."""
        async with self._receiver.open_work() as work:
            outgrown = await store.last_part_of(work.connection, self.upload.id)
            offered = self._offer()
            advanced = await store.advance(
                work.connection, self.upload.id, self._lease(work), self._pending, old_offset=self._offset
            )
            if not advanced:
                self._unnamed |= offered
                await self._lose(work, self.upload)
        committed, self._pending = self._pending, []
        self._offset = committed[-1].end_byte
        if outgrown is not None and outgrown.start_byte >= committed[0].start_byte:
            await self._objects.delete(outgrown.object_key)

    def _offer(self) -> set[str]:
        """Stop counting objects as unnamed before a commit names them: if its answer is lost, they have to stay."""
        offered, self._unnamed = self._unnamed, set()
        return offered

    async def _put_whole(self, key: str, parts: Sequence[Part]) -> None:
        if parts:
            size_bytes = sum(part.size_bytes for part in parts) + self._held_bytes
            await self._objects.put(key, self._joined(parts), durable=True, size_bytes=size_bytes)
        else:
            await self._objects.put(key, b"".join(self._held), durable=True)

    async def _joined(self, parts: Sequence[Part]) -> AsyncIterator[bytes]:
        for part in parts:
            async for chunk in self._objects.stream(part.object_key):
                yield chunk
        for held in self._held:
            yield held

    async def _committed(self) -> list[Part]:
        """Return the committed parts that are not growing in memory or pending again."""
        async with self._receiver.open_work() as work:
            (parts,) = await store.parts_of(work.connection, [self.upload.id])
        begins = self._pending[0].start_byte if self._pending else self._held_start
        return [part for part in parts if part.start_byte < begins]

    def _lease(self, work: Work) -> store.Lease:
        self._renewed_s = time.monotonic()
        return store.Lease(
            writer_id=self._id,
            now=work.now,
            until=work.now + timedelta(seconds=LEASE_S),
            expires_at=work.now + timedelta(seconds=self._receiver.limits.ttl_s),
            unused_at=work.now + timedelta(seconds=self._receiver.limits.unused_ttl_s),
        )

    async def _renew(self) -> None:
        async with self._receiver.open_work() as work:
            if not await store.renew_lease(work.connection, self.upload.id, self._lease(work)):
                await self._lose(work, self.upload)

    @contextlib.asynccontextmanager
    async def _renewing(self) -> AsyncIterator[None]:
        """Keep the lease while the store takes its time."""
        task = asyncio.create_task(self._renew_on())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _renew_on(self) -> None:
        while True:
            await asyncio.sleep(RENEW_AFTER_S)
            # Whoever waits for the store finds out by its own commit when the lease is gone.
            with contextlib.suppress(Refusal):
                await self._renew()

    async def _lose(self, work: Work, upload: Upload) -> NoReturn:
        """Tell why this request cannot write: the upload has ended, is whole, or somebody else is at it."""
        (current,) = await store.uploads_by_id(work.connection, [upload.id])
        assert current is not None, "an upload is never deleted"
        if current.state is UploadState.COMPLETE:
            raise UploadOffsetMismatch(current.offset_bytes)
        if not current.state.is_open:
            raise UploadEnded(current.state)
        until = await store.writer_until(work.connection, upload.id)
        raise UploadBusy((until - work.now).total_seconds() if until is not None else LEASE_S)

    async def _let_go(self, *, unnamed: bool) -> None:
        try:
            async with self._receiver.open_work() as work:
                await store.release_lease(work.connection, self.upload.id, self._id)
            for key in self._unnamed if unnamed else ():
                await self._objects.delete(key)
        except Refusal as refused:
            # The lease runs out by itself, and the sweep takes the objects.
            log.warning("upload_not_let_go", upload_id=str(self.upload.id), reason=refused.code)
