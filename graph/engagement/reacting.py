"""Tapping reactions, and choosing which a show offers."""

from typing import Annotated, Any

import strawberry
from strawberry import ID

import graph.live.running  # noqa: F401 - declares the problem of a stream that is not live
from domain.accounts import TooManyAttempts
from domain.engagement import reactions as domain
from domain.kernel.refusals import Forbidden, InvalidInput, NotFound, SignInRequired, StaleVersion
from domain.kernel.work import Work
from domain.live import StreamNotLive
from graph.context import Context
from graph.engagement.reactions import Reactions
from graph.global_ids import Kind, read_id
from graph.payloads import shown
from graph.problems import Problem, problem
from graph.root_fields import mutation_field, stepwise_mutation_field

# Taps are counted in the process, and cost no transaction.
TAP_COST = 1


@problem(domain.NoSuchReaction, description="The show has other reactions.")
class NoSuchReaction(Problem):
    """None of them."""

    emojis: list[str] = strawberry.field(description="The reactions it has.")


@strawberry.input(description="Taps of one emoji.")
class SendReactionInput:
    """Taps."""

    stream_id: ID = strawberry.field(description="Which show.")
    emoji: str = strawberry.field(description="One of its reactions.")
    taps: int = strawberry.field(default=1, description="How often it was tapped since the last request; 1 to 20.")


@strawberry.input(description="Which reactions a show offers.")
class ChooseReactionsInput:
    """Reactions to offer."""

    stream_id: ID = strawberry.field(description="Which show.")
    expected_version: int = strawberry.field(description="The `version` of its reactions as you know it.")
    emojis: list[str] = strawberry.field(description="12 emojis at most; none of them means no reactions.")


@strawberry.type(description="The taps are counted.")
class ReactionSent:
    """What sendReaction gives."""

    emoji: str = strawberry.field(description="What was tapped.")


@strawberry.type(description="The show offers these reactions now.")
class ReactionsChosen:
    """What chooseReactions gives."""

    reactions: Reactions = strawberry.field(description="The reactions as they are now.")


@stepwise_mutation_field(
    ReactionSent,
    refusals=(InvalidInput, NotFound, SignInRequired, domain.NoSuchReaction, StreamNotLive, TooManyAttempts),
    cost=TAP_COST,
    description="Tap a reaction of a show that is live. Collect taps for a moment and send them together. Rates follow"
    " within a second or two; taps are not kept one by one.",
)
async def send_reaction(
    context: Context, input: Annotated[SendReactionInput, strawberry.argument(description="The taps.")]
) -> ReactionSent:
    """React."""
    await domain.send_reaction(
        context.runtime,
        viewer=context.viewer,
        stream_id=read_id(Kind.STREAM, input.stream_id),
        emoji=input.emoji,
        taps=input.taps,
    )
    return ReactionSent(emoji=input.emoji)


@mutation_field(
    ReactionsChosen,
    refusals=(InvalidInput, NotFound, SignInRequired, Forbidden, StaleVersion),
    description="Choose the reactions that a show offers. Its hosts, and editors.",
)
async def choose_reactions(
    work: Work,
    context: Context,
    input: Annotated[ChooseReactionsInput, strawberry.argument(description="The reactions.")],
) -> ReactionsChosen:
    """Choose reactions."""
    chosen = await domain.choose_reactions(
        work,
        viewer=context.viewer,
        stream_id=read_id(Kind.STREAM, input.stream_id),
        expected_version=input.expected_version,
        emojis=input.emojis,
    )
    return ReactionsChosen(reactions=shown(chosen))


MUTATIONS: list[Any] = [send_reaction, choose_reactions]
