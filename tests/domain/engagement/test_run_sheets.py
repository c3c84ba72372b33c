"""The run of show: prepared in order, fired one by one, once each, and taken back."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.accounts import Viewer
from domain.engagement import LocalText, MomentKind, PollState, WrongPollState, lock_poll, polls_by_id
from domain.engagement.run_item import (
    ITEMS_MAX,
    NewRunItem,
    NotFired,
    NothingToFire,
    RunItem,
    RunItemKind,
    RunSheet,
    RunSheetFull,
)
from domain.engagement.run_sheets import (
    add_run_item,
    fire_run_item,
    move_run_item,
    remove_run_item,
    run_of_show,
    unfire_run_item,
)
from domain.engagement.store import run_sheets as store
from domain.kernel.refusals import Forbidden, InvalidInput, NotFound, SignInRequired, StaleVersion
from domain.live import StreamNotLive, end_stream
from tests.domain.engagement.test_moments import log
from tests.poll_scene import Show

HELLO = (LocalText("en", "Hello"),)
CHAPTER = NewRunItem(RunItemKind.CHAPTER, text=HELLO)
SHOUT_OUT = NewRunItem(RunItemKind.SHOUT_OUT, text=HELLO, duration_s=20)
NOTE = NewRunItem(RunItemKind.NOTE, text=HELLO)


async def sheet(show: Show) -> RunSheet:
    return await run_of_show(show.reads(), viewer=show.host, stream_id=show.stream.id)


async def add(show: Show, new: NewRunItem, *, by: Viewer | None = None, **given: Any) -> RunSheet:
    version = given.pop("expected_version", None) or (await sheet(show)).version
    async with show.work() as work:
        return await add_run_item(
            work, viewer=by or show.host, stream_id=show.stream.id, expected_version=version, new=new, **given
        )


async def fire(show: Show, item: RunItem, *, by: Viewer | None = None) -> RunItem:
    async with show.work() as work:
        return await fire_run_item(work, viewer=by or show.host, item_id=item.id)


async def unfire(show: Show, item: RunItem) -> RunItem:
    async with show.work() as work:
        return await unfire_run_item(work, viewer=show.host, item_id=item.id)


def kinds(of: RunSheet) -> list[str]:
    return [item.kind.value for item in of.items]


async def test_items_are_added_moved_and_removed_in_order(show: Show) -> None:
    await add(show, CHAPTER)
    await add(show, NOTE)
    made = await add(show, SHOUT_OUT, position=1)
    assert (kinds(made), made.version) == (["CHAPTER", "SHOUT_OUT", "NOTE"], 4)
    async with show.work() as work:
        moved = await move_run_item(work, viewer=show.host, item_id=made.items[0].id, expected_version=4, position=99)
    assert kinds(moved) == ["SHOUT_OUT", "NOTE", "CHAPTER"]
    async with show.work() as work:
        await remove_run_item(work, viewer=show.host, item_id=moved.items[1].id, expected_version=5)
    left = await sheet(show)
    assert (kinds(left), left.version) == (["SHOUT_OUT", "CHAPTER"], 6)
    assert [item.id for item in left.items] == [moved.items[0].id, moved.items[2].id]


async def test_two_who_edit_at_once_lose_nothing(show: Show) -> None:
    answers = await asyncio.gather(*(add(show, CHAPTER, expected_version=1) for _ in range(4)), return_exceptions=True)
    assert sum(isinstance(answer, RunSheet) for answer in answers) == 1
    assert sum(isinstance(answer, StaleVersion) for answer in answers) == 3
    assert len((await sheet(show)).items) == 1


async def test_firing_an_item_announces_its_moment(show: Show) -> None:
    item = (await add(show, SHOUT_OUT)).items[0]
    fired = await fire(show, item)
    (moment,) = await log(show)
    assert (fired.moment_id, fired.fired_at) == (moment.id, show.clock())
    assert (moment.kind, moment.text, moment.present_at) == (MomentKind.SHOUT_OUT, HELLO, show.clock())


async def test_two_hosts_who_fire_the_same_item_show_it_once(show: Show) -> None:
    item = (await add(show, CHAPTER)).items[0]
    answers = await asyncio.gather(*(fire(show, item) for _ in range(5)))
    assert len({answer.moment_id for answer in answers}) == 1
    assert len(await log(show)) == 1


async def test_without_the_lock_it_would_be_shown_more_than_once(show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    item = (await add(show, CHAPTER)).items[0]
    everybody = asyncio.Barrier(5)

    async def loose(connection: AsyncConnection, stream_id: UUID) -> RunSheet:
        found = await store.run_sheet(connection, stream_id)
        await everybody.wait()
        return found

    monkeypatch.setattr("domain.engagement.run_sheets.store.hold_run_sheet", loose)
    await asyncio.gather(*(fire(show, item) for _ in range(5)))
    assert len(await log(show)) > 1


async def test_firing_a_poll_opens_it_and_taking_it_back_makes_it_a_draft(show: Show) -> None:
    poll = await show.draft()
    item = (await add(show, NewRunItem(RunItemKind.POLL, poll_id=poll.id))).items[0]
    answers = await asyncio.gather(*(fire(show, item) for _ in range(3)))
    assert all(answer.fired_at == show.clock() for answer in answers)
    assert await state(show, poll.id) is PollState.OPEN
    ready = await unfire(show, item)
    assert ready.fired_at is None
    assert await state(show, poll.id) is PollState.DRAFT
    assert await log(show) == []
    await fire(show, item)
    assert await state(show, poll.id) is PollState.OPEN


async def test_a_poll_that_was_opened_by_hand_is_not_opened_again(show: Show) -> None:
    poll = await show.opened()
    item = (await add(show, NewRunItem(RunItemKind.POLL, poll_id=poll.id))).items[0]
    with pytest.raises(WrongPollState):
        await fire(show, item)
    assert (await sheet(show)).items[0].fired_at is None


async def test_an_item_is_taken_back_within_ten_seconds(show: Show) -> None:
    item = (await add(show, CHAPTER)).items[0]
    with pytest.raises(NotFired):
        await unfire(show, item)
    await fire(show, item)
    show.clock.advance(10.5)
    with pytest.raises(NotFired):
        await unfire(show, item)
    assert len(await log(show)) == 1


async def test_taking_an_item_back_takes_back_nothing_that_was_done_since(show: Show) -> None:
    poll = await show.draft()
    item = (await add(show, NewRunItem(RunItemKind.POLL, poll_id=poll.id))).items[0]
    await fire(show, item)
    async with show.work() as work:
        await lock_poll(work, viewer=show.host, poll_id=poll.id, expected_version=2)
    with pytest.raises(NotFired):
        await unfire(show, item)
    assert await state(show, poll.id) is PollState.LOCKED


async def test_a_note_is_not_fired(show: Show) -> None:
    item = (await add(show, NOTE)).items[0]
    with pytest.raises(NothingToFire):
        await fire(show, item)


async def test_nothing_is_fired_in_a_show_that_is_over(show: Show) -> None:
    item = (await add(show, CHAPTER)).items[0]
    async with show.work() as work:
        await end_stream(work, viewer=show.host, stream_id=show.stream.id, expected_version=show.stream.version)
    with pytest.raises(StreamNotLive):
        await fire(show, item)
    assert await log(show) == []


@pytest.mark.parametrize(
    "new",
    [
        NewRunItem(RunItemKind.POLL),
        NewRunItem(RunItemKind.POLL, text=HELLO),
        NewRunItem(RunItemKind.CHAPTER),
        NewRunItem(RunItemKind.CHAPTER, poll_id=UUID(int=1), text=HELLO),
        NewRunItem(RunItemKind.CHAPTER, text=HELLO, duration_s=5),
        NewRunItem(RunItemKind.NOTE, text=HELLO, duration_s=5),
        NewRunItem(RunItemKind.SHOUT_OUT, text=HELLO, duration_s=0),
    ],
)
async def test_what_cannot_be_fired_is_not_prepared(show: Show, new: NewRunItem) -> None:
    with pytest.raises(InvalidInput):
        await add(show, new)
    assert (await sheet(show)).items == ()


async def test_a_poll_of_another_show_is_not_found(show: Show) -> None:
    other = await Show.begin(show.database, show.bus, show.clock)
    poll = await other.draft()
    for id in (poll.id, uuid4()):
        with pytest.raises(NotFound):
            await add(show, NewRunItem(RunItemKind.POLL, poll_id=id))
    assert (await sheet(show)).items == ()


async def test_only_hosts_read_edit_and_fire(show: Show) -> None:
    item = (await add(show, CHAPTER)).items[0]
    viewer = await show.voter()
    with pytest.raises(Forbidden):
        await run_of_show(show.reads(), viewer=viewer, stream_id=show.stream.id)
    with pytest.raises(Forbidden):
        await add(show, NOTE, by=viewer)
    with pytest.raises(Forbidden):
        await fire(show, item, by=viewer)
    with pytest.raises(SignInRequired):
        async with show.work() as work:
            await fire_run_item(work, viewer=None, item_id=item.id)
    hidden = await Show.begin(show.database, show.bus, show.clock, territory="FR")
    secret = (await add(hidden, CHAPTER)).items[0]
    for id in (secret.id, uuid4()):
        with pytest.raises(NotFound):
            async with show.work() as work:
                await fire_run_item(work, viewer=viewer, item_id=id)
    assert (await sheet(hidden)).items[0].fired_at is None
    assert await log(show) == []


async def test_a_run_of_show_is_bounded(show: Show) -> None:
    async with show.work() as work:
        for number in range(ITEMS_MAX):
            await add_run_item(work, viewer=show.host, stream_id=show.stream.id, expected_version=number + 1, new=NOTE)
    with pytest.raises(RunSheetFull):
        await add(show, NOTE)
    assert len((await sheet(show)).items) == ITEMS_MAX


async def state(show: Show, poll_id: UUID) -> PollState:
    (poll,) = await polls_by_id(show.reads(), [poll_id])
    assert poll is not None
    return poll.state
