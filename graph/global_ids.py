"""Opaque global ids: a kind and a UUID in one string, made and read only here.

Clients must not look into them. An id of another kind, garbage, and an id of nothing all read the same way.
"""

import base64
import binascii
from collections.abc import Awaitable, Callable, Sequence
from enum import Enum
from functools import lru_cache
from typing import Any
from uuid import UUID

from strawberry import ID

from domain.kernel.refusals import NotFound
from graph.context import Context

UUID_BYTES = 16
# One byte of kind and sixteen of id, in base64url without padding.
ID_CHARS = 23


class Kind(Enum):
    """What an id names. The letter is part of every id ever given out: never change or reuse one."""

    TITLE = "T"
    RIGHT = "R"
    UPLOAD = "U"
    ASSET = "A"
    VIEWER = "V"
    PROFILE = "P"
    DEVICE = "D"
    PLAYBACK_SESSION = "S"
    ARTWORK = "W"
    HOME_ROW = "H"
    PERSON = "O"
    TAG = "G"
    COLLECTION = "C"
    REVISION = "N"
    SCHEDULED_CHANGE = "L"
    SLOT = "Y"
    LISTINGS_IMPORT = "X"
    TITLE_IMPORT = "I"
    PASSKEY = "K"
    API_KEY = "B"
    INVITATION = "J"
    SIGN_IN = "E"
    STREAM = "F"
    POLL = "Q"
    POLL_OPTION = "Z"
    QUESTION = "q"
    CHAT_MESSAGE = "c"
    WEBHOOK_ENDPOINT = "w"
    WEBHOOK_DELIVERY = "d"
    MOMENT = "M"
    RUN_ITEM = "r"

    def __init__(self, letter: str) -> None:
        self.letter = letter.encode()

    @property
    def noun(self) -> str:
        """What people call it."""
        return self.name.lower().replace("_", " ")


_URL_SAFE = bytes.maketrans(b"+/", b"-_")

NodeLoad = Callable[[Context, Sequence[UUID]], Awaitable[Sequence[Any]]]

node_loads: dict[Kind, NodeLoad] = {}
_row_kinds: dict[type, Kind] = {}


def global_id(kind: Kind, id: UUID) -> ID:
    """Write the id of a thing as clients see it."""
    # Screens hold hundreds. Seventeen bytes leave one sign of padding and an end of line.
    written: ID = binascii.b2a_base64(kind.letter + id.bytes)[:ID_CHARS].translate(_URL_SAFE).decode()  # type: ignore[assignment]  # an ID is a text
    return written


# What is popular is asked for by its id again and again.
@lru_cache(maxsize=10_000)
def parse_global_id(text: str) -> tuple[Kind, UUID] | None:
    """Read an id, or return None when none of ours looks like it."""
    if len(text) != ID_CHARS:
        return None
    try:
        raw = base64.b64decode(text + "=", altchars=b"-_", validate=True)
        kind = Kind(raw[:1].decode())
    except (binascii.Error, ValueError):
        return None
    id = UUID(bytes=raw[1:])
    # The last character holds two bits that mean nothing: only one spelling of an id is accepted.
    return (kind, id) if global_id(kind, id) == text else None


def read_id(kind: Kind, text: str) -> UUID:
    """Read the id of a thing of one kind.

    Raises:
        NotFound: it is of another kind, or no id at all; the same answer as for an absent thing.
    """
    parsed = parse_global_id(text)
    if parsed is None or parsed[0] is not kind:
        raise NotFound(kind.noun, text)
    return parsed[1]


def loads_node(kind: Kind, *, row: type) -> Callable[[NodeLoad], NodeLoad]:
    """Say which batch load finds the things of a kind that a viewer may see, and what their rows are."""

    def register(load: NodeLoad) -> NodeLoad:
        assert kind not in node_loads, f"two loads for {kind}"
        node_loads[kind] = load
        _row_kinds[row] = kind
        return load

    return register


def kind_of_row(row: object) -> Kind:
    """Return what kind of thing a row is."""
    return _row_kinds[type(row)]


async def load_node(context: Context, id: str, *, only: Kind | None = None) -> Any:
    """Find the thing an id names, or None when there is none that this viewer may see.

    `only` names the single kind that will do.
    """
    parsed = parse_global_id(id)
    if parsed is None or (only is not None and parsed[0] is not only):
        return None
    kind, key = parsed
    load = node_loads.get(kind)
    if load is None:
        # It is named in inputs only.
        return None
    (row,) = await context.loaders.many(load, [key], lambda keys: load(context, keys))
    return row
