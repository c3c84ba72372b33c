"""Whole uploads that nothing was made from go after some days, and what anything was made from stays."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from domain.kernel.work import Work
from domain.media.artwork import ArtworkKind
from domain.media.artworks import add_artwork
from domain.media.assets import AudioUpload, UploadNotComplete, cancel_asset, create_asset
from domain.media.upload import Upload, UploadState
from domain.media.uploads import expire_uploads, prune_uploads, terminate_upload, uploads_by_id
from tests.arrange import create_draft
from tests.locks import until_one_waits
from tests.upload_scene import UploadScene

DAY_S = 24 * 3600
KEPT = timedelta(days=7)


async def expire_all(scene: UploadScene) -> None:
    ended = 1
    while ended:
        async with scene.runtime.work() as work:
            ended = await expire_uploads(work)


async def prune_all(scene: UploadScene) -> None:
    async with scene.runtime.work() as work:
        await prune_uploads(work, kept=KEPT, limit=1000)


async def found(scene: UploadScene, upload: Upload) -> Upload | None:
    (row,) = await uploads_by_id(scene.runtime.reads(), [upload.id])
    return row


async def test_a_whole_upload_that_nothing_is_made_from_goes_with_its_object_and_then_its_row(
    upload_scene: UploadScene,
) -> None:
    upload = await upload_scene.whole(b"abc")
    assert upload.expires_at == upload_scene.clock() + KEPT
    upload_scene.clock.advance(7 * DAY_S - 1)
    await expire_all(upload_scene)
    assert await upload_scene.content(upload.id) == b"abc"
    upload_scene.clock.advance(1)
    await expire_all(upload_scene)
    expired = await upload_scene.upload(upload.id)
    assert (expired.state, expired.object_key) == (UploadState.EXPIRED, None)
    await upload_scene.sweep(upload.id)
    assert await upload_scene.keys(upload.id) == []
    await prune_all(upload_scene)
    assert await found(upload_scene, upload) == expired
    upload_scene.clock.advance(7 * DAY_S + 1)
    await prune_all(upload_scene)
    assert await found(upload_scene, upload) is None


async def as_source(scene: UploadScene, work: Work, upload_id: UUID, title_id: UUID) -> None:
    await create_asset(work, viewer=scene.viewer, upload_id=upload_id, title_id=title_id)


async def as_source_given_up(scene: UploadScene, work: Work, upload_id: UUID, title_id: UUID) -> None:
    asset = await create_asset(work, viewer=scene.viewer, upload_id=upload_id, title_id=title_id)
    await cancel_asset(work, viewer=scene.viewer, asset_id=asset.id)


async def as_sound(scene: UploadScene, work: Work, upload_id: UUID, title_id: UUID) -> None:
    film = await scene.whole(b"film")
    sound = AudioUpload(upload_id=upload_id, language="de")
    await create_asset(work, viewer=scene.viewer, upload_id=film.id, title_id=title_id, audio=[sound])


async def as_picture(scene: UploadScene, work: Work, upload_id: UUID, title_id: UUID) -> None:
    await add_artwork(work, viewer=scene.viewer, title_id=title_id, upload_id=upload_id, kind=ArtworkKind.POSTER)


@pytest.mark.parametrize("use", [as_source, as_source_given_up, as_sound, as_picture])
async def test_an_upload_that_something_was_made_from_stays(
    upload_scene: UploadScene, use: Callable[[UploadScene, Work, UUID, UUID], Awaitable[None]]
) -> None:
    upload = await upload_scene.whole(b"abc")
    async with upload_scene.runtime.work() as work:
        await use(upload_scene, work, upload.id, await create_draft(work, viewer=upload_scene.viewer))
    for _ in range(2):
        upload_scene.clock.advance(30 * DAY_S)
        await expire_all(upload_scene)
        await prune_all(upload_scene)
        kept = await upload_scene.upload(upload.id)
        assert (kept.state, kept.expires_at) == (UploadState.COMPLETE, None)
        assert await upload_scene.content(upload.id) == b"abc"


async def test_a_named_upload_that_was_terminated_keeps_its_row(upload_scene: UploadScene) -> None:
    named, free = await upload_scene.whole(b"abc"), await upload_scene.whole(b"abc")
    async with upload_scene.runtime.work() as work:
        title_id = await create_draft(work, viewer=upload_scene.viewer)
        await as_source_given_up(upload_scene, work, named.id, title_id)
        for upload in (named, free):
            await terminate_upload(work, viewer=upload_scene.viewer, upload_id=upload.id)
    upload_scene.clock.advance(8 * DAY_S)
    await prune_all(upload_scene)
    assert (await upload_scene.upload(named.id)).state is UploadState.TERMINATED
    assert await found(upload_scene, free) is None


async def test_an_upload_that_is_just_being_used_does_not_expire(upload_scene: UploadScene) -> None:
    upload = await upload_scene.whole(b"abc")
    upload_scene.clock.advance(8 * DAY_S)
    async with upload_scene.runtime.work() as work:
        await as_source(upload_scene, work, upload.id, await create_draft(work, viewer=upload_scene.viewer))
        await expire_all(upload_scene)
    await expire_all(upload_scene)
    assert (await upload_scene.upload(upload.id)).state is UploadState.COMPLETE
    assert await upload_scene.content(upload.id) == b"abc"


async def test_an_upload_that_just_expires_is_not_used_any_more(upload_scene: UploadScene) -> None:
    upload = await upload_scene.whole(b"abc")
    upload_scene.clock.advance(8 * DAY_S)

    async def use() -> None:
        async with upload_scene.runtime.work() as work:
            await as_source(upload_scene, work, upload.id, await create_draft(work, viewer=upload_scene.viewer))

    async with upload_scene.runtime.work() as work:
        assert await expire_uploads(work) >= 1
        using = asyncio.create_task(use())
        await until_one_waits(upload_scene.runtime.database)
    with pytest.raises(UploadNotComplete):
        await using
    async with upload_scene.runtime.database.read() as connection:
        statement = text("SELECT count(*) FROM assets WHERE upload_id = :id")
        assert (await connection.execute(statement, {"id": upload.id})).scalar_one() == 0
