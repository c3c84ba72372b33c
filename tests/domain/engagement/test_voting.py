"""Votes: who may cast which, when, and that every one counts exactly once."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from domain.accounts import Viewer
from domain.accounts.erasing import erase_account_now
from domain.engagement import (
    ChoicesOutOfRange,
    MediaTimeInFuture,
    NotEligible,
    OptionNotInPoll,
    PlaybackRequired,
    Poll,
    PollClosed,
    PollKind,
    PollNotOpen,
    StakeOutOfRange,
    TooFarBehind,
    VoteUnchangeable,
    cancel_poll,
    cast_vote,
    lock_poll,
    own_votes,
    schedule_poll,
    undo_poll,
)
from domain.engagement.store import votes as votes_store
from domain.entitlements import Plan
from domain.kernel.bus import Bus
from domain.kernel.crypto import Keyring
from domain.kernel.refusals import InvalidInput, NotFound, Refusal, SignInRequired
from domain.kernel.work import Database
from domain.playback import start_playback
from tests.conftest import SettableClock
from tests.playable import create_playable
from tests.poll_scene import Show, question
from workers.personal import PERSONAL


async def refused(
    show: Show, reason: type[Refusal], viewer: Viewer, poll: Poll, *numbers: int, **given: object
) -> None:
    """Assert that a vote is refused and changes nothing."""
    before = await show.tally(poll)
    with pytest.raises(reason):
        await show.vote(viewer, poll, *numbers, **given)  # type: ignore[arg-type]  # passed on
    assert await show.tally(poll) == before


async def test_a_vote_counts_and_may_be_changed(show: Show) -> None:
    poll, voter, other = await show.opened(), await show.voter(), await show.voter()
    vote = await show.vote(voter, poll, 2)
    assert (vote.choices, vote.weight, vote.stake, vote.cast_at) == ((poll.options[1].id,), 1, 0, show.clock())
    await show.vote(other, poll, 2)
    assert await show.counts(poll) == [0, 2, 0]
    await show.vote(voter, poll, 3)
    assert await show.counts(poll) == [0, 1, 1]
    assert (await show.tally(poll)).voters == 2
    (kept,) = await own_votes(show.reads(), [poll.id], viewer=voter)
    assert kept is not None
    assert kept.choices == (poll.options[2].id,)
    assert await own_votes(show.reads(), [poll.id, uuid4()], viewer=None) == [None, None]


async def test_a_vote_that_is_there_to_stay_stays_and_is_acknowledged_again(show: Show) -> None:
    poll, voter = await show.opened(question(allows_change=False)), await show.voter()
    first = await show.vote(voter, poll, 1)
    show.clock.advance(1)
    assert await show.vote(voter, poll, 1) == first
    await refused(show, VoteUnchangeable, voter, poll, 2)
    assert await show.counts(poll) == [1, 0, 0]


async def test_the_same_vote_many_times_at_once_counts_once(show: Show) -> None:
    for allows_change in (True, False):
        poll, voters = await show.opened(question(allows_change=allows_change)), await show.voters(5)
        votes = [show.vote(voter, poll, 1 + index % 3) for index, voter in enumerate(voters) for _ in range(3)]
        cast = await asyncio.gather(*votes)
        assert [vote.voter_id for vote in cast] == [voter.account_id for voter in voters for _ in range(3)]
        assert await show.counts(poll) == [2, 2, 1]


async def test_several_choices_are_one_vote(show: Show) -> None:
    poll = await show.opened(question(PollKind.MULTIPLE, options=4, min_choices=2, max_choices=3))
    voter, other = await show.voter(), await show.voter()
    await show.vote(voter, poll, 4, 1, 2)
    await show.vote(other, poll, 1, 2)
    assert (await show.counts(poll), (await show.tally(poll)).voters) == ([2, 2, 0, 1], 2)
    await show.vote(voter, poll, 3, 4)
    assert (await show.counts(poll), (await show.tally(poll)).voters) == ([1, 1, 1, 1], 2)
    for numbers in ((1,), (1, 2, 3, 4), (1, 1)):
        await refused(show, ChoicesOutOfRange, voter, poll, *numbers)
    once = await show.opened(question(PollKind.MULTIPLE, max_choices=2, allows_change=False))
    await show.vote(voter, once, 1)
    assert (await show.vote(voter, once, 1)).choices == (once.options[0].id,)
    await refused(show, VoteUnchangeable, voter, once, 1, 2)


async def test_an_option_of_another_poll_is_none(show: Show) -> None:
    poll, other, voter = await show.opened(), await show.opened(), await show.voter()
    with pytest.raises(OptionNotInPoll):
        await cast_vote(show.runtime, viewer=voter, poll_id=poll.id, choices=[other.options[0].id])
    assert (await show.counts(poll), await show.counts(other)) == ([0, 0, 0], [0, 0, 0])
    with pytest.raises(InvalidInput):
        await cast_vote(show.runtime, viewer=voter, poll_id=poll.id, choices=[])
    with pytest.raises(InvalidInput):
        await cast_vote(show.runtime, viewer=voter, poll_id=poll.id, choices=[uuid4()] * 21)
    await refused(show, StakeOutOfRange, voter, poll, 1, stake=1)


async def test_what_counts_is_what_the_voter_has_seen(show: Show) -> None:
    poll, voter = await show.opened(question(duration_s=30)), await show.voter()
    await refused(show, PollNotOpen, voter, poll, 1, behind_s=1)
    await refused(show, MediaTimeInFuture, voter, poll, 1, behind_s=-1.1)
    await show.vote(voter, poll, 1, behind_s=-1)
    show.clock.advance(65)
    # Forty seconds behind, the poll is on for five seconds more; who is there live has seen its end.
    await show.vote(voter, poll, 2, behind_s=40)
    await refused(show, PollClosed, voter, poll, 1, behind_s=34.9)
    show.clock.advance(5)
    await refused(show, TooFarBehind, voter, poll, 1, behind_s=65.1)
    await show.vote(voter, poll, 3, behind_s=65)
    await refused(show, PollClosed, voter, poll, 1)
    assert await show.counts(poll) == [0, 0, 1]


async def test_each_cohort_has_the_same_time(show: Show) -> None:
    poll = await show.opened(question(duration_s=10))
    took: dict[int, int] = {2: 0, 20: 0, 45: 0}
    for voters in [await show.voters(3) for _ in range(60)]:
        for voter, behind_s in zip(voters, took, strict=True):
            try:
                await show.vote(voter, poll, 1, behind_s=behind_s)
            except (PollNotOpen, PollClosed):
                continue
            took[behind_s] += 1
        show.clock.advance(1)
    assert took == {2: 11, 20: 11, 45: 11}


async def test_a_schedule_opens_and_locks_by_itself_however_late_the_worker_is(show: Show) -> None:
    poll, voter, start = await show.draft(), await show.voter(), show.clock()
    with pytest.raises(NotFound):
        await show.vote(voter, poll, 1)
    opens_at = start + timedelta(seconds=60)
    async with show.work() as work:
        poll = await schedule_poll(
            work, viewer=show.host, poll_id=poll.id, expected_version=1, opens_at=opens_at,
            locks_at=opens_at + timedelta(seconds=10),
        )  # fmt: skip
    await refused(show, PollNotOpen, voter, poll, 1)
    show.clock.advance(60)
    await show.vote(voter, poll, 1)
    show.clock.advance(10.1)
    await refused(show, PollClosed, voter, poll, 2)
    assert await show.counts(poll) == [1, 0, 0]


async def test_a_lock_lets_those_finish_who_have_not_seen_it(show: Show) -> None:
    poll, voter, late = await show.opened(), await show.voter(), await show.voter()
    show.clock.advance(30)
    async with show.work() as work:
        await lock_poll(work, viewer=show.host, poll_id=poll.id, expected_version=2)
    show.clock.advance(10)
    await refused(show, PollClosed, voter, poll, 1)
    await show.vote(late, poll, 1, behind_s=20)
    assert await show.counts(poll) == [1, 0, 0]


async def test_a_cancelled_poll_takes_no_votes(show: Show) -> None:
    poll, voter = await show.opened(), await show.voter()
    async with show.work() as work:
        await cancel_poll(work, viewer=show.host, poll_id=poll.id, expected_version=2)
    await refused(show, PollClosed, voter, poll, 1)


async def test_a_clock_that_jumps_admits_nothing_twice_and_loses_nothing(show: Show) -> None:
    poll, voter = await show.opened(), await show.voter()
    show.clock.advance(100)
    await show.vote(voter, poll, 1)
    show.clock.advance(-150)
    # Before the opening by this clock: what the voter says to have seen is still to come, or not open.
    await refused(show, PollNotOpen, voter, poll, 2)
    await refused(show, MediaTimeInFuture, voter, poll, 2, behind_s=-60)
    show.clock.advance(150)
    await show.vote(voter, poll, 2)
    assert await show.counts(poll) == [0, 1, 0]


async def test_polls_for_plans_and_territories(show: Show) -> None:
    rules = {"plans": (Plan.STANDARD, Plan.PREMIUM), "territories": ("DE", "AT")}
    poll = await show.opened(question(**rules))
    await show.vote(await show.voter(plan=Plan.PREMIUM), poll, 1)
    await refused(show, NotEligible, await show.voter(plan=Plan.BASIC), poll, 1)
    await refused(show, NotEligible, await show.voter(), poll, 1)
    await refused(show, NotEligible, await show.voter(plan=Plan.PREMIUM, territory="FR"), poll, 1)
    assert await show.counts(poll) == [1, 0, 0]


async def test_a_vote_weighs_what_its_voters_plan_does(show: Show) -> None:
    poll = await show.opened(question(weights={Plan.PREMIUM: 3, Plan.STANDARD: 2}))
    await show.vote(await show.voter(plan=Plan.PREMIUM), poll, 1)
    vote = await show.vote(await show.voter(plan=Plan.STANDARD), poll, 1)
    await show.vote(await show.voter(plan=Plan.BASIC), poll, 2)
    await show.vote(await show.voter(), poll, 2)
    assert vote.weight == 2
    assert [(option.votes, option.weight) for option in (await show.tally(poll)).options] == [(2, 5), (2, 2), (0, 0)]


async def test_a_poll_of_a_stream_that_the_voter_may_not_find_looks_like_none(
    database: Database, bus: Bus, clock: SettableClock
) -> None:
    show = await Show.begin(database, bus, clock, territory="FR")
    poll, german, french = await show.opened(), await show.voter(), await show.voter(territory="FR")
    await refused(show, NotFound, german, poll, 1)
    with pytest.raises(NotFound):
        await cast_vote(show.runtime, viewer=german, poll_id=uuid4(), choices=[poll.options[0].id])
    with pytest.raises(SignInRequired):
        await cast_vote(show.runtime, viewer=None, poll_id=poll.id, choices=[poll.options[0].id])
    await show.vote(french, poll, 1)
    assert await show.counts(poll) == [1, 0, 0]


async def test_a_poll_may_ask_for_a_session_that_plays_the_stream(show: Show) -> None:
    poll, voter = await show.opened(question(requires_playback=True)), await show.voter()
    await refused(show, PlaybackRequired, voter, poll, 1)
    await refused(show, PlaybackRequired, voter, poll, 1, session_id=uuid4())
    watching, other = await show.voter(plan=Plan.PREMIUM), await show.voter(plan=Plan.PREMIUM)
    async with show.work() as work:
        elsewhere = await create_playable(work)
        sessions = [
            await start_playback(
                work, viewer=watching, keyring=Keyring({"test": bytes(32)}), title_id=title_id, address="192.0.2.1",
                idempotency_key=uuid4().hex,
            )
            for title_id in (show.stream.title_id, elsewhere.title_id)
        ]  # fmt: skip
    here, there = (started.session.id for started in sessions)
    await refused(show, PlaybackRequired, other, poll, 1, session_id=here)
    await refused(show, PlaybackRequired, watching, poll, 1, session_id=there)
    await show.vote(watching, poll, 1, session_id=here)
    show.clock.advance(61)
    # Its lease has run out, so nobody watches there any more.
    await refused(show, PlaybackRequired, watching, poll, 2, session_id=here)
    assert await show.counts(poll) == [1, 0, 0]


async def test_nobody_changes_a_vote_for_ever(show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(votes_store, "CASTS_MAX", 3)
    poll, voter = await show.opened(question(PollKind.MULTIPLE, max_choices=2)), await show.voter()
    for numbers in ((1,), (1, 2), (3,)):
        await show.vote(voter, poll, *numbers)
    await refused(show, VoteUnchangeable, voter, poll, 1, 2)
    assert await show.counts(poll) == [0, 0, 1]


async def test_an_erased_account_takes_its_votes_along_and_tallies_stay_exact(show: Show) -> None:
    poll = await show.opened(question(PollKind.MULTIPLE, max_choices=2))
    leaving, staying = await show.voters(2)
    await show.vote(leaving, poll, 1, 2)
    await show.vote(staying, poll, 2, 3)
    prediction = await show.opened(question(PollKind.PREDICTION, points=100))
    await show.vote(leaving, prediction, 1, stake=100)
    async with show.work() as work:
        await erase_account_now(work, account_id=leaving.account_id, data=PERSONAL)
    assert (await show.counts(poll), (await show.tally(poll)).voters) == ([0, 1, 1], 1)
    assert await show.counts(prediction) == [0, 0, 0]
    # What was staked is still in the pot, and owed by nobody.
    assert (await show.points(prediction.id), await show.points(leaving.account_id)) == (100, 900)
    assert await own_votes(show.reads(), [poll.id], viewer=leaving) == [None]


async def test_votes_go_by_the_poll_as_it_is_not_as_it_was_last_seen(show: Show) -> None:
    """A process that knows a poll writes by one statement; another one, or a host, has changed it meanwhile."""
    poll, voters = await show.opened(), await show.voters(4)
    await show.vote(voters[0], poll, 1)
    await show.vote(voters[1], poll, 1)
    async with show.work() as work:
        locked = await lock_poll(work, viewer=show.host, poll_id=poll.id, expected_version=2)
    show.clock.advance(1)
    await refused(show, PollClosed, voters[2], poll, 1)
    async with show.work() as work:
        await undo_poll(work, viewer=show.host, poll_id=poll.id, expected_version=locked.version)
    await show.vote(voters[2], poll, 1)
    async with show.work() as work:
        cancelled = await cancel_poll(work, viewer=show.host, poll_id=poll.id, expected_version=4)
    await refused(show, PollClosed, voters[3], poll, 1)
    async with show.work() as work:
        await undo_poll(work, viewer=show.host, poll_id=poll.id, expected_version=cancelled.version)
    await asyncio.gather(*(show.vote(voter, poll, 2) for voter in voters))
    assert await show.counts(poll) == [0, 4, 0]


async def test_a_lock_comes_before_a_flush_or_after_it(show: Show) -> None:
    """Votes that race the lock of their poll count exactly when they are acknowledged."""
    for _ in range(5):
        poll, voters = await show.opened(), await show.voters(30)

        async def lock(poll: Poll = poll) -> None:
            await asyncio.sleep(0)
            async with show.work() as work:
                await cancel_poll(work, viewer=show.host, poll_id=poll.id, expected_version=2)

        votes = [show.vote(voter, poll, 1) for voter in voters]
        found = await asyncio.gather(*votes[:10], lock(), *votes[10:], return_exceptions=True)
        assert {type(one).__name__ for one in found} <= {"Vote", "PollClosed", "NoneType"}
        assert await show.counts(poll) == [sum(type(one).__name__ == "Vote" for one in found), 0, 0]


async def test_a_flush_of_all_sorts_gives_each_its_own_outcome(show: Show) -> None:
    poll, once = await show.opened(), await show.opened(question(allows_change=False))
    rating = await show.opened(question(PollKind.RATING, options=5))
    one, two, three = await show.voters(3)
    await show.vote(one, once, 1)
    show.clock.advance(1)
    votes = [
        show.vote(one, poll, 1), show.vote(one, once, 1), show.vote(two, once, 2), show.vote(three, rating, 5),
        show.vote(one, poll, 2, behind_s=-5), show.vote(two, poll, 1, 2), show.vote(two, rating, 1),
    ]  # fmt: skip
    found = await asyncio.gather(*votes, show.vote(one, once, 3), return_exceptions=True)
    assert [type(one).__name__ for one in found] == [
        "Vote", "Vote", "Vote", "Vote", "MediaTimeInFuture", "ChoicesOutOfRange", "Vote", "VoteUnchangeable",
    ]  # fmt: skip
    assert (await show.counts(poll), await show.counts(once)) == ([1, 0, 0], [1, 1, 0])
    assert await show.counts(rating) == [1, 0, 0, 0, 1]
