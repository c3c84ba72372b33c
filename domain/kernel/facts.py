"""The log of facts: what happened, in order, per topic.

A fact is appended in the transaction that made it true, and a doorbell rings after the commit. The doorbell is only
a hint: whoever follows a topic reads the log, so a lost doorbell costs at most one poll, never a fact.

Offsets of a topic start at 1 and have no gaps, because the row of the topic is locked until its writer commits.
An epoch names one life of a topic: after a restore from an old backup `marquee resync` changes it, and followers are
told to resync.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, fields
from datetime import datetime
from typing import ClassVar, Protocol
from uuid import UUID

import orjson
from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, Index, LargeBinary, Table, Text, Uuid, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.kernel.bus import Bus
from domain.kernel.hot import fetch_first
from domain.kernel.ids import plain_id
from domain.kernel.tables import metadata

# How long a follower trusts the doorbell before it looks for itself.
POLL_S = 5.0
READ_LIMIT = 500
TOPIC_MAX_CHARS = 120

fact_topics = Table(
    "fact_topics",
    metadata,
    Column("topic", Text, primary_key=True),
    Column("epoch", Uuid, nullable=False),
    Column("head", BigInteger, nullable=False),
)

facts = Table(
    "facts",
    metadata,
    Column("topic", Text, ForeignKey("fact_topics.topic", ondelete="CASCADE"), primary_key=True),
    Column("offset", BigInteger, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("kind", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    # Facts are written in the order of their instants, so the smallest of indexes finds the oldest.
    Index("facts_at_idx", "at", postgresql_using="brin"),
)

# The upsert locks the topic's row until the commit, which is what makes the offsets gapless and in commit order.
_APPEND = """
    WITH moved AS (
        INSERT INTO fact_topics AS t (topic, epoch, head) VALUES ($1, gen_random_uuid(), 1)
        ON CONFLICT (topic) DO UPDATE SET head = t.head + 1
        RETURNING topic, head
    )
    INSERT INTO facts (topic, "offset", at, kind, body)
    SELECT topic, head, $2, $3, $4 FROM moved
"""

_RENEW = text(
    """
    WITH chosen AS (
        SELECT topic FROM fact_topics WHERE topic > :after ORDER BY topic LIMIT :limit FOR UPDATE
    ), renewed AS (
        UPDATE fact_topics SET epoch = gen_random_uuid() FROM chosen WHERE fact_topics.topic = chosen.topic
        RETURNING fact_topics.topic
    )
    SELECT count(*) AS topics, max(topic) AS last FROM renewed
    """
)


# Numbers as many offsets as there are bodies, in their order.
_APPEND_MANY = """
    WITH moved AS (
        INSERT INTO fact_topics AS t (topic, epoch, head) VALUES ($1, gen_random_uuid(), cardinality($4::bytea[]))
        ON CONFLICT (topic) DO UPDATE SET head = t.head + cardinality($4::bytea[])
        RETURNING topic, head
    )
    INSERT INTO facts (topic, "offset", at, kind, body)
    SELECT topic, head - cardinality($4::bytea[]) + f.n, $2, f.kind, f.body
    FROM moved, unnest($3::text[], $4::bytea[]) WITH ORDINALITY AS f (kind, body, n)
"""


@dataclass(frozen=True)
class Fact:
    """Something that happened. Subclass with fields that JSON can hold; ids and instants are fine."""

    kind: ClassVar[str] = "Fact"

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.kind = cls.__name__


@dataclass(frozen=True)
class Position:
    """A place in a topic's log: everything up to `offset` of this `epoch` has been seen."""

    epoch: UUID
    offset: int


@dataclass(frozen=True)
class LoggedFact:
    """A fact as the log holds it."""

    topic: str
    position: Position
    at: datetime
    kind: str
    body: Mapping[str, object]


@dataclass(frozen=True)
class Resync:
    """The wanted place is not in the log any more: load a snapshot, then go on from `position`."""

    position: Position


@dataclass(frozen=True)
class Renewed:
    """How many topics began a new epoch, and after which one to go on; None when that was the last."""

    topics: int
    next_after: str | None


class Readable(Protocol):
    """What can lend a short read connection."""

    def read(self) -> AbstractAsyncContextManager[AsyncConnection]: ...


async def append_fact(connection: AsyncConnection, topic: str, fact: Fact, *, at: datetime) -> None:
    """Append one fact inside the caller's transaction. Locks the topic until that transaction ends."""
    assert 0 < len(topic) <= TOPIC_MAX_CHARS, topic
    assert "\n" not in topic, topic
    await fetch_first(connection, _APPEND, topic, at, fact.kind, _body(fact))


async def append_facts(connection: AsyncConnection, topic: str, told: Sequence[Fact], *, at: datetime) -> None:
    """Append facts in their order, as `append_fact` would each, with one statement for all of them."""
    if len(told) == 1:
        await append_fact(connection, topic, told[0], at=at)
        return
    assert 0 < len(topic) <= TOPIC_MAX_CHARS, topic
    assert "\n" not in topic, topic
    kinds, bodies = [fact.kind for fact in told], [_body(fact) for fact in told]
    await fetch_first(connection, _APPEND_MANY, topic, at, kinds, bodies)


def _body(fact: Fact) -> bytes:
    return orjson.dumps({field.name: getattr(fact, field.name) for field in fields(fact)}, default=plain_id)


async def head(connection: AsyncConnection, topic: str) -> Position | None:
    """Return the newest position of a topic, or None when nothing was ever announced on it."""
    row = (await connection.execute(select(fact_topics).where(fact_topics.c.topic == topic))).one_or_none()
    return None if row is None else Position(epoch=row.epoch, offset=row.head)


async def heads(connection: AsyncConnection, topics: Sequence[str]) -> dict[str, Position]:
    """Return the newest positions of topics, but of those on which nothing was ever announced."""
    rows = await connection.execute(select(fact_topics).where(fact_topics.c.topic.in_(topics)))
    return {row.topic: Position(epoch=row.epoch, offset=row.head) for row in rows}


async def read_facts(
    connection: AsyncConnection, topic: str, *, after: int, limit: int = READ_LIMIT
) -> list[LoggedFact]:
    """Return up to `limit` facts with offsets above `after`, oldest first."""
    statement = (
        select(facts, fact_topics.c.epoch)
        .join(fact_topics, fact_topics.c.topic == facts.c.topic)
        .where(facts.c.topic == topic, facts.c.offset > after)
        .order_by(facts.c.offset)
        .limit(min(limit, READ_LIMIT))
    )
    rows = (await connection.execute(statement)).all()
    return [
        LoggedFact(
            topic=topic,
            position=Position(epoch=row.epoch, offset=row.offset),
            at=row.at,
            kind=row.kind,
            body=orjson.loads(row.body),
        )
        for row in rows
    ]


async def begin_epochs(connection: AsyncConnection, *, after: str = "", limit: int) -> Renewed:
    """Begin a new epoch of up to `limit` topics whose names come after `after`.

    A database that was restored goes on counting where its backup ended. Whoever had followed the facts that were lost
    would take those that get their numbers for seen; with another epoch it is told to resync.
    """
    row = (await connection.execute(_RENEW, {"after": after, "limit": limit})).one()
    return Renewed(row.topics, row.last if row.topics == limit else None)


async def prune_facts(connection: AsyncConnection, *, before: datetime, limit: int) -> int:
    """Delete up to `limit` facts that were announced before an instant; return how many.

    Topics stay and go on counting, so whoever followed one that far back is told to resync.
    """
    statement = text(
        'DELETE FROM facts WHERE (topic, "offset") IN'
        ' (SELECT topic, "offset" FROM facts WHERE at < :before LIMIT :limit)'
    )
    return (await connection.execute(statement, {"before": before, "limit": limit})).rowcount


async def facts_since(database: Readable, topic: str, position: Position | None) -> Sequence[LoggedFact | Resync]:
    """Return the next facts of a topic after `position`, or a Resync when it is no place in the log; [] at its end."""
    async with database.read() as connection:
        newest = await head(connection, topic)
        if newest is None:
            return []
        if position is None or position.epoch != newest.epoch or position.offset > newest.offset:
            return [Resync(newest)]
        if position.offset == newest.offset:
            return []
        found = await read_facts(connection, topic, after=position.offset)
    if not found or found[0].position.offset != position.offset + 1:
        return [Resync(newest)]
    return found


async def follow(
    database: Readable, bus: Bus, topic: str, *, since: Position | None, poll_s: float = POLL_S
) -> AsyncIterator[LoggedFact | Resync]:
    """Yield every fact of a topic after `since`, then the new ones as they come, without end.

    With `since=None` the first thing yielded is a Resync that names the place to go on from.
    The doorbell is subscribed before the log is read, so nothing falls between the two.
    """
    async with bus.listen(topic) as doorbell:
        position = since
        while True:
            batch = await facts_since(database, topic, position)
            for item in batch:
                position = item.position
                yield item
            if len(batch) < READ_LIMIT:
                await doorbell.wait(poll_s)
