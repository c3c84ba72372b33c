"""Announcing moments, and taking them back."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import ID

from domain import engagement as domain
from domain.kernel.idempotency import IdempotencyKeyReused, RequestInProgress
from domain.kernel.work import Work
from domain.live import StreamNotLive
from graph.context import Context
from graph.engagement.hosting import LocalizedTextInput, texts_of
from graph.engagement.moments import Moment
from graph.engagement.poll_refusals import BY_HOSTS
from graph.engagement.vocabulary import MomentKind
from graph.global_ids import Kind, global_id, read_id
from graph.payloads import shown
from graph.problems import Problem, problem
from graph.root_fields import mutation_field


@problem(domain.MomentNotRevocable, description="The moment came with a poll. Take back what was done to the poll.")
class MomentNotRevocable(Problem):
    """A poll's moment."""


@problem(domain.TooManyMoments, description="The stream has as many moments as it may.")
class TooManyMoments(Problem):
    """A bound."""


@strawberry.input(description="A chapter or a shout-out.")
class AnnounceMomentInput:
    """A moment to announce."""

    stream_id: ID = strawberry.field(description="In which stream; it has to be live.")
    kind: MomentKind = strawberry.field(description="CHAPTER or SHOUT_OUT. Others come with what they tell of.")
    text: list[LocalizedTextInput] = strawberry.field(
        description="What it says, up to 200 characters, in 1 to 20 languages; the first is for who wants another."
    )
    idempotency_key: str = strawberry.field(
        description="A key of your own, 8 to 128 characters: repeating the input with it announces nothing twice."
    )
    present_at: datetime | None = strawberry.field(
        default=None, description="When, on the programme clock: up to ten minutes ahead. Leave it out for now."
    )
    duration_s: int | None = strawberry.field(
        name="durationSeconds",
        default=None,
        description="Of a shout-out: how long it is on the screen, 1 to 300 seconds; 15 unless given.",
    )


@strawberry.input(description="A moment to take back.")
class RevokeMomentInput:
    """A moment to revoke."""

    moment_id: ID = strawberry.field(description="Which chapter or shout-out.")


@strawberry.type(description="Whoever follows the stream has been told.")
class MomentMade:
    """What announceMoment gives."""

    moment: Moment = strawberry.field(description="The new moment, or the one that the key made before.")


@strawberry.type(description="The moment is no more, and whoever follows the stream has been told.")
class MomentTakenBack:
    """What revokeMoment gives."""

    moment_id: ID = strawberry.field(description="Which moment it was.")


@mutation_field(
    MomentMade,
    refusals=(*BY_HOSTS, StreamNotLive, domain.TooManyMoments, IdempotencyKeyReused, RequestInProgress),
    description="Begin a chapter, or put a shout-out on the screen. Hosts of the stream's title, and editors.",
)
async def announce_moment(
    work: Work,
    context: Context,
    input: Annotated[AnnounceMomentInput, strawberry.argument(description="The moment.")],
) -> MomentMade:
    """Announce a moment."""
    moment = await domain.announce_moment(
        work,
        viewer=context.viewer,
        stream_id=read_id(Kind.STREAM, input.stream_id),
        kind=input.kind,
        text=texts_of(input.text),
        idempotency_key=input.idempotency_key,
        present_at=input.present_at,
        duration_s=input.duration_s,
    )
    return MomentMade(moment=shown(moment))


@mutation_field(
    MomentTakenBack,
    refusals=(*BY_HOSTS, domain.NothingToUndo, domain.MomentNotRevocable),
    description="Take a chapter or shout-out back within ten seconds. Hosts of the stream's title, and editors.",
)
async def revoke_moment(
    work: Work,
    context: Context,
    input: Annotated[RevokeMomentInput, strawberry.argument(description="The moment.")],
) -> MomentTakenBack:
    """Revoke a moment."""
    id = read_id(Kind.MOMENT, input.moment_id)
    moment = await domain.revoke_moment(work, viewer=context.viewer, moment_id=id)
    return MomentTakenBack(moment_id=global_id(Kind.MOMENT, moment.id))
