"""Hashing passwords with argon2id (RFC 9106), beside the event loop and within bounds.

A hash takes a core for tens of milliseconds and 19 MiB. So few run at once, on threads that give way to everything
else of the process; so many may wait that a rush is served, and who comes after them is told to come back.
"""

import asyncio
import base64
import os
import secrets
import sys
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from argon2 import extract_parameters, low_level
from argon2.exceptions import Argon2Error, InvalidHashError

from domain.kernel.refusals import Unavailable

# The least that the OWASP Password Storage Cheat Sheet gives for argon2id: 19 MiB, two passes, one lane.
MEMORY_KIB = 19 * 1024
PASSES = 2
LANES = 1
SALT_BYTES = 16
HASH_BYTES = 32
# Waiting for more than a few seconds helps nobody: at 25 ms each, the last one waits about five.
WAITING_MAX = 200
BUSY_RETRY_S = 5.0
NICENESS = 19

T = TypeVar("T")


@dataclass(frozen=True)
class Cost:
    """What a hash costs: memory in KiB, passes over it, lanes."""

    memory_kib: int = MEMORY_KIB
    passes: int = PASSES
    lanes: int = LANES


class Passwords:
    """Makes and checks hashes. One for each process; `threads` hash at once."""

    def __init__(self, *, threads: int = 1, waiting_max: int = WAITING_MAX, cost: Cost | None = None) -> None:
        self._cost = cost or Cost()
        self._places = threads + waiting_max
        self._taken = 0
        self._in_line = 0
        # One more than hash at once: it reads and writes meanwhile.
        self._turns = asyncio.Semaphore(threads + 1)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="passwords", initializer=_give_way)
        # Nobody's password: checking against it takes as long as against somebody's.
        self._nobodys = _encoded_at_random(self._cost)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Let the block begin when it is its turn: about as many run at once as passwords are hashed.

        Everything else that a sign-in does is some milliseconds of the event loop. A hundred that come together would
        take them at the same moment; so they take turns.

        Raises:
            Unavailable: too many are waiting.
        """
        if self._in_line >= self._places:
            raise Unavailable(BUSY_RETRY_S)
        self._in_line += 1
        try:
            async with self._turns:
                yield
        finally:
            self._in_line -= 1

    async def hash(self, prepared: str) -> str:
        """Return the encoded hash of a prepared password, with a salt of its own.

        Raises:
            Unavailable: too many are waiting.
        """
        return await self._run(partial(_hash, prepared.encode(), self._cost))

    async def matches(self, encoded: str | None, prepared: str) -> bool:
        """Tell whether a hash is that of a prepared password; of None it takes as long, and is not.

        Raises:
            Unavailable: too many are waiting.
        """
        known = self._nobodys if encoded is None else encoded
        return await self._run(partial(_verify, known.encode(), prepared.encode())) and encoded is not None

    def is_outdated(self, encoded: str) -> bool:
        """Tell whether a hash was made with other costs than those of now."""
        try:
            found = extract_parameters(encoded)
        except InvalidHashError:
            return True
        now = self._cost
        return (found.memory_cost, found.time_cost, found.parallelism) != (now.memory_kib, now.passes, now.lanes)

    def close(self) -> None:
        """Let what runs end, and begin nothing more."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    async def _run(self, work: "partial[T]") -> T:
        if self._taken >= self._places:
            raise Unavailable(BUSY_RETRY_S)
        self._taken += 1
        future = self._pool.submit(work)
        # A place is free when its thread is, not when its caller left.
        loop = asyncio.get_running_loop()
        future.add_done_callback(lambda _: loop.call_soon_threadsafe(self._leave))
        return await asyncio.wrap_future(future)

    def _leave(self) -> None:
        self._taken -= 1


def _hash(prepared: bytes, cost: Cost) -> str:
    return low_level.hash_secret(
        prepared,
        secrets.token_bytes(SALT_BYTES),
        time_cost=cost.passes,
        memory_cost=cost.memory_kib,
        parallelism=cost.lanes,
        hash_len=HASH_BYTES,
        type=low_level.Type.ID,
    ).decode()


def _verify(encoded: bytes, prepared: bytes) -> bool:
    try:
        return low_level.verify_secret(encoded, prepared, low_level.Type.ID)
    except Argon2Error:
        return False


def _encoded_at_random(cost: Cost) -> str:
    salt, digest = (_base64(secrets.token_bytes(size)) for size in (SALT_BYTES, HASH_BYTES))
    return f"$argon2id$v=19$m={cost.memory_kib},t={cost.passes},p={cost.lanes}${salt}${digest}"


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode().rstrip("=")


def _give_way() -> None:
    """Let this thread run after those that answer requests. Only Linux has priorities of threads."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
