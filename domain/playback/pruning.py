"""Forgetting sessions that ended long ago: they say who watched what, when, and from which network address."""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from domain.kernel.work import Reads, Work
from domain.playback import store


async def prune_sessions(work: Work, *, kept: timedelta, limit: int) -> int:
    """Delete up to `limit` sessions that were over `kept` ago; return how many. Resume points stay."""
    return await store.prune_sessions(work.connection, before=work.now - kept, limit=limit)


async def devices_with_sessions(reads: Reads, device_ids: Collection[UUID]) -> frozenset[UUID]:
    """Return those of the devices that a session names, living or over."""
    async with reads.connection() as connection:
        return await store.devices_with_sessions(connection, device_ids)
