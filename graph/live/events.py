"""What happens in a stream, told to everybody who follows it: `streamEvents`.

Each part of a show adds its kinds of facts to `FACTS`, and what is told in its newest form only to `STATES`.
"""

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import ID

from domain import engagement as facts
from domain import live as domain
from domain.accounts import Viewer
from domain.engagement import PollChanged, tally_topic
from domain.engagement.reactions import reactions_topic
from domain.kernel.facts import LoggedFact
from domain.kernel.refusals import NotFound, Refusal
from domain.live import Stream, StreamChanged, stream_topic
from graph.batching import batched
from graph.context import Context
from graph.engagement.moments import MomentAnnounced, MomentRevoked, announced_of, revoked_of
from graph.engagement.poll_events import PollUpdate, TallyUpdate, poll_update_of, tally_updates
from graph.engagement.reactions import ReactionRates, rates_now
from graph.global_ids import Kind, read_id
from graph.live.streams import LiveStream
from graph.rows import declares
from graph.shared_fields import Feed, State, shared_subscription_field


async def streams_for_all(context: Context, keys: Sequence[UUID]) -> list[Stream | None]:
    """Load streams for those who follow them already, whoever they are."""
    return await domain.streams_by_id(context.reads, keys)


@dataclass(frozen=True)
class SnapshotRow:
    """How a stream is when somebody begins to follow it."""

    stream_id: UUID


@dataclass(frozen=True)
class ChangedRow:
    """A stream was changed, went live or ended."""

    stream_id: UUID


@dataclass(frozen=True)
class ViewersRow:
    """How many follow a stream."""

    viewers: int


async def viewers_now(context: Context, stream_id: UUID) -> Mapping[Hashable, Any]:
    """Load how many follow a stream."""
    (count,) = await domain.viewer_counts(context.reads, [stream_id])
    return {"viewers": ViewersRow(count)}


@declares(SnapshotRow)
@strawberry.type(description="How things are now: the first event, and again for whoever was away too long.")
class StreamSnapshot:
    """Where to begin."""

    stream: LiveStream = batched(
        streams_for_all, key=lambda row: row.stream_id, is_shared=True, description="The stream as it is."
    )


@declares(ChangedRow)
@strawberry.type(description="The stream was changed, went live or ended.")
class StreamUpdate:
    """Another state of the stream."""

    stream: LiveStream = batched(
        streams_for_all, key=lambda row: row.stream_id, is_shared=True, description="The stream as it is."
    )


@declares(ViewersRow)
@strawberry.type(description="How many follow the stream now.")
class ViewerCount:
    """How many there are."""

    viewers: int = strawberry.field(description="Everybody who follows it, on all machines; an account once.")


StreamEvent = Annotated[
    StreamSnapshot
    | StreamUpdate
    | ViewerCount
    | PollUpdate
    | TallyUpdate
    | ReactionRates
    | MomentAnnounced
    | MomentRevoked,
    strawberry.union(name="StreamEvent", description="Something that happens in a stream."),
]

# By the kind of a fact on the stream's topic: its row.
FACTS: Mapping[str, Callable[[LoggedFact], Any]] = {
    StreamChanged.kind: lambda fact: ChangedRow(UUID(str(fact.body["stream_id"]))),
    PollChanged.kind: poll_update_of,
    facts.MomentAnnounced.kind: announced_of,
    facts.MomentRevoked.kind: revoked_of,
}

# `(topic of a stream, async (context, stream id) -> rows by key)`.
StateOfStream = tuple[Callable[[UUID], str], Callable[[Context, UUID], Awaitable[Mapping[Hashable, Any]]]]
STATES: Sequence[StateOfStream] = (
    (domain.presence_topic, viewers_now),
    (tally_topic, tally_updates),
    (reactions_topic, rates_now),
)


async def may_follow(context: Context, viewers: Sequence[Viewer | None], stream_id: ID) -> Sequence[Refusal | None]:
    """Let those follow a stream who may find its title."""
    id = read_id(Kind.STREAM, stream_id)
    seen = await domain.who_sees(context.reads, id, viewers)
    return [None if sees else NotFound("stream", stream_id) for sees in seen]


def event_of(fact: LoggedFact) -> Any | None:
    """Return the row of a fact; None for facts of kinds that nobody is told."""
    made = FACTS.get(fact.kind)
    return None if made is None else made(fact)


def _state(stream_id: UUID, state: StateOfStream) -> State:
    topic_of, load = state

    async def rows(context: Context) -> Mapping[Hashable, Any]:
        return await load(context, stream_id)

    return State(topic_of(stream_id), rows)


@shared_subscription_field(
    StreamEvent,
    gate=may_follow,
    description="Everything that happens in a stream, from how it is now on. Facts are each told, in order; what only"
    " counts in its newest form comes at most four times a second. Each answer's `extensions.position` says where you"
    " are: give it as `since` when you come back. `extensions.recovered: false` says that what you missed is not kept"
    " any more, and that the answer is how things are now.",
)
def stream_events(stream_id: Annotated[ID, strawberry.argument(description="Which stream.")]) -> Feed:
    """Follow a stream."""
    id = read_id(Kind.STREAM, stream_id)

    async def snapshot(_context: Context) -> SnapshotRow:
        return SnapshotRow(id)

    return Feed(
        topic=stream_topic(id),
        event_of=event_of,
        snapshot=snapshot,
        states=[_state(id, state) for state in STATES],
        presence=id,
    )
