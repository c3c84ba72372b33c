"""What a client still has to be told: bounded, so that one that does not read costs little and harms nobody.

While the client reads, a frame is handed to the server at once and nothing is kept. State that waits is replaced by
newer state of its kind; what must be told and does not fit ends the connection.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Protocol

from starlette.types import Scope
from starlette.websockets import WebSocketDisconnect

FRAMES_MAX = 64
BYTES_MAX = 256 * 1024
# Streams wait for room above this, so that state is conflated at its source; what must be said still fits.
FRAMES_FULL = 16
BYTES_FULL = 64 * 1024
# How long a client may leave everything unread.
STALL_TIMEOUT_S = 20.0
CLOSE_TIMEOUT_S = 2.0

# Under which name a server lends its end of a connection, in the scope's extensions.
WIRE = "marquee.wire"


class Wire(Protocol):
    """The server's own end of a connection. Where a server lends none, everything is sent through ASGI."""

    @property
    def is_clear(self) -> bool:
        """Whether what is written goes out, and nothing waits before it."""

    def write(self, frame: bytes) -> None:
        """Send a text frame of a socket, or a piece of a response's body."""

    def abort(self) -> None:
        """Drop the connection, with all that was not sent."""


def wire_of(scope: Scope) -> Wire | None:
    """Return the server's end of a connection, if it lends it."""
    wire: Wire | None = scope.get("extensions", {}).get(WIRE)
    return wire


class Outbox:
    """Frames for one client, sent in order by `send`, which waits while the client does not read.

    `give_up` is called when it has left too much unread.
    """

    def __init__(
        self, send: Callable[[bytes], Awaitable[None]], wire: Wire | None, give_up: Callable[[], None]
    ) -> None:
        self._send, self._wire, self._give_up = send, wire, give_up
        # By what replaces them, or by a number.
        self._frames: OrderedDict[Hashable, bytes] = OrderedDict()
        self._number = 0
        self._bytes = 0
        self._writer: asyncio.Task[None] | None = None
        self._has_room: asyncio.Event | None = None
        self.is_given_up = False

    def put(self, frame: bytes, *, key: Hashable | None = None) -> None:
        """Send a frame, now or when its turn comes. It takes the place of one of the same key that still waits.

        A full outbox drops it and gives the client up: whoever does not read cannot be told either. A single frame may
        be larger than the bound; only what waits behind others is held to it.
        """
        wire = self._wire
        if self._writer is None and wire is not None and wire.is_clear and not self.is_given_up:
            wire.write(frame)
            return
        if self.is_given_up:
            return
        if key is not None and (replaced := self._frames.pop(key, None)) is not None:
            self._bytes -= len(replaced)
        if len(self._frames) >= FRAMES_MAX or self._bytes > BYTES_MAX:
            self._end()
            return
        self._number += 1
        self._frames[self._number if key is None else key] = frame
        self._bytes += len(frame)
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())

    async def room(self) -> None:
        """Wait until there is room for another event of a stream."""
        while self._is_full():
            # Several streams wake up together, and the first one may have taken the room.
            if self._has_room is None:
                self._has_room = asyncio.Event()
            await self._has_room.wait()

    async def finish(self) -> None:
        """Send what still waits, and take nothing more.

        Raises:
            WebSocketDisconnect, OSError: the client is gone.
        """
        await self.stop()
        while self._frames:
            await self._send(self._take())

    async def stop(self) -> None:
        """Send nothing more, and take nothing more."""
        self.is_given_up = True
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)

    def clear(self) -> None:
        """Drop what was not sent yet."""
        self._frames.clear()
        self._bytes = 0

    async def _write(self) -> None:
        """Send what waits; end when nothing does, or the client is gone or too slow."""
        try:
            while self._frames:
                async with asyncio.timeout(STALL_TIMEOUT_S):
                    await self._send(self._take())
        except TimeoutError:
            self._end()
        except (WebSocketDisconnect, OSError):
            # Whoever reads from it finds out too.
            self.is_given_up = True
        finally:
            self._writer = None

    def _take(self) -> bytes:
        _, frame = self._frames.popitem(last=False)
        self._bytes -= len(frame)
        if self._has_room is not None and not self._is_full():
            self._has_room.set()
            self._has_room = None
        return frame

    def _is_full(self) -> bool:
        return len(self._frames) >= FRAMES_FULL or self._bytes >= BYTES_FULL

    def _end(self) -> None:
        if not self.is_given_up:
            self.is_given_up = True
            self._give_up()
