"""What is told of polls to everybody who follows a stream."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import strawberry
from strawberry import ID

from domain import engagement as domain
from domain.engagement import Poll as PollRow
from domain.engagement import Tally
from domain.kernel.facts import LoggedFact
from graph.batching import batched, derived
from graph.context import Context
from graph.engagement.polls import Poll, PollTally
from graph.global_ids import Kind, global_id
from graph.rows import declares


@dataclass(frozen=True)
class PollUpdateRow:
    """A poll was changed."""

    poll_id: UUID


@dataclass(frozen=True)
class TallyUpdateRow:
    """Votes were counted."""

    tally: Tally


async def polls_for_all(context: Context, keys: Sequence[UUID]) -> list[PollRow | None]:
    """Load polls as anybody sees them who follows their stream: no drafts."""
    return await domain.public_polls(context.reads, keys)


@declares(PollUpdateRow)
@strawberry.type(description="A poll is in another state, or was changed.")
class PollUpdate:
    """Another state of a poll."""

    poll_id: ID = derived(lambda row, _: global_id(Kind.POLL, row.poll_id), is_shared=True, description="Which poll.")
    poll: Poll | None = batched(
        polls_for_all,
        key=lambda row: row.poll_id,
        is_shared=True,
        description="The poll as it is; null when its host has taken it back.",
    )


@declares(TallyUpdateRow)
@strawberry.type(description="Votes were counted in a poll whose results everybody may see. The newest counts.")
class TallyUpdate:
    """A tally has moved."""

    poll_id: ID = derived(
        lambda row, _: global_id(Kind.POLL, row.tally.poll_id), is_shared=True, description="Which poll."
    )
    tally: PollTally = strawberry.field(description="How the votes are.")


def poll_update_of(fact: LoggedFact) -> PollUpdateRow:
    """Return the row of a fact about a poll."""
    return PollUpdateRow(UUID(str(fact.body["poll_id"])))


async def tally_updates(context: Context, stream_id: UUID) -> Mapping[Hashable, TallyUpdateRow]:
    """Load the tallies of a stream that everybody may see."""
    return {
        ("tally", tally.poll_id): TallyUpdateRow(tally)
        for tally in await domain.tallies_of_stream(context.reads, stream_id)
    }
