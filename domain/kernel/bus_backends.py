"""Backends of our own for `broadcaster`, where its own fail.

Its PostgreSQL backend publishes on one unlocked connection and hangs when that is lost; its Redis backend delivers
nothing with current clients. Both of ours tell the supervisor through `lost`, and bound what they keep.
"""

import asyncio
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import asyncpg
from broadcaster import BroadcastBackend, Event

CONNECT_TIMEOUT_S = 5.0
PUBLISH_TIMEOUT_S = 5.0
# A probe on the idle listening connection: a peer that vanished without a word is noticed within this time.
PROBE_EVERY_S = 2.0
QUEUE_MAX = 1_000

BUS_FAULTS = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError)


class BusBackend(BroadcastBackend):
    """A backend that says when its connection is gone."""

    def __init__(self) -> None:
        self.lost = asyncio.Event()
        self._queue: asyncio.Queue[Event] = asyncio.Queue(QUEUE_MAX)

    async def next_published(self) -> Event:
        """Return the next doorbell message."""
        return await self._queue.get()

    def _take(self, channel: str, message: str) -> None:
        try:
            self._queue.put_nowait(Event(channel, message))
        except asyncio.QueueFull:
            # Too many to keep: drop the line, so that the supervisor reconnects and has everybody look into the log.
            self.lost.set()


class PostgresDoorbells(BusBackend):
    """LISTEN on one connection, NOTIFY on another, each used by one task only."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self._listening: asyncpg.Connection[asyncpg.Record] | None = None
        self._publishing: asyncpg.Connection[asyncpg.Record] | None = None
        self._probe: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        """Open both connections."""
        self._listening = await asyncpg.connect(self._url, timeout=CONNECT_TIMEOUT_S, command_timeout=PUBLISH_TIMEOUT_S)
        self._publishing = await asyncpg.connect(
            self._url, timeout=CONNECT_TIMEOUT_S, command_timeout=PUBLISH_TIMEOUT_S
        )
        self._listening.add_termination_listener(lambda _connection: self.lost.set())
        self._probe = asyncio.create_task(self._watch())

    async def disconnect(self) -> None:
        """Close both connections at once; there is nothing to say goodbye to when the peer is gone."""
        if self._probe is not None:
            self._probe.cancel()
        for connection in (self._listening, self._publishing):
            if connection is not None:
                connection.terminate()

    async def subscribe(self, channel: str) -> None:
        """Start to listen."""
        assert self._listening is not None
        await self._listening.add_listener(
            channel, lambda _connection, _pid, name, payload: self._take(name, str(payload))
        )

    async def unsubscribe(self, channel: str) -> None:
        """Nothing to do: the connection is closed with the subscription."""

    async def publish(self, channel: str, message: Any) -> None:
        """Notify every listener, this process included."""
        assert self._publishing is not None
        await self._publishing.execute("SELECT pg_notify($1, $2)", channel, str(message))

    async def _watch(self) -> None:
        assert self._listening is not None
        with suppress(*BUS_FAULTS):
            while True:
                await asyncio.sleep(PROBE_EVERY_S)
                await self._listening.execute("SELECT 1")
        self.lost.set()


def backend_for(url: str) -> BusBackend:
    """Return a fresh, unconnected backend for a bus address.

    Raises:
        ValueError: the scheme is none we speak.
    """
    scheme = urlsplit(url).scheme
    if scheme in {"postgresql", "postgres"}:
        return PostgresDoorbells(url)
    if scheme in {"redis", "rediss", "valkey", "valkeys", "unix"}:
        # Its client is large, and most processes need none.
        from domain.kernel.bus_valkey import ValkeyDoorbells

        return ValkeyDoorbells(url)
    raise ValueError(f"BUS_URL: {scheme!r} is not a bus. Use postgresql://, redis:// or valkey://.")
