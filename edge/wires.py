"""uvicorn's protocols, which lend their end of each connection to the application.

ASGI has a message for a piece of text, and it costs several times what the piece does: a dictionary, a coroutine and
checks of the state, for each of thousands who are told the same. And it has no way to drop a connection whose client
takes nothing, so that unsent bytes would stay for as long as the other end keeps the line up.
"""

import struct

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame
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

    # Whether what is written goes out, and nothing waits before it. It is looked at for every frame, so it is kept.
    is_clear = False

    async def send(self, message: ASGISendEvent) -> None:
        """Take a message of the application; the first is whether it accepts the handshake."""
        await super().send(message)
        # Frames of extensions would have to be encoded by the protocol; we have none.
        self.is_clear = self.handshake_complete and not self.close_sent and not self.conn.extensions

    def pause_writing(self) -> None:
        """The client does not keep up."""
        super().pause_writing()
        self.is_clear = False

    def resume_writing(self) -> None:
        """The client has caught up."""
        super().resume_writing()
        self.is_clear = self.handshake_complete and not self.close_sent and not self.conn.extensions

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self.is_clear = False
        super().connection_lost(exc)

    def handle_close(self, event: Frame) -> None:
        """The client says goodbye."""
        self.is_clear = False
        super().handle_close(event)

    def shutdown(self) -> None:
        """The server ends."""
        self.is_clear = False
        super().shutdown()

    def keepalive_timeout(self) -> None:
        """The client answers no ping."""
        self.is_clear = False
        super().keepalive_timeout()

    def write(self, frame: bytes) -> None:
        """Send a text frame."""
        length = len(frame)
        self.transport.write((_heads.get(length) or _head(length)) + frame)

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


# Thousands are told answers of the same length.
_heads: dict[int, bytes] = {}


def _head(length: int) -> bytes:
    if length > _MEDIUM_MAX:
        return struct.pack("!BBQ", _TEXT, 127, length)
    head = bytes((_TEXT, length)) if length <= _SHORT_MAX else struct.pack("!BBH", _TEXT, 126, length)
    _heads[length] = head
    return head
