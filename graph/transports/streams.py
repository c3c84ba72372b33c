"""The open streams of a process: how many each viewer and address has, whose they are, and how they are ended.

A shutdown ends all of them instead of waiting for their viewers to leave; the end of a sign-in ends its own, and so
does another profile, role or country of it.

Refusal
└── TooManyStreams   the viewer, or the network address, has as many streams and sockets open as it may
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from enum import Enum, auto
from typing import TypeVar
from uuid import UUID

from domain.accounts import Viewer
from domain.kernel.refusals import Refusal
from graph.rates import network_of
from graph.transports.returning import retry_after_ms

_K = TypeVar("_K")


class TooManyStreams(Refusal):
    """As many streams and sockets are open as one viewer, or one network address, may have: `limit`."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"{limit} streams and sockets are open from here already. Close some first.")
        self.limit = limit


class Ending(Enum):
    """Why the server ends a stream."""

    RESTART = auto()
    SIGN_IN_ENDED = auto()
    # Who it is may see and do other things than when it was opened; it has to be opened again.
    VIEWER_CHANGED = auto()


class OpenStream:
    """One stream over HTTP, or one socket with all its operations. `ended` is set when it is to end."""

    def __init__(self, network: str) -> None:
        self.network = network
        self.viewer: Viewer | None = None
        self.ending: Ending | None = None
        self.ended = asyncio.Event()
        self._wake: Callable[[], None] | None = None

    def on_end(self, wake: Callable[[], None] | None) -> None:
        """Have something called when the stream is to end; at once if it is already. None is nothing any more."""
        self._wake = wake
        if wake is not None and self.ended.is_set():
            wake()

    def end(self, ending: Ending) -> None:
        """Have the stream end. The first reason counts."""
        self.ending = self.ending or ending
        self.ended.set()
        if self._wake is not None:
            self._wake()


class OpenStreams:
    """Every open stream of this process. 0 is no limit."""

    def __init__(self, *, viewer_max: int = 0, address_max: int = 0) -> None:
        self._viewer_max = viewer_max
        self._address_max = address_max
        self._streams: set[OpenStream] = set()
        self._by_network: Counter[str] = Counter()
        self._by_account: Counter[UUID] = Counter()
        self.is_closing = False

    def check(self, address: str, viewer: Viewer | None = None) -> None:
        """Tell whether one more may be opened.

        Raises:
            TooManyStreams.
        """
        if self._address_max and self._by_network[network_of(address)] >= self._address_max:
            raise TooManyStreams(self._address_max)
        if viewer is not None and self._viewer_max and self._by_account[viewer.account_id] >= self._viewer_max:
            raise TooManyStreams(self._viewer_max)

    @contextmanager
    def hold(self, address: str, viewer: Viewer | None = None) -> Iterator[OpenStream]:
        """Register a stream while the block runs, if one more may be opened.

        Raises:
            TooManyStreams.
        """
        self.check(address, viewer)
        stream = OpenStream(network_of(address))
        self._streams.add(stream)
        self._by_network[stream.network] += 1
        try:
            if viewer is not None:
                self.claim(stream, viewer)
            if self.is_closing:
                stream.end(Ending.RESTART)
            yield stream
        finally:
            self._streams.discard(stream)
            _less(self._by_network, stream.network)
            if stream.viewer is not None:
                _less(self._by_account, stream.viewer.account_id)

    def claim(self, stream: OpenStream, viewer: Viewer) -> None:
        """Note whose a stream is, once that is known.

        Raises:
            TooManyStreams.
        """
        if self._viewer_max and self._by_account[viewer.account_id] >= self._viewer_max:
            raise TooManyStreams(self._viewer_max)
        stream.viewer = viewer
        self._by_account[viewer.account_id] += 1

    def count(self) -> int:
        """Return how many streams are open."""
        return len(self._streams)

    def retry_after_ms(self) -> int:
        """Return when one of them should come back once it is ended."""
        return retry_after_ms(len(self._streams))

    def sign_ins(self) -> set[UUID]:
        """Return the sign-ins that streams are open under."""
        return {stream.viewer.sign_in_id for stream in self._streams if stream.viewer is not None}

    def end_outdated(self, sign_ins: Collection[UUID], viewers: Mapping[UUID, Viewer]) -> int:
        """Of the streams of these sign-ins, end those whose viewer is gone, or is not what it was; return how many."""
        ended = 0
        for stream in list(self._streams):
            if stream.viewer is None or stream.viewer.sign_in_id not in sign_ins:
                continue
            now = viewers.get(stream.viewer.sign_in_id)
            if now is None or now.standing != stream.viewer.standing:
                stream.end(Ending.SIGN_IN_ENDED if now is None else Ending.VIEWER_CHANGED)
                ended += 1
        return ended

    def close_all(self) -> None:
        """End every open stream; those that open from now on end at once."""
        self.is_closing = True
        for stream in list(self._streams):
            stream.end(Ending.RESTART)


def _less(counter: Counter[_K], key: _K) -> None:
    counter[key] -= 1
    if counter[key] <= 0:
        del counter[key]
