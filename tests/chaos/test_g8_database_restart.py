"""G8: the database restarts under load. Acknowledged rows are all there, callers see Unavailable, never a driver.

Fixed faults, each on a durable server of its own: a fast stop, `kill -9`, and ten seconds of silence.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from domain.accounts import Role, accounts_by_id, create_account
from domain.kernel.bus import Bus
from domain.kernel.clock import system_clock
from domain.kernel.refusals import Unavailable
from domain.kernel.work import Database, Reads
from edge.local.postgres import LocalPostgres
from migrations import upgrade

pytestmark = pytest.mark.chaos

CALLERS = 40
WARM_UP_S = 1.0
AFTER_S = 2.0
FREEZE_S = 10.0
# The promise: from the moment the server is up to the first success.
RECOVERY_MAX_S = 5.0
# A caller is told within this, however silent the server is: the command timeout and the wait for a connection.
PATIENCE_S = 14.0
DRIVER_WORDS = ("asyncpg", "sqlalchemy", "postgres", "connection", "psql", "terminat", "SELECT", "INSERT", "errno")


@dataclass
class Load:
    """What the callers saw."""

    database: Database
    bus: Bus
    acknowledged: list[UUID] = field(default_factory=list)
    successes_at: list[float] = field(default_factory=list)
    refused: list[Unavailable] = field(default_factory=list)
    longest_s: float = 0.0
    stop: bool = False

    async def call(self) -> None:
        """Create accounts one after the other until told to stop."""
        while not self.stop:
            began = time.monotonic()
            try:
                async with self.database.work(bus=self.bus, clock=system_clock) as work:
                    account = await create_account(
                        work,
                        email=f"{uuid4().hex}@load.example",
                        display_name="Load",
                        territory="DE",
                        roles=frozenset({Role.VIEWER}),
                    )
                self.acknowledged.append(account.id)
                self.successes_at.append(time.monotonic())
            except Unavailable as refusal:
                self.refused.append(refusal)
                await asyncio.sleep(0.02)
            self.longest_s = max(self.longest_s, time.monotonic() - began)

    async def missing(self) -> list[UUID]:
        """Return what was acknowledged and is not there."""
        reads = Reads(self.database, now=system_clock())
        found: list[object] = []
        for start in range(0, len(self.acknowledged), 1000):
            found += await accounts_by_id(reads, self.acknowledged[start : start + 1000])
        return [id for id, account in zip(self.acknowledged, found, strict=True) if account is None]


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[LocalPostgres]:
    server = LocalPostgres.start(tmp_path / "postgres")
    try:
        await upgrade(server.url)
        yield server
    finally:
        server.thaw()
        server.stop()


async def fast_stop(server: LocalPostgres) -> None:
    server.stop()
    server.resume()


async def power_cut(server: LocalPostgres) -> None:
    server.kill()
    server.resume()


async def silence(server: LocalPostgres) -> None:
    server.freeze()
    await asyncio.sleep(FREEZE_S)
    server.thaw()


@pytest.mark.parametrize("fault", [fast_stop, power_cut, silence])
async def test_a_restart_loses_nothing_acknowledged_and_is_over_at_once(
    server: LocalPostgres, fault: Callable[[LocalPostgres], Awaitable[None]]
) -> None:
    database = Database.connect(server.url)
    async with Bus.open(server.url) as bus:
        load = Load(database, bus)
        async with asyncio.TaskGroup() as callers:
            for _ in range(CALLERS):
                callers.create_task(load.call())
            await asyncio.sleep(WARM_UP_S)
            before = len(load.acknowledged)
            await fault(server)
            up_at = time.monotonic()
            await asyncio.sleep(RECOVERY_MAX_S + AFTER_S)
            load.stop = True
        assert before > 0, "there was no load before the fault"
        assert load.refused, "the fault was not noticed"
        recovered_s = min(at for at in load.successes_at if at > up_at) - up_at
        assert recovered_s <= RECOVERY_MAX_S
        assert load.longest_s <= PATIENCE_S
        assert await load.missing() == []
        assert await bus.ready(RECOVERY_MAX_S), "the doorbell line did not come back"
        for refusal in load.refused:
            assert refusal.code == "UNAVAILABLE"
            assert not [word for word in DRIVER_WORDS if word.lower() in refusal.message.lower()], refusal.message
    await database.close()


async def test_the_check_catches_rows_acknowledged_before_they_are_committed(server: LocalPostgres) -> None:
    database = Database.connect(server.url)
    async with Bus.open(server.url) as bus:
        load = Load(database, bus)

        async def acknowledge_too_early() -> None:
            async with database.work(bus=bus) as work:
                account = await create_account(
                    work, email="early@load.example", display_name="Early", territory="DE", roles=frozenset()
                )
                load.acknowledged.append(account.id)
                server.kill()

        with pytest.raises(Unavailable):
            await acknowledge_too_early()
        server.resume()
        assert await load.missing() == load.acknowledged
    await database.close()
