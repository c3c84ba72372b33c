"""Votes in the database. Triggers move the tallies with them, in the same statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.engagement.store.poll_tables import votes
from domain.kernel.hot import count_written, fetch_all

# Nobody changes their mind more often; a bot that tries costs a row's rewrite each time.
CASTS_MAX = 50


@dataclass
class VoteColumns:
    """Votes to write, a list for each column: that is how a thousand of them go as one statement."""

    poll_ids: list[UUID]
    voter_ids: list[UUID]
    slots: list[int]
    option_ids: list[UUID | None]
    weights: list[int]
    stakes: list[int]

    @classmethod
    def empty(cls) -> "VoteColumns":
        """Return no votes."""
        return cls([], [], [], [], [], [])

    def add(
        self, poll_id: UUID, voter_id: UUID, choices: Sequence[UUID], *, slots: int, weight: int, stake: int
    ) -> None:
        """Add what one voter chose. All slots there are get a row, so that a changed vote leaves nothing behind."""
        for slot in range(slots):
            self.poll_ids.append(poll_id)
            self.voter_ids.append(voter_id)
            self.slots.append(slot)
            self.option_ids.append(choices[slot] if slot < len(choices) else None)
            self.weights.append(weight)
            self.stakes.append(stake if slot == 0 else 0)


@dataclass
class KnownVotes:
    """Votes in polls of known versions. Polls and options are numbered from 1, in the order they are listed."""

    poll_ids: list[UUID]
    versions: list[int]
    option_ids: list[UUID]
    changeable: list[UUID]
    poll_numbers: list[int]
    voter_ids: list[UUID]
    slots: list[int]
    option_numbers: list[int | None]

    @classmethod
    def empty(cls) -> "KnownVotes":
        """Return no votes."""
        return cls([], [], [], [], [], [], [], [])


class Vote(NamedTuple):
    """A vote as it stands. `choices` are in the order of their ids. A tuple, since thousands are made in a second."""

    poll_id: UUID
    voter_id: UUID
    choices: tuple[UUID, ...]
    weight: int
    stake: int
    cast_at: datetime


# In the order of their key everywhere, so that two processes with the same voter never wait for each other in a circle.
# A vote that may not be changed, or was too often, stays as it is: all slots of it or none, since they count alike.
WRITE = """
    INSERT INTO votes AS v (poll_id, voter_id, slot, option_id, weight, stake, casts, cast_at)
    SELECT poll_id, voter_id, slot, option_id, weight, stake, 1, $7
    FROM unnest($1::uuid[], $2::uuid[], $3::smallint[], $4::uuid[], $5::smallint[], $6::integer[])
        AS cast_votes (poll_id, voter_id, slot, option_id, weight, stake)
    ORDER BY poll_id, voter_id, slot
    ON CONFLICT (poll_id, voter_id, slot) DO UPDATE
    SET option_id = excluded.option_id, weight = excluded.weight, casts = v.casts + 1, cast_at = excluded.cast_at
    WHERE v.poll_id = ANY($8::uuid[]) AND v.casts < $9
"""

# Everything at once, for polls whose votes all weigh one: the polls' rows are locked and must be of the versions by
# which the votes were admitted, or nothing of theirs is written. Polls and options come once, and votes name their
# numbers.
_WRITE_KNOWN = """
    WITH held AS MATERIALIZED (
        SELECT p.id, known.number
        FROM polls p JOIN unnest($1::uuid[], $2::integer[]) WITH ORDINALITY AS known (id, version, number)
            ON p.id = known.id AND p.version = known.version
        FOR SHARE OF p
    )
    INSERT INTO votes AS v (poll_id, voter_id, slot, option_id, weight, stake, casts, cast_at)
    SELECT held.id, voter_id, slot, ($3::uuid[])[option_number], 1, 0, 1, $8
    FROM unnest($4::smallint[], $5::uuid[], $6::smallint[], $7::smallint[])
        AS cast_votes (poll_number, voter_id, slot, option_number) JOIN held ON held.number = poll_number
    ORDER BY held.id, voter_id, slot
    ON CONFLICT (poll_id, voter_id, slot) DO UPDATE
    SET option_id = excluded.option_id, weight = excluded.weight, casts = v.casts + 1, cast_at = excluded.cast_at
    WHERE v.poll_id = ANY($9::uuid[]) AND v.casts < $10
"""

_KEPT = """
    SELECT v.poll_id, v.voter_id, v.option_id, v.weight, v.stake, v.cast_at
    FROM votes v JOIN unnest($1::uuid[], $2::uuid[]) AS asked (poll_id, voter_id) USING (poll_id, voter_id)
    ORDER BY v.poll_id, v.voter_id, v.slot
"""


async def write_votes(
    connection: AsyncConnection, columns: VoteColumns, *, changeable: Sequence[UUID], now: datetime
) -> bool:
    """Write votes, and those of `changeable` polls over earlier ones; return whether all of them were written."""
    written = await count_written(
        connection,
        WRITE,
        columns.poll_ids,
        columns.voter_ids,
        columns.slots,
        columns.option_ids,
        columns.weights,
        columns.stakes,
        now,
        changeable,
        CASTS_MAX,
    )
    return written == len(columns.slots)


async def write_known_votes(connection: AsyncConnection, known: KnownVotes, *, now: datetime) -> bool:
    """Write votes by one statement, a transaction of its own; return whether all of them were.

    If not, some may have been: their polls are others by now, or they were cast before and stay.
    """
    written = await count_written(
        connection,
        _WRITE_KNOWN,
        known.poll_ids,
        known.versions,
        known.option_ids,
        known.poll_numbers,
        known.voter_ids,
        known.slots,
        known.option_numbers,
        now,
        known.changeable,
        CASTS_MAX,
    )
    return written == len(known.slots)


async def kept_votes(connection: AsyncConnection, keys: Sequence[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], Vote]:
    """Return the votes that there are, by poll and voter."""
    found: dict[tuple[UUID, UUID], Vote] = {}
    for row in await fetch_all(connection, _KEPT, [poll for poll, _ in keys], [voter for _, voter in keys]):
        key = (row["poll_id"], row["voter_id"])
        vote = found.get(key)
        if vote is None:
            found[key] = Vote(*key, (row["option_id"],), row["weight"], row["stake"], row["cast_at"])
        elif row["option_id"] is not None:
            choices = (*vote.choices, row["option_id"])
            found[key] = Vote(*key, choices, vote.weight, vote.stake, vote.cast_at)
    return found


_PAGE = """
    SELECT voter_id, array_agg(option_id ORDER BY slot) FILTER (WHERE option_id IS NOT NULL) AS choices,
        max(weight) AS weight, max(stake) AS stake, max(cast_at) AS cast_at
    FROM votes WHERE poll_id = $1 AND ($2::uuid IS NULL OR voter_id {after} $2)
    GROUP BY voter_id ORDER BY voter_id {order} LIMIT $3
"""
_FORWARDS, _BACKWARDS = _PAGE.format(after=">", order=""), _PAGE.format(after="<", order="DESC")


async def page_of_votes(
    connection: AsyncConnection, poll_id: UUID, *, place: UUID | None, backwards: bool, limit: int
) -> list[Vote]:
    """Return votes of a poll from a voter on, in the order of the voters or against it."""
    rows = await fetch_all(connection, _BACKWARDS if backwards else _FORWARDS, poll_id, place, limit)
    return [
        Vote(poll_id, row["voter_id"], tuple(row["choices"]), row["weight"], row["stake"], row["cast_at"])
        for row in rows
    ]


async def delete_votes(connection: AsyncConnection, poll_id: UUID) -> None:
    """Drop all votes of a poll."""
    await connection.execute(delete(votes).where(votes.c.poll_id == poll_id))
