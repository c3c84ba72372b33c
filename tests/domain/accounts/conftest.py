"""A household on a database of its own, for verbs that are several works."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from functools import partial
from uuid import uuid4

import pytest

from domain.accounts import (
    Desk,
    Profile,
    ProfileChange,
    Viewer,
    create_account,
    create_profile,
    profiles_of,
    sign_in,
    viewer_by_token,
)
from domain.accounts.factors import Factor
from domain.accounts.passwords import Cost, Passwords
from domain.accounts.store import renew_proof
from domain.kernel.bus import Bus
from domain.kernel.crypto import Keyring
from domain.kernel.work import Database, Reads
from tests.arrange import CONFIRMED
from tests.conftest import SettableClock

MINUTE_S = 60.0


@dataclass
class Household:
    """One account, signed in on one device long enough ago that nothing counts as proved any more."""

    desk: Desk
    database: Database
    clock: SettableClock
    token: str
    viewer: Viewer

    @property
    def reads(self) -> Reads:
        return Reads(self.database, now=self.clock())

    async def again(self) -> Viewer:
        """The viewer as it is at its next request."""
        found = await viewer_by_token(self.reads, self.token)
        assert found is not None
        self.viewer = found
        return found

    async def prove(self) -> None:
        """Let its owner prove who they are, on this device."""
        async with self.desk.open_work() as work:
            await renew_proof(
                work.connection, self.viewer.sign_in_id, at=work.now, factors=frozenset({Factor.PASSWORD})
            )
        await self.again()

    async def elsewhere(self) -> tuple[str, Viewer]:
        """Sign the account in on one more device."""
        async with self.desk.open_work() as work:
            signed_in = await sign_in(work, account_id=self.viewer.account_id, device_name="Phone", factors=CONFIRMED)
        return signed_in.token, signed_in.viewer

    async def profiles(self) -> list[Profile]:
        (found,) = await profiles_of(self.reads, [self.viewer.account_id])
        return found

    async def add(self, name: str, **change: object) -> Profile:
        """Add a profile as its owner who just proved that."""
        now = replace(self.viewer, auth_time=self.clock())
        return await create_profile(self.desk, viewer=now, change=ProfileChange(name=name, **change), pin=None)  # type: ignore[arg-type]  # a test names fields


@pytest.fixture
async def household(database: Database, bus: Bus, clock: SettableClock, keyring: Keyring) -> AsyncIterator[Household]:
    """A household of one."""
    passwords = Passwords(cost=Cost(memory_kib=8, passes=1))
    desk = Desk(partial(database.work, bus=bus, clock=clock), passwords, keyring, "http://marquee.example")
    async with desk.open_work() as work:
        account = await create_account(work, email=f"{uuid4().hex}@example.com", display_name="Ada", territory="DE")
        signed_in = await sign_in(work, account_id=account.id, device_name="Television", factors=CONFIRMED)
    clock.advance(11 * MINUTE_S)
    yield Household(desk, database, clock, signed_in.token, signed_in.viewer)
    passwords.close()
