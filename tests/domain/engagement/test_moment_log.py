"""The law of the log: folding it at any instant gives the show as it was shown live at that instant."""

import random
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from domain.engagement import (
    LocalText,
    Moment,
    MomentKind,
    PollState,
    ShowState,
    announce_moment,
    cancel_poll,
    fold,
    known_at,
    lock_poll,
    open_poll,
    polls_by_id,
    reveal_poll,
    revoke_moment,
    schedule_poll,
    show_states,
    undo_poll,
)
from domain.engagement.store import moments as store
from domain.kernel.refusals import Refusal
from tests.poll_scene import Show, question

STEPS = 60
KINDS = list(MomentKind)
SEEN_AS = {
    PollState.OPEN: MomentKind.POLL_OPENED,
    PollState.LOCKED: MomentKind.POLL_LOCKED,
    PollState.REVEALED: MomentKind.POLL_REVEALED,
}


async def whole_log(show: Show) -> list[Moment]:
    async with show.database.read() as connection:
        ids = await connection.exec_driver_sql("SELECT id FROM moments")
        found = await store.moments_by_id(connection, [row.id for row in ids])
    return [moment for moment in found if moment is not None]


async def live_state(show: Show, at: datetime) -> ShowState:
    (state,) = await show_states(show.reads(), [show.stream.id], at=at)
    return state


async def something_happens(show: Show, chance: random.Random, polls: list[object], spoken: list[Moment]) -> None:
    """Do one random thing; what is refused does nothing."""
    try:
        async with show.work() as work:
            match chance.randrange(6):
                case 0 | 1:
                    spoken.append(
                        await announce_moment(
                            work,
                            viewer=show.host,
                            stream_id=show.stream.id,
                            kind=chance.choice([MomentKind.CHAPTER, MomentKind.SHOUT_OUT]),
                            text=[LocalText("en", "Hi")],
                            idempotency_key=uuid4().hex,
                            present_at=show.clock() + timedelta(seconds=chance.choice([0, 0, 3, 40])),
                        )
                    )
                case 2 if spoken:
                    await revoke_moment(work, viewer=show.host, moment_id=chance.choice(spoken[-3:]).id)
                case _ if polls:
                    poll_id = chance.choice(polls)
                    (poll,) = await polls_by_id(show.reads(), [poll_id])  # type: ignore[list-item]  # ids of polls
                    assert poll is not None
                    verb = chance.choice([open_poll, lock_poll, reveal_poll, cancel_poll, undo_poll, schedule_poll])
                    given = {"opens_at": show.clock() + timedelta(seconds=8)} if verb is schedule_poll else {}
                    await verb(  # type: ignore[operator]  # all of them take these
                        work, viewer=show.host, poll_id=poll.id, expected_version=poll.version, **given
                    )
                case _:
                    pass
    except Refusal:
        pass


@pytest.mark.parametrize("seed", range(6))
async def test_folding_the_log_gives_the_show_as_it_was_live(show: Show, seed: int) -> None:
    chance = random.Random(seed)
    polls: list[object] = [(await show.draft(question(duration_s=chance.choice([None, 10, 30])))).id for _ in range(4)]
    spoken: list[Moment] = []
    seen: list[ShowState] = []
    for _ in range(STEPS):
        await something_happens(show, chance, polls, spoken)
        state = await live_state(show, show.clock())
        assert state == fold(await whole_log(show), stream_id=show.stream.id, at=show.clock())
        seen.append(state)
        show.clock.advance(chance.choice([1, 3, 20, 70]))
    log = await whole_log(show)
    # Later second thoughts aside, the log replays what was live at each instant.
    assert [fold(known_at(log, state.at), stream_id=show.stream.id, at=state.at) for state in seen] == seen
    # And whoever looks back gets the same from either.
    for state in seen:
        assert await live_state(show, state.at) == fold(log, stream_id=show.stream.id, at=state.at)
    assert any(state.polls for state in seen)
    assert any(state.chapter_id for state in seen)


@pytest.mark.parametrize("seed", range(4))
async def test_what_the_log_says_of_a_poll_is_what_the_poll_says(show: Show, seed: int) -> None:
    chance = random.Random(seed)
    polls: list[object] = [(await show.draft(question(duration_s=chance.choice([None, 15])))).id for _ in range(3)]
    compared = 0
    for _ in range(STEPS):
        await something_happens(show, chance, polls, [])
        phases = {phase.poll_id: phase.kind for phase in (await live_state(show, show.clock())).polls}
        for poll in await polls_by_id(show.reads(), polls):  # type: ignore[arg-type]  # ids of polls
            assert poll is not None
            if poll.is_cancelled:
                assert phases.get(poll.id) in (None, MomentKind.POLL_LOCKED)
            else:
                assert phases.get(poll.id) == SEEN_AS.get(poll.state)
                compared += poll.state in SEEN_AS
        show.clock.advance(chance.choice([1, 3, 20]))
    assert compared > 0


@pytest.mark.parametrize("seed", range(20))
async def test_the_order_of_the_log_does_not_matter(seed: int) -> None:
    chance = random.Random(seed)
    stream_id, start = uuid4(), datetime.fromisoformat("2030-01-01T12:00:00+00:00")
    subjects = [uuid4() for _ in range(3)]
    log = [_random_moment(chance, stream_id, start, subjects) for _ in range(200)]
    at = start + timedelta(seconds=chance.randrange(100))
    expected = fold(log, stream_id=stream_id, at=at)
    chance.shuffle(log)
    assert fold(log, stream_id=stream_id, at=at) == expected


def _random_moment(chance: random.Random, stream_id: object, start: datetime, subjects: list[object]) -> Moment:
    kind = chance.choice(KINDS)
    present_at = start + timedelta(seconds=chance.randrange(100))
    return Moment(
        id=uuid4(),  # type: ignore[arg-type]  # any id
        stream_id=stream_id,  # type: ignore[arg-type]  # any id
        kind=kind,
        present_at=present_at,
        until=present_at + timedelta(seconds=9) if kind is MomentKind.SHOUT_OUT else None,
        subject_id=None if kind in (MomentKind.CHAPTER, MomentKind.SHOUT_OUT) else chance.choice(subjects),  # type: ignore[arg-type]  # any id
        text=(),
        announced_by=None,
        announced_at=start,
        revoked_at=start if chance.random() < 0.2 else None,
    )
