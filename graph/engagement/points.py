"""Boards of the best players of a show."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import ID

from domain import engagement as domain
from domain.accounts import Account, Viewer, accounts_by_id
from domain.engagement import Board, Standing, points_topic
from domain.kernel.refusals import NotFound, Refusal
from domain.live import who_sees
from graph.batching import batched, derived
from graph.context import Context
from graph.global_ids import Kind, global_id, read_id
from graph.root_fields import query_field
from graph.rows import declares
from graph.shared_fields import Feed, State, shared_subscription_field

BOARD_DEFAULT = 10
BOARD_MAX = 100

OfStream = Annotated[ID, strawberry.argument(description="Which stream.")]
Best = Annotated[int, strawberry.argument(description="How many of the best; 1 to 100.")]


async def players(context: Context, keys: Sequence[UUID]) -> list[Account | None]:
    """Load who players are; those who have left have no name any more."""
    found = await accounts_by_id(context.reads, keys)
    return [None if account is None or account.erased_at is not None else account for account in found]


@declares(Standing)
@strawberry.type(name="Standing", description="Where a player is on a board.")
class StandingType:
    """A place."""

    place: int = strawberry.field(description="The place, from 1.")
    points: int = strawberry.field(description="The points.")
    name: str | None = batched(
        players,
        key=lambda standing: standing.player_id,
        shape="display_name",
        is_shared=True,
        description="Who it is; null when they have left.",
    )


@declares(Board)
@strawberry.type(description="The best players of a show, by points.")
class Leaderboard:
    """A board."""

    stream_id: ID = derived(
        lambda board, _: global_id(Kind.STREAM, board.stream_id), is_shared=True, description="Of which stream."
    )
    top: list[StandingType] = strawberry.field(description="The best, the first one first.")


@query_field(Leaderboard, description="The best players of a show.")
async def leaderboard(context: Context, stream_id: OfStream, first: Best = BOARD_DEFAULT) -> Board:
    """Show a board."""
    return await domain.leaderboard(
        context.reads, viewer=context.viewer, stream_id=read_id(Kind.STREAM, stream_id), limit=first
    )


@query_field(
    StandingType | None, description="Where the viewer is on the board of a show; null for who has not taken part."
)
async def own_standing(context: Context, stream_id: OfStream) -> Standing | None:
    """Find one's place."""
    return await domain.own_standing(context.reads, viewer=context.viewer, stream_id=read_id(Kind.STREAM, stream_id))


async def may_see_board(context: Context, viewers: Sequence[Viewer | None], stream_id: ID) -> Sequence[Refusal | None]:
    """Let those see a board who may find its stream."""
    sees = await who_sees(context.reads, read_id(Kind.STREAM, stream_id), viewers)
    return [None if one else NotFound("stream", stream_id) for one in sees]


@shared_subscription_field(
    Leaderboard,
    gate=may_see_board,
    description="The ten best players of a show, whenever points have moved, at most four times a second.",
)
def leaderboard_changes(stream_id: OfStream) -> Feed:
    """Follow a board."""
    id = read_id(Kind.STREAM, stream_id)

    async def load(context: Context) -> Mapping[Hashable, Board]:
        return {id: await domain.board_of(context.reads, id, limit=BOARD_DEFAULT)}

    return Feed(states=[State(points_topic(id), load)])
