"""Doorbells over Valkey or Redis, imported only where the bus address names one."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from valkey import asyncio as valkey
from valkey.exceptions import ValkeyError

from domain.kernel.bus_backends import BUS_FAULTS, CONNECT_TIMEOUT_S, PROBE_EVERY_S, PUBLISH_TIMEOUT_S, BusBackend


class ValkeyDoorbells(BusBackend):
    """PUBLISH and SUBSCRIBE on Valkey or Redis."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._client = valkey.Valkey.from_url(
            url, socket_connect_timeout=CONNECT_TIMEOUT_S, socket_timeout=PUBLISH_TIMEOUT_S
        )
        self._pubsub = self._client.pubsub()
        self._reader: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        """Check that the server answers."""
        with _as_bus_fault():
            await self._client.ping()

    async def disconnect(self) -> None:
        """Stop reading and drop the connections."""
        if self._reader is not None:
            self._reader.cancel()
        with suppress(ValkeyError, *BUS_FAULTS):
            await self._pubsub.aclose()
            await self._client.aclose()

    async def subscribe(self, channel: str) -> None:
        """Start to listen."""
        with _as_bus_fault():
            await self._pubsub.subscribe(channel)
        self._reader = asyncio.create_task(self._read())

    async def unsubscribe(self, channel: str) -> None:
        """Nothing to do: the connection is closed with the subscription."""

    async def publish(self, channel: str, message: Any) -> None:
        """Publish to every subscriber, this process included."""
        with _as_bus_fault():
            await self._client.publish(channel, str(message))

    async def _read(self) -> None:
        with suppress(ValkeyError, *BUS_FAULTS):
            while True:
                message = await self._pubsub.get_message(ignore_subscribe_messages=True, timeout=PROBE_EVERY_S)
                if message is None:
                    await self._pubsub.ping()
                elif message["type"] == "message":
                    self._take(message["channel"].decode(), message["data"].decode())
        self.lost.set()


@contextmanager
def _as_bus_fault() -> Iterator[None]:
    """Turn the client's faults into those the supervisor of the bus knows."""
    try:
        yield
    except ValkeyError as fault:
        raise ConnectionError(str(fault)) from fault
