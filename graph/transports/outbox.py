"""What a socket still has to be told: bounded, so that a client that does not read costs little and harms nobody."""

import asyncio
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

FRAMES_MAX = 64
BYTES_MAX = 256 * 1024
# Streams wait for room above this, so that state is conflated at its source; what must be said still fits.
FRAMES_FULL = 16
BYTES_FULL = 64 * 1024
# How long a client may leave everything unread.
STALL_TIMEOUT_S = 20.0
CLOSE_TIMEOUT_S = 2.0

TOO_SLOW = 4410


class Outbox:
    """Frames for one socket, sent in order by `write`."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._frames: deque[str] = deque()
        self._sizes: deque[int] = deque()
        self._bytes = 0
        self._has_frames = asyncio.Event()
        # Set when a client has left so much unread that it is told nothing more.
        self.overflowed = asyncio.Event()
        self._has_room = asyncio.Event()
        self._has_room.set()
        self.close_code = 1000
        self.close_reason = ""

    def send(self, message: Mapping[str, Any]) -> None:
        """Queue a message. A full outbox drops it and closes the socket: whoever does not read cannot be told either.

        A single answer may be larger than the bound; only what waits behind others is held to it.
        """
        frame = orjson.dumps(message)
        if len(self._frames) >= FRAMES_MAX or self._bytes > BYTES_MAX:
            self._give_up()
            return
        self._frames.append(frame.decode())
        self._sizes.append(len(frame))
        self._bytes += len(frame)
        self._has_frames.set()
        if self._is_full():
            self._has_room.clear()

    async def room(self) -> None:
        """Wait until there is room for another event of a stream."""
        while self._is_full():
            # Several streams wake up together, and the first one may have taken the room.
            await self._has_room.wait()

    async def write(self) -> None:
        """Send frames until the client is gone or too slow; then return."""
        with suppress(WebSocketDisconnect):
            while True:
                await self._has_frames.wait()
                self._has_frames.clear()
                while self._frames:
                    try:
                        async with asyncio.timeout(STALL_TIMEOUT_S):
                            await self._socket.send_text(self._take())
                    except TimeoutError:
                        return self._give_up()

    async def close(self, code: int, reason: str) -> None:
        """Send what is left, if it goes quickly, and close."""
        if self._socket.application_state is not WebSocketState.CONNECTED:
            return
        with suppress(WebSocketDisconnect, TimeoutError, RuntimeError):
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                while self._frames and code != TOO_SLOW:
                    await self._socket.send_text(self._take())
                await self._socket.close(code, reason)

    def clear(self) -> None:
        """Drop what was not sent yet."""
        self._frames.clear()
        self._sizes.clear()
        self._bytes = 0

    def _take(self) -> str:
        frame = self._frames.popleft()
        self._bytes -= self._sizes.popleft()
        if not self._is_full():
            self._has_room.set()
        return frame

    def _is_full(self) -> bool:
        return len(self._frames) >= FRAMES_FULL or self._bytes >= BYTES_FULL

    def _give_up(self) -> None:
        self.close_code, self.close_reason = TOO_SLOW, "The client reads too slowly"
        self.overflowed.set()
