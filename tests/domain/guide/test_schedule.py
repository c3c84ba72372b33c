"""Schedules by hand: slots never overlap, and nobody's change is lost."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from domain.accounts import Viewer
from domain.catalog import TitleKind, create_title
from domain.guide import (
    ListingsIdTaken,
    NotAChannel,
    Programme,
    Slot,
    SlotId,
    SlotOrigin,
    SlotOverlaps,
    SlotText,
    change_slot,
    link_channel,
    listings_ids,
    now_and_next,
    place_slot,
    remove_slot,
    schedules_of,
    slot_texts,
    slots_by_id,
)
from domain.guide.store import slots as store
from domain.kernel.bus import Bus
from domain.kernel.facts import read_facts
from domain.kernel.refusals import Forbidden, InvalidInput, NotFound, SignInRequired, StaleVersion
from domain.kernel.work import Database, Reads, Work
from tests.arrange import create_draft, create_editor, create_viewer

SHOW = Programme((SlotText("en", "Show"),))


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2030, 1, 2, tzinfo=UTC) + timedelta(hours=hour, minutes=minute)


async def channel(work: Work, editor: Viewer) -> UUID:
    title = await create_title(work, viewer=editor, kind=TitleKind.CHANNEL, language="de", name="Eins")
    return title.id


async def place(work: Work, editor: Viewer, channel_id: UUID, starts: datetime, ends: datetime) -> Slot:
    return await place_slot(work, viewer=editor, channel_id=channel_id, starts_at=starts, ends_at=ends, programme=SHOW)


async def change(work: Work, editor: Viewer, slot: Slot, starts: datetime, ends: datetime, version: int = 1) -> Slot:
    return await change_slot(
        work, viewer=editor, slot_id=slot.id, expected_version=version, starts_at=starts, ends_at=ends, programme=SHOW
    )


async def times(reads: Reads, channel_id: UUID) -> list[tuple[datetime, datetime]]:
    (slots,) = await schedules_of(reads, [channel_id], opens_at=at(0), closes_at=at(48))
    return [(slot.starts_at, slot.ends_at) for slot in slots]


async def test_slots_touch_but_never_overlap(work: Work) -> None:
    editor = await create_editor(work)
    one, two = await channel(work, editor), await channel(work, editor)
    await place(work, editor, one, at(20), at(21))
    await place(work, editor, one, at(21), at(22))
    await place(work, editor, one, at(19), at(20))
    await place(work, editor, two, at(20, 30), at(21, 30))
    for starts, ends in ((at(20), at(21)), (at(20, 59), at(23)), (at(18), at(23)), (at(20, 10), at(20, 20))):
        with pytest.raises(SlotOverlaps):
            await place(work, editor, one, starts, ends)
    assert await times(work.reads(), one) == [(at(19), at(20)), (at(20), at(21)), (at(21), at(22))]


async def test_the_database_itself_refuses_an_overlap(work: Work) -> None:
    editor = await create_editor(work)
    one = await channel(work, editor)
    await place(work, editor, one, at(20), at(21))
    twin = Slot(SlotId(uuid4()), one, at(20, 30), at(21, 30), SHOW, SlotOrigin.EDITOR, 1)
    with pytest.raises(IntegrityError, match="schedule_slots_overlap_excl"):
        async with work.part():
            await store.insert_slots(work.connection, [twin])
    assert await times(work.reads(), one) == [(at(20), at(21))]


async def test_two_editors_at_once_place_one_of_two_overlapping_programmes(database: Database, bus: Bus) -> None:
    async with database.work(bus=bus) as work:
        editor = await create_editor(work)
        one = await channel(work, editor)
    base = datetime.now(UTC)

    async def try_it(minutes: int) -> bool:
        try:
            async with database.work(bus=bus) as work:
                await place(
                    work, editor, one, base + timedelta(minutes=minutes), base + timedelta(minutes=minutes + 60)
                )
        except SlotOverlaps:
            return False
        return True

    assert sum(await asyncio.gather(*(try_it(minutes) for minutes in range(8)))) == 1
    async with database.read() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM schedule_slots"))).scalar_one() == 1


async def test_a_slot_moves_over_itself_but_not_over_others(work: Work) -> None:
    editor = await create_editor(work)
    one = await channel(work, editor)
    slot = await place(work, editor, one, at(20), at(21))
    await place(work, editor, one, at(22), at(23))
    moved = await change(work, editor, slot, at(20, 30), at(22))
    assert (moved.id, moved.version) == (slot.id, 2)
    with pytest.raises(SlotOverlaps) as refused:
        await change(work, editor, slot, at(20), at(22, 1), version=2)
    assert (refused.value.starts_at, refused.value.ends_at) == (at(22), at(23))
    with pytest.raises(StaleVersion):
        await change(work, editor, slot, at(20), at(21), version=1)
    assert await slots_by_id(work.reads(), [slot.id]) == [moved]


async def test_a_removed_slot_leaves_room(work: Work) -> None:
    editor = await create_editor(work)
    one = await channel(work, editor)
    slot = await place(work, editor, one, at(20), at(21))
    with pytest.raises(StaleVersion):
        await remove_slot(work, viewer=editor, slot_id=slot.id, expected_version=2)
    assert await remove_slot(work, viewer=editor, slot_id=slot.id, expected_version=1) == one
    with pytest.raises(NotFound):
        await remove_slot(work, viewer=editor, slot_id=slot.id, expected_version=1)
    await place(work, editor, one, at(20, 30), at(21))
    await work.write_facts()
    facts = await read_facts(work.connection, "guide", after=0)
    assert [(fact.kind, fact.body) for fact in facts] == [("ScheduleChanged", {"channel_id": str(one)})] * 3


async def test_only_editors_change_schedules(work: Work) -> None:
    editor, stranger = await create_editor(work), await create_viewer(work)
    one = await channel(work, editor)
    slot = await place(work, editor, one, at(20), at(21))
    for viewer, refusal in ((stranger, Forbidden), (None, SignInRequired)):
        with pytest.raises(refusal):
            await place_slot(work, viewer=viewer, channel_id=one, starts_at=at(22), ends_at=at(23), programme=SHOW)
        with pytest.raises(refusal):
            await remove_slot(work, viewer=viewer, slot_id=slot.id, expected_version=1)
        with pytest.raises(refusal):
            await link_channel(work, viewer=viewer, channel_id=one, listings_id="one")
    assert await times(work.reads(), one) == [(at(20), at(21))]


@pytest.mark.parametrize(
    ("starts", "ends", "programme", "field"),
    [
        (at(20), at(20), SHOW, "endsAt"),
        (at(20), at(44, 1), SHOW, "endsAt"),
        (at(20) + timedelta(days=400), at(21) + timedelta(days=400), SHOW, "startsAt"),
        (at(20), at(21), Programme(()), "texts"),
        (at(20), at(21), Programme((SlotText("en", "A"), SlotText("EN", "B"))), "texts"),
        (at(20), at(21), Programme((SlotText("en", " "),)), "name"),
        (at(20), at(21), Programme((SlotText("en", "A\x00"),)), "name"),
        (at(20), at(21), Programme((SlotText("en", "A", "x" * 201),)), "subtitle"),
        (at(20), at(21), Programme((SlotText("!", "A"),)), "language"),
        (at(20), at(21), Programme((SlotText("en", "A"),), season_number=0), "seasonNumber"),
        (at(20), at(21), Programme((SlotText("en", "A"),), production_year=1700), "productionYear"),
    ],
)
async def test_what_makes_no_slot_is_refused(
    work: Work, starts: datetime, ends: datetime, programme: Programme, field: str
) -> None:
    editor = await create_editor(work)
    one = await channel(work, editor)
    with pytest.raises(InvalidInput) as refused:
        await place_slot(work, viewer=editor, channel_id=one, starts_at=starts, ends_at=ends, programme=programme)
    assert refused.value.field == field
    assert await times(work.reads(), one) == []


async def test_only_channels_have_schedules_and_programmes_show_what_there_is(work: Work) -> None:
    editor = await create_editor(work)
    film, one = await create_draft(work, viewer=editor), await channel(work, editor)
    with pytest.raises(NotAChannel):
        await place(work, editor, film, at(20), at(21))
    with pytest.raises(NotFound):
        await place(work, editor, uuid4(), at(20), at(21))
    with pytest.raises(NotFound):
        await place_slot(
            work, viewer=editor, channel_id=one, starts_at=at(20), ends_at=at(21),
            programme=Programme(SHOW.texts, title_id=uuid4()),
        )  # fmt: skip
    showing = await place_slot(
        work, viewer=editor, channel_id=one, starts_at=at(20), ends_at=at(21),
        programme=Programme(SHOW.texts, title_id=film),
    )  # fmt: skip
    assert showing.programme.title_id == film


async def test_a_channel_is_called_one_thing_in_listings_and_no_other_is(work: Work) -> None:
    editor = await create_editor(work)
    one, two = await channel(work, editor), await channel(work, editor)
    await link_channel(work, viewer=editor, channel_id=one, listings_id=" one.example ")
    with pytest.raises(ListingsIdTaken):
        await link_channel(work, viewer=editor, channel_id=two, listings_id="one.example")
    assert await listings_ids(work.reads(), [two, one]) == [None, "one.example"]
    await link_channel(work, viewer=editor, channel_id=one, listings_id=None)
    await link_channel(work, viewer=editor, channel_id=two, listings_id="one.example")
    assert await listings_ids(work.reads(), [two, one]) == ["one.example", None]
    for nonsense in ("", " ", "x" * 201, "a\x00"):
        with pytest.raises(InvalidInput):
            await link_channel(work, viewer=editor, channel_id=one, listings_id=nonsense)


async def test_what_is_on_now_and_next_is_known_at_every_edge(work: Work) -> None:
    editor = await create_editor(work)
    one, two = await channel(work, editor), await channel(work, editor)
    first = await place(work, editor, one, work.now - timedelta(hours=23), work.now)
    second = await place(work, editor, one, work.now, work.now + timedelta(hours=1))
    third = await place(work, editor, one, work.now + timedelta(hours=2), work.now + timedelta(hours=3))
    whole_day = await place(
        work, editor, two, work.now - timedelta(hours=23, minutes=59), work.now + timedelta(minutes=1)
    )

    async def seen(after: timedelta) -> list[tuple[UUID | None, UUID | None]]:
        reads = Reads(work.reads().database, now=work.now + after)
        found = await now_and_next(reads, [one, uuid4(), two])
        return [(pair.now and pair.now.id, pair.next and pair.next.id) for pair in found]

    assert await seen(-timedelta(seconds=1)) == [(first.id, second.id), (None, None), (whole_day.id, None)]
    assert await seen(timedelta(0)) == [(second.id, third.id), (None, None), (whole_day.id, None)]
    assert await seen(timedelta(minutes=90)) == [(None, third.id), (None, None), (None, None)]
    assert await seen(timedelta(hours=3)) == [(None, None), (None, None), (None, None)]


async def test_a_window_shows_what_is_on_in_it_and_is_bounded(work: Work) -> None:
    editor = await create_editor(work)
    one = await channel(work, editor)
    for hour in range(4):
        await place(work, editor, one, at(20 + hour), at(21 + hour))
    (slots,) = await schedules_of(work.reads(), [one], opens_at=at(20, 59), closes_at=at(22))
    assert [slot.starts_at for slot in slots] == [at(20), at(21)]
    for closes_at in (at(20), at(19), at(20) + timedelta(days=8, seconds=1)):
        with pytest.raises(InvalidInput):
            await schedules_of(work.reads(), [one], opens_at=at(20), closes_at=closes_at)


async def test_texts_come_in_the_wanted_language_or_the_channels(work: Work) -> None:
    editor = await create_editor(work)
    one = await channel(work, editor)
    texts = (SlotText("en", "Show"), SlotText("de", "Sendung", "Folge"))
    slot = await place_slot(
        work, viewer=editor, channel_id=one, starts_at=at(20), ends_at=at(21), programme=Programme(texts)
    )
    for languages, expected in ((["en-GB"], "Show"), (["fr"], "Sendung"), ([], "Sendung")):
        found = await slot_texts(work.reads(), [slot.id, uuid4()], languages=languages)
        assert [text and text.name for text in found] == [expected, None]


async def test_what_editors_do_by_hand_is_in_the_log(work: Work) -> None:
    editor = await create_editor(work)
    one = await channel(work, editor)
    slot = await place(work, editor, one, at(20), at(21))
    await change(work, editor, slot, at(21), at(22))
    await remove_slot(work, viewer=editor, slot_id=slot.id, expected_version=2)
    rows = await work.connection.execute(
        text(
            "SELECT action, operation FROM editorial_log WHERE subject = 'schedule_slots' AND title_id = :id"
            " ORDER BY number"
        ),
        {"id": one},
    )
    assert [tuple(row) for row in rows] == [
        ("place_slot", "CREATED"), ("change_slot", "CHANGED"), ("remove_slot", "REMOVED"),
    ]  # fmt: skip
