"""Forgetting what nobody needs any more: sign-ins that are over, and devices that are not used."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from domain.accounts import store
from domain.accounts.people import DeviceId
from domain.kernel.work import Work


async def prune_sign_ins(work: Work, *, kept: timedelta, limit: int) -> int:
    """Delete up to `limit` sign-ins that were over `kept` ago; return how many."""
    return await store.prune_sign_ins(work.connection, before=work.now - kept, limit=limit)


async def idle_devices(work: Work, *, kept: timedelta, limit: int) -> list[DeviceId]:
    """Return up to `limit` devices that were last seen `kept` ago and that no sign-in names.

    Locks them: whoever signs in on one meanwhile waits, and gets a new device when it is gone.
    """
    return await store.idle_devices(work.connection, before=work.now - kept, limit=limit)


async def forget_devices(work: Work, *, device_ids: Sequence[UUID]) -> int:
    """Delete devices that nothing names; return how many there were."""
    return await store.delete_devices(work.connection, device_ids)
