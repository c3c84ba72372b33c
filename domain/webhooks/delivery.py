"""One event on its way to one endpoint, and when it is tried again.

PENDING ──► DELIVERED            HELD      the endpoint was disabled; a replay puts it in line
   └──────► FAILED               FAILED    it was tried for days; a replay puts it in line
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

# How long after each attempt the next one comes: about three days in all.
RETRIES = tuple(
    timedelta(seconds=seconds) for seconds in (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
# Nobody who asks to be left alone for longer is waited for longer.
RETRY_AFTER_MAX = timedelta(days=1)
# An endpoint that took nothing for so long is disabled.
FAILED_FOR_LONG = timedelta(days=3)


class DeliveryState(StrEnum):
    """What has become of a delivery."""

    PENDING = "PENDING"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"
    HELD = "HELD"


@dataclass(frozen=True)
class Delivery:
    """One event on its way to one endpoint. `event_id` is the same for every attempt and every replay."""

    id: UUID
    endpoint_id: UUID
    event_id: str
    event_type: str
    occurred_at: datetime
    state: DeliveryState
    attempts: int
    next_attempt_at: datetime | None
    last_status: int | None


@dataclass(frozen=True)
class DeliveryAttempt:
    """One attempt: the status that came back, or why there was none."""

    number: int
    at: datetime
    status: int | None
    error: str | None
    took_ms: int


@dataclass(frozen=True, repr=False)
class Claimed:
    """A delivery that this process is to attempt now, and nobody else until the claim runs out."""

    id: UUID
    endpoint_id: UUID
    event_id: str
    event_type: str
    object_key: str
    sequence: int
    body: bytes
    attempts: int
    forgiven: int
    url: str

    @property
    def tried(self) -> int:
        """Which attempt this is since the delivery was put in line."""
        return self.attempts - self.forgiven


def retry_in(tried: int, *, asked_for_s: float | None) -> timedelta | None:
    """Return when to try again after so many attempts, with jitter; None when that was the last one."""
    if tried > len(RETRIES):
        return None
    # So that what failed together does not come back together.
    pause = RETRIES[tried - 1] * random.uniform(0.8, 1.2)  # noqa: S311 (no secret)
    if asked_for_s is None:
        return pause
    return max(pause, min(timedelta(seconds=max(asked_for_s, 0)), RETRY_AFTER_MAX))
