"""Small writes of many callers, committed together: one statement and one COMMIT for hundreds of them.

A transaction for each vote costs a commit each, and on a row that all of them move, the more connections the slower.
Here callers queue in the process. Whoever comes while a flush is on its way goes with the next, so a quiet service
answers at once and a busy one in large groups, without a timer. A caller is told its own outcome, after the COMMIT.

Nothing is tried again here: after a failed flush nobody knows more than its callers do, and they may repeat.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from contextlib import suppress
from contextvars import Context
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from domain.kernel.refusals import RateLimited, Refusal, Unavailable

I = TypeVar("I")  # noqa: E741 - what is written, as `O` is its outcome
O = TypeVar("O")  # noqa: E741

# One statement's worth: larger ones hold their locks longer and gain little.
FLUSH_MAX = 1_000
# About a second's work of one process. Who comes after them is told at once to come back.
WAITING_MAX = 20_000
# Items of one key go one to a flush. A person who sends more than these at a time is no person.
OF_KEY_MAX = 4
RETRY_AFTER_S = 1.0
# What is queued at shutdown is written; after this long its callers are told to repeat.
CLOSE_TIMEOUT_S = 5.0


@dataclass(eq=False, slots=True)
class _Waiting(Generic[I, O]):
    """An item, and who waits for its outcome."""

    item: I
    key: Hashable
    outcome: "asyncio.Future[O]"


class GroupCommitter(Generic[I, O]):
    """Writes items in groups, one flush at a time, in the order they came.

    `flush(items)` returns, after its COMMIT, an outcome for each item; a `Refusal` is raised to that caller alone.
    Two items of one `key` are never in one flush, so a flush may write a row for each.
    """

    def __init__(
        self,
        flush: Callable[[Sequence[I]], Awaitable[Sequence[O | Refusal]]],
        *,
        key: Callable[[I], Hashable],
        flush_max: int = FLUSH_MAX,
        waiting_max: int = WAITING_MAX,
    ) -> None:
        self._flush = flush
        self._key = key
        self._flush_max = flush_max
        self._waiting_max = waiting_max
        self._waiting: deque[_Waiting[I, O]] = deque()
        self._of_key: dict[Hashable, int] = {}
        self._flusher: asyncio.Task[None] | None = None
        self._is_closing = False

    async def submit(self, item: I) -> O:
        """Have an item written, and return its outcome once it is durable.

        A caller that is cancelled before its flush began is left out; later its item may be written all the same.

        Raises:
            Unavailable: the queue is full, the process is ending, or the flush failed. In the last case it may have
                been written, if the connection broke during the commit itself.
            RateLimited: too many of this key are waiting.
            Whatever refusal the flush gave for this item.
        """
        if self._is_closing or len(self._waiting) >= self._waiting_max:
            raise Unavailable(RETRY_AFTER_S)
        key = self._key(item)
        count = self._of_key.get(key, 0)
        if count >= OF_KEY_MAX:
            raise RateLimited(RETRY_AFTER_S)
        self._of_key[key] = count + 1
        waiting = _Waiting[I, O](item, key, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._flusher is None:
            # In a context of its own: what one caller is traced by is nothing to the others.
            self._flusher = asyncio.get_running_loop().create_task(self._run(), context=Context())
        return await waiting.outcome

    async def close(self, *, timeout_s: float = CLOSE_TIMEOUT_S) -> None:
        """Take nothing new, write what is waiting, and end."""
        self._is_closing = True
        flusher = self._flusher
        if flusher is None:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await asyncio.shield(flusher)
        flusher.cancel()
        await asyncio.gather(flusher, return_exceptions=True)

    async def _run(self) -> None:
        group: list[_Waiting[I, O]] = []
        try:
            while self._waiting:
                group = self._taken()
                if group:
                    await self._write(group)
        finally:
            self._flusher = None
            # Only when it was cancelled is anybody left.
            for left in (*group, *self._waiting):
                self._told(left, Unavailable(RETRY_AFTER_S))
            self._waiting.clear()

    def _taken(self) -> list[_Waiting[I, O]]:
        """Take the next group off the queue: the first ones that still wait, each key once."""
        group: list[_Waiting[I, O]] = []
        later: list[_Waiting[I, O]] = []
        keys: set[Hashable] = set()
        while self._waiting and len(group) < self._flush_max:
            waiting = self._waiting.popleft()
            if waiting.outcome.done():
                self._forget(waiting.key)
            elif waiting.key in keys:
                later.append(waiting)
            else:
                keys.add(waiting.key)
                group.append(waiting)
        self._waiting.extendleft(reversed(later))
        return group

    async def _write(self, group: list[_Waiting[I, O]]) -> None:
        # As values: each caller raises its own fault, and the next group is written whatever became of this one.
        (written,) = await asyncio.gather(self._flush([waiting.item for waiting in group]), return_exceptions=True)
        outcomes = [_failure(written) for _ in group] if isinstance(written, BaseException) else written
        for waiting, outcome in zip(group, outcomes, strict=True):
            self._told(waiting, outcome)
        group.clear()

    def _told(self, waiting: _Waiting[I, O], outcome: O | Refusal | Exception) -> None:
        self._forget(waiting.key)
        if waiting.outcome.done():
            # Its caller has left.
            return
        if isinstance(outcome, Exception):
            waiting.outcome.set_exception(outcome)
        else:
            waiting.outcome.set_result(outcome)

    def _forget(self, key: Hashable) -> None:
        count = self._of_key[key] - 1
        if count:
            self._of_key[key] = count
        else:
            del self._of_key[key]


class Closing(Protocol):
    """What has something left to write when its process ends."""

    async def close(self) -> None: ...


C = TypeVar("C", bound=Closing)


class GroupCommits:
    """The group committers of one process, one for each kind of write, and whatever else there writes later."""

    def __init__(self) -> None:
        self._committers: dict[str, Any] = {}

    def of(self, name: str, make: Callable[[], C]) -> C:
        """Return the committer of a name, made at the first call."""
        committer = self._committers.get(name)
        if committer is None:
            committer = self._committers[name] = make()
        found: C = committer
        return found

    async def close(self) -> None:
        """Write what is waiting everywhere, and end."""
        await asyncio.gather(*(committer.close() for committer in self._committers.values()))


def _failure(fault: BaseException) -> Exception:
    """Return what a caller raises for a failed flush: its own, since what many raise grows with each of them."""
    if isinstance(fault, Unavailable):
        own = Unavailable(fault.retry_after_s)
        own.__cause__ = fault
        return own
    return fault if isinstance(fault, Exception) else Unavailable(RETRY_AFTER_S)
