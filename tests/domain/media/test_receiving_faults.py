"""Two senders at once, senders that are killed, frozen or cancelled, and a store or a database that fails."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from domain.kernel.refusals import Unavailable
from domain.kernel.work import Work
from domain.media import receiving
from domain.media.object_store import ObjectStore, StorageUnavailable
from domain.media.receiving import BytesCut, Piece, receive
from domain.media.store import uploads as store
from domain.media.upload import (
    Upload,
    UploadBusy,
    UploadEnded,
    UploadOffsetMismatch,
    UploadState,
)
from domain.media.uploads import terminate_upload
from tests.upload_scene import MEBIBYTE, UploadScene, bytes_of, chunks_of


async def race(scene: UploadScene) -> None:
    """Send the same upload four times at once: one is acknowledged, the others are told why not."""
    data = bytes_of(300_000)
    upload = await scene.create(len(data))
    answers = await asyncio.gather(*(scene.send(upload.id, 0, data) for _ in range(4)), return_exceptions=True)
    won = [answer for answer in answers if isinstance(answer, Upload)]
    lost = [answer for answer in answers if isinstance(answer, UploadBusy | UploadOffsetMismatch)]
    assert (len(won), len(lost)) == (1, 3), answers
    assert await scene.content(upload.id) == data
    assert len(await scene.keys(upload.id)) == 1


async def races(scene: UploadScene, rounds: int) -> None:
    for _ in range(rounds):
        await race(scene)


async def test_of_several_requests_at_once_one_wins(upload_scene: UploadScene) -> None:
    await races(upload_scene, 10)


async def test_the_race_would_catch_a_store_without_guards(
    upload_scene: UploadScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def anybody_may(_connection: object, _id: object, _lease: object) -> bool:
        return True

    monkeypatch.setattr(store, "take_lease", anybody_may)
    monkeypatch.setattr(store, "_held", lambda id, _lease: update(store.uploads).where(store.uploads.c.id == id))
    with pytest.raises(AssertionError):
        await races(upload_scene, 20)


async def test_a_second_sender_waits_until_the_first_is_gone(upload_scene: UploadScene) -> None:
    upload = await upload_scene.create(5)
    busy: list[float] = []

    async def while_sending() -> AsyncIterator[bytes]:
        yield b"ab"
        with pytest.raises(UploadBusy) as refused:
            await upload_scene.send(upload.id, 0, b"xy")
        busy.append(refused.value.retry_after_s)
        raise BytesCut

    with pytest.raises(BytesCut):
        await upload_scene.send_chunks(upload.id, 0, while_sending())
    assert busy == [receiving.LEASE_S]
    await upload_scene.send(upload.id, 2, b"cde")
    assert await upload_scene.content(upload.id) == b"abcde"


async def test_a_frozen_sender_is_taken_over_and_changes_nothing_any_more(upload_scene: UploadScene) -> None:
    data = bytes_of(9 * MEBIBYTE)
    upload = await upload_scene.create(len(data) + 1)

    async def frozen() -> AsyncIterator[bytes]:
        yield b"zombie"
        upload_scene.clock.advance(receiving.LEASE_S)
        await upload_scene.send(upload.id, 0, data)
        yield b"z" * 100

    with pytest.raises(UploadBusy):
        await upload_scene.send_chunks(upload.id, 0, frozen())
    assert (await upload_scene.upload(upload.id)).offset_bytes == len(data)
    await upload_scene.send(upload.id, len(data), b"!")
    assert await upload_scene.content(upload.id) == data + b"!"
    await upload_scene.sweep(upload.id)
    assert len(await upload_scene.keys(upload.id)) == 1


async def test_a_zombie_with_all_its_bytes_does_not_replace_the_whole(upload_scene: UploadScene) -> None:
    upload = await upload_scene.create(5)

    async def frozen() -> AsyncIterator[bytes]:
        yield b"zom"
        upload_scene.clock.advance(receiving.LEASE_S)
        await upload_scene.send(upload.id, 0, b"abcde")
        yield b"bi"

    with pytest.raises(UploadOffsetMismatch):
        await upload_scene.send_chunks(upload.id, 0, frozen())
    assert await upload_scene.content(upload.id) == b"abcde"
    assert len(await upload_scene.keys(upload.id)) == 1


async def test_terminating_stops_a_sender(upload_scene: UploadScene) -> None:
    upload = await upload_scene.create(20 * MEBIBYTE)

    async def terminated() -> AsyncIterator[bytes]:
        yield bytes_of(9 * MEBIBYTE)
        async with upload_scene.runtime.work() as work:
            await terminate_upload(work, viewer=upload_scene.viewer, upload_id=upload.id)
        yield bytes_of(9 * MEBIBYTE)

    with pytest.raises(UploadEnded):
        await upload_scene.send_chunks(upload.id, 0, terminated())
    await upload_scene.sweep(upload.id)
    assert await upload_scene.keys(upload.id) == []


class FullStore:
    """A store with room for so many puts."""

    def __init__(self, objects: ObjectStore, puts: int) -> None:
        self._objects, self._puts = objects, puts

    def __getattr__(self, name: str) -> object:
        return getattr(self._objects, name)

    async def put(self, *arguments: object, **options: object) -> None:
        self._puts -= 1
        if self._puts < 0:
            raise StorageUnavailable
        await self._objects.put(*arguments, **options)  # type: ignore[arg-type]  # passed on as they are


async def test_a_full_store_loses_nothing_acknowledged(upload_scene: UploadScene) -> None:
    data = bytes_of(20 * MEBIBYTE)
    upload = await upload_scene.create(len(data))
    full = replace(upload_scene.receiver, objects=FullStore(upload_scene.objects, 2))  # type: ignore[arg-type]
    piece = Piece(0, chunks_of(data), length_bytes=len(data))
    with pytest.raises(StorageUnavailable):
        await receive(full, viewer=upload_scene.viewer, upload_id=upload.id, piece=piece)
    kept = (await upload_scene.upload(upload.id)).offset_bytes
    assert kept == 16 * MEBIBYTE
    assert len(await upload_scene.keys(upload.id)) == 2
    await upload_scene.send(upload.id, kept, data[kept:])
    assert await upload_scene.content(upload.id) == data


@pytest.mark.parametrize("lost", [2, 3, 4])
async def test_a_lost_answer_of_a_commit_loses_no_bytes(upload_scene: UploadScene, lost: int) -> None:
    data = bytes_of(9 * MEBIBYTE)
    upload = await upload_scene.create(len(data))
    opened = 0

    @asynccontextmanager
    async def breaking() -> AsyncIterator[Work]:
        nonlocal opened
        opened += 1
        async with upload_scene.runtime.work() as work:
            yield work
        if opened == lost:
            raise Unavailable

    receiver = replace(upload_scene.receiver, open_work=breaking)
    piece = Piece(0, chunks_of(data), length_bytes=len(data))
    with pytest.raises(Unavailable):
        await receive(receiver, viewer=upload_scene.viewer, upload_id=upload.id, piece=piece)
    now = await upload_scene.upload(upload.id)
    if now.state is not UploadState.COMPLETE:
        upload_scene.clock.advance(receiving.LEASE_S)
        await upload_scene.send(upload.id, now.offset_bytes, data[now.offset_bytes :])
    assert await upload_scene.content(upload.id) == data


async def test_a_cancelled_request_lets_go_at_once(upload_scene: UploadScene) -> None:
    upload = await upload_scene.create(5)
    waiting = asyncio.Event()

    async def stalled() -> AsyncIterator[bytes]:
        yield b"ab"
        waiting.set()
        await asyncio.Event().wait()

    request = asyncio.create_task(upload_scene.send_chunks(upload.id, 0, stalled()))
    await waiting.wait()
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    await upload_scene.send(upload.id, 0, b"abcde")
    assert await upload_scene.content(upload.id) == b"abcde"


async def test_a_slow_store_does_not_cost_the_lease(upload_scene: UploadScene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "RENEW_AFTER_S", 0.02)
    data = bytes_of(8 * MEBIBYTE)
    upload = await upload_scene.create(len(data) + 1)

    class SlowStore(FullStore):
        async def put(self, *arguments: object, **options: object) -> None:
            # Three leases long, while the clock runs and somebody tries to take over.
            for _ in range(6):
                upload_scene.clock.advance(receiving.LEASE_S / 2)
                await wait_for_lease()
            with pytest.raises(UploadBusy):
                await upload_scene.send(upload.id, 0, b"other")
            await super().put(*arguments, **options)

    async def wait_for_lease() -> None:
        async with asyncio.timeout(5):
            while True:
                async with upload_scene.runtime.database.read() as connection:
                    if (await store.writer_until(connection, upload.id)) > upload_scene.clock() + timedelta(seconds=7):  # type: ignore[operator]
                        return
                await asyncio.sleep(0.01)

    slow = replace(upload_scene.receiver, objects=SlowStore(upload_scene.objects, 9))  # type: ignore[arg-type]
    await receive(slow, viewer=upload_scene.viewer, upload_id=upload.id, piece=Piece(0, chunks_of(data)))
    assert (await upload_scene.upload(upload.id)).offset_bytes == len(data)
