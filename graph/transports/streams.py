"""The open streams of a process, so that a shutdown can end them instead of waiting for their viewers to leave."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager


class OpenStreams:
    """Holds one closing function for each open stream."""

    def __init__(self) -> None:
        self._closers: set[Callable[[], object]] = set()
        self.is_closing = False

    @contextmanager
    def hold(self, close: Callable[[], object]) -> Iterator[None]:
        """Register a stream while the block runs. `close` is called at most once, from the event loop."""
        self._closers.add(close)
        try:
            if self.is_closing:
                close()
            yield
        finally:
            self._closers.discard(close)

    def close_all(self) -> None:
        """End every open stream; those that open from now on end at once."""
        self.is_closing = True
        for close in list(self._closers):
            close()
