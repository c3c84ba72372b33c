"""Doorbells between processes: «look again at this topic», over `broadcaster`.

A doorbell carries no data and may be lost. One supervised listener per process reconnects with jitter; after every
reconnect it rings all local topics, so that followers look into the log for what they missed.
All topics share one channel: `broadcaster` 0.3.1 loses concurrent first subscriptions, and one channel needs only one.
"""

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Protocol

import structlog
from broadcaster import Broadcast, Event

from domain.kernel.bus_backends import BUS_FAULTS, BusBackend, backend_for

CHANNEL = "marquee_doorbells"
# PostgreSQL refuses a NOTIFY payload of 8,000 bytes or more.
MESSAGE_MAX_BYTES = 7_000
RECONNECT_FIRST_S = 0.1
# With its jitter well within the five seconds in which a line must be back.
RECONNECT_MAX_S = 2.0
PENDING_MAX = 10_000

log = structlog.get_logger(__name__)


class _Subscriber(Protocol):
    """What `broadcaster` gives to who subscribes."""

    async def get(self) -> Event: ...


class Doorbell:
    """One listener's doorbell for one topic. Rings that come together count as one."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Wake the listener."""
        self._rung.set()

    async def wait(self, timeout_s: float) -> bool:
        """Wait for a ring, at most `timeout_s`. Return whether it rang."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._rung.wait()
        except TimeoutError:
            return False
        self._rung.clear()
        return True


class Bus:
    """The process's end of the doorbell line."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._doorbells: dict[str, set[Doorbell]] = defaultdict(set)
        self._rings: dict[str, int] = {}
        self._pending: set[str] = set()
        self._has_pending = asyncio.Event()
        self._connected = asyncio.Event()

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str) -> AsyncIterator["Bus"]:
        """Connect in the background and keep connected until the block ends.

        `url` is a PostgreSQL or a Redis/Valkey (`redis://`, `valkey://`) address. An absent bus delays doorbells, it
        does not stop the process from starting.
        """
        bus = cls(url)
        supervisor = asyncio.create_task(bus._supervise())
        try:
            yield bus
        finally:
            supervisor.cancel()
            await asyncio.gather(supervisor, return_exceptions=True)

    @property
    def healthy(self) -> bool:
        """Whether the line to the other processes stands."""
        return self._connected.is_set()

    async def ready(self, timeout_s: float) -> bool:
        """Wait until the line stands, at most `timeout_s`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._connected.wait()
        return self.healthy

    def ring(self, topics: Iterable[str]) -> None:
        """Ring these topics here at once, and in every other process soon. Never blocks, never fails."""
        for topic in topics:
            self._ring_here(topic)
            if len(self._pending) < PENDING_MAX:
                self._pending.add(topic)
        if self._pending:
            self._has_pending.set()

    def rings(self, topic: str) -> int:
        """Return how often a topic has rung here since it was first asked for; what was read before a ring is old."""
        return self._rings.setdefault(topic, 0)

    @asynccontextmanager
    async def listen(self, topic: str) -> AsyncIterator[Doorbell]:
        """Lend a doorbell for one topic."""
        doorbell = Doorbell()
        self._doorbells[topic].add(doorbell)
        try:
            yield doorbell
        finally:
            listeners = self._doorbells[topic]
            listeners.discard(doorbell)
            if not listeners:
                del self._doorbells[topic]

    def _ring_here(self, topic: str) -> None:
        if topic in self._rings:
            self._rings[topic] += 1
        for doorbell in self._doorbells.get(topic, ()):
            doorbell.ring()

    def _ring_all_here(self) -> None:
        for topic in {*self._doorbells, *self._rings}:
            self._ring_here(topic)

    async def _supervise(self) -> None:
        delay_s = RECONNECT_FIRST_S
        while True:
            try:
                await self._serve(backend_for(self._url, channel=CHANNEL))
            except BUS_FAULTS as fault:
                log.debug("bus.lost", reason=type(fault).__name__)
            except Exception:
                # Whatever it was, without a line the process would go on and hear nothing, for as long as it lives.
                log.exception("bus.failed")
            if self._connected.is_set():
                delay_s = RECONNECT_FIRST_S
            self._connected.clear()
            # Jitter, so that a fleet does not come back in the same instant.
            await asyncio.sleep(delay_s * random.uniform(0.5, 1.5))  # noqa: S311 (no secret)
            delay_s = min(delay_s * 2, RECONNECT_MAX_S)

    async def _serve(self, backend: BusBackend) -> None:
        """Take and send doorbells until the connection is lost."""
        try:
            async with Broadcast(backend=backend) as broadcast, broadcast.subscribe(CHANNEL) as subscriber:
                self._connected.set()
                self._ring_all_here()
                await _until_one_ends(self._hear(subscriber), self._tell(broadcast), backend.lost.wait())
        finally:
            # `broadcaster` lets go of nothing when it could not connect.
            await backend.disconnect()

    async def _hear(self, subscriber: _Subscriber) -> None:
        while True:
            event = await subscriber.get()
            for topic in event.message.split("\n"):
                self._ring_here(topic)

    async def _tell(self, broadcast: Broadcast) -> None:
        while True:
            await self._has_pending.wait()
            self._has_pending.clear()
            untold, self._pending = self._pending, set()
            try:
                for message in _messages(untold):
                    await broadcast.publish(CHANNEL, message)
                untold = set()
            finally:
                # What this line did not carry, the next one does.
                self._pending |= untold
                if self._pending:
                    self._has_pending.set()


async def _until_one_ends(*running: Coroutine[object, object, object]) -> None:
    """Run these side by side until one ends, stop the others, and raise what it raised."""
    tasks = [asyncio.create_task(one) for one in running]
    try:
        ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in ended:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _messages(topics: Iterable[str]) -> Iterable[str]:
    batch: list[str] = []
    size = 0
    for topic in topics:
        cost = len(topic.encode()) + 1
        if batch and size + cost > MESSAGE_MAX_BYTES:
            yield "\n".join(batch)
            batch, size = [], 0
        batch.append(topic)
        size += cost
    if batch:
        yield "\n".join(batch)
