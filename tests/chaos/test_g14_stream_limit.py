"""G14: the stream limit holds. However tight the starts, an account plays on as many screens as its plan has.

Twenty devices of each of fifty accounts start at the same instant at a limit of three: three are granted, never more
and never fewer. The same race against a twin without its guards must show, or the race is too loose to prove anything.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.accounts import Viewer
from domain.kernel.bus import Bus
from domain.kernel.crypto import Keyring
from domain.kernel.refusals import Unavailable
from domain.kernel.work import Database
from domain.playback import StreamLimitReached, start_playback, store
from tests.playable import create_playable, create_subscriber, on_another_device

pytestmark = pytest.mark.chaos

ACCOUNTS = 50
DEVICES = 20
LIMIT = 3
CONNECTIONS = 20
KEYS = Keyring({"test": bytes(32)})
NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)


class Race:
    """Fifty accounts, twenty devices each, one title."""

    def __init__(self, database: Database, bus: Bus, title_id: UUID, devices: Sequence[Sequence[Viewer]]) -> None:
        self._database = database
        self._bus = bus
        self._title_id = title_id
        self.devices = devices

    @classmethod
    async def prepare(cls, database: Database, bus: Bus, *, accounts: int = ACCOUNTS) -> "Race":
        async with database.work(bus=bus, clock=lambda: NOW) as work:
            playable = await create_playable(work)
            devices = []
            for _ in range(accounts):
                first = await create_subscriber(work)
                devices.append([first, *[await on_another_device(work, first) for _ in range(DEVICES - 1)]])
        return cls(database, bus, playable.title_id, devices)

    async def start(self, viewer: Viewer, *, at: datetime = NOW) -> bool:
        """Start on one device. Returns whether it was granted."""
        while True:
            try:
                async with self._database.work(bus=self._bus, clock=lambda: at) as work:
                    await start_playback(
                        work,
                        viewer=viewer,
                        keyring=KEYS,
                        title_id=self._title_id,
                        address="192.0.2.1",
                        idempotency_key=uuid4().hex,
                    )
            except StreamLimitReached:
                return False
            except Unavailable:
                # A thousand callers share twenty connections; who had to wait too long asks again.
                continue
            return True

    async def run(self) -> list[int]:
        """Start on every device of every account at once. Returns how many each account was granted."""
        granted = await asyncio.gather(*(asyncio.gather(*(self.start(one) for one in all)) for all in self.devices))
        return [sum(account) for account in granted]

    async def playing(self) -> list[int]:
        """Count the active sessions of each account in the database itself."""
        async with self._database.read() as connection:
            rows = await connection.execute(
                text("SELECT account_id, count(*) AS n FROM playback_sessions WHERE state = 'ACTIVE' GROUP BY 1")
            )
            found = {row.account_id: row.n for row in rows}
        return [found.get(account[0].account_id, 0) for account in self.devices]


@pytest.fixture
async def crowd(database_url: str) -> Database:
    return Database.connect(database_url, pool_size=CONNECTIONS, read_pool_size=2)


async def test_every_account_plays_on_exactly_as_many_screens_as_its_plan_has(crowd: Database, bus: Bus) -> None:
    race = await Race.prepare(crowd, bus)

    granted = await race.run()

    assert granted == [LIMIT] * ACCOUNTS
    assert await race.playing() == [LIMIT] * ACCOUNTS
    await crowd.close()


async def test_the_race_catches_a_twin_without_its_guards(
    crowd: Database, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lock_nothing(connection: AsyncConnection, *_args: object, **_values: object) -> None:
        await connection.execute(text("SELECT 1"))

    race = await Race.prepare(crowd, bus, accounts=5)
    async with crowd.work(bus=bus) as work:
        await work.connection.execute(text("DROP INDEX playback_sessions_screens_idx"))
    monkeypatch.setattr(store, "claim_screens", lock_nothing)

    await race.run()

    assert max(await race.playing()) > LIMIT
    await crowd.close()


async def test_a_vanished_devices_screen_is_free_within_a_minute(crowd: Database, bus: Bus) -> None:
    race = await Race.prepare(crowd, bus, accounts=1)
    (devices,) = race.devices
    for device in devices[:LIMIT]:
        assert await race.start(device)

    late = devices[LIMIT]
    assert not await race.start(late, at=NOW + timedelta(seconds=59))
    assert await race.start(late, at=NOW + timedelta(seconds=60))
    await crowd.close()
