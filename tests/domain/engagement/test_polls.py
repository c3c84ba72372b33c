"""Running polls: from a draft to its result, by hosts and by the clock, with second thoughts."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from domain.accounts import Role, Scope, ScopeKind, Viewer
from domain.engagement import (
    LocalText,
    NewOption,
    NewPoll,
    NothingToUndo,
    Poll,
    PollKind,
    PollRules,
    PollState,
    ResultsNotFinal,
    Reveal,
    WrongPollState,
    archive_poll,
    cancel_poll,
    create_poll,
    hosts_polls,
    lock_poll,
    open_poll,
    polls_of_streams,
    reveal_poll,
    schedule_poll,
    settle_prediction,
    turn_poll,
    undo_poll,
    update_poll,
    visible_polls,
)
from domain.kernel.facts import read_facts
from domain.kernel.refusals import Forbidden, InvalidInput, NotFound, SignInRequired, StaleVersion
from domain.live import StreamNotLive, end_stream, stream_topic
from tests.arrange import create_viewer
from tests.live_streams import create_stream
from tests.poll_scene import Show, question

ACTS = {
    "open": open_poll, "lock": lock_poll, "reveal": reveal_poll, "cancel": cancel_poll, "archive": archive_poll,
    "undo": undo_poll,
}  # fmt: skip


async def act(show: Show, name: str, poll: Poll, *, by: Viewer | None = None, version: int | None = None) -> Poll:
    async with show.work() as work:
        return await ACTS[name](  # type: ignore[operator]  # all of them take these
            work, viewer=by or show.host, poll_id=poll.id, expected_version=version or poll.version
        )


async def told(show: Show) -> list[str]:
    async with show.database.read() as connection:
        facts = await read_facts(connection, stream_topic(show.stream.id), after=0)
    return [str(fact.body["state"]) for fact in facts if fact.kind == "PollChanged"]


async def test_a_poll_goes_from_draft_to_archive(show: Show) -> None:
    poll = await show.draft()
    assert (poll.state, poll.version, poll.opens_at) == (PollState.DRAFT, 1, None)
    poll = await act(show, "open", poll)
    assert (poll.state, poll.opens_at, poll.locks_at) == (PollState.OPEN, show.clock(), None)
    show.clock.advance(30)
    poll = await act(show, "lock", poll)
    assert (poll.state, poll.locks_at) == (PollState.LOCKED, show.clock())
    assert poll.final_at == show.clock() + timedelta(seconds=65)
    show.clock.advance(64)
    with pytest.raises(ResultsNotFinal) as early:
        await act(show, "reveal", poll)
    assert early.value.final_at == poll.final_at
    show.clock.advance(1)
    poll = await act(show, "reveal", poll)
    assert poll.state is PollState.REVEALED
    poll = await act(show, "archive", poll)
    assert (poll.state, poll.version) == (PollState.ARCHIVED, 5)
    assert await visible_polls(show.reads(), [poll.id], viewer=None) == [poll]
    assert await told(show) == ["OPEN", "LOCKED", "REVEALED", "ARCHIVED"]


async def test_a_second_click_does_nothing(show: Show) -> None:
    poll = await show.draft()
    first, second = await asyncio.gather(act(show, "open", poll), act(show, "open", poll))
    assert first == second
    await act(show, "lock", first)
    with pytest.raises(StaleVersion):
        await act(show, "open", poll)
    assert await told(show) == ["OPEN", "LOCKED"]


async def test_acts_begin_where_they_begin(show: Show) -> None:
    poll = await show.draft()
    for name in ("lock", "reveal", "archive"):
        with pytest.raises(WrongPollState):
            await act(show, name, poll)
    opened = await act(show, "open", poll)
    for name in ("open", "reveal", "archive"):
        with pytest.raises(WrongPollState):
            await act(show, name, opened)
    with pytest.raises(WrongPollState):
        async with show.work() as work:
            await update_poll(work, viewer=show.host, poll_id=poll.id, expected_version=2, new=question())
    assert await told(show) == ["OPEN"]


async def test_a_lock_waits_for_no_clock(show: Show) -> None:
    """Locking what time has locked is no mistake of the host's."""
    poll = await show.opened(question(duration_s=10))
    assert poll.locks_at == show.clock() + timedelta(seconds=10)
    show.clock.advance(11)
    locked = await act(show, "lock", poll)
    assert (locked.state, locked.locks_at, locked.version) == (PollState.LOCKED, poll.locks_at, 2)


async def test_an_opening_that_is_taken_back_leaves_no_votes(show: Show) -> None:
    poll, voter = await show.opened(), await show.voter()
    await show.vote(voter, poll, 1)
    show.clock.advance(10)
    undone = await act(show, "undo", poll)
    assert (undone.state, undone.opens_at, undone.version) == (PollState.DRAFT, None, 3)
    assert (await show.counts(poll), (await show.tally(poll)).voters) == ([0, 0, 0], 0)
    assert await visible_polls(show.reads(), [poll.id], viewer=voter) == [None]
    with pytest.raises(NothingToUndo):
        await act(show, "undo", undone)
    again = await act(show, "open", undone)
    await show.vote(voter, again, 2)
    assert await show.counts(poll) == [0, 1, 0]
    show.clock.advance(10.1)
    with pytest.raises(NothingToUndo):
        await act(show, "undo", again)
    assert await told(show) == ["OPEN", "DRAFT", "OPEN"]


async def test_locks_results_and_cancellations_can_be_taken_back(show: Show) -> None:
    poll, voter = await show.opened(), await show.voter()
    await show.vote(voter, poll, 1)
    for name, before in (("lock", PollState.OPEN), ("cancel", PollState.OPEN)):
        poll = await act(show, "undo", await act(show, name, poll))
        assert (poll.state, poll.is_cancelled, poll.locks_at) == (before, False, None)
    poll = await act(show, "lock", poll)
    show.clock.advance(65)
    poll = await act(show, "undo", await act(show, "reveal", poll))
    assert poll.state is PollState.LOCKED
    assert await show.counts(poll) == [1, 0, 0]


async def test_time_does_what_was_scheduled_once(show: Show) -> None:
    poll, at = await show.draft(question(duration_s=20, reveals_itself=True)), show.clock() + timedelta(minutes=5)
    async with show.work() as work:
        poll = await schedule_poll(work, viewer=show.host, poll_id=poll.id, expected_version=1, opens_at=at)
    assert (poll.state, poll.opens_at, poll.locks_at) == (PollState.SCHEDULED, at, at + timedelta(seconds=20))
    seen = []
    for advance in (0, 300, 1, 20, 60, 5, 1):
        show.clock.advance(advance)
        for _ in range(2):
            turned = await asyncio.gather(turning(show, poll.id), turning(show, poll.id))
            seen.append({one.state for one in turned if one is not None})
    assert seen == [
        {state} for state in (PollState.SCHEDULED, PollState.OPEN, PollState.OPEN, PollState.LOCKED, PollState.LOCKED,
                              PollState.REVEALED, PollState.REVEALED) for _ in range(2)
    ]  # fmt: skip
    assert await told(show) == ["SCHEDULED", "OPEN", "LOCKED", "REVEALED"]
    assert await turning(show, uuid4()) is None


async def turning(show: Show, poll_id: UUID) -> Poll | None:
    async with show.work() as work:
        return await turn_poll(work, poll_id=poll_id)


async def test_every_instant_that_time_has_to_note_has_a_job(show: Show) -> None:
    poll = await show.opened(question(duration_s=20))
    assert await show.scalar("SELECT count(*) FROM pgqueuer WHERE entrypoint = 'engagement.turn_poll'") == 1
    await act(show, "lock", poll)
    await show.draft()
    assert await show.scalar("SELECT count(*) FROM pgqueuer WHERE entrypoint = 'engagement.turn_poll'") == 1


async def test_schedules_lie_ahead(show: Show) -> None:
    poll, now = await show.draft(), show.clock()

    async def schedule(opens_at: datetime, locks_at: datetime | None = None) -> None:
        async with show.work() as work:
            await schedule_poll(
                work, viewer=show.host, poll_id=poll.id, expected_version=1, opens_at=opens_at, locks_at=locks_at
            )

    hour = timedelta(hours=1)
    for opens_at, locks_at in (
        (now, None), (now - hour, None), (now + timedelta(days=367), None), (now + hour, now + hour),
        (now + hour, now), (now + hour, now + timedelta(days=400)),
    ):  # fmt: skip
        with pytest.raises(InvalidInput):
            await schedule(opens_at, locks_at)
    for present_at in (now - timedelta(seconds=3), now + timedelta(minutes=11)):
        with pytest.raises(InvalidInput):
            async with show.work() as work:
                await open_poll(work, viewer=show.host, poll_id=poll.id, expected_version=1, present_at=present_at)
    assert await told(show) == []


async def test_only_hosts_of_the_show_run_its_polls(show: Show) -> None:
    poll, voter = await show.draft(), await show.voter()
    async with show.work() as work:
        elsewhere, _ = await create_stream(work)
        host = await create_viewer(work)
    scoped = _scoped(host, show.stream.title_id)
    for viewer, reason in ((voter, NotFound), (host, NotFound), (_scoped(host, elsewhere.title_id), NotFound)):
        with pytest.raises(reason):
            await act(show, "open", poll, by=viewer)
    with pytest.raises(SignInRequired):
        async with show.work() as work:
            await open_poll(work, viewer=None, poll_id=poll.id, expected_version=1)
    with pytest.raises(Forbidden):
        async with show.work() as work:
            await create_poll(work, viewer=voter, stream_id=show.stream.id, new=question())
    with pytest.raises(NotFound):
        async with show.work() as work:
            await create_poll(work, viewer=show.host, stream_id=uuid4(), new=question())
    opened = await act(show, "open", poll, by=scoped)
    with pytest.raises(Forbidden):
        await act(show, "lock", opened, by=voter)
    assert [one.id for one in await hosts_polls(show.reads(), viewer=scoped, stream_id=show.stream.id)] == [poll.id]
    with pytest.raises(Forbidden):
        await hosts_polls(show.reads(), viewer=voter, stream_id=show.stream.id)


def _scoped(viewer: Viewer, title_id: UUID) -> Viewer:
    from dataclasses import replace

    assert Scope(ScopeKind.CHANNEL, title_id).kind is ScopeKind.CHANNEL
    return replace(viewer, scoped_roles=frozenset({(Role.HOST, title_id)}))


async def test_drafts_are_the_hosts_business(show: Show) -> None:
    draft, opened, voter = await show.draft(), await show.opened(), await show.voter()
    assert await visible_polls(show.reads(), [draft.id, opened.id, uuid4()], viewer=voter) == [None, opened, None]
    assert await visible_polls(show.reads(), [draft.id], viewer=show.host) == [draft]
    assert await polls_of_streams(show.reads(), [show.stream.id]) == [[opened]]
    cancelled = await act(show, "cancel", draft)
    assert await visible_polls(show.reads(), [cancelled.id], viewer=voter) == [None]


async def test_a_poll_may_be_another_before_it_opens(show: Show) -> None:
    poll, new = await show.draft(), question(PollKind.RATING, options=5, reveal=Reveal.AT_END)
    async with show.work() as work:
        changed = await update_poll(work, viewer=show.host, poll_id=poll.id, expected_version=1, new=new)
    assert (changed.kind, changed.version, len(changed.options)) == (PollKind.RATING, 2, 5)
    assert await visible_polls(show.reads(), [poll.id], viewer=show.host) == [changed]
    with pytest.raises(StaleVersion):
        async with show.work() as work:
            await update_poll(work, viewer=show.host, poll_id=poll.id, expected_version=1, new=new)
    assert len((await show.tally(changed)).options) == 5


async def test_nothing_opens_when_nothing_is_on_air(show: Show) -> None:
    poll = await show.draft()
    async with show.work() as work:
        await end_stream(work, viewer=show.host, stream_id=show.stream.id, expected_version=2)
    with pytest.raises(StreamNotLive):
        await act(show, "open", poll)
    with pytest.raises(StreamNotLive):
        await show.draft()


async def test_results_show_when_they_may(show: Show) -> None:
    polls = {reveal: await show.opened(question(reveal=reveal)) for reveal in Reveal}
    assert [reveal for reveal, poll in polls.items() if poll.shows_results] == [Reveal.LIVE]
    locked = await act(show, "lock", polls[Reveal.AT_END])
    show.clock.advance(65)
    assert (await act(show, "reveal", locked)).shows_results
    assert not (await act(show, "cancel", polls[Reveal.LIVE])).shows_results


@pytest.mark.parametrize(
    "new",
    [
        question(options=1),
        question(options=21),
        question(PollKind.MULTIPLE, options=3, max_choices=4),
        question(PollKind.MULTIPLE, options=3, min_choices=0, max_choices=2),
        question(PollKind.QUIZ, options=3, points=10),
        question(PollKind.QUIZ, options=2, right=(1, 2), points=10),
        question(PollKind.QUIZ, options=2, right=(1,)),
        question(PollKind.QUIZ, options=2, right=(1,), points=1_000_001),
        question(PollKind.PREDICTION, options=2, right=(1,), points=10),
        question(PollKind.PREDICTION, options=2, points=10, weights={"PREMIUM": 2}),
        question(PollKind.RATING, options=11),
        question(points=5),
        question(right=(1,)),
        question(plans=()),
        question(territories=("Germany",)),
        question(weights={"PREMIUM": 101}),
        question(duration_s=4),
        NewPoll(PollKind.SINGLE, [], [NewOption([LocalText("en", "A")])] * 2),
        NewPoll(PollKind.SINGLE, [LocalText("en", "A"), LocalText("EN", "B")], [NewOption([LocalText("en", "A")])] * 2),
        NewPoll(PollKind.SINGLE, [LocalText("en", "a\nb")], [NewOption([LocalText("en", "A")])] * 2),
        NewPoll(PollKind.SINGLE, [LocalText("en", "A" * 301)], [NewOption([LocalText("en", "A")])] * 2),
        NewPoll(PollKind.SINGLE, [LocalText("english", "A")], [NewOption([LocalText("en", "A")])] * 2),
        NewPoll(PollKind.SINGLE, [LocalText("en", "A")], [NewOption([])] * 2),
        NewPoll(PollKind.SINGLE, [LocalText("en", "A")], [NewOption([LocalText("en", "A")])] * 2, grades=3),
    ],
)
async def test_a_poll_that_makes_no_sense_is_refused(show: Show, new: NewPoll) -> None:
    with pytest.raises(InvalidInput):
        await show.draft(new)
    assert await show.scalar("SELECT count(*) FROM polls") == 0


async def test_texts_and_emoji_are_kept_as_they_are_meant(show: Show) -> None:
    new = NewPoll(
        PollKind.SINGLE,
        [LocalText("PT-br", " Quem e\u0301? "), LocalText("en", "Who?")],
        [NewOption([LocalText("en", "👨‍👩‍👧")]), NewOption([LocalText("en", "B")])],
        PollRules(),
    )
    poll = await show.draft(new)
    assert poll.question == (LocalText("pt-BR", "Quem é?"), LocalText("en", "Who?"))
    assert poll.options[0].label == (LocalText("en", "👨‍👩‍👧"),)
    with pytest.raises(NotFound):
        await show.draft(
            NewPoll(PollKind.SINGLE, new.question, [NewOption(new.question, artwork_id=uuid4()), new.options[1]])
        )


async def test_a_prediction_is_settled_and_a_poll_revealed(show: Show) -> None:
    poll = await show.opened()
    with pytest.raises(InvalidInput):
        async with show.work() as work:
            await settle_prediction(
                work, viewer=show.host, poll_id=poll.id, expected_version=2, option_id=poll.options[0].id
            )
