"""One flush of votes: which of them count, and what they come to, within one transaction.

Locks, in this order everywhere: the polls' rows shared, players' balances, votes by their key, tallies.
"""

from collections.abc import Sequence
from uuid import UUID

from domain.engagement.admission import (
    Admitting,
    Ballot,
    NotEnoughPoints,
    PlaybackRequired,
    VoteUnchangeable,
    ineligible,
    refusal_of,
    weight_of,
)
from domain.engagement.points import welcome
from domain.engagement.poll import Poll, PollKind, PollState, points_topic, poll_topic, tally_topic
from domain.engagement.store import points as points_store
from domain.engagement.store import polls as polls_store
from domain.engagement.store import votes as store
from domain.engagement.store.points import Movement, Reason
from domain.engagement.store.votes import Vote, VoteColumns
from domain.entitlements import Plan, plans_of
from domain.kernel.refusals import NotFound, Refusal
from domain.kernel.work import Work
from domain.live import streams_by_id
from domain.playback import playing_sessions

_NO_PLANS: frozenset[Plan] = frozenset()


async def share_polls(work: Work, *, ballots: Sequence[Ballot]) -> dict[UUID, Poll]:
    """Return the polls of ballots, which nobody changes until the transaction ends."""
    return await polls_store.share_polls(work.connection, sorted({ballot.poll_id for ballot in ballots}))


async def count_votes(work: Work, *, ballots: Sequence[Ballot], polls: dict[UUID, Poll]) -> list[Vote | Refusal]:
    """Write the votes that count, and return for each ballot its vote as it stands, or why it does not count.

    No two ballots are of the same poll and voter, and their polls are held. Rings the tallies' topics.
    """
    admitting = {id: Admitting.of(poll) for id, poll in polls.items()}
    refusals: dict[int, Refusal] = {}
    for index, ballot in enumerate(ballots):
        asked = admitting.get(ballot.poll_id)
        # A draft is nobody's yet: it looks like none.
        is_there = asked is not None and asked.poll.state is not PollState.DRAFT
        refusal = refusal_of(asked, ballot) if asked is not None and is_there else NotFound("poll", ballot.poll_id)
        if refusal is not None:
            refusals[index] = refusal
    plans = await _eligible(work, polls, ballots, refusals)
    await _watching(work, polls, ballots, refusals)
    kept = await _staked(work, polls, ballots, refusals)
    outcomes = await _written(work, polls, ballots, refusals, plans, kept)
    for poll in polls.values() if len(refusals) < len(ballots) else ():
        work.ring(tally_topic(poll.stream_id))
        work.ring(poll_topic(poll.id))
    return outcomes


def _of(
    polls: dict[UUID, Poll], ballots: Sequence[Ballot], refusals: dict[int, Refusal], ids: set[UUID]
) -> list[tuple[int, Ballot, Poll]]:
    """Return the ballots of some polls that nothing speaks against so far."""
    return [
        (index, ballot, polls[ballot.poll_id])
        for index, ballot in enumerate(ballots)
        if ballot.poll_id in ids and index not in refusals
    ]


async def _eligible(
    work: Work, polls: dict[UUID, Poll], ballots: Sequence[Ballot], refusals: dict[int, Refusal]
) -> dict[UUID, frozenset[Plan]]:
    """Refuse who lacks a plan, and return the plans of voters, where any poll asks for them."""
    asking = {id for id, poll in polls.items() if poll.rules.plans is not None or poll.rules.weights}
    if not asking:
        return {}
    chosen = _of(polls, ballots, refusals, asking)
    voters = sorted({ballot.voter_id for _, ballot, _ in chosen})
    held = dict(zip(voters, await plans_of(work.reads(), voters), strict=True))
    for index, ballot, poll in chosen:
        refusal = ineligible(poll, held[ballot.voter_id])
        if refusal is not None:
            refusals[index] = refusal
    return held


async def _watching(
    work: Work, polls: dict[UUID, Poll], ballots: Sequence[Ballot], refusals: dict[int, Refusal]
) -> None:
    """Refuse who does not play the stream, where a poll asks for it: a session of theirs, of its title and asset."""
    asking = {id for id, poll in polls.items() if poll.rules.requires_playback}
    if not asking:
        return
    chosen = _of(polls, ballots, refusals, asking)
    stream_ids = sorted({poll.stream_id for _, _, poll in chosen})
    streams = dict(zip(stream_ids, await streams_by_id(work.reads(), stream_ids), strict=True))
    session_ids = sorted({ballot.session_id for _, ballot, _ in chosen if ballot.session_id is not None})
    sessions = dict(zip(session_ids, await playing_sessions(work.reads(), session_ids), strict=True))
    for index, ballot, poll in chosen:
        session = None if ballot.session_id is None else sessions[ballot.session_id]
        stream = streams[poll.stream_id]
        assert stream is not None, "a stream is never deleted"
        plays = session is not None and (session.title_id == stream.title_id or session.asset_id == stream.asset_id)
        if session is None or not plays or session.account_id != ballot.voter_id:
            refusals[index] = PlaybackRequired()


async def _staked(
    work: Work, polls: dict[UUID, Poll], ballots: Sequence[Ballot], refusals: dict[int, Refusal]
) -> dict[tuple[UUID, UUID], Vote]:
    """Move stakes of predictions into their pots, and return those votes that were cast before.

    The balances are locked before the look at earlier votes, so that nobody stakes twice on one poll.
    """
    kept: dict[tuple[UUID, UUID], Vote] = {}
    for id in sorted(polls):
        poll = polls[id]
        if poll.kind is not PollKind.PREDICTION:
            continue
        chosen = _of(polls, ballots, refusals, {id})
        voters = sorted(ballot.voter_id for _, ballot, _ in chosen)
        await welcome(work, stream_id=poll.stream_id, player_ids=voters)
        balances = await points_store.hold_balances(work.connection, poll.stream_id, voters)
        before = await store.kept_votes(work.connection, [(id, voter) for voter in voters])
        kept |= before
        stakes: dict[UUID, int] = {}
        for index, ballot, _ in chosen:
            if (id, ballot.voter_id) in before:
                continue
            assert ballot.stake is not None, "a prediction was admitted with its stake"
            if ballot.stake > balances[ballot.voter_id]:
                refusals[index] = NotEnoughPoints(balances[ballot.voter_id])
            else:
                stakes[ballot.voter_id] = -ballot.stake
        await _to_pot(work, poll, stakes)
    return kept


async def _to_pot(work: Work, poll: Poll, stakes: dict[UUID, int]) -> None:
    if not stakes:
        return
    holders, points = [*stakes, poll.id], [*stakes.values(), -sum(stakes.values())]
    movement = Movement(work.new_id(), poll.stream_id, poll.id, Reason.STAKE, holders, points)
    await points_store.move(work.connection, movement, now=work.now)
    work.ring(points_topic(poll.stream_id))


async def _written(
    work: Work,
    polls: dict[UUID, Poll],
    ballots: Sequence[Ballot],
    refusals: dict[int, Refusal],
    plans: dict[UUID, frozenset[Plan]],
    kept: dict[tuple[UUID, UUID], Vote],
) -> list[Vote | Refusal]:
    columns = VoteColumns.empty()
    outcomes: list[Vote | Refusal] = []
    for index, ballot in enumerate(ballots):
        refusal = refusals.get(index)
        if refusal is not None:
            outcomes.append(refusal)
            continue
        poll_id, voter_id, choices, stake = ballot[:4]
        poll = polls[poll_id]
        weight = weight_of(poll, plans.get(voter_id, _NO_PLANS)) if poll.rules.weights else 1
        if not kept or (poll_id, voter_id) not in kept:
            columns.add(poll_id, voter_id, choices, slots=poll.rules.max_choices, weight=weight, stake=stake or 0)
        outcomes.append(Vote(poll_id, voter_id, choices, weight, stake or 0, work.now))
    changeable = [id for id, poll in polls.items() if poll.rules.allows_change]
    if not columns.slots and not kept:
        return outcomes
    if columns.slots and await store.write_votes(work.connection, columns, changeable=changeable, now=work.now):
        return outcomes if not kept else [_as_kept(outcome, kept) for outcome in outcomes]
    keys = [(outcome.poll_id, outcome.voter_id) for outcome in outcomes if isinstance(outcome, Vote)]
    kept = await store.kept_votes(work.connection, keys)
    return [_as_kept(outcome, kept) for outcome in outcomes]


def _as_kept(outcome: Vote | Refusal, kept: dict[tuple[UUID, UUID], Vote]) -> Vote | Refusal:
    """Return a vote as it stands, when that is what its voter wanted: repeated, it is acknowledged again."""
    if not isinstance(outcome, Vote):
        return outcome
    vote = kept.get((outcome.poll_id, outcome.voter_id))
    if vote is None:
        return outcome
    return vote if (vote.choices, vote.stake) == (outcome.choices, outcome.stake) else VoteUnchangeable()
