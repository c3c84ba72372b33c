"""Moments: announced, taken back, and read; who is behind sees them later, and nobody sees another's."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from domain.accounts import Viewer
from domain.engagement import (
    LocalText,
    Moment,
    MomentKind,
    MomentNotRevocable,
    NothingToUndo,
    announce_moment,
    fold,
    list_moments,
    lock_poll,
    moments_of_streams,
    revoke_moment,
    undo_poll,
    visible_moments,
)
from domain.kernel.facts import read_facts
from domain.kernel.idempotency import IdempotencyKeyReused, RequestInProgress
from domain.kernel.paging import PageRequest
from domain.kernel.refusals import Forbidden, InvalidInput, NotFound, SignInRequired
from domain.live import StreamNotLive, end_stream, stream_topic
from tests.arrange import create_viewer
from tests.poll_scene import Show, question

HELLO = (LocalText("en", "Hello Berlin"), LocalText("de", "Hallo Berlin"))


async def announce(show: Show, *, by: Viewer | None = None, key: str | None = None, **given: object) -> Moment:
    values = {"kind": MomentKind.SHOUT_OUT, "text": HELLO, **given}
    async with show.work() as work:
        return await announce_moment(
            work,
            viewer=show.host if by is None else by,
            stream_id=show.stream.id,
            idempotency_key=key or uuid4().hex,
            **values,  # type: ignore[arg-type]  # a test gives what the verb takes
        )


async def revoke(show: Show, moment: Moment) -> Moment:
    async with show.work() as work:
        return await revoke_moment(work, viewer=show.host, moment_id=moment.id)


async def log(show: Show) -> list[Moment]:
    (found,) = await moments_of_streams(
        show.reads(),
        [show.stream.id],
        starts_at=show.clock() - timedelta(days=1),
        ends_at=show.clock() + timedelta(days=1),
    )
    return found


async def told(show: Show) -> list[tuple[str, UUID]]:
    async with show.database.read() as connection:
        facts = await read_facts(connection, stream_topic(show.stream.id), after=0)
    return [(fact.kind, UUID(str(fact.body["moment_id"]))) for fact in facts if fact.kind.startswith("Moment")]


async def test_a_shout_out_is_told_with_its_instant_and_is_over_by_itself(show: Show) -> None:
    at = show.clock() + timedelta(seconds=30)
    moment = await announce(show, present_at=at)
    assert (moment.present_at, moment.until, moment.text) == (at, at + timedelta(seconds=15), HELLO)
    assert await told(show) == [("MomentAnnounced", moment.id)]
    assert fold([moment], stream_id=show.stream.id, at=at - timedelta(milliseconds=1)).shout_out_ids == ()
    assert fold([moment], stream_id=show.stream.id, at=at).shout_out_ids == (moment.id,)
    assert fold([moment], stream_id=show.stream.id, at=at + timedelta(seconds=15)).shout_out_ids == ()


async def test_a_chapter_goes_on_until_the_next_one(show: Show) -> None:
    first = await announce(show, kind=MomentKind.CHAPTER)
    second = await announce(show, kind=MomentKind.CHAPTER, present_at=show.clock() + timedelta(seconds=60))
    between = fold([second, first], stream_id=show.stream.id, at=show.clock() + timedelta(seconds=59))
    assert between.chapter_id == first.id
    after = fold([second, first], stream_id=show.stream.id, at=show.clock() + timedelta(seconds=60))
    assert after.chapter_id == second.id


async def test_a_double_click_announces_once(show: Show) -> None:
    answers = await asyncio.gather(*(announce(show, key="the same key") for _ in range(5)), return_exceptions=True)
    assert {answer.id for answer in answers if isinstance(answer, Moment)} == {(await log(show))[0].id}
    assert all(isinstance(answer, Moment | RequestInProgress) for answer in answers)
    assert len(await log(show)) == 1
    with pytest.raises(IdempotencyKeyReused):
        await announce(show, key="the same key", kind=MomentKind.CHAPTER)


@pytest.mark.parametrize("seconds", [-2.1, -3600, 601, 86_400 * 400])
async def test_an_instant_that_is_past_or_far_ahead_is_refused(show: Show, seconds: float) -> None:
    with pytest.raises(InvalidInput, match="presentAt"):
        await announce(show, present_at=show.clock() + timedelta(seconds=seconds))
    assert await log(show) == []
    assert await told(show) == []


@pytest.mark.parametrize(
    "given",
    [
        {"kind": MomentKind.POLL_OPENED},
        {"kind": MomentKind.PRODUCT_PINNED},
        {"text": ()},
        {"text": (LocalText("en", "x" * 201),)},
        {"text": (LocalText("en", "a\x07b"),)},
        {"text": (LocalText("en", "a"), LocalText("en", "b"))},
        {"text": (LocalText("no language", "a"),)},
        {"duration_s": 0},
        {"duration_s": 301},
        {"kind": MomentKind.CHAPTER, "duration_s": 5},
    ],
)
async def test_what_cannot_be_shown_is_refused(show: Show, given: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        await announce(show, **given)
    assert await log(show) == []


async def test_only_hosts_announce_and_revoke(show: Show) -> None:
    moment = await announce(show)
    viewer = await show.voter()
    with pytest.raises(Forbidden):
        await announce(show, by=viewer)
    for who, refusal in ((viewer, Forbidden), (None, SignInRequired)):
        with pytest.raises(refusal):
            async with show.work() as work:
                await revoke_moment(work, viewer=who, moment_id=moment.id)
    assert [found.id for found in await log(show)] == [moment.id]


async def test_a_moment_is_taken_back_within_ten_seconds_and_once(show: Show) -> None:
    moment = await announce(show)
    show.clock.advance(10)
    revoked = await revoke(show, moment)
    assert revoked.revoked_at == show.clock()
    show.clock.advance(60)
    assert await revoke(show, moment) == revoked
    assert await log(show) == []
    assert await told(show) == [("MomentAnnounced", moment.id), ("MomentRevoked", moment.id)]


async def test_a_moment_that_all_have_seen_stays(show: Show) -> None:
    moment = await announce(show)
    show.clock.advance(10.1)
    with pytest.raises(NothingToUndo):
        await revoke(show, moment)
    assert [found.id for found in await log(show)] == [moment.id]


async def test_a_clock_that_was_set_back_does_not_keep_a_host_from_taking_back(show: Show) -> None:
    moment = await announce(show)
    show.clock.advance(-3600)
    await revoke(show, moment)
    assert await log(show) == []


async def test_nothing_is_announced_in_a_show_that_is_over(show: Show) -> None:
    async with show.work() as work:
        await end_stream(work, viewer=show.host, stream_id=show.stream.id, expected_version=show.stream.version)
    with pytest.raises(StreamNotLive):
        await announce(show)
    assert await log(show) == []


async def test_a_poll_tells_when_it_opens_and_locks_before_it_does(show: Show) -> None:
    poll = await show.opened(question(duration_s=30))
    opened, locked = await log(show)
    assert (opened.kind, opened.present_at, opened.subject_id) == (MomentKind.POLL_OPENED, show.clock(), poll.id)
    assert (locked.kind, locked.present_at) == (MomentKind.POLL_LOCKED, show.clock() + timedelta(seconds=30))
    with pytest.raises(MomentNotRevocable):
        await revoke(show, opened)


async def test_a_poll_that_is_locked_sooner_moves_its_moment_and_undo_moves_it_back(show: Show) -> None:
    poll = await show.opened(question(duration_s=30))
    opened, planned = await log(show)
    show.clock.advance(12)
    async with show.work() as work:
        locked = await lock_poll(work, viewer=show.host, poll_id=poll.id, expected_version=poll.version)
    assert [(one.kind, one.present_at) for one in await log(show)] == [
        (MomentKind.POLL_OPENED, opened.present_at),
        (MomentKind.POLL_LOCKED, show.clock()),
    ]
    assert ("MomentRevoked", planned.id) in await told(show)
    async with show.work() as work:
        await undo_poll(work, viewer=show.host, poll_id=poll.id, expected_version=locked.version)
    assert [one.present_at for one in await log(show)] == [opened.present_at, planned.present_at]


async def test_the_log_is_read_in_pages(show: Show) -> None:
    made = [await announce(show, present_at=show.clock() + timedelta(seconds=number // 2)) for number in range(5)]
    span = {"starts_at": show.clock(), "ends_at": show.clock() + timedelta(seconds=3)}
    seen: list[UUID] = []
    after = None
    while True:
        page = await list_moments(
            show.reads(),
            viewer=None,
            stream_id=show.stream.id,
            page=PageRequest.parse(first=2, after=after),
            **span,  # type: ignore[arg-type]  # both are instants
        )
        seen += [moment.id for moment in page.items]
        if not page.has_next:
            break
        after = page.cursors[-1]
    assert seen == [moment.id for moment in made]
    newest = await list_moments(
        show.reads(),
        viewer=None,
        stream_id=show.stream.id,
        page=PageRequest.parse(last=2, before=after),
        **span,  # type: ignore[arg-type]  # both are instants
    )
    assert [moment.id for moment in newest.items] == [moment.id for moment in made[1:3]]
    assert (newest.has_previous, newest.has_next) == (True, True)


async def test_a_stretch_that_ends_before_it_begins_and_a_foreign_cursor_are_refused(show: Show) -> None:
    now = show.clock()
    for span, after in (((now, now - timedelta(seconds=1)), None), ((now, now), "bm90IG1pbmU")):
        with pytest.raises(InvalidInput):
            await list_moments(
                show.reads(),
                viewer=None,
                stream_id=show.stream.id,
                starts_at=span[0],
                ends_at=span[1],
                page=PageRequest.parse(first=2, after=after),
            )


async def test_whoever_may_not_find_the_title_finds_no_moment(show: Show, **_: object) -> None:
    moment = await announce(show)
    hidden = await show.begin(show.database, show.bus, show.clock, territory="FR")
    secret = await announce(hidden)
    viewer = await show.voter(territory="DE")
    found = await visible_moments(show.reads(), [moment.id, secret.id, uuid4()], viewer=viewer)
    assert [one and one.id for one in found] == [moment.id, None, None]
    with pytest.raises(NotFound) as of_hidden:
        await list_moments(
            show.reads(),
            viewer=viewer,
            stream_id=hidden.stream.id,
            starts_at=show.clock(),
            ends_at=show.clock(),
            page=PageRequest.parse(),
        )
    assert of_hidden.value.code == "NOT_FOUND"


async def test_a_host_of_another_show_finds_no_moment_to_revoke(show: Show) -> None:
    hidden = await show.begin(show.database, show.bus, show.clock, territory="FR")
    moment = await announce(hidden)
    async with show.work() as work:
        stranger = await create_viewer(work)
    refused = []
    for id in (moment.id, uuid4()):
        with pytest.raises(NotFound) as absent:
            async with show.work() as work:
                await revoke_moment(work, viewer=stranger, moment_id=id)
        refused.append(absent.value.message.replace(str(id), ""))
    assert refused[0] == refused[1]
    assert [one.id for one in await log(hidden)] == [moment.id]
