"""Moments as everybody sees them alike: nothing here may depend on who asks, but for their languages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import ID

from domain import engagement as domain
from domain.engagement import Moment as MomentRow
from domain.engagement import MomentKind, PollPhase, RecordedMoment, ShowState
from domain.kernel.facts import LoggedFact
from domain.kernel.paging import Page, PageRequest
from domain.kernel.refusals import InvalidInput
from graph.batching import batched, derived
from graph.context import Context
from graph.engagement.polls import LocalizedText, best
from graph.global_ids import Kind, global_id, loads_node, read_id
from graph.nodes import Node
from graph.paging import After, Before, First, Last, connection_of
from graph.root_fields import query_field
from graph.rows import declares

From = Annotated[
    datetime | None,
    strawberry.argument(
        name="from", description="The first instant, on the programme clock. Leave it out to begin with the show."
    ),
]
To = Annotated[
    datetime | None,
    strawberry.argument(
        name="to", description="Only what happens before this instant. Leave it out for all there is, ahead as well."
    ),
]


@dataclass(frozen=True)
class AnnouncedRow:
    """A moment was announced."""

    moment_id: UUID


@dataclass(frozen=True)
class RevokedRow:
    """A moment was taken back."""

    moment_id: UUID


@loads_node(Kind.MOMENT, row=MomentRow)
async def visible_moments(context: Context, keys: Sequence[UUID]) -> list[MomentRow | None]:
    """Load moments of streams that the viewer may find."""
    return await domain.visible_moments(context.reads, keys, viewer=context.viewer)


async def moments_for_all(context: Context, keys: Sequence[UUID]) -> list[MomentRow | None]:
    """Load moments for those who follow their stream already, whoever they are."""
    return await domain.moments_by_id(context.reads, keys)


async def streams_moments(
    context: Context, keys: Sequence[UUID], *, starts_at: datetime | None, ends_at: datetime | None
) -> list[list[MomentRow]]:
    """Load the first moments of streams in a stretch of the programme."""
    return await domain.moments_of_streams(context.reads, keys, starts_at=starts_at, ends_at=ends_at)


async def states(context: Context, keys: Sequence[UUID], *, at: datetime | None) -> list[ShowState]:
    """Load shows as they are at an instant of the programme."""
    return await domain.show_states(context.reads, keys, at=at or context.reads.now)


def _text(moment: MomentRow, context: Context) -> str | None:
    text = best(moment.text, context)
    return None if text is None else text.text


def _poll_id(moment: MomentRow, _: Context) -> ID | None:
    is_of_poll = moment.subject_id is not None and moment.kind.name.startswith("POLL_")
    return global_id(Kind.POLL, moment.subject_id) if is_of_poll and moment.subject_id is not None else None


@declares(MomentRow)
@strawberry.type(
    description="Something that happens in a show. It is told early: show it when the playhead is at `presentAt`."
)
class Moment(Node):
    """A moment."""

    stream_id: ID = derived(
        lambda moment, _: global_id(Kind.STREAM, moment.stream_id), is_shared=True, description="The stream it is of."
    )
    kind: MomentKind = strawberry.field(description="What happens.")
    present_at: datetime = strawberry.field(description="When, on the programme clock.")
    until: datetime | None = strawberry.field(description="Of a shout-out: when it leaves the screen.")
    poll_id: ID | None = derived(_poll_id, is_shared=True, description="The poll that it is about, if it is.")
    text: str | None = derived(
        _text, is_shared=True, description="What a chapter or shout-out says, in the caller's best language."
    )
    texts: list[LocalizedText] = derived(
        lambda moment, _: moment.text, is_shared=True, description="What it says in every language there is."
    )
    announced_at: datetime = strawberry.field(description="When it became known.")


MomentConnection = connection_of(Moment, plural="moments")


@declares(PollPhase)
@strawberry.type(description="How far a poll is for whoever sees an instant of the programme.")
class PollOnAir:
    """A poll in a show."""

    poll_id: ID = derived(
        lambda phase, _: global_id(Kind.POLL, phase.poll_id), is_shared=True, description="Which poll."
    )
    kind: MomentKind = strawberry.field(description="The last that happened to it by then.")


@declares(ShowState)
@strawberry.type(description="A show as it is for whoever sees the instant `at`: all moments until then, folded.")
class ShowOnAir:
    """A show at an instant."""

    at: datetime = strawberry.field(description="Which instant of the programme.")
    chapter: Moment | None = batched(
        moments_for_all, key=lambda state: state.chapter_id, is_shared=True, description="The chapter that goes on."
    )
    shout_out_ids: list[ID] = derived(
        lambda state, _: [global_id(Kind.MOMENT, id) for id in state.shout_out_ids],
        is_shared=True,
        description="The shout-outs that are on the screen, the first shown first.",
    )
    polls: list[PollOnAir] = strawberry.field(description="All polls that were opened by then.")


@declares(RecordedMoment)
@strawberry.type(description="A moment in a recording.")
class MomentOnDemand:
    """A moment on demand."""

    position_s: float = strawberry.field(
        name="positionSeconds", description="Where it is in the recording, in seconds from its start."
    )
    moment: Moment = strawberry.field(description="The moment.")


MomentOnDemandConnection = connection_of(MomentOnDemand, plural="moments on demand")


@declares(AnnouncedRow)
@strawberry.type(description="Something will happen in the stream, or happens now.")
class MomentAnnounced:
    """A new moment."""

    moment: Moment | None = batched(
        moments_for_all,
        key=lambda row: row.moment_id,
        is_shared=True,
        description="The moment; null when it was taken back since.",
    )


@declares(RevokedRow)
@strawberry.type(description="A moment was taken back: do not show it, and hide it if it is shown.")
class MomentRevoked:
    """No moment any more."""

    moment_id: ID = derived(
        lambda row, _: global_id(Kind.MOMENT, row.moment_id), is_shared=True, description="Which moment it was."
    )


def announced_of(fact: LoggedFact) -> AnnouncedRow:
    """Return the row of a fact about a new moment."""
    return AnnouncedRow(UUID(str(fact.body["moment_id"])))


def revoked_of(fact: LoggedFact) -> RevokedRow:
    """Return the row of a fact about a moment that was taken back."""
    return RevokedRow(UUID(str(fact.body["moment_id"])))


@strawberry.input(one_of=True, description="A stream, or an asset that one sent.")
class RecordingInput:
    """A recording."""

    stream_id: ID | None = strawberry.field(
        default=strawberry.UNSET, description="Which stream; its recording begins where it went live."
    )
    asset_id: ID | None = strawberry.field(
        default=strawberry.UNSET, description="Which asset; what happened when it was last sent, on its first pass."
    )


@query_field(
    MomentConnection,
    description="The moments of a stream in a stretch of the programme, in its order. Those taken back are left out.",
)
async def moments(
    context: Context,
    stream_id: Annotated[ID, strawberry.argument(description="Which stream.")],
    starts_at: From = None,
    ends_at: To = None,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> Page[MomentRow]:
    """List moments."""
    return await domain.list_moments(
        context.reads,
        viewer=context.viewer,
        stream_id=read_id(Kind.STREAM, stream_id),
        starts_at=starts_at,
        ends_at=ends_at,
        page=PageRequest.parse(first=first, after=after, last=last, before=before),
    )


@query_field(
    MomentOnDemandConnection,
    description="The moments of a recording, by their positions in it, for whoever plays it on demand.",
)
async def moments_on_demand(
    context: Context,
    recording: Annotated[RecordingInput, strawberry.argument(description="Which recording.")],
    from_s: Annotated[float, strawberry.argument(name="fromSeconds", description="The first position, in seconds.")],
    to_s: Annotated[float, strawberry.argument(name="toSeconds", description="Only what is before this position.")],
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> Page[RecordedMoment]:
    """List moments on demand."""
    page = PageRequest.parse(first=first, after=after, last=last, before=before)
    if recording.stream_id:
        id = read_id(Kind.STREAM, recording.stream_id)
        return await domain.moments_of_recording(
            context.reads, viewer=context.viewer, stream_id=id, from_s=from_s, to_s=to_s, page=page
        )
    if not recording.asset_id:
        raise InvalidInput("recording", "Name a stream or an asset.")
    id = read_id(Kind.ASSET, recording.asset_id)
    return await domain.moments_of_asset(
        context.reads, viewer=context.viewer, asset_id=id, from_s=from_s, to_s=to_s, page=page
    )
