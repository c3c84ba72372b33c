"""G11: two thousand sockets are cut off at once. All are back soon, and who asks something meanwhile hardly notices."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from domain.kernel.work import POOL_SIZE
from tests.chaos.shows import Show, show
from tests.conftest import ScratchDatabases

pytestmark = pytest.mark.chaos

SOCKETS = 2_000
BACK_WITHIN_S = 30.0
USUAL_S = 5.0
SLOWER_MOST = 2.0
# Below this the machine's own noise is larger than what is measured.
FLOOR_S = 0.02
QUERY = 'subscription { streamEvents(streamId: "%s") { __typename } }'
ASKED = {"query": "query($id: ID!) { liveStream(id: $id) { name viewers } }"}


@dataclass
class Crowd:
    """The process of the crowd."""

    process: asyncio.subprocess.Process

    async def drop(self) -> None:
        """Cut all of them off."""
        assert self.process.stdin is not None
        self.process.stdin.write(b"drop\n")
        await self.process.stdin.drain()

    async def said(self) -> dict[str, Any]:
        """Wait for what happens next."""
        assert self.process.stdout is not None
        async with asyncio.timeout(120):
            said: dict[str, Any] = json.loads(await self.process.stdout.readline())
        return said


@asynccontextmanager
async def crowd(live: Show, *, obeys: bool) -> AsyncIterator[Crowd]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.chaos.crowd", str(live.port), str(SOCKETS), QUERY % live.id,
        "obeys" if obeys else "hurries", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        made = Crowd(process)
        assert await made.said() == {"subscribed": SOCKETS}
        yield made
    finally:
        process.kill()
        await process.wait()


async def asking(live: Show, took_s: list[float], connections: list[int]) -> None:
    """Ask one thing after the other, and count the service's connections to the database, until cancelled."""
    asked = {**ASKED, "variables": {"id": live.id}}
    async with httpx.AsyncClient() as client:
        while True:
            began = time.monotonic()
            answer = await client.post(f"http://127.0.0.1:{live.port}/graphql", json=asked)
            took_s.append(time.monotonic() - began)
            assert answer.json()["data"]["liveStream"]["name"] == "Friday night"
            if len(took_s) % 20 == 0:
                async with live.database.read() as connection:
                    count = text("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'marquee'")
                    connections.append((await connection.execute(count)).scalar_one())
            await asyncio.sleep(0.005)


def p99(took_s: list[float]) -> float:
    return sorted(took_s)[int(len(took_s) * 0.99)]


async def storm(live: Show, *, obeys: bool) -> tuple[float, float, float, int]:
    """Return after how long all were back, a query's usual p99 and that of the storm, and the most connections."""
    connections: list[int] = []
    async with crowd(live, obeys=obeys) as made:
        # The clients that came first hear again how large the crowd has become.
        await asyncio.sleep(6)
        usual: list[float] = []
        asking_as_usual = asyncio.create_task(asking(live, usual, connections))
        await asyncio.sleep(USUAL_S)
        asking_as_usual.cancel()
        meanwhile: list[float] = []
        asking_meanwhile = asyncio.create_task(asking(live, meanwhile, connections))
        await made.drop()
        back_after_s = (await made.said())["back_after_s"]
        asking_meanwhile.cancel()
        assert await live.sockets_open() == SOCKETS
    return back_after_s, p99(usual), p99(meanwhile), max(connections)


async def test_all_are_back_soon_and_queries_hardly_notice(scratch_databases: ScratchDatabases, tmp_path: Path) -> None:
    for _ in range(3):
        async with show(await scratch_databases.create(), tmp_path) as live:
            back_after_s, usual, meanwhile, connections = await storm(live, obeys=True)
        print(f"back after {back_after_s:.1f} s; p99 {usual * 1000:.0f} ms, then {meanwhile * 1000:.0f} ms")
        assert back_after_s <= BACK_WITHIN_S
        # Both pools of the service, and those of the test beside it.
        assert connections <= 4 * POOL_SIZE
        if meanwhile <= max(usual, FLOOR_S) * SLOWER_MOST:
            return
    pytest.fail("queries were slowed down three times")


async def test_the_same_test_catches_clients_that_all_come_back_at_once(
    scratch_databases: ScratchDatabases, tmp_path: Path
) -> None:
    async with show(await scratch_databases.create(), tmp_path) as live:
        _, usual, meanwhile, _ = await storm(live, obeys=False)
    assert meanwhile > max(usual, FLOOR_S) * SLOWER_MOST
