"""uvicorn's protocols, which lend their end of each connection to the application.

ASGI has a message for a piece of text, and it costs several times what the piece does: a dictionary, a coroutine and
checks of the state, for each of thousands who are told the same. And it has no way to drop a connection whose client
takes nothing, so that unsent bytes would stay for as long as the other end keeps the line up.
"""

import struct

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from graph.transports.outbox import WIRE

# A final text frame without a mask (RFC 6455, section 5.2).
_TEXT = 0x81
_SHORT_MAX, _MEDIUM_MAX = 125, 0xFFFF


class SocketWire(WebSocketsSansIOProtocol):
    """A WebSocket."""

    def handle_connect(self, event: Request) -> None:
        """Take a handshake."""
        super().handle_connect(event)
        # The application has been given its task, which runs when this has returned; a bad handshake has no scope.
        if hasattr(self, "scope"):
            self.scope["extensions"][WIRE] = self  # type: ignore[assignment]  # ASGI leaves open what an extension is

    @property
    def is_clear(self) -> bool:
        """Whether what is written goes out, and nothing waits before it."""
        # Frames of extensions would have to be encoded by the protocol; we have none.
        is_open = self.handshake_complete and not self.close_sent and not self.conn.extensions
        return is_open and self.writable.is_set() and not self.transport.is_closing()

    def write(self, frame: bytes) -> None:
        """Send a text frame."""
        self.transport.write(_head(len(frame)) + frame)

    def abort(self) -> None:
        """Drop the connection, with all that was not sent."""
        self.transport.abort()


class HttpWire(HttpToolsProtocol):
    """A connection of HTTP/1.1."""

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self.scope["extensions"] = {WIRE: self}  # type: ignore[dict-item]  # ASGI leaves open what an extension is

    @property
    def is_clear(self) -> bool:
        """Whether a response is under way in pieces, and nothing waits before them."""
        cycle = self.cycle
        if cycle is None or cycle.disconnected or not cycle.response_started or cycle.response_complete:
            return False
        return bool(cycle.chunked_encoding) and not self.flow.write_paused and not self.transport.is_closing()

    def write(self, frame: bytes) -> None:
        """Send a piece of the response's body (RFC 9112, section 7.1)."""
        self.transport.write(b"%x\r\n%b\r\n" % (len(frame), frame))

    def abort(self) -> None:
        """Drop the connection, with all that was not sent."""
        self.transport.abort()


def _head(length: int) -> bytes:
    if length <= _SHORT_MAX:
        return bytes((_TEXT, length))
    if length <= _MEDIUM_MAX:
        return struct.pack("!BBH", _TEXT, 126, length)
    return struct.pack("!BBQ", _TEXT, 127, length)
