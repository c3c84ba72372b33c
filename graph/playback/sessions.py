"""Sessions as their account sees them, and places to go on from."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import strawberry
from strawberry import ID

from domain import playback as domain
from domain.playback import PlaybackSession as SessionRow
from domain.playback import ResumePoint as ResumeRow
from graph.accounts import Device, own_devices
from graph.batching import batched, derived
from graph.catalog import Title
from graph.context import Context
from graph.global_ids import Kind, global_id, loads_node
from graph.loads import visible_titles
from graph.nodes import Node
from graph.playback.vocabulary import PlaybackState
from graph.rows import declares


@loads_node(Kind.PLAYBACK_SESSION, row=SessionRow)
async def own_sessions(context: Context, keys: Sequence[UUID]) -> list[SessionRow | None]:
    """Load sessions of the viewer's own account."""
    return await domain.sessions_by_id(context.reads, keys, viewer=context.viewer)


@declares(SessionRow)
@strawberry.type(description="One screen playing one title.")
class PlaybackSession(Node):
    """A playback session."""

    title: Title | None = batched(
        visible_titles, key=lambda session: session.title_id, description="What plays; null if it was withdrawn."
    )
    device: Device | None = batched(own_devices, key=lambda session: session.device_id, description="Where it plays.")
    stream_id: ID | None = derived(
        lambda session, _: None if session.stream_id is None else global_id(Kind.STREAM, session.stream_id),
        description="The stream that it plays live; null when it plays on demand.",
    )
    state: PlaybackState = derived(
        lambda session, context: session.state_at(context.reads.now), description="Whether it goes on."
    )
    started_at: datetime = strawberry.field(description="When it was started.")
    lease_until: datetime = strawberry.field(
        name="leaseExpiresAt", description="When it ends unless a heartbeat comes before."
    )
    position_s: float = strawberry.field(
        name="positionSeconds", description="Where its player was at its last heartbeat, in media time."
    )


@declares(ResumeRow)
@strawberry.type(description="A title that was begun and not finished.")
class ResumePoint:
    """A place to go on from."""

    title: Title = batched(visible_titles, key=lambda point: point.title_id, description="The title.")
    position_s: float = strawberry.field(name="positionSeconds", description="Where it was left, in media time.")
    updated_at: datetime = strawberry.field(description="When it was left.")
