"""From an upload to something that plays: a real worker, real ffmpeg and packager, tiny clips."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import psutil
import pytest
from sqlalchemy import text

from domain.kernel.facts import read_facts
from domain.media.asset import AssetState, topic_of
from domain.media.assets import (
    AudioUpload,
    SubtitleUpload,
    assets_by_id,
    cancel_asset,
    create_asset,
    retry_asset,
    transcode_progress,
)
from domain.media.ffmpeg_runner import EncodeFailed
from domain.media.package import TrackKind
from domain.media.packager import Scheme
from domain.runtime import Runtime
from tests.media_scene import MediaScene
from workers import steps
from workers.run import run_worker

SRT = b"1\n00:00:00,500 --> 00:00:01,500\nHallo <b>Welt</b>\n"


@asynccontextmanager
async def working(runtime: Runtime, *, concurrency: int = 2, chunk_s: float = 4.0) -> AsyncIterator[None]:
    """Run a worker in this process until the block ends."""
    stop = asyncio.Event()
    worker = asyncio.create_task(run_worker(runtime, concurrency=concurrency, stop=stop, chunk_s=chunk_s, drain_s=0))
    try:
        yield
    finally:
        stop.set()
        await worker


async def until(condition: Callable[[], Awaitable[bool]], *, within_s: float = 60) -> None:
    async with asyncio.timeout(within_s):
        while not await condition():
            await asyncio.sleep(0.02)


async def settled(scene: MediaScene, asset_id: UUID) -> str:
    await until(lambda: scene.is_settled(asset_id))
    return await scene.state_of(asset_id)


async def sweep(scene: MediaScene) -> None:
    """Let the removal of leftovers be due now, and wait until it is over."""
    async with scene.database.work(bus=scene.bus) as work:
        await work.connection.execute(
            text("UPDATE pgqueuer SET execute_after = now() - interval '1 s' WHERE dedupe_key LIKE '%:clean:_'")
        )

    async def swept() -> bool:
        async with scene.database.read() as connection:
            rows = await connection.execute(text("SELECT count(*) FROM pgqueuer WHERE dedupe_key LIKE '%:clean:_'"))
            return bool(rows.scalar_one() == 0)

    await until(swept)


async def kinds_of_facts(scene: MediaScene, asset_id: UUID) -> list[str]:
    async with scene.database.read() as connection:
        return [fact.kind for fact in await read_facts(connection, topic_of(asset_id), after=0)]


async def test_an_upload_becomes_encrypted_packages_that_play(media_scene: MediaScene) -> None:
    scene = media_scene
    subtitles = SubtitleUpload(await scene.upload(SRT), "de")
    seen: list[float] = []
    async with working(scene.runtime()):
        asset_id = await scene.create_asset(
            scene.film(seconds=9, size="640x360"), subtitles=[subtitles], schemes=[Scheme.CENC, Scheme.CBCS]
        )
        async with asyncio.timeout(60), scene.bus.listen(topic_of(asset_id)) as doorbell:
            while not await scene.is_settled(asset_id):
                progress = await transcode_progress(scene.reads(), asset_id)
                assert progress is not None
                seen.append(progress.fraction)
                await doorbell.wait(5)
        assert await scene.state_of(asset_id) == "READY"
        await sweep(scene)

    assert seen == sorted(seen)
    assert len(set(seen)) >= 4, "people see it move"
    cenc, cbcs = await scene.packages(asset_id)
    assert (cenc.scheme, cbcs.scheme) == (Scheme.CENC, Scheme.CBCS)
    assert [(track.kind, track.label) for track in cenc.tracks] == [
        (TrackKind.VIDEO, "360p"),
        (TrackKind.VIDEO, "240p"),
        (TrackKind.AUDIO, "Original"),
        (TrackKind.TEXT, "Deutsch"),
    ]
    await scene.assert_plays(asset_id, scheme=Scheme.CENC)
    await scene.assert_plays(asset_id, scheme=Scheme.CBCS)
    (asset,) = await assets_by_id(scene.reads(), [asset_id])
    assert asset is not None
    assert (asset.duration_s, asset.width, asset.height, asset.has_thumbnails) == (9.0, 640, 360, True)
    root = f"packages/{asset_id}/"
    assert {path.split("/")[2] for path in await scene.list_keys(root)} == {
        str(cenc.id), str(cbcs.id), "posters", "thumbnails",
    }  # fmt: skip
    assert [Path(key).stem for key in await scene.list_keys(f"{root}posters/")] == sorted(map(str, asset.poster_widths))
    assert await scene.list_keys(f"work/{asset_id}/") == []
    assert await scene.scratch_roots() == []
    assert {step.attempt for step in await scene.steps(asset_id)} == {1}
    assert await kinds_of_facts(scene, asset_id) == ["AssetProbed", "AssetEncoded", "AssetReady"]


async def test_sound_and_captions_may_come_in_files_of_their_own(media_scene: MediaScene) -> None:
    scene = media_scene
    silent, french = scene.folder / "silent.mp4", scene.folder / "french.m4a"
    scene.ffmpeg("-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=2", "-c:v", "libx264", silent)
    scene.ffmpeg("-f", "lavfi", "-i", "sine=600:duration=2", "-c:a", "aac", french)
    upload_id, sound_id = await scene.upload(silent), await scene.upload(french)
    async with working(scene.runtime()):
        async with scene.database.work(bus=scene.bus) as work:
            asset = await create_asset(
                work, viewer=scene.viewer, upload_id=upload_id, title_id=scene.title_id,
                audio=[AudioUpload(sound_id, "fr")],
            )  # fmt: skip
        assert await settled(scene, asset.id) == "READY"
    (package,) = await scene.packages(asset.id)
    assert [(one.language, one.label) for one in package.tracks if one.kind is TrackKind.AUDIO] == [("fr", "Français")]
    await scene.assert_plays(asset.id)


def a_page(scene: MediaScene) -> bytes:
    return b"<html>not a film</html>" * 50


def a_torn_film(scene: MediaScene) -> bytes:
    data = scene.film(seconds=2, size="320x180").read_bytes()
    return data[: len(data) // 2]


def only_sound(scene: MediaScene) -> bytes:
    path = scene.folder / "song.mp4"
    scene.ffmpeg("-f", "lavfi", "-i", "sine=440:duration=1", "-c:a", "aac", path)
    return path.read_bytes()


@pytest.mark.parametrize(
    ("source", "reasons"),
    [
        (a_page, {"NOT_MEDIA"}),
        (a_torn_film, {"TRUNCATED", "CORRUPT"}),
        (only_sound, {"NO_VIDEO"}),
    ],
    ids=["text", "torn", "sound"],
)
async def test_what_cannot_play_is_rejected_with_its_reason_and_leaves_nothing(
    media_scene: MediaScene, source: Callable[[MediaScene], bytes], reasons: set[str]
) -> None:
    scene = media_scene
    async with working(scene.runtime()):
        asset_id = await scene.create_asset(source(scene))
        assert await settled(scene, asset_id) == "REJECTED"
    (asset,) = await assets_by_id(scene.reads(), [asset_id])
    assert asset is not None
    assert asset.rejection is not None
    assert asset.rejection.reason in reasons
    assert asset.rejection.detail
    assert await scene.steps(asset_id) == []
    assert await scene.list_keys("work") == await scene.list_keys("packages") == []
    assert await scene.scratch_roots() == []


async def test_captions_that_cannot_be_read_reject_the_asset(media_scene: MediaScene) -> None:
    scene = media_scene
    broken = SubtitleUpload(await scene.upload(b"\x00\x01 no captions"), "de")
    async with working(scene.runtime()):
        asset_id = await scene.create_asset(scene.film(seconds=1, size="320x180"), subtitles=[broken])
        assert await settled(scene, asset_id) == "REJECTED"
    (asset,) = await assets_by_id(scene.reads(), [asset_id])
    assert asset is not None
    assert asset.rejection is not None
    assert asset.rejection.reason == "SUBTITLES_UNREADABLE"


def encoders() -> list[psutil.Process]:
    return [one for one in psutil.Process().children(recursive=True) if "ffmpeg" in one.name()]


async def test_cancelling_stops_the_encoder_within_two_seconds_and_leaves_nothing(media_scene: MediaScene) -> None:
    scene = media_scene

    async def encoding() -> bool:
        return any(step.state == "RUNNING" and step.fraction > 0 for step in await scene.steps(asset_id))

    async with working(scene.runtime(), chunk_s=24.0):
        asset_id = await scene.create_asset(scene.film(seconds=15))
        await until(encoding)
        running = encoders()
        assert running
        async with scene.database.work(bus=scene.bus) as work:
            await cancel_asset(work, viewer=scene.viewer, asset_id=asset_id)
        started = time.monotonic()
        _, alive = await asyncio.to_thread(psutil.wait_procs, running, 5)
        assert alive == []
        assert time.monotonic() - started < 2
        await sweep(scene)
    assert await scene.state_of(asset_id) == "CANCELLED"
    assert await scene.list_keys("work") == await scene.list_keys("packages") == []
    assert await kinds_of_facts(scene, asset_id) == ["AssetProbed", "AssetCancelled"]


async def test_a_packaging_that_fails_leaves_no_package_and_a_retry_encodes_nothing_again(
    media_scene: MediaScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = media_scene
    monkeypatch.setattr("domain.kernel.job_handlers.BACKOFF_FIRST_S", 0.01)
    runtime = scene.runtime()
    broken = replace(runtime, tools=replace(runtime.tools, packager=Path("/bin/false")))
    async with working(broken):
        asset_id = await scene.create_asset(scene.film(seconds=2, size="320x180"))
        assert await settled(scene, asset_id) == "FAILED"
        await sweep(scene)
    (asset,) = await assets_by_id(scene.reads(), [asset_id])
    assert asset is not None
    assert asset.failure is not None
    assert "packager gave up" in asset.failure
    assert await scene.count_packages(asset_id) == 0
    assert [key for key in await scene.list_keys("packages") if key.endswith((".m4s", ".mp4", ".mpd"))] == []
    before = await scene.steps(asset_id)
    async with working(runtime):
        async with scene.database.work(bus=scene.bus) as work:
            await retry_asset(work, viewer=scene.viewer, asset_id=asset_id)
        assert await settled(scene, asset_id) == "READY"
    assert await scene.steps(asset_id) == before
    await scene.assert_plays(asset_id)


async def test_an_encode_that_can_never_succeed_fails_the_asset_at_once(
    media_scene: MediaScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = media_scene
    tried: list[int] = []

    async def hopeless(*arguments: object, **options: object) -> None:
        tried.append(1)
        raise EncodeFailed(reason="0 of 50 frames were written", permanent=True)

    monkeypatch.setattr(steps, "encode_chunk", hopeless)
    async with working(scene.runtime(), concurrency=1):
        asset_id = await scene.create_asset(scene.film(seconds=2, size="320x180"))
        assert await settled(scene, asset_id) == "FAILED"
    (asset,) = await assets_by_id(scene.reads(), [asset_id])
    assert asset is not None
    assert (asset.state, asset.failure) == (AssetState.FAILED, "0 of 50 frames were written")
    assert tried == [1]
    assert await kinds_of_facts(scene, asset_id) == ["AssetProbed", "AssetFailed"]


async def entrypoints(scene: MediaScene) -> Sequence[str]:
    async with scene.database.read() as connection:
        rows = await connection.execute(text("SELECT entrypoint FROM pgqueuer WHERE status = 'picked'"))
        return [row.entrypoint for row in rows]


async def test_a_worker_that_stops_gives_its_encode_back_and_another_ends_it(media_scene: MediaScene) -> None:
    scene = media_scene

    async def encoding() -> bool:
        return any(step.fraction > 0 for step in await scene.steps(asset_id))

    async with working(scene.runtime(), concurrency=1):
        asset_id = await scene.create_asset(scene.film(seconds=6, size="640x360"))
        await until(encoding)
    assert await entrypoints(scene) == []
    assert encoders() == []
    assert await scene.scratch_roots() == []
    async with working(scene.runtime()):
        assert await settled(scene, asset_id) == "READY"
