"""What hosts do to polls, and what time does by itself.

A host's second click of the same button finds its first one done, and gets the same answer. Jobs note what the clock
has brought about; since votes are admitted by instants alone, a late job delays what people are told, nothing else.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from domain.accounts import Viewer
from domain.engagement.points import pay, refund
from domain.engagement.poll import (
    Poll,
    PollAct,
    PollChanged,
    PollKind,
    PollState,
    acted,
    poll_topic,
    tally_topic,
    undone,
)
from domain.engagement.poll_moments import present_poll
from domain.engagement.polls import held_poll
from domain.engagement.presenting import presented_at
from domain.engagement.store import polls as store
from domain.engagement.store import votes as votes_store
from domain.kernel.jobs import Job
from domain.kernel.refusals import InvalidInput, NotFound, StaleVersion
from domain.kernel.work import Work
from domain.live import Stream, StreamNotLive, StreamState, stream_topic

TURN = "engagement.turn_poll"
SCHEDULE_AHEAD_MAX = timedelta(days=366)


async def schedule_poll(
    work: Work,
    *,
    viewer: Viewer | None,
    poll_id: UUID,
    expected_version: int,
    opens_at: datetime,
    locks_at: datetime | None = None,
) -> Poll:
    """Open a poll by itself, and lock it at `locks_at` or after its own duration. Locks it; announces PollChanged.

    Raises:
        SignInRequired, Forbidden, NotFound, InvalidInput, StaleVersion, WrongPollState.
    """
    poll, stream = await held_poll(work, viewer=viewer, poll_id=poll_id)
    if _is_second_click(poll, PollAct.SCHEDULE, expected_version):
        return poll
    if not timedelta(0) < opens_at - work.now <= SCHEDULE_AHEAD_MAX:
        raise InvalidInput("opensAt", f"must be ahead, by at most {SCHEDULE_AHEAD_MAX.days} days")
    locks_at = locks_at or _after_duration(poll, opens_at)
    if locks_at is not None and not opens_at < locks_at <= opens_at + SCHEDULE_AHEAD_MAX:
        raise InvalidInput("locksAt", "must be after opensAt, by at most a year")
    scheduled = acted(poll, PollAct.SCHEDULE, now=work.now)
    return await _told(
        work, replace(scheduled, opens_at=opens_at, locks_at=locks_at, max_latency_s=stream.max_latency_s)
    )


async def open_poll(
    work: Work, *, viewer: Viewer | None, poll_id: UUID, expected_version: int, present_at: datetime | None = None
) -> Poll:
    """Ask: whose programme is at `present_at`, now unless given, may vote from there on. The stream has to be live.

    Locks the poll; announces PollChanged. Raises:
        SignInRequired, Forbidden, NotFound, InvalidInput, StaleVersion, WrongPollState, StreamNotLive.
    """
    poll, stream = await held_poll(work, viewer=viewer, poll_id=poll_id)
    if _is_second_click(poll, PollAct.OPEN, expected_version):
        return poll
    _check_live(stream)
    opens_at = presented_at(work, present_at)
    opened = acted(poll, PollAct.OPEN, now=work.now)
    return await _told(
        work,
        replace(
            opened,
            opens_at=opens_at,
            locks_at=_after_duration(poll, opens_at),
            max_latency_s=stream.max_latency_s,
        ),
    )


async def lock_poll(
    work: Work, *, viewer: Viewer | None, poll_id: UUID, expected_version: int, present_at: datetime | None = None
) -> Poll:
    """Take no vote of who has seen more than `present_at`, now unless given. What time has locked stays as it is.

    Locks the poll; announces PollChanged. Raises:
        SignInRequired, Forbidden, NotFound, InvalidInput, StaleVersion, WrongPollState.
    """
    poll, _ = await held_poll(work, viewer=viewer, poll_id=poll_id)
    if poll.state is PollState.LOCKED or _is_second_click(poll, PollAct.LOCK, expected_version):
        return poll
    locked = acted(poll, PollAct.LOCK, now=work.now)
    assert poll.opens_at is not None, "it is open"
    # A poll that is presented a little later may be locked before anybody has seen it.
    locks_at = max(presented_at(work, present_at), poll.opens_at)
    return await _told(work, replace(locked, state=PollState.OPEN, locks_at=locks_at).turned(work.now))


async def reveal_poll(work: Work, *, viewer: Viewer | None, poll_id: UUID, expected_version: int) -> Poll:
    """Show the results, once whoever is behind has had the same time. Points of a quiz are paid after the undo time.

    Locks the poll; announces PollChanged. Raises:
        SignInRequired, Forbidden, NotFound, StaleVersion, WrongPollState, ResultsNotFinal.
        InvalidInput: a prediction is settled instead.
    """
    poll, _ = await held_poll(work, viewer=viewer, poll_id=poll_id)
    if _is_second_click(poll, PollAct.REVEAL, expected_version):
        return poll
    if poll.kind is PollKind.PREDICTION:
        raise InvalidInput("pollId", "Settle a prediction by what came true.")
    return await _told(work, acted(poll, PollAct.REVEAL, now=work.now))


async def settle_prediction(
    work: Work, *, viewer: Viewer | None, poll_id: UUID, expected_version: int, option_id: UUID
) -> Poll:
    """Say what came true. After the undo time the pot goes to who staked on it, in proportion to their stakes.

    Locks the poll; announces PollChanged. Raises:
        SignInRequired, Forbidden, StaleVersion, WrongPollState, ResultsNotFinal.
        NotFound: no such poll, or no such option of it.
        InvalidInput: it is no prediction.
    """
    poll, _ = await held_poll(work, viewer=viewer, poll_id=poll_id)
    if _is_second_click(poll, PollAct.REVEAL, expected_version):
        return poll
    if poll.kind is not PollKind.PREDICTION:
        raise InvalidInput("pollId", "Only a prediction is settled.")
    if option_id not in {option.id for option in poll.options}:
        raise NotFound("poll option", option_id)
    settled = acted(poll, PollAct.REVEAL, now=work.now)
    await store.mark_right(work.connection, poll.id, option_id)
    options = tuple(replace(option, is_right=option.id == option_id) for option in poll.options)
    return await _told(work, replace(settled, options=options))


async def cancel_poll(work: Work, *, viewer: Viewer | None, poll_id: UUID, expected_version: int) -> Poll:
    """Call a poll off: no vote counts any more, no result is shown, and after the undo time stakes go back.

    Locks the poll; announces PollChanged. Raises:
        SignInRequired, Forbidden, NotFound, StaleVersion, WrongPollState.
    """
    poll, _ = await held_poll(work, viewer=viewer, poll_id=poll_id)
    if _is_second_click(poll, PollAct.CANCEL, expected_version):
        return poll
    return await _told(work, acted(poll, PollAct.CANCEL, now=work.now))


async def archive_poll(work: Work, *, viewer: Viewer | None, poll_id: UUID, expected_version: int) -> Poll:
    """Put a revealed poll away. Locks it; announces PollChanged.

    Raises:
        SignInRequired, Forbidden, NotFound, StaleVersion, WrongPollState.
    """
    poll, _ = await held_poll(work, viewer=viewer, poll_id=poll_id)
    if _is_second_click(poll, PollAct.ARCHIVE, expected_version):
        return poll
    return await _told(work, acted(poll, PollAct.ARCHIVE, now=work.now))


async def undo_poll(work: Work, *, viewer: Viewer | None, poll_id: UUID, expected_version: int) -> Poll:
    """Take the last act back, within ten seconds. An opened poll is a draft again, without its votes.

    Locks the poll; announces PollChanged. Raises:
        SignInRequired, Forbidden, NotFound, StaleVersion, NothingToUndo.
    """
    poll, _ = await held_poll(work, viewer=viewer, poll_id=poll_id)
    if poll.version != expected_version:
        raise StaleVersion(expected_version, poll.version)
    before = undone(poll, now=work.now)
    if before.state is PollState.DRAFT:
        await refund(work, poll=poll)
        await votes_store.delete_votes(work.connection, poll.id)
    if poll.state is PollState.REVEALED and poll.kind is PollKind.PREDICTION:
        await store.mark_right(work.connection, poll.id, None)
        before = replace(before, options=tuple(replace(option, is_right=False) for option in before.options))
    return await _told(work, before)


async def turn_poll(work: Work, *, poll_id: UUID) -> Poll | None:
    """Note what the clock has made of a poll, reveal what reveals itself, and pay out. Twice is once.

    Locks the poll; announces PollChanged. None: there is no such poll.
    """
    before = await store.hold_poll(work.connection, poll_id)
    if before is None:
        return None
    poll = before.turned(work.now)
    if poll.state is PollState.LOCKED and _is_due(poll, work.now):
        poll = acted(poll, PollAct.REVEAL, now=work.now)
    pays_at = poll.pays_at()
    if pays_at is not None and pays_at <= work.now:
        await pay(work, poll=poll)
        poll = replace(poll, paid_at=work.now)
    if poll != before:
        await store.update_poll(work.connection, poll)
    if poll.state is not before.state:
        await _announce(work, poll)
    await _turn_later(work, poll)
    return poll


def _is_due(poll: Poll, now: datetime) -> bool:
    at = poll.turns_at()
    return at is not None and at <= now


def _is_second_click(poll: Poll, act: PollAct, expected_version: int) -> bool:
    """Tell whether this very act was done to this very version already.

    Raises:
        StaleVersion: something else was done to it.
    """
    if poll.version == expected_version:
        return False
    if poll.version == expected_version + 1 and poll.undo is not None and poll.undo.act is act:
        return True
    raise StaleVersion(expected_version, poll.version)


def _check_live(stream: Stream) -> None:
    if stream.state is not StreamState.LIVE:
        raise StreamNotLive(stream.state)


def _after_duration(poll: Poll, opens_at: datetime) -> datetime | None:
    duration_s = poll.rules.duration_s
    return None if duration_s is None else opens_at + timedelta(seconds=duration_s)


async def _told(work: Work, poll: Poll) -> Poll:
    """Write what was done to a poll, tell it, and have time do the next thing."""
    await store.update_poll(work.connection, poll)
    await _announce(work, poll)
    await _turn_later(work, poll)
    return poll


async def _announce(work: Work, poll: Poll) -> None:
    await present_poll(work, poll=poll)
    await work.announce(stream_topic(poll.stream_id), PollChanged(poll.id, poll.state))
    # What may be seen of its votes has changed with it.
    work.ring(tally_topic(poll.stream_id))
    work.ring(poll_topic(poll.id))


async def _turn_later(work: Work, poll: Poll) -> None:
    at = poll.turns_at()
    if at is None:
        return
    delay_s = max((at - work.now).total_seconds(), 0.0)
    # One job for each instant: the act that moves it has another one, and a job that comes for nothing does nothing.
    key = f"{TURN}:{poll.id}:{poll.version}:{poll.state}:{at.timestamp()}"
    await work.enqueue(Job(TURN, {"poll_id": str(poll.id)}, priority=100, delay_s=delay_s, dedupe_key=key))
