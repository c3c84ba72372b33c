"""G9, as npm's clients see it: whatever breaks between them and a fact, each fact comes once and in order."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from tests.chaos.shows import Show, show
from tests.chaos.test_g9_bus_restart import Valkey
from tests.conftest import ScratchDatabases
from tests.graph import npm_packages

pytestmark = pytest.mark.chaos

# The first two made the stream and put it on air; the second is where followers begin.
FIRST, LAST = 2, 160
EVERY_S = 0.02
BREAKS = 2

Break = Callable[[Show], Awaitable[None]]


@pytest.fixture(scope="module", autouse=True)
def _packages() -> None:
    npm_packages.install()


async def cut_the_bus(live: Show) -> None:
    """Cut every line over which PostgreSQL carries doorbells."""
    async with live.database.read() as connection:
        await connection.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ILIKE 'LISTEN%'")
        )


@asynccontextmanager
async def following(live: Show, kind: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await npm_packages.start("recovering.mjs", kind, live.url, live.id, LAST)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def heard(process: asyncio.subprocess.Process) -> AsyncIterator[list[Any]]:
    assert process.stdout is not None
    async with asyncio.timeout(60):
        async for line in process.stdout:
            yield json.loads(line)


async def followed_through(live: Show, kind: str, breaks: Break) -> list[list[Any]]:
    """Tell everything while it breaks again and again, and return what the client has heard."""
    async with following(live, kind) as process:
        events = heard(process)
        told = [await anext(events)]

        async def tell() -> None:
            for number in range(FIRST, LAST):
                await live.tell(1)
                await asyncio.sleep(EVERY_S)
                if number % (LAST // BREAKS) == LAST // BREAKS // 2:
                    await breaks(live)

        telling = asyncio.create_task(tell())
        told += [event async for event in events]
        await telling
        assert process.stderr is not None
        assert await process.wait() == 0, (await process.stderr.read()).decode()
    return told


def exactly() -> list[list[Any]]:
    return [["StreamSnapshot", FIRST, None], *(["StreamUpdate", offset, None] for offset in range(FIRST + 1, LAST + 1))]


@pytest.mark.parametrize("kind", ["ws", "sse"])
@pytest.mark.parametrize("breaks", [Show.kill, cut_the_bus])
async def test_a_client_that_comes_back_misses_nothing_and_hears_nothing_twice(
    scratch_databases: ScratchDatabases, tmp_path: Path, kind: str, breaks: Break
) -> None:
    async with show(await scratch_databases.create(), tmp_path) as live:
        assert await followed_through(live, kind, breaks) == exactly()


async def test_a_bus_of_its_own_may_be_killed(scratch_databases: ScratchDatabases, tmp_path: Path) -> None:
    valkey = Valkey()
    try:
        async with show(await scratch_databases.create(), tmp_path, bus_url=valkey.url) as live:
            assert await followed_through(live, "ws", lambda _: valkey.kill()) == exactly()
    finally:
        valkey.stop()
