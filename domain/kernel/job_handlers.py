"""What a job's handler is given, and what it answers.

A handler returns an `Outcome`. An exception it raises is a failure: tried again with exponential backoff, and a
dead job once the attempts are used up.
"""

import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime

from domain.kernel.job_claims import Claim, hold
from domain.kernel.work import Work

MAX_ATTEMPTS = 5
BACKOFF_FIRST_S = 2.0
BACKOFF_MAX_S = 300.0

OpenWork = Callable[[], AbstractAsyncContextManager[Work]]


@dataclass(frozen=True)
class Done:
    """The work is done."""


@dataclass(frozen=True)
class RetryAt:
    """The work cannot be done yet; it counts as a try."""

    at: datetime
    reason: str


@dataclass(frozen=True)
class Cancelled:
    """Somebody called the work off."""

    reason: str


@dataclass(frozen=True)
class Discarded:
    """The work will never succeed, and its owner has been told; nobody needs to look at the job."""

    reason: str


Outcome = Done | RetryAt | Cancelled | Discarded


@dataclass(frozen=True)
class RunningJob:
    """What a handler gets: its claim, and fenced transactions to write in."""

    claim: Claim
    open_work: OpenWork

    @property
    def payload(self) -> Mapping[str, object]:
        return self.claim.payload

    @contextlib.asynccontextmanager
    async def work(self) -> AsyncIterator[Work]:
        """Open a transaction that commits only while this attempt owns the job.

        Raises:
            LeaseLost: the job was cancelled or taken over; a handler lets it pass.
        """
        async with self.open_work() as work:
            await hold(work.connection, self.claim)
            yield work


@dataclass(frozen=True)
class Handler:
    """How jobs of one entrypoint are run.

    `on_dead` tells the domain, in the transaction that makes the job a dead one; what it raises is logged, undoes what
    it wrote, and leaves the job dead. With `every_s` the job repeats:
    the worker makes sure that exactly one is on the queue.
    """

    entrypoint: str
    perform: Callable[[RunningJob], Awaitable[Outcome]]
    max_attempts: int = MAX_ATTEMPTS
    on_dead: Callable[[Work, Mapping[str, object], str], Awaitable[None]] | None = None
    every_s: float | None = None


def backoff_s(tries: int) -> float:
    """Return how long to wait after the given try: doubling from 2 s up to 5 minutes, half of it random.

    The random half keeps jobs that failed together from coming back together.
    """
    longest = min(BACKOFF_FIRST_S * 2.0 ** max(tries - 1, 0), BACKOFF_MAX_S)
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards nothing
