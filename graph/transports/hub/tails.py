"""The ends of topics' logs, each read once for everybody in the process who follows it.

Facts are read when the topic's doorbell rings, and every few seconds in case it was not heard. The last few hundred are
kept, so that whoever joins, or comes back soon, costs the database nothing.
"""

import asyncio
import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from domain.kernel.bus import Bus
from domain.kernel.facts import POLL_S, READ_LIMIT, LoggedFact, Position, Readable, head, read_facts
from domain.kernel.refusals import Unavailable

KEPT_MAX = 1_000
# While facts come without pause they are read together, at most this often.
PACE_S = 0.005
RETRY_S = 0.25
RETRY_MAX_S = 2.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Gap:
    """The log does not hold what comes next; go on from `position`, None when it is empty."""

    position: Position | None


class Tail:
    """The end of one topic's log."""

    def __init__(self, database: Readable, bus: Bus, topic: str, *, poll_s: float = POLL_S) -> None:
        self._database, self._bus, self._topic, self._poll_s = database, bus, topic, poll_s
        self._facts: deque[LoggedFact] = deque(maxlen=KEPT_MAX)
        # Where the log ends, as far as it was read; None while it is empty.
        self.position: Position | None = None
        self._moved = asyncio.Event()
        self._is_known = asyncio.Event()
        self.followers = 0

    async def known(self) -> None:
        """Wait until it is known where the log ends."""
        await self._is_known.wait()

    async def beyond(self, position: Position | None) -> Sequence[LoggedFact] | Gap:
        """Wait until there is something after a position, and return it."""
        while True:
            found = self.after(position)
            if found:
                return found
            await self._moved.wait()

    def after(self, position: Position | None) -> Sequence[LoggedFact] | Gap:
        """Return what is kept after a position; a Gap when what comes next is not among it."""
        if position == self.position:
            return ()
        if self.position is None or (position is not None and position.epoch != self.position.epoch):
            return Gap(self.position)
        wanted = 0 if position is None else position.offset
        missing = self.position.offset - wanted
        if not 0 <= missing <= len(self._facts):
            return Gap(self.position)
        return [self._facts[number] for number in range(len(self._facts) - missing, len(self._facts))]

    async def follow(self) -> None:
        """Read on until cancelled."""
        delay_s = RETRY_S
        async with self._bus.listen(self._topic) as doorbell:
            while True:
                try:
                    more = await self._read()
                except Unavailable:
                    await asyncio.sleep(delay_s * random.uniform(0.5, 1.5))  # noqa: S311 (no secret)
                    delay_s = min(delay_s * 2, RETRY_MAX_S)
                    continue
                delay_s = RETRY_S
                if not more:
                    await asyncio.sleep(PACE_S)
                    await doorbell.wait(self._poll_s)

    async def _read(self) -> bool:
        """Read what is new; return whether there is more at once."""
        async with self._database.read() as connection:
            newest = await head(connection, self._topic)
            if newest == self.position and self._is_known.is_set():
                return False
            if newest is None or not self._goes_on_to(newest):
                return self._jump(newest)
            after = 0 if self.position is None else self.position.offset
            found = await read_facts(connection, self._topic, after=after)
        if not found or found[0].position.offset != after + 1 or found[0].position.epoch != newest.epoch:
            return self._jump(newest)
        self._facts.extend(found)
        self.position = found[-1].position
        self._wake()
        return len(found) == READ_LIMIT

    def _goes_on_to(self, newest: Position) -> bool:
        if not self._is_known.is_set():
            return False
        if self.position is None:
            return True
        return newest.epoch == self.position.epoch and newest.offset > self.position.offset

    def _jump(self, newest: Position | None) -> bool:
        if self._is_known.is_set():
            log.info("hub.gap", topic=self._topic)
        self._facts.clear()
        self.position = newest
        self._is_known.set()
        self._wake()
        return False

    def _wake(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()
