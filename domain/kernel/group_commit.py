"""Small writes of many callers, committed together: one statement and one COMMIT for hundreds of them.

A transaction for each vote costs a commit each, and on a row that all of them move, the more connections the slower.
Here callers queue in the process. Whoever comes while a flush is on its way goes with the next, so a quiet service
answers at once and a busy one in large groups, without a timer. A caller is told its own outcome, after the COMMIT.

Nothing is tried again here: after a failed flush nobody knows more than its callers do, and they may repeat.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from contextvars import Context
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from domain.kernel.refusals import RateLimited, Refusal, Unavailable

I = TypeVar("I")  # noqa: E741 - what is written, as `O` is its outcome
O = TypeVar("O")  # noqa: E741

# One statement's worth: larger ones hold their locks longer and gain nothing.
FLUSH_MAX = 500
# About a second's work of one process. Who comes after them is told at once to come back.
WAITING_MAX = 20_000
# Items of one key go one after the other. A person who sends more than these at a time is no person.
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
    """Writes items in groups, in the order they came, `at_once` groups side by side.

    `flush(items)` returns, after its COMMIT, an outcome for each item; a `Refusal` is raised to that caller alone.
    Two items of one `key` are never on their way together, so a flush may write a row for each.
    """

    def __init__(
        self,
        flush: Callable[[Sequence[I]], Awaitable[Sequence[O | Refusal]]],
        *,
        key: Callable[[I], Hashable],
        flush_max: int = FLUSH_MAX,
        at_once: int = 1,
        waiting_max: int = WAITING_MAX,
    ) -> None:
        self._flush = flush
        self._key = key
        self._flush_max = flush_max
        self._at_once = at_once
        self._waiting_max = waiting_max
        self._waiting: deque[_Waiting[I, O]] = deque()
        # Of each key that waits or is on its way: those behind it, which wait for its outcome.
        self._behind: dict[Hashable, list[_Waiting[I, O]]] = {}
        self._flushers: set[asyncio.Task[None]] = set()
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
        waiting: _Waiting[I, O] = _Waiting(item, key, asyncio.get_running_loop().create_future())
        behind = self._behind.get(key)
        if behind is None:
            self._behind[key] = []
            self._put(waiting)
        elif len(behind) < OF_KEY_MAX - 1:
            behind.append(waiting)
        else:
            raise RateLimited(RETRY_AFTER_S)
        return await waiting.outcome

    async def close(self, *, timeout_s: float = CLOSE_TIMEOUT_S) -> None:
        """Take nothing new, write what is waiting, and end."""
        self._is_closing = True
        if self._flushers:
            await asyncio.wait(self._flushers, timeout=timeout_s)
        for flusher in self._flushers:
            flusher.cancel()
        await asyncio.gather(*self._flushers, return_exceptions=True)

    def _put(self, waiting: _Waiting[I, O]) -> None:
        self._waiting.append(waiting)
        # One group takes all who come during the one before it; another goes beside it when it would be full.
        if not self._flushers or (len(self._waiting) >= self._flush_max and len(self._flushers) < self._at_once):
            # In a context of its own: what one caller is traced by is nothing to the others.
            flusher = asyncio.get_running_loop().create_task(self._run(), context=Context())
            self._flushers.add(flusher)
            flusher.add_done_callback(self._flushers.discard)

    async def _run(self) -> None:
        group: list[_Waiting[I, O]] = []
        try:
            while group := self._taken():
                await self._write(group)
                group = []
        finally:
            if task := asyncio.current_task():
                self._flushers.discard(task)
            # Only when it was cancelled is anybody left.
            self._give_up(group)

    def _taken(self) -> list[_Waiting[I, O]]:
        """Take the next group off the queue: the first ones whose callers still wait."""
        group: list[_Waiting[I, O]] = []
        while self._waiting and len(group) < self._flush_max:
            waiting = self._waiting.popleft()
            if waiting.outcome.done():
                self._next_of(waiting.key)
            else:
                group.append(waiting)
        return group

    async def _write(self, group: list[_Waiting[I, O]]) -> None:
        # As values: each caller raises its own fault, and the next group is written whatever became of this one.
        (written,) = await asyncio.gather(self._flush([waiting.item for waiting in group]), return_exceptions=True)
        outcomes = [_failure(written) for _ in group] if isinstance(written, BaseException) else written
        for waiting, outcome in zip(group, outcomes, strict=True):
            self._next_of(waiting.key)
            _tell(waiting.outcome, outcome)

    def _next_of(self, key: Hashable) -> None:
        """Let the next item of a key have its turn."""
        behind = self._behind[key]
        if behind:
            self._waiting.append(behind.pop(0))
        else:
            del self._behind[key]

    def _give_up(self, group: list[_Waiting[I, O]]) -> None:
        """Tell everybody who is left that nothing will be written."""
        if not group and not self._waiting:
            return
        for left in (*group, *self._waiting):
            for one in (left, *self._behind.pop(left.key, ())):
                _tell(one.outcome, Unavailable(RETRY_AFTER_S))
        self._waiting.clear()


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


def _tell(caller: "asyncio.Future[O]", outcome: O | Refusal | Exception) -> None:
    if caller.done():
        # Its caller has left.
        return
    if isinstance(outcome, Exception):
        caller.set_exception(outcome)
    else:
        caller.set_result(outcome)


def _failure(fault: BaseException) -> Exception:
    """Return what a caller raises for a failed flush: its own, since what many raise grows with each of them."""
    if isinstance(fault, Unavailable):
        own = Unavailable(fault.retry_after_s)
        own.__cause__ = fault
        return own
    return fault if isinstance(fault, Exception) else Unavailable(RETRY_AFTER_S)
