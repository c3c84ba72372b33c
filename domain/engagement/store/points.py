"""The ledger of points. Triggers refuse what does not come to zero, and move the balances in the same statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.kernel.hot import count_written, fetch_all, fetch_first


class Reason(StrEnum):
    """Why points move."""

    WELCOME = "WELCOME"
    STAKE = "STAKE"
    PAYOUT = "PAYOUT"
    REFUND = "REFUND"
    QUIZ = "QUIZ"


@dataclass(frozen=True)
class Movement:
    """Points that change hands at once. `holder_ids` and `points` go together and come to zero."""

    id: UUID
    stream_id: UUID
    poll_id: UUID | None
    reason: Reason
    holder_ids: Sequence[UUID]
    points: Sequence[int]


@dataclass(frozen=True)
class Standing:
    """Where a player is on a board: `place` counts from 1."""

    stream_id: UUID
    player_id: UUID
    place: int
    points: int


_MOVE = """
    INSERT INTO point_entries (movement_id, holder_id, stream_id, poll_id, reason, points, at)
    SELECT $1, holder_id, $2, $3, $4, points, $7 FROM unnest($5::uuid[], $6::bigint[]) AS moved (holder_id, points)
"""
_HOLD = """
    SELECT holder_id, points FROM point_balances WHERE stream_id = $1 AND holder_id = ANY($2::uuid[]) AND is_player
    ORDER BY holder_id FOR NO KEY UPDATE
"""
_POT = "SELECT points FROM point_balances WHERE stream_id = $1 AND holder_id = $2"
_STAKES = "SELECT voter_id, option_id, stake FROM votes WHERE poll_id = $1 AND slot = 0 AND stake > 0 ORDER BY voter_id"
# Right is who chose every right answer and no other.
_RIGHT = """
    SELECT voter_id FROM votes WHERE poll_id = $1 AND option_id IS NOT NULL
    GROUP BY voter_id HAVING count(*) = cardinality($2::uuid[]) AND bool_and(option_id = ANY($2::uuid[]))
    ORDER BY voter_id
"""
_PLAYERS = "SELECT holder_id FROM point_balances WHERE stream_id = $1 AND holder_id = ANY($2::uuid[])"
BOARD = """
    SELECT holder_id, points FROM point_balances WHERE stream_id = $1 AND is_player
    ORDER BY points DESC, holder_id LIMIT $2
"""
# Only the index is read, as far as the player's own place.
PLACE = """
    SELECT mine.points, 1 + (
        SELECT count(*) FROM point_balances o WHERE o.stream_id = $1 AND o.is_player AND o.points > mine.points
    ) + (
        SELECT count(*) FROM point_balances o
        WHERE o.stream_id = $1 AND o.is_player AND o.points = mine.points AND o.holder_id < $2
    ) AS place
    FROM point_balances mine WHERE mine.stream_id = $1 AND mine.holder_id = $2 AND mine.is_player
"""


async def move(connection: AsyncConnection, movement: Movement, *, now: datetime) -> None:
    """Write one movement. The database refuses it unless it comes to zero and leaves nobody in debt but the house."""
    await count_written(
        connection,
        _MOVE,
        movement.id,
        movement.stream_id,
        movement.poll_id,
        movement.reason.value,
        movement.holder_ids,
        movement.points,
        now,
    )


async def hold_balances(connection: AsyncConnection, stream_id: UUID, player_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Return what players have, locked until the transaction ends."""
    return {row["holder_id"]: row["points"] for row in await fetch_all(connection, _HOLD, stream_id, player_ids)}


async def pot_of(connection: AsyncConnection, stream_id: UUID, poll_id: UUID) -> int:
    """Return what is staked in a poll."""
    row = await fetch_first(connection, _POT, stream_id, poll_id)
    return 0 if row is None else int(row["points"])


async def stakes_of(connection: AsyncConnection, poll_id: UUID) -> list[tuple[UUID, UUID, int]]:
    """Return who staked how much on which option, in order of the voters."""
    return [(row["voter_id"], row["option_id"], row["stake"]) for row in await fetch_all(connection, _STAKES, poll_id)]


async def right_voters(connection: AsyncConnection, poll_id: UUID, right: Sequence[UUID]) -> list[UUID]:
    """Return who chose exactly the right options."""
    return [row["voter_id"] for row in await fetch_all(connection, _RIGHT, poll_id, right)]


async def players_among(connection: AsyncConnection, stream_id: UUID, ids: Sequence[UUID]) -> set[UUID]:
    """Return those who have a balance in a show."""
    return {row["holder_id"] for row in await fetch_all(connection, _PLAYERS, stream_id, ids)}


async def board(connection: AsyncConnection, stream_id: UUID, *, limit: int) -> list[Standing]:
    """Return the best players of a show."""
    rows = await fetch_all(connection, BOARD, stream_id, limit)
    return [Standing(stream_id, row["holder_id"], place, row["points"]) for place, row in enumerate(rows, start=1)]


async def standing_of(connection: AsyncConnection, stream_id: UUID, player_id: UUID) -> Standing | None:
    """Return where one player is."""
    row = await fetch_first(connection, PLACE, stream_id, player_id)
    return None if row is None else Standing(stream_id, player_id, row["place"], row["points"])
