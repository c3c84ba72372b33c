"""From an uploaded XMLTV file to schedules: a real worker, killed and taken over."""

import gzip
from uuid import UUID

import pytest
from sqlalchemy import text

from domain.catalog import TitleKind, create_title
from domain.guide import (
    Counts,
    FileFailure,
    ImportState,
    ListingsImport,
    import_listings,
    imports_by_id,
    link_channel,
)
from domain.guide import importing as importing_rules
from tests.domain.guide.listings_files import listings, programme
from tests.media_scene import MediaScene
from tests.workers.test_media import until, working
from workers import guide

FILE = listings(*(programme(f"{hour:02}00", f"{hour + 1:02}00") for hour in range(23)))


async def begin(scene: MediaScene, data: bytes) -> UUID:
    upload_id = await scene.upload(data)
    async with scene.database.work(bus=scene.bus) as work:
        # The file is of 2030, and imports take what is within a year.
        work.now = work.now.replace(year=2030, month=1, day=1)
        return (await import_listings(work, viewer=scene.viewer, upload_id=upload_id)).id


async def add_channel(scene: MediaScene) -> None:
    async with scene.database.work(bus=scene.bus) as work:
        title = await create_title(work, viewer=scene.viewer, kind=TitleKind.CHANNEL, language="en", name="One")
        await link_channel(work, viewer=scene.viewer, channel_id=title.id, listings_id="one")


async def ended(scene: MediaScene, id: UUID) -> ListingsImport:
    async def has_ended() -> bool:
        (found,) = await imports_by_id(scene.reads(), [id])
        return found is not None and found.state is not ImportState.RUNNING

    await until(has_ended)
    (found,) = await imports_by_id(scene.reads(), [id])
    assert found is not None
    return found


async def count(scene: MediaScene) -> int:
    async with scene.database.read() as connection:
        return int((await connection.execute(text("SELECT count(*) FROM schedule_slots"))).scalar_one())


@pytest.fixture(autouse=True)
def _any_year(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing_rules, "AHEAD_MAX", importing_rules.AHEAD_MAX * 50)


@pytest.mark.parametrize("data", [FILE.encode(), gzip.compress(FILE.encode())])
async def test_an_uploaded_file_becomes_a_schedule(media_scene: MediaScene, data: bytes) -> None:
    await add_channel(media_scene)
    id = await begin(media_scene, data)
    async with working(media_scene.runtime()):
        done = await ended(media_scene, id)
    assert (done.state, done.counts) == (ImportState.DONE, Counts(added=23))
    assert await count(media_scene) == 23


async def test_what_was_read_before_the_file_broke_off_stays(media_scene: MediaScene) -> None:
    await add_channel(media_scene)
    id = await begin(media_scene, FILE.encode()[:-200])
    async with working(media_scene.runtime()):
        failed = await ended(media_scene, id)
    assert (failed.state, failed.failure) == (ImportState.FAILED, FileFailure.NOT_XML)
    assert failed.failure_line is not None
    assert failed.counts == Counts(added=await count(media_scene))
    assert failed.counts.added == failed.failure_line - 4


async def test_an_import_that_was_cut_short_goes_on_where_it_was(
    media_scene: MediaScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add_channel(media_scene)
    id = await begin(media_scene, FILE.encode())
    monkeypatch.setattr(guide, "BATCH_PROGRAMMES", 5)
    real, taken = importing_rules.take_in, []

    async def break_in_the_middle(work: object, **values: object) -> bool:
        taken.append(values["taken"])
        done = await real(work, **values)  # type: ignore[arg-type]  # as the worker calls it
        if len(taken) == 3:
            raise ConnectionResetError("the machine went away before the commit")
        return done

    monkeypatch.setattr(importing_rules, "take_in", break_in_the_middle)
    async with working(media_scene.runtime()):
        done = await ended(media_scene, id)
    assert taken == [0, 5, 10, 10, 15, 20]
    assert (done.state, done.counts) == (ImportState.DONE, Counts(added=23))
    assert await count(media_scene) == 23
