"""The moments of a poll: they follow its instants, whatever brought them about.

A poll that locks after a minute has its lock announced together with its opening, so that every client knows it
early; a host who locks it sooner moves that moment.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from domain.engagement.moment import Moment, MomentKind
from domain.engagement.moments import add_moment, withdraw_moment
from domain.engagement.poll import Poll, PollState
from domain.engagement.presenting import presented_at
from domain.engagement.store import moments as store
from domain.kernel.work import Work


async def present_poll(work: Work, *, poll: Poll) -> None:
    """Bring the log in line with a poll that is held: withdraw what does not happen, announce what does.

    Announces MomentRevoked and MomentAnnounced. Twice is once.
    """
    known = await store.moments_of_subject(work.connection, poll.id)
    wanted = instants_of(poll, known, now=presented_at(work, None))
    kept: set[MomentKind] = set()
    for moment in known:
        if wanted.get(moment.kind) == moment.present_at:
            kept.add(moment.kind)
        else:
            await withdraw_moment(work, moment=moment)
    for kind, present_at in wanted.items():
        if kind not in kept:
            await add_moment(work, stream_id=poll.stream_id, kind=kind, present_at=present_at, subject_id=poll.id)


def instants_of(poll: Poll, known: Sequence[Moment], *, now: datetime) -> Mapping[MomentKind, datetime]:
    """Return what the log should say about a poll. Results were shown when that was first `known`, now if never."""
    if poll.opens_at is None or poll.state is PollState.DRAFT:
        return {}
    told = {moment.kind: moment.present_at for moment in known}
    if poll.is_cancelled:
        return _called_off(poll.opens_at, told.get(MomentKind.POLL_LOCKED), now)
    instants = {MomentKind.POLL_OPENED: poll.opens_at}
    if poll.locks_at is not None:
        instants[MomentKind.POLL_LOCKED] = poll.locks_at
    if poll.state in (PollState.REVEALED, PollState.ARCHIVED):
        instants[MomentKind.POLL_REVEALED] = told.get(MomentKind.POLL_REVEALED, now)
    return instants


def _called_off(opens_at: datetime, locks_at: datetime | None, now: datetime) -> Mapping[MomentKind, datetime]:
    """A poll that was called off before anybody saw it was never there; else it ends now, without results."""
    if opens_at > now:
        return {}
    ended_at = now if locks_at is None or locks_at > now else locks_at
    return {MomentKind.POLL_OPENED: opens_at, MomentKind.POLL_LOCKED: ended_at}
