"""Taking listings in: what they bring, what makes room, what stays, and that nothing is done twice."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text

from domain.accounts import Viewer
from domain.catalog import TitleKind, create_title
from domain.guide import (
    Counts,
    FileFailure,
    ImportState,
    ListingsImport,
    ProblemReason,
    Programme,
    Slot,
    SlotOrigin,
    SlotText,
    TooManyImports,
    change_slot,
    import_listings,
    imports_by_id,
    link_channel,
    place_slot,
    problems_of,
    prune_imports,
    prune_slots,
    schedules_of,
    slot_translations,
)
from domain.guide import importing as importing_rules
from domain.guide.importing import fail_import, finish_import, listings_source, take_in
from domain.guide.store import slots as store
from domain.kernel.refusals import Forbidden, NotFound, SignInRequired
from domain.kernel.work import Work
from domain.media.assets import UploadNotComplete
from domain.media.upload import UploadTooLarge
from tests.arrange import complete_upload, create_editor, create_viewer, receiving_upload
from tests.domain.guide.listings_files import listings, programme, read


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2030, 1, 2, hour, minute, tzinfo=UTC)


class Desk:
    """An editor with two channels that are in listings."""

    def __init__(self, work: Work, editor: Viewer, one: UUID, two: UUID, folder: Path) -> None:
        self.work, self.editor, self.one, self.two, self.folder = work, editor, one, two, folder

    async def begin(self) -> ListingsImport:
        upload_id, _ = await complete_upload(self.work, viewer=self.editor, size_bytes=10)
        return await import_listings(self.work, viewer=self.editor, upload_id=upload_id)

    async def take(self, *programmes: str, size: int = 500) -> ListingsImport:
        """Import a file as a worker does."""
        begun = await self.begin()
        outcomes, failed = read(self.folder / "listings", listings(*programmes))
        assert failed is None
        for start in range(0, len(outcomes), size):
            batch = outcomes[start : start + size]
            assert await take_in(self.work, import_id=begun.id, taken=start, outcomes=batch)
        await finish_import(self.work, import_id=begun.id)
        return await self.look(begun)

    async def look(self, begun: ListingsImport) -> ListingsImport:
        (found,) = await imports_by_id(self.work.reads(), [begun.id])
        assert found is not None
        return found

    async def problems(self, begun: ListingsImport) -> list[tuple[int, ProblemReason]]:
        (found,) = await problems_of(self.work.reads(), [begun.id], after=0, limit=100)
        return [(problem.number, problem.reason) for problem in found]

    async def slots(self, channel_id: UUID | None = None) -> list[Slot]:
        (found,) = await schedules_of(
            self.work.reads(), [channel_id or self.one], opens_at=at(0), closes_at=at(0) + timedelta(days=2)
        )
        return found

    async def names(self) -> list[tuple[str, str]]:
        slots = await self.slots()
        texts = await slot_translations(self.work.reads(), [slot.id for slot in slots])
        return [(f"{slot.starts_at:%H%M}-{slot.ends_at:%H%M}", one[0].name)
                for slot, one in zip(slots, texts, strict=True)]  # fmt: skip


@pytest.fixture
async def desk(work: Work, tmp_path: Path) -> Desk:
    editor = await create_editor(work)
    ids = []
    for name in ("one", "two"):
        title = await create_title(work, viewer=editor, kind=TitleKind.CHANNEL, language="de", name=name)
        await link_channel(work, viewer=editor, channel_id=title.id, listings_id=name)
        ids.append(title.id)
    return Desk(work, editor, *ids, tmp_path)


def named(name: str) -> str:
    return f"<title>{name}</title>"


async def test_a_file_fills_the_schedules_of_the_channels_it_names(desk: Desk) -> None:
    done = await desk.take(
        programme("2000", "2100", inside=named("A")),
        programme("2000", "2030", channel="two", inside='<title lang="en">B</title>'),
        programme("2100", None, inside=named("C")),
        programme("2200", "2300", inside=named("D")),
        programme("2200", "2300", channel="three"),
        programme("2300", "2330", channel="three"),
    )
    assert (done.state, done.counts) == (ImportState.DONE, Counts(added=4, skipped=2))
    assert await desk.names() == [("2000-2100", "A"), ("2100-2200", "C"), ("2200-2300", "D")]
    (slot,) = await desk.slots(desk.two)
    assert (slot.origin, slot.version) == (SlotOrigin.IMPORT, 1)
    assert await desk.problems(done) == [(5, ProblemReason.UNKNOWN_CHANNEL)]
    # What is in no language is in the channel's.
    languages = [texts[0].language for texts in await slot_translations(
        desk.work.reads(), [(await desk.slots())[0].id, slot.id])]  # fmt: skip
    assert languages == ["de", "en"]


async def test_the_same_file_again_changes_nothing(desk: Desk) -> None:
    file = (
        programme("2000", "2100", inside='<title lang="de">A</title><title lang="en-GB">B</title><desc>C</desc>'),
        programme("2100", "2200"),
    )
    await desk.take(*file)
    before = await desk.slots()
    again = await desk.take(*file)
    assert again.counts == Counts(unchanged=2)
    assert await desk.slots() == before


async def test_a_later_file_moves_what_an_earlier_one_brought(desk: Desk) -> None:
    await desk.take(
        programme("2000", "2100", inside=named("A")),
        programme("2100", "2200", inside=named("B")),
        programme("2200", "2300", inside=named("C")),
        programme("2300", "2330", inside=named("D")),
    )
    before = {slot.starts_at: slot.id for slot in await desk.slots()}
    done = await desk.take(
        programme("2000", "2115", inside=named("A, longer")),
        programme("2115", "2200", inside=named("B")),
        programme("2200", "2230", inside=named("C")),
    )
    assert done.counts == Counts(added=1, changed=2, removed=1)
    assert await desk.names() == [
        ("2000-2115", "A, longer"), ("2115-2200", "B"), ("2200-2230", "C"), ("2300-2330", "D"),
    ]  # fmt: skip
    after = {slot.starts_at: slot for slot in await desk.slots()}
    assert {start: after[start].id for start in (at(20), at(22), at(23))} == {
        start: before[start] for start in (at(20), at(22), at(23))
    }
    assert [after[start].version for start in (at(20), at(22), at(23))] == [2, 2, 1]


async def test_slots_that_swap_places_never_overlap_on_the_way(desk: Desk) -> None:
    await desk.take(programme("2000", "2200"), programme("2200", "2300"), programme("2300", "2330"))
    done = await desk.take(
        programme("2100", "2200"), programme("2000", "2100"), programme("2200", "2330"), programme("1900", "2000")
    )
    assert done.counts == Counts(added=2, changed=2, removed=1)
    assert [time for time, _ in await desk.names()] == ["1900-2000", "2000-2100", "2100-2200", "2200-2330"]


async def test_what_an_editor_placed_stays_and_what_overlaps_it_is_refused(desk: Desk) -> None:
    placed = await place_slot(
        desk.work, viewer=desk.editor, channel_id=desk.one, starts_at=at(20, 30), ends_at=at(21, 30),
        programme=Programme((SlotText("de", "Sondersendung"),)),
    )  # fmt: skip
    done = await desk.take(
        programme("1900", "2000"), programme("2000", "2100"), programme("2030", "2130"), programme("2130", "2200")
    )
    assert done.counts == Counts(added=2, refused=2)
    assert await desk.problems(done) == [(2, ProblemReason.EDITORS_SLOT), (3, ProblemReason.OVERLAPS)]
    assert await desk.names() == [("1900-2000", "Show"), ("2030-2130", "Sondersendung"), ("2130-2200", "Show")]
    again = await desk.take(programme("2030", "2130"))
    assert again.counts == Counts(unchanged=1)
    assert (await desk.slots())[1].id == placed.id


async def test_what_an_editor_changed_is_the_editors_from_then_on(desk: Desk) -> None:
    await desk.take(programme("2000", "2100"))
    (slot,) = await desk.slots()
    await change_slot(
        desk.work, viewer=desk.editor, slot_id=slot.id, expected_version=1, starts_at=at(20), ends_at=at(21),
        programme=Programme((SlotText("de", "Besser"),)),
    )  # fmt: skip
    await desk.take(programme("2000", "2100"))
    assert await desk.names() == [("2000-2100", "Besser")]


async def test_batches_of_any_size_come_to_the_same(desk: Desk) -> None:
    old = [programme(f"{hour:02}00", f"{hour + 1:02}00") for hour in range(2, 20)]
    new = [programme(f"{hour:02}30", f"{hour + 1:02}15", inside=named(str(hour))) for hour in range(1, 21)]
    seen = []
    for size in (1, 3, 500):
        await desk.work.connection.execute(text("DELETE FROM schedule_slots"))
        await desk.take(*old, size=size)
        done = await desk.take(*new, size=size)
        assert (done.counts.added, done.counts.removed) == (20, 18)
        seen.append(await desk.names())
    assert seen[0] == seen[1] == seen[2]


async def test_a_batch_is_taken_in_once(desk: Desk) -> None:
    begun = await desk.begin()
    outcomes, _ = read(desk.folder / "listings", listings(programme("2000", "2100"), programme("2100", "2200")))
    assert await take_in(desk.work, import_id=begun.id, taken=0, outcomes=outcomes[:1])
    assert not await take_in(desk.work, import_id=begun.id, taken=0, outcomes=outcomes[:1])
    source = await listings_source(desk.work, import_id=begun.id)
    assert source is not None
    assert source.taken == 1
    assert await take_in(desk.work, import_id=begun.id, taken=1, outcomes=outcomes[1:])
    await finish_import(desk.work, import_id=begun.id)
    assert not await take_in(desk.work, import_id=begun.id, taken=2, outcomes=outcomes)
    await fail_import(desk.work, import_id=begun.id, failure=FileFailure.GAVE_UP)
    done = await desk.look(begun)
    assert (done.state, done.counts, done.failure) == (ImportState.DONE, Counts(added=2), None)


async def test_the_report_ends_while_the_counting_goes_on(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing_rules, "PROBLEMS_KEPT_MAX", 3)
    done = await desk.take(*(programme("never", "2100") for _ in range(8)), size=2)
    assert done.counts == Counts(refused=8)
    assert await desk.problems(done) == [(number, ProblemReason.BAD_TIME) for number in (1, 2, 3)]


async def test_an_unknown_channel_is_named_once_and_far_times_are_refused(desk: Desk) -> None:
    far = programme("20310601200000", "20310601210000")
    odd = programme("never", "2100", channel="odd&#133;name")
    done = await desk.take(odd, odd, odd, odd, far, size=1)
    assert done.counts == Counts(skipped=4, refused=1)
    assert await desk.problems(done) == [(1, ProblemReason.UNKNOWN_CHANNEL), (5, ProblemReason.OUT_OF_RANGE)]


async def test_an_upload_that_went_away_fails_the_import(desk: Desk) -> None:
    begun = await desk.begin()
    await desk.work.connection.execute(text("UPDATE uploads SET object_key = NULL, state = 'TERMINATED'"))
    assert await listings_source(desk.work, import_id=begun.id) is None
    failed = await desk.look(begun)
    assert (failed.state, failed.failure) == (ImportState.FAILED, FileFailure.SOURCE_GONE)


async def test_only_editors_import_and_only_what_has_arrived(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    work = desk.work
    upload_id, _ = await complete_upload(work, viewer=desk.editor, size_bytes=10)
    huge_id, _ = await complete_upload(work, viewer=desk.editor, size_bytes=(1 << 30) + 1)
    arriving_id = await receiving_upload(work, viewer=desk.editor)
    stranger, other = await create_viewer(work), await create_editor(work)
    monkeypatch.setattr(importing_rules, "RUNNING_MAX", 1)
    for viewer, id, refusal in (
        (None, upload_id, SignInRequired), (stranger, upload_id, Forbidden), (other, upload_id, NotFound),
        (desk.editor, arriving_id, UploadNotComplete), (desk.editor, huge_id, UploadTooLarge),
    ):  # fmt: skip
        with pytest.raises(refusal):
            await import_listings(work, viewer=viewer, upload_id=id)
    await import_listings(work, viewer=desk.editor, upload_id=upload_id)
    with pytest.raises(TooManyImports):
        await import_listings(work, viewer=desk.editor, upload_id=upload_id)
    assert (await work.connection.execute(text("SELECT count(*) FROM listings_imports"))).scalar_one() == 1


async def test_the_log_has_the_import_and_not_its_slots(desk: Desk) -> None:
    await desk.take(programme("2000", "2100"))
    rows = await desk.work.connection.execute(
        text("SELECT subject, operation, action FROM editorial_log WHERE action = 'import_listings' ORDER BY number")
    )
    assert [tuple(row) for row in rows] == [
        ("listings_imports", "CREATED", "import_listings"), ("listings_imports", "CHANGED", "import_listings"),
    ]  # fmt: skip


async def test_what_is_over_goes_and_what_is_to_come_stays(desk: Desk) -> None:
    await desk.take(programme("2000", "2100"), programme("2100", "2200"))
    begun = await desk.begin()
    desk.work.now = at(21) + timedelta(days=30, seconds=1)
    assert await prune_slots(desk.work, kept=timedelta(days=30), limit=10) == 1
    assert await desk.names() == [("2100-2200", "Show")]
    assert await prune_imports(desk.work, kept=timedelta(days=30), limit=10) == 1
    assert (await desk.look(begun)).state is ImportState.RUNNING
    logged = text("SELECT count(*) FROM editorial_log WHERE subject = 'schedule_slots'")
    assert (await desk.work.connection.execute(logged)).scalar_one() == 0


async def test_a_title_an_editor_named_stays_with_its_slot(desk: Desk) -> None:
    await desk.take(programme("2000", "2100"))
    (slot,) = await desk.slots()
    (whole,) = await store.slots_by_id(desk.work.connection, [slot.id])
    assert whole is not None
    linked = replace(whole, programme=replace(whole.programme, title_id=desk.two))
    await store.change_slots(desk.work.connection, [linked])
    done = await desk.take(programme("2000", "2115"))
    assert done.counts == Counts(changed=1)
    assert [slot.programme.title_id for slot in await desk.slots()] == [desk.two]
