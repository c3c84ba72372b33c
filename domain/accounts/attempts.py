"""Attempts at secrets, and at what costs us or others something: counted in the database, so for all processes.

Every kind of attempt has a bucket for each subject (an account, an address, an identifier). A bucket holds `burst`
attempts and fills again evenly over `per_s`. It is counted what is tried, not what is requested.

Refusal
└── RateLimited
    └── TooManyAttempts   the bucket is empty
"""

import hashlib
from dataclasses import dataclass

from domain.accounts import store
from domain.kernel.refusals import RateLimited
from domain.kernel.work import Work

MINUTE_S = 60.0
HOUR_S = 3_600.0


@dataclass(frozen=True)
class Limit:
    """How many attempts of one kind a subject has at once, and in how many seconds they come back."""

    kind: str
    burst: int
    per_s: float


class TooManyAttempts(RateLimited):
    """Too many attempts of this kind. `retry_after_s` is in seconds."""


async def take_attempt(work: Work, *, limit: Limit, subject: str) -> None:
    """Count an attempt. Do it in a work of its own, before the attempt: one that fails has to count as well.

    Locks the bucket until the work ends. Raises:
        TooManyAttempts: nothing was counted.
    """
    waiting_s = await store.take_attempt(
        work.connection, kind=limit.kind, subject=_hash(subject), burst=limit.burst, per_s=limit.per_s, at=work.now
    )
    if waiting_s is not None:
        raise TooManyAttempts(waiting_s)


async def take_attempts(work: Work, *, subjects: dict[Limit, str]) -> None:
    """Count an attempt in several buckets, or in none.

    Raises:
        TooManyAttempts.
    """
    for limit, subject in _in_order(subjects):
        await take_attempt(work, limit=limit, subject=subject)


async def return_attempts(work: Work, *, subjects: dict[Limit, str]) -> None:
    """Give attempts back that turned out to be their owner's; best last in a work, as others wait for the buckets."""
    for limit, subject in _in_order(subjects):
        await return_attempt(work, limit=limit, subject=subject)


async def return_attempt(work: Work, *, limit: Limit, subject: str) -> None:
    """Give one attempt back."""
    await store.return_attempt(
        work.connection, kind=limit.kind, subject=_hash(subject), seconds=limit.per_s / limit.burst
    )


async def prune_attempts(work: Work, *, limit: int) -> int:
    """Delete up to `limit` buckets that are full again; return how many."""
    return await store.prune_attempts(work.connection, before=work.now, limit=limit)


def _in_order(subjects: dict[Limit, str]) -> list[tuple[Limit, str]]:
    # One order for everybody, so that two of them never wait for each other.
    return sorted(subjects.items(), key=lambda pair: (pair[0].kind, pair[1]))


def _hash(subject: str) -> bytes:
    # Addresses and identifiers are nobody's business here; equal ones only have to be equal.
    return hashlib.sha256(subject.encode(errors="surrogatepass")).digest()
