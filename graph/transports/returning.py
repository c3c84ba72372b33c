"""When clients should come back after a broken line, so that a crowd does not come back in the same instant.

Each is told a moment of its own, at random within as long as it takes to let everybody in again: `retryAfterMs` in the
payload of `connection_ack`, again in a `ping` when the crowd has grown, and in the reason of a close. Streams over HTTP
carry it as `retry:`, which browsers follow by themselves.
"""

import asyncio
import random
from collections.abc import Callable, Collection

# A process lets this many in each second beside its other work.
LET_IN_PER_S = 150
SOONEST_MS = 100
# A few come back at once; nobody waits longer than this.
SPREAD_LEAST_MS, SPREAD_MOST_MS = 1_000, 20_000
TOLD_AGAIN_EVERY_S = 5.0


def retry_after_ms(open_count: int) -> int:
    """Return when one of so many should come back, in milliseconds, at random."""
    spread = min(max(open_count * 1000 // LET_IN_PER_S, SPREAD_LEAST_MS), SPREAD_MOST_MS)
    return SOONEST_MS + random.randrange(spread)  # noqa: S311 (no secret)


class Returning:
    """Clients that are told when to come back, and how large the crowd was then."""

    def __init__(self, count: Callable[[], int]) -> None:
        """`count` tells how many are open."""
        self._count = count
        self._told: dict[Callable[[int], None], int] = {}

    def enter(self, tell: Callable[[int], None]) -> int:
        """Note a client that `tell` can tell another moment; return its first one."""
        count = self._count()
        self._told[tell] = count
        return retry_after_ms(count)

    def leave(self, tell: Callable[[int], None]) -> None:
        """Forget a client."""
        self._told.pop(tell, None)

    def outgrown(self) -> Collection[Callable[[int], None]]:
        """Return those who were told when the crowd was less than half as large."""
        count = self._count()
        if count * 1000 // LET_IN_PER_S <= SPREAD_LEAST_MS:
            return ()
        return [tell for tell, before in self._told.items() if before * 2 < count]

    async def tell_again(self) -> None:
        """Tell those another moment whose crowd has grown, until cancelled."""
        while True:
            await asyncio.sleep(TOLD_AGAIN_EVERY_S)
            count = self._count()
            for number, tell in enumerate(self.outgrown()):
                if number % 100 == 99:
                    await asyncio.sleep(0)
                if tell in self._told:
                    self._told[tell] = count
                    tell(retry_after_ms(count))
