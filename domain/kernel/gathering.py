"""Reads that many callers want at once: whoever comes while one is on its way shares the next.

When a show begins, thousands of requests ask the same within milliseconds. Nobody is given anything that was read
before they asked, as a cache would: a read that has begun is nobody else's, and those who came since go together.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

K = TypeVar("K", bound=Hashable)
R = TypeVar("R")
V = TypeVar("V")

# Reads of one kind on their way at the same time: while the rows of one are used, the database finds those of another.
AT_ONCE = 2
# Keys of one read. More of them wait for the one after it.
KEYS_MAX = 1_000


@dataclass(eq=False)
class _Batch:
    """Callers that go together: what they want, by key, and how the last of them would read it."""

    wanted: dict[Any, Any]
    load: Callable[[Sequence[Any]], Awaitable[Sequence[Any]]]
    done: "asyncio.Future[dict[Any, Any]]"


@dataclass(eq=False)
class _Kind:
    """The reads of one kind: how many are on their way, and who waits."""

    running: int = 0
    waiting: deque[_Batch] = field(default_factory=deque)


class Gathering:
    """Gathers the reads of one process."""

    def __init__(self) -> None:
        self._kinds: dict[Hashable, _Kind] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def get(
        self, name: Hashable, wanted: Mapping[K, R], load: Callable[[Sequence[R]], Awaitable[Sequence[V]]]
    ) -> dict[K, V]:
        """Return what `load` finds for each of `wanted`, by its key; `load` gives its values in order.

        `name` says everything that the answer depends on besides a key: only callers of one name are put together, and
        any of their loads may serve all of them.

        Raises:
            Whatever the load raised.
        """
        kind = self._kinds.get(name)
        if kind is None:
            kind = self._kinds[name] = _Kind()
        if kind.running < AT_ONCE and not kind.waiting:
            return await self._alone(name, kind, wanted, load)
        batch = _joined(kind, wanted, load)
        # Whoever gives up waiting must not end the read for the others.
        found: dict[K, V] = await asyncio.shield(batch.done)
        return {key: found[key] for key in wanted}

    async def _alone(
        self, name: Hashable, kind: _Kind, wanted: Mapping[K, R], load: Callable[[Sequence[R]], Awaitable[Sequence[V]]]
    ) -> dict[K, V]:
        kind.running += 1
        try:
            return dict(zip(wanted, await load(list(wanted.values())), strict=True))
        finally:
            self._ended(name, kind)

    def _ended(self, name: Hashable, kind: _Kind) -> None:
        """Start the next read of a kind, and forget the kind when there is none."""
        kind.running -= 1
        if kind.waiting:
            kind.running += 1
            task = asyncio.get_running_loop().create_task(self._together(name, kind, kind.waiting.popleft()))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif not kind.running:
            del self._kinds[name]

    async def _together(self, name: Hashable, kind: _Kind, batch: _Batch) -> None:
        try:
            found = dict(zip(batch.wanted, await batch.load(list(batch.wanted.values())), strict=True))
        except BaseException as fault:  # each caller raises it: the edge of their read
            if not batch.done.done():
                batch.done.set_exception(fault if isinstance(fault, Exception) else asyncio.CancelledError())
                # Those who waited may all have left.
                batch.done.exception()
            if not isinstance(fault, Exception):
                raise
        else:
            if not batch.done.done():
                batch.done.set_result(found)
        finally:
            self._ended(name, kind)


def _joined(kind: _Kind, wanted: Mapping[K, R], load: Callable[[Sequence[R]], Awaitable[Sequence[V]]]) -> _Batch:
    """Put a caller to those who wait already."""
    if not kind.waiting or len(kind.waiting[-1].wanted) + len(wanted) > KEYS_MAX:
        kind.waiting.append(_Batch({}, load, asyncio.get_running_loop().create_future()))
    batch = kind.waiting[-1]
    batch.wanted.update(wanted)
    batch.load = load
    return batch
