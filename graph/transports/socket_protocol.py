"""The `graphql-transport-ws` subprotocol: its messages, and why the server closes.

    client                          server
    connection_init {payload}  ──►
                               ◄──  connection_ack {retryAfterMs}
    subscribe {id, payload}    ──►
                               ◄──  next {id, payload} …, complete {id}       or error {id, payload}
    complete {id}              ──►                                            ping and pong either way

Close codes are the protocol's: 4400 bad message, 4401 not acknowledged, 4403 token refused, 4406 subprotocol,
4408 init timeout, 4409 id in use, 4429 second init; 1012 when the server restarts, 1013 when a part below is away or
too much has come, 4410 when a client reads too slowly, and 4420 when the viewer or its address has too many streams.
A socket whose sign-in ends is closed with 4403.
"""

from collections.abc import Mapping
from typing import Any

import orjson

PROTOCOL = "graphql-transport-ws"
MESSAGE_MAX_CHARS = 256 * 1024
ID_MAX_CHARS = 128

BAD_MESSAGE = 4400
NOT_ACKNOWLEDGED = 4401
FORBIDDEN = 4403
SUBPROTOCOL = 4406
INIT_TIMEOUT = 4408
ID_IN_USE = 4409
TOO_SLOW = 4410
TOO_MANY_STREAMS = 4420
SECOND_INIT = 4429
SERVER_RESTARTS = 1012
TRY_AGAIN_LATER = 1013
POLICY_VIOLATION = 1008


class Closed(Exception):
    """The server closes the socket, with a code and a reason of the protocol."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def read_message(text: object) -> dict[str, Any]:
    """Read a message.

    Raises:
        Closed: it is none.
    """
    if not isinstance(text, str) or len(text) > MESSAGE_MAX_CHARS:
        raise Closed(BAD_MESSAGE, "Send text messages of a sensible length")
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise Closed(BAD_MESSAGE, "Messages are JSON") from None
    if not isinstance(message, dict):
        raise Closed(BAD_MESSAGE, "Messages are objects")
    return message


def id_of(message: Mapping[str, Any]) -> str:
    """Return the id of the operation that a message is about.

    Raises:
        Closed: it names none.
    """
    id = message.get("id")
    if not isinstance(id, str) or not 0 < len(id) <= ID_MAX_CHARS:
        raise Closed(BAD_MESSAGE, "Give each operation an id")
    return id
