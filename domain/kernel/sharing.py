"""What many requests of one process share: loaded once, kept briefly, dropped when its topic rings.

A value is good while nothing rang on its topic since its load began, so whoever has just changed something sees the
change in the next answer of the same process, and of others as soon as the doorbell arrives. A lost doorbell costs at
most the time a value is kept.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")

KEPT_FOR = timedelta(seconds=5)
KEPT_MAX = 128


@dataclass(frozen=True)
class _Kept:
    """One value, or the load that will give it."""

    rings: int
    begun_at: datetime
    value: "asyncio.Task[Any]"


class Shared:
    """Keeps values by key, the least recently used ones given up first."""

    def __init__(self, *, size: int = KEPT_MAX, kept_for: timedelta = KEPT_FOR) -> None:
        self._size = size
        self._kept_for = kept_for
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()

    async def get(self, key: Hashable, load: Callable[[], Awaitable[T]], *, rings: int, now: datetime) -> T:
        """Return the value of a key; callers that come together share one load.

        `rings` is how often the value's topic has rung, and `now` the instant the caller reads at.
        """
        kept = self._kept.get(key)
        if kept is None or kept.rings != rings or not now - self._kept_for < kept.begun_at <= now:
            kept = _Kept(rings, now, asyncio.ensure_future(_run(load)))
            self._kept[key] = kept
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        if kept.value.done() and not kept.value.cancelled() and kept.value.exception() is None:
            found: T = kept.value.result()
            return found
        try:
            # Whoever gives up waiting must not cancel the load for the others.
            value: T = await asyncio.shield(kept.value)
        except BaseException:
            if self._kept.get(key) is kept and kept.value.done():
                del self._kept[key]
            raise
        return value


async def _run(load: Callable[[], Awaitable[T]]) -> T:
    return await load()
