"""Units of work: one mutation, one webhook delivery or one job step is one transaction.

A verb gets a `Work` and never commits; whoever opened the work does, by leaving the block. Reads take a short
connection of their own for each batch, because sibling resolvers on one connection would wait for each other.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Self
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.kernel.bus import Bus
from domain.kernel.clock import Clock, system_clock
from domain.kernel.connecting import engine_for
from domain.kernel.facts import TOPIC_MAX_CHARS, Fact, Readable, append_facts
from domain.kernel.hot import Transaction
from domain.kernel.ids import new_id
from domain.kernel.jobs import JOBS_TOPIC, Job, insert_job
from domain.kernel.lending import Lender

CONNECT_TIMEOUT_S = 3.0
COMMAND_TIMEOUT_S = 10.0
# How long a caller may wait for a free connection before it is told to come back later.
POOL_WAIT_S = 3.0
POOL_SIZE = 10


class Work:
    """One transaction, the instant it happens at, and what it will tell others once it is committed."""

    def __init__(self, connection: AsyncConnection, *, now: datetime) -> None:
        self.connection = connection
        self.now = now
        self._announced: list[tuple[str, Fact]] = []
        self._rung: set[str] = set()

    def new_id(self) -> UUID:
        """Return a fresh UUIDv7."""
        return new_id()

    async def announce(self, topic: str, fact: Fact) -> None:
        """Append a fact to the topic's log in this transaction, and ring the topic after the commit.

        The log is written just before the commit, topics in order, so that two works never wait for each other in
        a circle and a busy topic is locked only briefly.
        """
        self.ring(topic)
        self._announced.append((topic, fact))

    async def enqueue(self, job: Job) -> None:
        """Insert a job in this transaction: it exists if and only if the work commits."""
        await insert_job(self.connection, job)
        if job.delay_s <= 0:
            self.ring(JOBS_TOPIC)

    def ring(self, topic: str) -> None:
        """Ring a topic after the commit without adding a fact: its state moved, and only the newest state counts."""
        # Checked here, where it still can be: one name that the bus refuses would hold up every other doorbell.
        assert 0 < len(topic) <= TOPIC_MAX_CHARS, topic
        assert topic.isprintable(), topic
        self._rung.add(topic)

    async def write_facts(self) -> None:
        """Write what was announced so far. Called once before the commit; a test may call it to look into the log."""
        announced, self._announced = self._announced, []
        for topic, told in groupby(sorted(announced, key=_topic_of), key=_topic_of):
            await append_facts(self.connection, topic, [fact for _, fact in told], at=self.now)

    @asynccontextmanager
    async def part(self) -> AsyncIterator[None]:
        """Let a part of this work fail alone: when the block raises, what it wrote, announced and rang is undone."""
        announced, rung = list(self._announced), set(self._rung)
        try:
            async with self.connection.begin_nested():
                yield
        except BaseException:
            self._announced, self._rung = announced, rung
            raise

    def reads(self) -> "Reads":
        """Return batch reads that see what this work has written so far."""
        return Reads(_Lent(self.connection), now=self.now)

    @property
    def lent(self) -> "_Lent":
        """What lends this work's own connection to whoever reads by itself."""
        return _Lent(self.connection)

    @property
    def rung(self) -> frozenset[str]:
        """The topics to ring once this work is committed."""
        return frozenset(self._rung)


@dataclass(frozen=True)
class Database:
    """Two pools on one PostgreSQL: transactions that write, and short reads in autocommit."""

    writes: AsyncEngine
    reading: AsyncEngine
    writers: Lender
    readers: Lender

    @classmethod
    def connect(cls, url: str, *, pool_size: int = POOL_SIZE, read_pool_size: int = POOL_SIZE) -> Self:
        """Prepare both pools for a `postgresql://` address. Nothing is opened yet."""
        writes = _engine(url, pool_size)
        reading = _engine(url, read_pool_size).execution_options(isolation_level="AUTOCOMMIT")
        return cls(
            writes=writes,
            reading=reading,
            writers=Lender(writes, size=pool_size, wait_s=POOL_WAIT_S),
            readers=Lender(reading, size=read_pool_size, wait_s=POOL_WAIT_S),
        )

    @asynccontextmanager
    async def work(self, *, bus: Bus, clock: Clock = system_clock) -> AsyncIterator[Work]:
        """Open one transaction. Commits when the block ends, rolls back when it raises.

        Raises:
            Unavailable: the database went away, or a lock could not be had in time. Nothing was committed, unless
                the connection broke during the commit itself: then the caller repeats with its idempotency key.
        """
        async with self.writers.lend() as connection:
            work = Work(connection, now=clock())
            async with Transaction(connection):
                yield work
                await work.write_facts()
        bus.ring(work.rung)

    def read(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """Lend a short read connection; every statement is its own transaction.

        Raises:
            Unavailable: the database went away.
        """
        return self.readers.lend()

    async def close(self) -> None:
        """Close every connection of both pools."""
        await self.writers.close()
        await self.readers.close()


@dataclass(frozen=True)
class Reads:
    """What a batch load gets: short connections, and the instant the request reads at."""

    database: Readable
    now: datetime

    def connection(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """Lend a short read connection, for this load only."""
        return self.database.read()


@dataclass(frozen=True)
class _Lent:
    """Lends the one connection of a transaction; its owner gives it back."""

    held: AsyncConnection

    def read(self) -> AbstractAsyncContextManager[AsyncConnection]:
        return nullcontext(self.held)


def _topic_of(announced: tuple[str, Fact]) -> str:
    return announced[0]


def _engine(url: str, pool_size: int) -> AsyncEngine:
    return engine_for(
        url,
        driver={
            "timeout": CONNECT_TIMEOUT_S,
            "command_timeout": COMMAND_TIMEOUT_S,
            # Plans of the statements that hot paths run: more of them than the driver keeps by itself.
            "statement_cache_size": 500,
        },
        settings={
            "application_name": "marquee",
            "lock_timeout": "5s",
            "idle_in_transaction_session_timeout": "30s",
            # Reads and writes here are short; the just-in-time compiler costs more than it saves.
            "jit": "off",
        },
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_WAIT_S,
        pool_use_lifo=True,
    )
