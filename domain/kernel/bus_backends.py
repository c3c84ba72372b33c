"""Backends of our own for `broadcaster`, where its own fail.

Its PostgreSQL backend publishes on one unlocked connection and hangs when that is lost; its Redis backend delivers
nothing with current clients. Both of ours tell the supervisor through `lost`, and bound what they keep.
"""

import asyncio
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import structlog
from broadcaster import BroadcastBackend, Event

CONNECT_TIMEOUT_S = 5.0
PUBLISH_TIMEOUT_S = 5.0
# A probe on the idle listening connection: a peer that vanished without a word is noticed within this time.
PROBE_EVERY_S = 2.0
QUEUE_MAX = 1_000

log = structlog.get_logger(__name__)

BUS_FAULTS = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, TimeoutError)


class BusBackend(BroadcastBackend):
    """A backend for one channel that says when its connection is gone.

    It listens as soon as it is connected. `broadcaster` answers a subscription that fails or is cancelled with a
    KeyError of its own, so ours does nothing and cannot fail.
    """

    def __init__(self) -> None:
        self.lost = asyncio.Event()
        self._queue: asyncio.Queue[Event] = asyncio.Queue(QUEUE_MAX)

    async def next_published(self) -> Event:
        """Return the next doorbell message."""
        return await self._queue.get()

    async def subscribe(self, channel: str) -> None:
        """Nothing to do: the backend listens since it connected."""

    async def unsubscribe(self, channel: str) -> None:
        """Nothing to do: the connection is closed with the subscription."""

    def _take(self, channel: str, message: str) -> None:
        try:
            self._queue.put_nowait(Event(channel, message))
        except asyncio.QueueFull:
            # Too many to keep: drop the line, so that the supervisor reconnects and has everybody look into the log.
            self.lost.set()


class PostgresDoorbells(BusBackend):
    """LISTEN on one connection, NOTIFY on another. Losing either is losing the line."""

    def __init__(self, url: str, *, channel: str) -> None:
        super().__init__()
        self._url = url
        self._channel = channel
        self._listening: asyncpg.Connection[asyncpg.Record] | None = None
        self._publishing: asyncpg.Connection[asyncpg.Record] | None = None
        # asyncpg runs one statement at a time on a connection, and the probe shares this one with doorbells.
        self._publishing_turn = asyncio.Lock()
        self._probes: list[asyncio.Task[None]] = []

    async def connect(self) -> None:
        """Open both connections and start to listen."""
        self._listening = await self._open()
        self._publishing = await self._open()
        await self._listening.add_listener(
            self._channel, lambda _connection, _pid, name, payload: self._take(name, str(payload))
        )
        self._probes = [
            asyncio.create_task(self._watch(self._listening, asyncio.Lock())),
            asyncio.create_task(self._watch(self._publishing, self._publishing_turn)),
        ]

    async def disconnect(self) -> None:
        """Close both connections at once; there is nothing to say goodbye to when the peer is gone."""
        for probe in self._probes:
            probe.cancel()
        for connection in (self._listening, self._publishing):
            if connection is not None:
                connection.terminate()

    async def publish(self, channel: str, message: Any) -> None:
        """Notify every listener, this process included."""
        assert self._publishing is not None
        async with self._publishing_turn:
            await self._publishing.execute("SELECT pg_notify($1, $2)", channel, str(message))

    async def _open(self) -> "asyncpg.Connection[asyncpg.Record]":
        opened = await asyncpg.connect(self._url, timeout=CONNECT_TIMEOUT_S, command_timeout=PUBLISH_TIMEOUT_S)
        opened.add_termination_listener(lambda _connection: self.lost.set())
        return opened

    async def _watch(self, connection: "asyncpg.Connection[asyncpg.Record]", turn: asyncio.Lock) -> None:
        try:
            while True:
                await asyncio.sleep(PROBE_EVERY_S)
                async with turn:
                    await connection.execute("SELECT 1")
        except BUS_FAULTS as fault:
            log.debug("bus.probe_failed", reason=type(fault).__name__)
        finally:
            self.lost.set()


def backend_for(url: str, *, channel: str) -> BusBackend:
    """Return a fresh, unconnected backend for a bus address, which will listen on `channel`.

    Raises:
        ValueError: the scheme is none we speak.
    """
    scheme = urlsplit(url).scheme
    if scheme in {"postgresql", "postgres"}:
        return PostgresDoorbells(url, channel=channel)
    if scheme in {"redis", "rediss", "valkey", "valkeys", "unix"}:
        # Its client is large, and most processes need none.
        from domain.kernel.bus_valkey import ValkeyDoorbells

        return ValkeyDoorbells(url, channel=channel)
    raise ValueError(f"BUS_URL: {scheme!r} is not a bus. Use postgresql://, redis:// or valkey://.")
