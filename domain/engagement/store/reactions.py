"""The SQL of reactions: which there are in a show, and how many came in each second."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.engagement.store.talk_tables import reaction_sets
from domain.kernel.hot import count_written, fetch_all

# In one order everywhere, so that two processes never wait for each other in a circle.
_ADD = """
    INSERT INTO reaction_seconds AS s (stream_id, at, emoji, count)
    SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::bigint[]) ORDER BY 1, 2, 3
    ON CONFLICT (stream_id, at, emoji) DO UPDATE SET count = s.count + excluded.count
"""
_SUMS = """
    SELECT emoji, sum(count)::bigint AS count FROM reaction_seconds
    WHERE stream_id = $1 AND at > $2 AND at <= $3 GROUP BY emoji
"""
_SETS = "SELECT stream_id, emojis, version FROM reaction_sets WHERE stream_id = ANY($1::uuid[])"
_PRUNE = """
    DELETE FROM reaction_seconds WHERE (stream_id, at, emoji) IN
        (SELECT stream_id, at, emoji FROM reaction_seconds WHERE at < $1 LIMIT $2)
"""


class ReactionSecond(NamedTuple):
    """One emoji in one second of one show. A tuple, since it is counted by."""

    stream_id: UUID
    at: datetime
    emoji: str


async def add_counts(connection: AsyncConnection, counts: Mapping[ReactionSecond, int]) -> None:
    """Add counts of seconds to what is there."""
    keys = list(counts)
    columns = [key.stream_id for key in keys], [key.at for key in keys], [key.emoji for key in keys]
    await count_written(connection, _ADD, *columns, list(counts.values()))


async def sums_of(connection: AsyncConnection, stream_id: UUID, *, after: datetime, until: datetime) -> dict[str, int]:
    """Return how many reactions there were in the seconds after one and until another, by emoji."""
    return {row["emoji"]: row["count"] for row in await fetch_all(connection, _SUMS, stream_id, after, until)}


async def sets_of(connection: AsyncConnection, stream_ids: Sequence[UUID]) -> dict[UUID, tuple[tuple[str, ...], int]]:
    """Return the emojis that were chosen for shows, and the versions of those choices."""
    rows = await fetch_all(connection, _SETS, list(set(stream_ids)))
    return {row["stream_id"]: (tuple(row["emojis"]), row["version"]) for row in rows}


async def hold_version(connection: AsyncConnection, stream_id: UUID, *, emojis: Sequence[str]) -> int:
    """Return the version of a show's choice, which nobody else changes until the transaction ends."""
    row = {"stream_id": stream_id, "emojis": list(emojis), "version": 0}
    await connection.execute(upsert(reaction_sets).values(row).on_conflict_do_nothing())
    held = select(reaction_sets.c.version).where(reaction_sets.c.stream_id == stream_id).with_for_update()
    return int((await connection.execute(held)).scalar_one())


async def put_set(connection: AsyncConnection, stream_id: UUID, *, emojis: Sequence[str], version: int) -> None:
    """Write a show's choice."""
    values = {"emojis": list(emojis), "version": version}
    statement = upsert(reaction_sets).values(stream_id=stream_id, **values)
    await connection.execute(statement.on_conflict_do_update(index_elements=["stream_id"], set_=values))


async def prune_seconds(connection: AsyncConnection, *, before: datetime, limit: int) -> int:
    """Delete up to `limit` counts of seconds before an instant; return how many."""
    return await count_written(connection, _PRUNE, before, limit)
