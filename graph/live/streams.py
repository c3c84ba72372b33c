"""Streams, as everybody sees them alike: nothing here may depend on who asks."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import ID

from domain import live as domain
from domain.engagement import Moment as MomentRow
from domain.engagement import Poll as PollRow
from domain.engagement import ShowState, polls_of_streams
from domain.engagement.chat import ChatRoom
from domain.engagement.chat_reading import rooms_of
from domain.engagement.reactions import ReactionSet, reactions_of
from domain.live import Stream, StreamState
from graph.batching import batched, derived
from graph.context import Context
from graph.engagement.moments import From, Moment, ShowOnAir, To, states, streams_moments
from graph.enums import described
from graph.global_ids import Kind, global_id, load_node, loads_node, parse_global_id, read_id
from graph.loads import visible_titles
from graph.nodes import Node
from graph.root_fields import query_field
from graph.rows import declares

described(
    StreamState,
    description="How far a show is.",
    values={
        StreamState.PREPARED: "It has not gone live yet.",
        StreamState.LIVE: "It is on air.",
        StreamState.ENDED: "It is over.",
    },
)


@loads_node(Kind.STREAM, row=Stream)
async def visible_streams(context: Context, keys: Sequence[UUID]) -> list[Stream | None]:
    """Load streams whose title the viewer may find."""
    return await domain.visible_streams(context.reads, keys, viewer=context.viewer)


async def viewer_counts(context: Context, keys: Sequence[UUID]) -> list[int]:
    """Load how many follow streams."""
    return await domain.viewer_counts(context.reads, keys)


async def streams_polls(context: Context, keys: Sequence[UUID]) -> Sequence[Sequence[PollRow]]:
    """Load the polls of streams."""
    return await polls_of_streams(context.reads, keys)


async def streams_chats(context: Context, keys: Sequence[UUID]) -> list[ChatRoom]:
    """Load the chats of streams."""
    return await rooms_of(context.reads, keys)


async def streams_reactions(context: Context, keys: Sequence[UUID]) -> list[ReactionSet]:
    """Load which reactions streams have."""
    return await reactions_of(context.reads, keys)


def _between(found: list[MomentRow], _: Context, starts_at: From = None, ends_at: To = None) -> list[MomentRow]:
    return found


def _at(
    state: ShowState,
    _: Context,
    at: Annotated[
        datetime | None, strawberry.argument(description="Which instant: where the playhead is. Leave it out for now.")
    ] = None,
) -> ShowState:
    return state


@declares(Stream)
@strawberry.type(description="A show as it goes out live. The same for everybody who may see it.")
class LiveStream(Node):
    """A stream."""

    name: str = strawberry.field(description="What hosts call it.")
    state: StreamState = strawberry.field(description="How far it is.")
    title_id: ID = derived(
        lambda stream, _: global_id(Kind.TITLE, stream.title_id),
        is_shared=True,
        description="The channel or live event that it is a show of.",
    )
    max_latency_s: int = strawberry.field(
        name="maxLatencySeconds", description="How far behind the slowest viewer may be who still takes part."
    )
    went_live_at: datetime | None = strawberry.field(description="When it went live, on the programme clock.")
    ended_at: datetime | None = strawberry.field(description="When it ended.")
    viewers: int = batched(
        viewer_counts,
        key=lambda stream: stream.id,
        is_shared=True,
        description="How many follow it now, over all machines.",
    )
    polls: list[Annotated["Poll", strawberry.lazy("graph.engagement.polls")]] = batched(  # type: ignore[name-defined]  # noqa: F821 - named only where it is made
        streams_polls,
        key=lambda stream: stream.id,
        is_shared=True,
        list_size=10,
        description="What was, is and will be asked in it, the newest first; no drafts.",
    )
    chat: Annotated["Chat", strawberry.lazy("graph.engagement.chat")] = batched(  # type: ignore[name-defined]  # noqa: F821 - named only where it is made
        streams_chats, key=lambda stream: stream.id, is_shared=True, description="Its chat."
    )
    reactions: Annotated["Reactions", strawberry.lazy("graph.engagement.reactions")] = batched(  # type: ignore[name-defined]  # noqa: F821 - named only where it is made
        streams_reactions, key=lambda stream: stream.id, is_shared=True, description="What viewers can tap."
    )
    moments: list[Moment] = batched(
        streams_moments,
        key=lambda stream: stream.id,
        shape=_between,
        load_arguments=("starts_at", "ends_at"),
        is_shared=True,
        list_size=50,
        description="What happens in it in a stretch of the programme, in its order: the first 200.",
    )
    on_air: ShowOnAir = batched(
        states,
        key=lambda stream: stream.id,
        shape=_at,
        load_arguments=("at",),
        is_shared=True,
        description="The show as it is for whoever sees this instant of the programme.",
    )
    version: int = strawberry.field(description="Grows with every change. Name it in a change to lose nobody else's.")


@query_field(LiveStream | None, description="The stream with this id; null when there is none that the viewer may see.")
async def live_stream(context: Context, id: Annotated[ID, strawberry.argument(description="Its id.")]) -> Stream | None:
    """Find a stream."""
    found: Stream | None = await load_node(context, id, only=Kind.STREAM)
    return found


@query_field(
    LiveStream | None, description="What is on air of a channel or live event; null when nothing is, or it is hidden."
)
async def live_stream_of(
    context: Context, title_id: Annotated[ID, strawberry.argument(description="Which channel or live event.")]
) -> Stream | None:
    """Find what is on air."""
    parsed = parse_global_id(title_id)
    if parsed is None or parsed[0] is not Kind.TITLE:
        return None
    (title,) = await visible_titles(context, [parsed[1]])
    if title is None:
        return None
    (stream,) = await domain.live_streams_of(context.reads, [title.id])
    return stream


@query_field(
    list[LiveStream],
    description="The newest streams of a channel or live event, whatever their state. Its hosts, and editors.",
)
async def streams_of_title(
    context: Context,
    title_id: Annotated[ID, strawberry.argument(description="Which channel or live event.")],
    first: Annotated[int, strawberry.argument(description="How many at most; 1 to 50.")] = 20,
) -> list[Stream]:
    """List streams."""
    return await domain.streams_of_title(
        context.reads, read_id(Kind.TITLE, title_id), viewer=context.viewer, limit=first
    )
