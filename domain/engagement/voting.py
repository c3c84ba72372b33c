"""Casting votes: many at a time, each admitted and counted in the transaction that writes it, acknowledged after it.

A flush holds its polls' rows shared, so that a host's lock comes before all of its votes or after them, never in
between. The same vote again is acknowledged again: a client that got no answer repeats it.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from domain.accounts import Viewer, require_viewer
from domain.catalog import CATALOG_TOPIC, audience_of
from domain.engagement.admission import Ballot
from domain.engagement.flushing import Flush
from domain.engagement.poll_checks import OPTIONS_MAX
from domain.engagement.polls import polls_by_id
from domain.engagement.store import votes as store
from domain.engagement.store.votes import Vote
from domain.kernel.group_commit import GroupCommitter
from domain.kernel.refusals import InvalidInput, NotFound
from domain.kernel.work import Reads
from domain.live import visible_streams
from domain.runtime import Runtime

VOTES = "votes"
# While the database writes one flush, the process prepares the next; a third would wait for the same tallies.
FLUSHES_AT_ONCE = 2


async def cast_vote(
    runtime: Runtime,
    *,
    viewer: Viewer | None,
    poll_id: UUID,
    choices: Sequence[UUID],
    stake: int | None = None,
    media_time: datetime | None = None,
    session_id: UUID | None = None,
) -> Vote:
    """Vote, or change one's vote, and return it once it is durable. The account votes, whatever its profile.

    `media_time` is what the voter has seen, on the programme clock; now unless given. `stake` is of a prediction,
    `session_id` of a poll that asks for playback. Goes with others in one transaction; rings the tallies.

    Raises:
        SignInRequired, InvalidInput, Unavailable, RateLimited.
        NotFound: no such poll, none yet, or none of a stream that the viewer may find.
        PollNotOpen, PollClosed, MediaTimeInFuture, TooFarBehind: not the time for it.
        OptionNotInPoll, ChoicesOutOfRange, StakeOutOfRange, NotEnoughPoints: not a vote for it.
        NotEligible, PlaybackRequired, VoteUnchangeable: not the voter for it.
    """
    viewer = require_viewer(viewer)
    if not 1 <= len(choices) <= OPTIONS_MAX:
        raise InvalidInput("optionIds", f"must be 1 to {OPTIONS_MAX}")
    now = runtime.clock()
    if not await _may_find(runtime, viewer, poll_id, now):
        raise NotFound("poll", poll_id)
    ballot = Ballot(
        poll_id, viewer.account_id, tuple(sorted(choices)), stake, media_time or now, now, viewer.territory, session_id
    )
    return await committer_of(runtime).submit(ballot)


async def own_votes(reads: Reads, keys: Sequence[UUID], *, viewer: Viewer | None) -> list[Vote | None]:
    """Return the viewer's votes in polls, aligned with `keys`."""
    if viewer is None:
        return [None] * len(keys)
    async with reads.connection() as connection:
        found = await store.kept_votes(connection, [(key, viewer.account_id) for key in set(keys)])
    return [found.get((key, viewer.account_id)) for key in keys]


def committer_of(runtime: Runtime) -> GroupCommitter[Ballot, Vote]:
    """Return what the votes of a process are committed by."""

    def make() -> GroupCommitter[Ballot, Vote]:
        return GroupCommitter(Flush(runtime), key=lambda ballot: ballot[:2], at_once=FLUSHES_AT_ONCE)

    return runtime.commits.of(VOTES, make)


async def _may_find(runtime: Runtime, viewer: Viewer, poll_id: UUID, now: datetime) -> bool:
    """Tell whether somebody may find a poll's stream: the same for many, so asked once for all of them."""

    async def look() -> bool:
        (poll,) = await polls_by_id(runtime.reads(), [poll_id])
        if poll is None:
            return False
        return await visible_streams(runtime.reads(), [poll.stream_id], viewer=viewer) != [None]

    key = ("poll's stream", poll_id, audience_of(viewer), viewer.roles, viewer.scoped_roles)
    return await runtime.shared.get(key, look, rings=runtime.bus.rings(CATALOG_TOPIC), now=now)
