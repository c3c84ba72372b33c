"""One time limit for many tasks at once: a single timer watches whoever began first.

`asyncio.timeout` arms a timer for every operation, which costs more than a small query does. All limits here are equal,
so those who began first run out first, and the timer has to know about one of them only.
"""

import asyncio
from types import TracebackType
from typing import Any


class Deadlines:
    """Blocks that may take `limit_s` each, in tasks of one loop."""

    def __init__(self, *, limit_s: float) -> None:
        self._limit_s = limit_s
        # In the order in which they began, which a dict keeps; and anybody can leave at once.
        self._running: dict[Limited, None] = {}
        self._timer: asyncio.TimerHandle | None = None

    def limited(self) -> "Limited":
        """Return a block that is cancelled, and ends with TimeoutError, when it takes too long."""
        return Limited(self)

    def enter(self, block: "Limited", loop: asyncio.AbstractEventLoop) -> None:
        """Let a block begin."""
        block.ends_at = loop.time() + self._limit_s
        self._running[block] = None
        if self._timer is None:
            self._timer = loop.call_at(block.ends_at, self._end, loop)

    def leave(self, block: "Limited") -> None:
        """Let a block end, in time or not."""
        self._running.pop(block, None)

    def _end(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        now = loop.time()
        for block in list(self._running):
            if block.ends_at > now:
                self._timer = loop.call_at(block.ends_at, self._end, loop)
                return
            del self._running[block]
            block.end()


class Limited:
    """One block of one task."""

    __slots__ = ("_cancelling", "_deadlines", "_is_over", "_task", "ends_at")

    def __init__(self, deadlines: Deadlines) -> None:
        self._deadlines = deadlines
        self._is_over = False
        self.ends_at = 0.0

    def __enter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None, "only tasks can be cancelled"
        self._task: asyncio.Task[Any] = task
        self._cancelling = task.cancelling()
        self._deadlines.enter(self, task.get_loop())

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._deadlines.leave(self)
        # Somebody else may have cancelled the task too, and then that is what it ends with.
        if self._is_over and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from raised

    def end(self) -> None:
        """Cancel the block: its time is up."""
        self._is_over = True
        self._task.cancel()
