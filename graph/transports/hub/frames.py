"""What a hub tells, encoded once, and who is told."""

from collections.abc import Hashable, Mapping, Sequence
from functools import cached_property
from typing import Any, Protocol
from uuid import UUID

import orjson

from domain.accounts import Viewer
from domain.kernel.facts import Position


class Frame:
    """One answer of a shared subscription, as bytes. `key` is set for state: the newest of a key replaces others.

    `position` is where in the log it stands: everything up to there is told.
    """

    def __init__(
        self, payload: Mapping[str, Any], *, position: Position | None = None, key: Hashable | None = None,
        recovered: bool | None = None,
    ) -> None:  # fmt: skip
        extensions: dict[str, object] = {}
        if position is not None:
            extensions["position"] = written_position(position)
        if recovered is not None:
            extensions["recovered"] = recovered
        if extensions:
            payload = {**payload, "extensions": {**payload.get("extensions", {}), **extensions}}
        self.payload = orjson.dumps(payload)
        self.position = position
        self.key = key

    @cached_property
    def message_end(self) -> bytes:
        """What follows a socket's `{"id":…,"type":"next","payload":`."""
        return self.payload + b"}"

    @cached_property
    def event(self) -> bytes:
        """The server-sent event. Its id is the position, which browsers send back as Last-Event-ID."""
        id = b"" if self.position is None else b"id: %b\n" % written_position(self.position).encode()
        return b"%bevent: next\ndata: %b\n\n" % (id, self.payload)


class Member(Protocol):
    """One subscriber. Telling never waits and never fails: who cannot be told now is told later, or given up."""

    viewer: Viewer | None

    @property
    def is_vouched_for(self) -> bool:
        """Whether its door has found out that it may follow, so that the gate is not asked."""

    @property
    def who(self) -> Hashable:
        """What tells its viewer from others: the account, or else the connection."""

    def tell(self, frame: Frame) -> None:
        """Take a frame."""

    async def room(self) -> None:
        """Wait until there is room for what was missed, of which there may be more than is kept for one client."""

    def end(self, errors: Sequence[Mapping[str, Any]]) -> None:
        """Be told that there is no more, and why; without errors it is just over."""


def written_position(position: Position) -> str:
    """Return a position as clients have it."""
    return f"{position.epoch}:{position.offset}"


def read_position(text: str) -> Position | None:
    """Return a position as a client gave it back, None when it never was one."""
    epoch, colon, offset = text.rpartition(":")
    # Eighteen digits are what an offset in the database can have.
    if not colon or not offset.isdecimal() or not offset.isascii() or len(offset) > 18:
        return None
    try:
        return Position(UUID(epoch), int(offset))
    except ValueError:
        return None
