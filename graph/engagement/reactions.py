"""The reactions of shows, and their rates, as everybody sees them alike."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import strawberry

from domain.engagement import reactions as domain
from domain.engagement.reactions import RATED_OVER_S, ReactionSet
from domain.engagement.reactions import ReactionRate as ReactionRateRow
from graph.context import Context
from graph.rows import declares


@dataclass(frozen=True)
class ReactionRatesRow:
    """How often viewers tap."""

    rates: tuple[ReactionRateRow, ...]


async def reaction_sets(context: Context, keys: Sequence[UUID]) -> list[ReactionSet]:
    """Load which reactions shows have."""
    return await domain.reactions_of(context.reads, keys)


async def rates_now(context: Context, stream_id: UUID) -> Mapping[Hashable, ReactionRatesRow]:
    """Load how often viewers tap."""
    return {"reactions": ReactionRatesRow(tuple(await domain.reaction_rates(context.reads, stream_id)))}


@declares(ReactionRateRow)
@strawberry.type(description="How often one emoji is tapped.")
class ReactionRate:
    """One rate."""

    emoji: str = strawberry.field(description="The emoji.")
    per_s: float = strawberry.field(
        name="perSecond", description=f"Taps of all viewers in a second, on average over the last {RATED_OVER_S}."
    )


@declares(ReactionRatesRow)
@strawberry.type(description="How often viewers tap the reactions of a show now.")
class ReactionRates:
    """All rates."""

    rates: list[ReactionRate] = strawberry.field(description="One for each reaction of the show, in their order.")


@declares(ReactionSet)
@strawberry.type(description="The reactions that a show offers.")
class Reactions:
    """Which reactions there are."""

    emojis: list[str] = strawberry.field(description="Each an emoji, in the order in which they are offered.")
    version: int = strawberry.field(description="Grows with every change. Name it in a change to lose nobody else's.")
