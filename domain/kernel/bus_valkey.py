"""Doorbells over Valkey or Redis, imported only where the bus address names one."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import structlog
from valkey import asyncio as valkey
from valkey.exceptions import ValkeyError

from domain.kernel.bus_backends import BUS_FAULTS, CONNECT_TIMEOUT_S, PROBE_EVERY_S, PUBLISH_TIMEOUT_S, BusBackend

# A server that is there says something before the second probe in a row.
SILENT_PROBES_MAX = 2

log = structlog.get_logger(__name__)


class ValkeyDoorbells(BusBackend):
    """PUBLISH and SUBSCRIBE on Valkey or Redis."""

    def __init__(self, url: str, *, channel: str) -> None:
        super().__init__()
        self._client = valkey.Valkey.from_url(
            url, socket_connect_timeout=CONNECT_TIMEOUT_S, socket_timeout=PUBLISH_TIMEOUT_S
        )
        self._channel = channel
        self._pubsub = self._client.pubsub()
        self._reader: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        """Check that the server answers, and start to listen."""
        with _as_bus_fault():
            await self._client.ping()
            await self._pubsub.subscribe(self._channel)
        self._reader = asyncio.create_task(self._read())

    async def disconnect(self) -> None:
        """Stop reading and drop the connections."""
        if self._reader is not None:
            self._reader.cancel()
        with suppress(ValkeyError, *BUS_FAULTS):
            await self._pubsub.aclose()
            await self._client.aclose()

    async def publish(self, channel: str, message: Any) -> None:
        """Publish to every subscriber, this process included."""
        with _as_bus_fault():
            await self._client.publish(channel, str(message))

    async def _read(self) -> None:
        silent = 0
        try:
            while silent < SILENT_PROBES_MAX:
                with _as_bus_fault():
                    message = await self._next_message()
                silent = 0 if message else silent + 1
        except BUS_FAULTS as fault:
            log.debug("bus.read_failed", reason=type(fault).__name__)
        finally:
            self.lost.set()

    async def _next_message(self) -> Mapping[str, Any] | None:
        """Wait a while for anything from the server; when nothing came, ask it to say something."""
        message: Mapping[str, Any] | None = await self._pubsub.get_message(
            ignore_subscribe_messages=True, timeout=PROBE_EVERY_S
        )
        if message is None:
            await self._pubsub.ping()
        elif message["type"] == "message":
            # Anybody may publish here; what is no text names no topic that somebody listens to.
            self._take(self._channel, message["data"].decode(errors="replace"))
        return message


@contextmanager
def _as_bus_fault() -> Iterator[None]:
    """Turn the client's faults into those the supervisor of the bus knows, and keep a cancellation.

    The client waits with `asyncio.wait_for`, which before Python 3.12 forgets a cancellation that comes in the same
    turn as its result: https://github.com/python/cpython/issues/86296.
    """
    try:
        yield
    except ValkeyError as fault:
        raise ConnectionError(str(fault)) from fault
    finally:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise asyncio.CancelledError
