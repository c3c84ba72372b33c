"""A full disk: one clear line, nothing half-made left, and everything goes on once there is room.

The disk is full where the kernel's own full device takes a file's place, so programs meet the real fault.
"""

import errno
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from domain.media import ffmpeg_runner
from domain.media.asset import work_prefix
from domain.media.chunks import Chunk
from domain.media.encode import SeekableSource, encode_chunk
from domain.media.object_store import ObjectStore, StorageFull, StorageUnavailable
from domain.media.plan import EncodePlan
from domain.media.room import DiskFull, is_full
from domain.media.sandbox import Confinement, Finished, run_confined
from domain.media.tools import MediaTools
from tests.media_scene import MediaScene
from tests.workers.test_media import settled, working
from workers import room, steps

FULL = Path("/dev/full")


@pytest.fixture
def ffmpeg_may_try(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the sandbox reach the full device, which is in no folder of a job's."""

    async def run(argv: list[str], confinement: Confinement, **options: Any) -> Finished:
        writes = (*confinement.writes, FULL) if confinement.writes else ()
        return await run_confined(argv, replace(confinement, writes=writes), **options)

    monkeypatch.setattr(ffmpeg_runner, "run_confined", run)


def full_twice(make: Callable[..., Any]) -> Callable[..., Any]:
    """Have the first two encodes of a chunk meet a full disk."""
    left = [1, 1]

    async def encode(
        tools: MediaTools, source: SeekableSource, plan: EncodePlan, chunk: Chunk, *, folder: Path, **options: object
    ) -> object:
        if left:
            left.pop()
            for rung in plan.ladder.rungs:
                (folder / f"chunk-{chunk.index:05d}-{rung.id}.part").symlink_to(FULL)
        return await make(tools, source, plan, chunk, folder=folder, **options)

    return encode


async def failures(scene: MediaScene) -> list[str]:
    """What the log of jobs says about attempts that did not end well."""
    async with scene.database.read() as connection:
        statement = "SELECT traceback->>'exception_message' FROM pgqueuer_log WHERE traceback IS NOT NULL ORDER BY id"
        return list((await connection.execute(text(statement))).scalars())


async def nothing_is_left(scene: MediaScene, asset_id: UUID) -> None:
    """Only finished steps have objects, and only of the attempt that finished them."""
    named = {key for step in await scene.steps(asset_id) for key in (step.objects or {}).values()}
    assert set(await scene.list_keys(work_prefix(asset_id))) <= named


async def test_an_encode_that_finds_the_disk_full_is_tried_again_until_there_is_room(
    media_scene: MediaScene, monkeypatch: pytest.MonkeyPatch, ffmpeg_may_try: None
) -> None:
    scene = media_scene
    monkeypatch.setattr(room, "ROOM_RETRY_S", 0.0)
    monkeypatch.setattr(steps, "encode_chunk", full_twice(encode_chunk))
    with capture_logs() as lines:
        async with working(scene.runtime(), concurrency=1):
            asset_id = await scene.create_asset(scene.film(seconds=2, size="320x180"))
            assert await settled(scene, asset_id) == "READY", lines
            (root,) = await scene.scratch_roots()
            assert [path.name for path in root.iterdir() if path.name.startswith("chunk")] == []
    told = [line for line in lines if line["event"] == "disk_full"]
    assert [line["reason"] for line in told] == ["the disk is full"] * 2
    assert await failures(scene) == ["the disk is full"] * 2
    await scene.assert_plays(asset_id)


async def test_a_disk_that_stays_full_fails_the_asset_with_that_reason(
    media_scene: MediaScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = media_scene
    monkeypatch.setattr(room, "ROOM_RETRY_S", 0.0)

    async def full(*arguments: object, **options: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/var/lib/marquee/scratch/x")

    monkeypatch.setattr(steps, "encode_chunk", full)
    async with working(scene.runtime(), concurrency=1):
        asset_id = await scene.create_asset(scene.film(seconds=2, size="320x180"))
        assert await settled(scene, asset_id) == "FAILED"
    async with scene.database.read() as connection:
        failure = await connection.scalar(text("SELECT failure FROM assets WHERE id = :id"), {"id": asset_id})
    assert failure == "the disk is full"
    await nothing_is_left(scene, asset_id)


async def test_a_store_that_is_full_keeps_nothing_of_the_step(
    media_scene: MediaScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = media_scene
    monkeypatch.setattr(room, "ROOM_RETRY_S", 0.0)
    put, refused = ObjectStore.put_file, []

    async def put_file(self: ObjectStore, key: str, path: Path) -> None:
        await put(self, key, path)
        if key.startswith("work/") and not refused:
            refused.append(key)
            raise StorageFull

    monkeypatch.setattr(ObjectStore, "put_file", put_file)
    removed: list[bool] = []
    remove = ObjectStore.delete_prefix

    async def delete_prefix(self: ObjectStore, prefix: str, **options: Any) -> None:
        await remove(self, prefix, **options)
        removed.append(bool(refused) and refused[0].startswith(prefix))

    monkeypatch.setattr(ObjectStore, "delete_prefix", delete_prefix)
    with capture_logs() as lines:
        async with working(scene.runtime(), concurrency=1):
            asset_id = await scene.create_asset(scene.film(seconds=2, size="320x180"))
            assert await settled(scene, asset_id) == "READY"
    assert removed[0]
    assert [line["reason"] for line in lines if line["event"] == "disk_full"] == ["the media store is full"]


async def test_the_store_knows_a_full_disk_from_other_faults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    objects = ObjectStore.open(tmp_path.as_uri())
    faults = [OSError(errno.ENOSPC, "No space left on device"), OSError("... (os error 28): No space left on device")]
    for fault, expected in ((faults[0], StorageFull), (faults[1], StorageFull), (OSError("gone"), StorageUnavailable)):

        async def put(*arguments: object, fault: OSError = fault, **options: object) -> None:
            raise fault

        monkeypatch.setattr("domain.media.object_store.obstore.put_async", put)
        with pytest.raises(StorageUnavailable) as refused:
            await objects.put("a", b"x")
        assert type(refused.value) is expected


async def test_ffmpeg_that_finds_no_room_says_so(tmp_path: Path, ffmpeg_may_try: None) -> None:
    (tmp_path / "out.part").symlink_to(FULL)
    source = ffmpeg_runner.ffmpeg.input("testsrc2=size=320x180:rate=25:duration=2", format="lavfi")
    output = ffmpeg_runner.write(source, tmp_path / "out.part", format="mp4", vcodec="libx264")
    limits = ffmpeg_runner.Limits(wall_s=60, cpu_s=60, memory_bytes=4 << 30, file_size_bytes=1 << 30)
    with pytest.raises(DiskFull):
        await ffmpeg_runner.run_ffmpeg(MediaTools.find(), [output], reads=[], folder=tmp_path, limits=limits)


def test_other_faults_of_the_system_are_no_full_disk() -> None:
    assert is_full(OSError(errno.EDQUOT, "Disk quota exceeded"))
    assert not is_full(PermissionError(errno.EACCES, "Permission denied"))
    assert not is_full(OSError("of no number"))
