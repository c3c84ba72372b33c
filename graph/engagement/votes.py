"""Casting votes, one's own votes, and following a tally."""

from collections.abc import Hashable, Mapping, Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import ID

from domain import engagement as domain
from domain.accounts import Viewer
from domain.engagement import Tally, Vote, poll_topic
from domain.kernel.refusals import InvalidInput, NotFound, Refusal, SignInRequired
from graph.batching import batched, derived
from graph.context import Context
from graph.engagement.poll_refusals import NOT_COUNTED
from graph.engagement.polls import PollTally
from graph.global_ids import Kind, global_id, parse_global_id, read_id
from graph.payloads import shown
from graph.root_fields import query_field, stepwise_mutation_field
from graph.rows import declares
from graph.shared_fields import Feed, State, shared_subscription_field

# A vote is a fifth of what other mutations cost: many are written in one transaction.
VOTE_COST = 2


async def tallies_for_voters(context: Context, keys: Sequence[UUID]) -> list[Tally | None]:
    """Load tallies as somebody may see them who has voted. Thousands ask in the same moment, and share the answer."""

    async def load(wanted: Sequence[UUID]) -> list[Tally | None]:
        return await domain.voters_tallies(context.runtime.reads(), wanted)

    found = await context.runtime.gathering.get("voters' tallies", dict(zip(keys, keys, strict=True)), load)
    return [found[key] for key in keys]


@declares(Vote)
@strawberry.type(description="A vote as it stands. Only its voter sees it.")
class PollVote:
    """A vote."""

    poll_id: ID = derived(lambda vote, _: global_id(Kind.POLL, vote.poll_id), description="The poll it is for.")
    option_ids: list[ID] = derived(
        lambda vote, _: [global_id(Kind.POLL_OPTION, choice) for choice in vote.choices],
        description="What was chosen, in no order.",
    )
    weight: int = strawberry.field(description="What it weighs.")
    stake: int = strawberry.field(description="How many points are staked with it.")
    cast_at: datetime = strawberry.field(description="When it was cast, or last changed.")
    tally: PollTally | None = batched(
        tallies_for_voters,
        key=lambda vote: vote.poll_id,
        description="How the votes are; null where results are shown at the end only.",
    )


@strawberry.input(description="A vote to cast, or to change one's vote to.")
class CastVoteInput:
    """A vote."""

    poll_id: ID = strawberry.field(description="Which poll.")
    option_ids: list[ID] = strawberry.field(description="The options chosen: one, or several of a MULTIPLE or QUIZ.")
    media_time: datetime | None = strawberry.field(
        default=None,
        description="Which instant of the programme the voter has seen, by its EXT-X-PROGRAM-DATE-TIME; now unless"
        " given. It decides whether the vote is in time, so that whoever is behind has as long as everybody.",
    )
    stake: int | None = strawberry.field(default=None, description="Of a PREDICTION: how many points to stake.")
    session_id: ID | None = strawberry.field(
        default=None, description="The voter's playback session of the stream, where the poll requires one."
    )


@strawberry.type(description="The vote is counted, and durable.")
class VoteCast:
    """What castVote gives."""

    vote: PollVote = strawberry.field(description="The vote.")


@stepwise_mutation_field(
    VoteCast,
    refusals=(InvalidInput, NotFound, SignInRequired, *NOT_COUNTED),
    cost=VOTE_COST,
    description="Vote, or change one's vote. Answered once the vote is durable; the same vote sent again is answered"
    " alike and counts once. The account votes, whichever profile is watching.",
)
async def cast_vote(
    context: Context,
    input: Annotated[CastVoteInput, strawberry.argument(description="The vote.")],
) -> VoteCast:
    """Cast a vote."""
    vote = await domain.cast_vote(
        context.runtime,
        viewer=context.viewer,
        poll_id=read_id(Kind.POLL, input.poll_id),
        choices=_choices(input.option_ids),
        stake=input.stake,
        media_time=input.media_time,
        session_id=None if input.session_id is None else _session(input.session_id),
    )
    return VoteCast(vote=shown(vote))


@query_field(PollVote | None, description="The viewer's vote in a poll; null when there is none.")
async def own_vote(
    context: Context, poll_id: Annotated[ID, strawberry.argument(description="Which poll.")]
) -> Vote | None:
    """Find one's vote."""
    parsed = parse_global_id(poll_id)
    if parsed is None or parsed[0] is not Kind.POLL:
        return None
    (vote,) = await domain.own_votes(context.reads, [parsed[1]], viewer=context.viewer)
    return vote


async def may_see_results(context: Context, viewers: Sequence[Viewer | None], poll_id: ID) -> Sequence[Refusal | None]:
    """Let those follow a tally who may see it: everybody, who has voted, or nobody before the end."""
    sees = await domain.who_sees_results(context.reads, read_id(Kind.POLL, poll_id), viewers)
    return [None if one else NotFound("poll tally", poll_id) for one in sees]


@shared_subscription_field(
    PollTally,
    gate=may_see_results,
    description="How the votes of a poll are, at most four times a second, for those who may see it: everybody, those"
    " who have voted, or nobody before the results are revealed. Others are told NOT_FOUND, as of no poll.",
)
def poll_tally(poll_id: Annotated[ID, strawberry.argument(description="Which poll.")]) -> Feed:
    """Follow a tally."""
    id = read_id(Kind.POLL, poll_id)

    async def load(context: Context) -> Mapping[Hashable, Tally]:
        # Who is here has voted where that matters; what nobody may see any more is told to nobody.
        (tally,) = await domain.voters_tallies(context.reads, [id])
        return {} if tally is None else {id: tally}

    return Feed(states=[State(poll_topic(id), load)])


def _session(session_id: ID) -> UUID | None:
    """Read a session's id. What is none plays nothing, and whether that matters is the poll's question."""
    parsed = parse_global_id(session_id)
    return parsed[1] if parsed is not None and parsed[0] is Kind.PLAYBACK_SESSION else None


def _choices(option_ids: Sequence[ID]) -> list[UUID]:
    """Read the ids of options. What is no option's id is no option of this poll either.

    Raises:
        OptionNotInPoll.
    """
    choices = []
    for option_id in option_ids:
        parsed = parse_global_id(option_id)
        if parsed is None or parsed[0] is not Kind.POLL_OPTION:
            raise domain.OptionNotInPoll
        choices.append(parsed[1])
    return choices
