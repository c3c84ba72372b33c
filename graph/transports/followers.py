"""Members of the hub: a subscription of a socket."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import orjson

from domain.accounts import Viewer
from graph.transports.hub import Following, Frame
from graph.transports.outbox import Outbox


class SocketFollower:
    """A member of the hub: one subscription of one socket."""

    is_vouched_for = False

    __slots__ = ("_ended", "_id", "_outbox", "_start", "following", "viewer")

    def __init__(self, id: str, viewer: Viewer | None, outbox: Outbox, ended: Callable[[str], None]) -> None:
        self.viewer = viewer
        self.following: Following | None = None
        self._id, self._outbox, self._ended = id, outbox, ended
        self._start = b'{"id":%b,"type":"next","payload":' % orjson.dumps(id)

    @property
    def who(self) -> Hashable:
        """What tells its viewer from others."""
        return self._outbox if self.viewer is None else self.viewer.account_id

    def tell(self, frame: Frame) -> None:
        """Take a frame."""
        key = None if frame.key is None else (self._id, frame.key)
        self._outbox.put(self._start + frame.message_end, key=key)

    async def room(self) -> None:
        """Wait until there is room for what was missed."""
        await self._outbox.room()

    def end(self, errors: Sequence[Mapping[str, Any]]) -> None:
        """Tell the client that there is no more, and why."""
        self._ended(self._id)
        if errors:
            self._outbox.put(orjson.dumps({"id": self._id, "type": "error", "payload": errors}))
        else:
            self._outbox.put(orjson.dumps({"id": self._id, "type": "complete"}))

    def leave(self) -> None:
        """Be told nothing more."""
        if self.following is not None:
            self.following.leave()
