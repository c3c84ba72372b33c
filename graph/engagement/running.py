"""What hosts do to polls while the show runs. Each act answers with the poll, and a second click with the same."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import ID

from domain import engagement as domain
from domain.engagement import Poll as PollRow
from domain.kernel.refusals import StaleVersion
from domain.kernel.work import Work
from domain.live import StreamNotLive
from graph.context import Context
from graph.engagement.hosting import HostedPoll, HostPoll
from graph.engagement.poll_refusals import BY_HOSTS
from graph.global_ids import Kind, read_id
from graph.payloads import shown
from graph.root_fields import mutation_field

_ACTS = (*BY_HOSTS, StaleVersion, domain.WrongPollState)


@strawberry.type(description="It is done to the poll.")
class PollMoved:
    """What an act gives."""

    poll: HostPoll = strawberry.field(description="The poll as it is now.")


@strawberry.input(description="A poll that opens by itself.")
class SchedulePollInput:
    """A poll to schedule."""

    poll_id: ID = strawberry.field(description="Which poll.")
    expected_version: int = strawberry.field(description="The poll's `version` as you know it.")
    opens_at: datetime = strawberry.field(description="When it opens on the programme clock: ahead, within a year.")
    locks_at: datetime | None = strawberry.field(
        default=None, description="When it locks; unless given, after its own duration, or when a host locks it."
    )


@strawberry.input(description="A poll to open.")
class OpenPollInput:
    """A poll to open."""

    poll_id: ID = strawberry.field(description="Which poll.")
    expected_version: int = strawberry.field(description="The poll's `version` as you know it.")
    present_at: datetime | None = strawberry.field(
        default=None, description="At which instant of the programme: now unless given, at most 10 minutes ahead."
    )


@strawberry.input(description="A poll to lock.")
class LockPollInput:
    """A poll to lock."""

    poll_id: ID = strawberry.field(description="Which poll.")
    expected_version: int = strawberry.field(description="The poll's `version` as you know it.")
    present_at: datetime | None = strawberry.field(
        default=None, description="At which instant of the programme: now unless given, at most 10 minutes ahead."
    )


@strawberry.input(description="A prediction, and what came true.")
class SettlePredictionInput:
    """A prediction to settle."""

    poll_id: ID = strawberry.field(description="Which poll.")
    expected_version: int = strawberry.field(description="The poll's `version` as you know it.")
    option_id: ID = strawberry.field(description="The option that came true.")


@strawberry.input(description="A poll whose results to reveal.")
class RevealPollInput:
    """A poll to reveal."""

    poll_id: ID = strawberry.field(description="Which poll.")
    expected_version: int = strawberry.field(description="The poll's `version` as you know it.")


@strawberry.input(description="A poll to call off.")
class CancelPollInput:
    """A poll to cancel."""

    poll_id: ID = strawberry.field(description="Which poll.")
    expected_version: int = strawberry.field(description="The poll's `version` as you know it.")


@strawberry.input(description="A poll to put away.")
class ArchivePollInput:
    """A poll to archive."""

    poll_id: ID = strawberry.field(description="Which poll.")
    expected_version: int = strawberry.field(description="The poll's `version` as you know it.")


@strawberry.input(description="A poll whose last act to take back.")
class UndoPollInput:
    """An act to undo."""

    poll_id: ID = strawberry.field(description="Which poll.")
    expected_version: int = strawberry.field(description="The poll's `version` as you know it.")


@mutation_field(PollMoved, refusals=_ACTS, description="Have a poll open by itself. Hosts of the stream, and editors.")
async def schedule_poll(
    work: Work,
    context: Context,
    input: Annotated[SchedulePollInput, strawberry.argument(description="The poll.")],
) -> PollMoved:
    """Schedule a poll."""
    poll = await domain.schedule_poll(
        work,
        viewer=context.viewer,
        poll_id=read_id(Kind.POLL, input.poll_id),
        expected_version=input.expected_version,
        opens_at=input.opens_at,
        locks_at=input.locks_at,
    )
    return _moved(poll)


@mutation_field(
    PollMoved,
    refusals=(*_ACTS, StreamNotLive),
    description="Ask: votes count from an instant of the programme on. Hosts of the stream, and editors.",
)
async def open_poll(
    work: Work,
    context: Context,
    input: Annotated[OpenPollInput, strawberry.argument(description="The poll.")],
) -> PollMoved:
    """Open a poll."""
    poll = await domain.open_poll(
        work,
        viewer=context.viewer,
        poll_id=read_id(Kind.POLL, input.poll_id),
        expected_version=input.expected_version,
        present_at=input.present_at,
    )
    return _moved(poll)


@mutation_field(
    PollMoved,
    refusals=_ACTS,
    description="Take votes only of those who have not seen this instant of the programme yet. Hosts, and editors.",
)
async def lock_poll(
    work: Work,
    context: Context,
    input: Annotated[LockPollInput, strawberry.argument(description="The poll.")],
) -> PollMoved:
    """Lock a poll."""
    poll = await domain.lock_poll(
        work,
        viewer=context.viewer,
        poll_id=read_id(Kind.POLL, input.poll_id),
        expected_version=input.expected_version,
        present_at=input.present_at,
    )
    return _moved(poll)


@mutation_field(
    PollMoved,
    refusals=(*_ACTS, domain.ResultsNotFinal),
    description="Say what came true. In ten seconds the pot goes to who staked on it. Hosts, and editors.",
)
async def settle_prediction(
    work: Work,
    context: Context,
    input: Annotated[SettlePredictionInput, strawberry.argument(description="What came true.")],
) -> PollMoved:
    """Settle a prediction."""
    poll = await domain.settle_prediction(
        work,
        viewer=context.viewer,
        poll_id=read_id(Kind.POLL, input.poll_id),
        expected_version=input.expected_version,
        option_id=read_id(Kind.POLL_OPTION, input.option_id),
    )
    return _moved(poll)


@mutation_field(
    PollMoved,
    refusals=(*_ACTS, domain.ResultsNotFinal),
    description="Show the results, once the slowest viewer has had the same time. Hosts, and editors.",
)
async def reveal_poll(
    work: Work,
    context: Context,
    input: Annotated[RevealPollInput, strawberry.argument(description="The poll.")],
) -> PollMoved:
    """Reveal a poll."""
    return await _act(work, context, input, domain.reveal_poll)


@mutation_field(
    PollMoved,
    refusals=_ACTS,
    description="Call a poll off: no result is shown, and in ten seconds stakes go back. Hosts, and editors.",
)
async def cancel_poll(
    work: Work,
    context: Context,
    input: Annotated[CancelPollInput, strawberry.argument(description="The poll.")],
) -> PollMoved:
    """Cancel a poll."""
    return await _act(work, context, input, domain.cancel_poll)


@mutation_field(PollMoved, refusals=_ACTS, description="Put a revealed poll away. Hosts of the stream, and editors.")
async def archive_poll(
    work: Work,
    context: Context,
    input: Annotated[ArchivePollInput, strawberry.argument(description="The poll.")],
) -> PollMoved:
    """Archive a poll."""
    return await _act(work, context, input, domain.archive_poll)


@mutation_field(
    PollMoved,
    refusals=(*BY_HOSTS, StaleVersion, domain.NothingToUndo),
    description="Take the last act back, within ten seconds. An opened poll is a draft again, without votes. Hosts, and"
    " editors.",
)
async def undo_poll(
    work: Work,
    context: Context,
    input: Annotated[UndoPollInput, strawberry.argument(description="The poll.")],
) -> PollMoved:
    """Undo an act."""
    return await _act(work, context, input, domain.undo_poll)


async def _act(
    work: Work,
    context: Context,
    input: RevealPollInput | CancelPollInput | ArchivePollInput | UndoPollInput,
    verb: Callable[..., Awaitable[PollRow]],
) -> PollMoved:
    poll_id = read_id(Kind.POLL, input.poll_id)
    return _moved(await verb(work, viewer=context.viewer, poll_id=poll_id, expected_version=input.expected_version))


def _moved(poll: PollRow) -> PollMoved:
    return PollMoved(poll=shown(HostedPoll(poll)))


MUTATIONS = [
    schedule_poll, open_poll, lock_poll, settle_prediction, reveal_poll, cancel_poll, archive_poll, undo_poll,
]  # fmt: skip
