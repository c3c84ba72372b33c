"""From an upload to pictures in the store: a real worker, real pictures."""

from collections.abc import Sequence
from uuid import UUID

import pytest
from sqlalchemy import text

from domain.kernel.facts import LoggedFact, read_facts
from domain.media.artwork import Artwork, ArtworkFailure, ArtworkKind, ArtworkState, object_key_of
from domain.media.artworks import add_artwork, artworks_by_id, remove_artwork
from tests.media_scene import MediaScene
from tests.pictures import drawn
from tests.workers.test_media import until, working


async def add(scene: MediaScene, data: bytes, *, language: str | None = None) -> UUID:
    upload_id = await scene.upload(data)
    async with scene.database.work(bus=scene.bus) as work:
        added = await add_artwork(
            work, viewer=scene.viewer, title_id=scene.title_id, upload_id=upload_id, kind=ArtworkKind.STILL,
            language=language,
        )  # fmt: skip
    return added.id


async def look(scene: MediaScene, id: UUID) -> Artwork:
    (artwork,) = await artworks_by_id(scene.reads(), [id])
    assert artwork is not None
    return artwork


async def settled(scene: MediaScene, id: UUID) -> Artwork:
    async def is_settled() -> bool:
        return (await look(scene, id)).state is not ArtworkState.PROCESSING

    await until(is_settled)
    return await look(scene, id)


async def facts_told(scene: MediaScene) -> Sequence[LoggedFact]:
    async with scene.database.read() as connection:
        return await read_facts(connection, "catalog", after=0)


def stored(scene: MediaScene) -> set[str]:
    return {path.name for path in (scene.media / "artwork").rglob("*") if path.is_file()}


async def test_an_upload_becomes_files_that_are_named_by_what_is_in_them(media_scene: MediaScene) -> None:
    before = await facts_told(media_scene)
    id = await add(media_scene, drawn(700, 400))
    async with working(media_scene.runtime()):
        artwork = await settled(media_scene, id)
    assert artwork.state is ArtworkState.READY
    assert artwork.picture is not None
    assert {file.name for file in artwork.picture.renditions} == stored(media_scene)
    for file in artwork.picture.renditions:
        assert len(await media_scene.objects.get(object_key_of(file.name))) == file.size_bytes
    facts = (await facts_told(media_scene))[len(before) :]
    assert [(fact.kind, fact.body["title_id"]) for fact in facts] == [("TitleChanged", str(media_scene.title_id))]


@pytest.mark.parametrize("data", [b"<svg/>", drawn(700, 400)[:2000]])
async def test_what_is_no_picture_fails_with_a_reason_and_leaves_nothing(media_scene: MediaScene, data: bytes) -> None:
    before = await facts_told(media_scene)
    id = await add(media_scene, data)
    async with working(media_scene.runtime()):
        artwork = await settled(media_scene, id)
    expected = ArtworkFailure.NOT_A_PICTURE if data == b"<svg/>" else ArtworkFailure.BROKEN
    assert (artwork.state, artwork.failure) == (ArtworkState.FAILED, expected)
    assert stored(media_scene) == set()
    assert await facts_told(media_scene) == before


async def test_files_are_swept_once_no_picture_has_them(media_scene: MediaScene) -> None:
    same = drawn(700, 400)
    async with working(media_scene.runtime()):
        first = await settled(media_scene, await add(media_scene, same, language="de"))
        second = await settled(media_scene, await add(media_scene, same, language="fr"))
        assert first.picture == second.picture
        await _remove_and_sweep(media_scene, first.id)
        assert len(stored(media_scene)) == 9
        await _remove_and_sweep(media_scene, second.id)
        assert stored(media_scene) == set()


async def _remove_and_sweep(scene: MediaScene, id: UUID) -> None:
    async with scene.database.work(bus=scene.bus) as work:
        await remove_artwork(work, viewer=scene.viewer, artwork_id=id)
        due = text(
            "UPDATE pgqueuer SET execute_after = now() - interval '1 s' WHERE entrypoint = 'media.sweep_artwork'"
        )
        await work.connection.execute(due)

    async def is_swept() -> bool:
        async with scene.database.read() as connection:
            left = await connection.execute(
                text("SELECT count(*) FROM pgqueuer WHERE entrypoint = 'media.sweep_artwork'")
            )
            return bool(left.scalar_one() == 0)

    await until(is_swept)
