"""G8 for jobs: the database is stopped, killed and frozen under a running worker, and no job is lost or done twice."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import text

from domain.kernel.bus import Bus
from domain.kernel.job_handlers import Done, Handler, RunningJob
from domain.kernel.job_runner import JobRunner
from domain.kernel.jobs import Job
from domain.kernel.refusals import Unavailable
from domain.kernel.work import Database
from edge.local.postgres import LocalPostgres
from migrations import upgrade

pytestmark = pytest.mark.chaos

JOBS = 60
BACK_WITHIN_S = 5.0
FROZEN_S = 10.0
CONCURRENCY = 2


@dataclass
class Line:
    """A worker that ticks off jobs in a table, and the server it works on."""

    server: LocalPostgres
    database: Database
    bus: Bus
    finished_at: list[float] = field(default_factory=list)

    async def tick(self, job: RunningJob) -> Done:
        async with job.work() as work:
            await work.connection.execute(
                text("INSERT INTO ticks (job, attempt) VALUES (:job, :attempt)"),
                {"job": job.payload["number"], "attempt": job.claim.attempt},
            )
        self.finished_at.append(time.monotonic())
        return Done()

    async def ticked(self) -> list[int]:
        async with self.database.read() as connection:
            rows = await connection.execute(text("SELECT job FROM ticks ORDER BY job"))
            return [row.job for row in rows]

    async def enqueue(self, numbers: range) -> list[int]:
        """Enqueue jobs one by one and return those that were acknowledged."""
        acknowledged = []
        for number in numbers:
            try:
                async with self.database.work(bus=self.bus) as work:
                    await work.enqueue(Job("tick", {"number": number}))
            except Unavailable:
                await asyncio.sleep(0.05)
            else:
                acknowledged.append(number)
        return acknowledged

    async def until_finished(self, count: int) -> None:
        async with asyncio.timeout(30):
            while len(self.finished_at) < count:
                await asyncio.sleep(0.005)

    async def first_success_after(self, instant: float, *, within_s: float) -> float:
        async with asyncio.timeout(within_s):
            while not any(at > instant for at in self.finished_at):
                await asyncio.sleep(0.01)
        return min(at for at in self.finished_at if at > instant) - instant

    async def until_quiet(self) -> None:
        async with asyncio.timeout(60):
            while True:
                async with self.database.read() as connection:
                    left = await connection.execute(text("SELECT count(*) FROM pgqueuer WHERE entrypoint = 'tick'"))
                    if left.scalar_one() == 0:
                        return
                await asyncio.sleep(0.05)


@asynccontextmanager
async def working_line(folder: Path) -> AsyncIterator[Line]:
    server = LocalPostgres.start(folder / "postgres", durable=True)
    try:
        await upgrade(server.url)
        database = Database.connect(server.url)
        async with Bus.open(server.url) as bus:
            assert await bus.ready(10)
            line = Line(server, database, bus)
            async with database.work(bus=bus) as work:
                await work.connection.execute(text("CREATE TABLE ticks (job int, attempt int)"))
            async with _running(line):
                yield line
        await database.close()
    finally:
        server.stop()


@asynccontextmanager
async def _running(line: Line) -> AsyncIterator[None]:
    stop = asyncio.Event()
    runner = JobRunner(
        open_work=lambda: line.database.work(bus=line.bus),
        bus=line.bus,
        handlers=[Handler("tick", line.tick, max_attempts=20)],
        concurrency=CONCURRENCY,
        lease_s=5.0,
    )
    task = asyncio.create_task(runner.run(stop))
    try:
        yield
    finally:
        stop.set()
        await task


def assert_each_done(acknowledged: list[int], done: list[int]) -> None:
    assert len(acknowledged) >= JOBS // 2, "the fault came in the middle"
    assert set(acknowledged) <= set(done), "no acknowledged job is lost"
    # A tick whose job could not be settled before the fault is done again, and these ticks are not made to bear it.
    assert len(done) - len(set(done)) <= CONCURRENCY


def stop_fast(server: LocalPostgres) -> None:
    server.stop()


def kill(server: LocalPostgres) -> None:
    server.kill()


@pytest.mark.parametrize("end", [stop_fast, kill], ids=["fast stop", "kill -9"])
async def test_jobs_go_on_after_the_database_came_back(tmp_path: Path, end: Callable[[LocalPostgres], None]) -> None:
    async with working_line(tmp_path) as line:
        enqueuing = asyncio.create_task(line.enqueue(range(JOBS)))
        await line.until_finished(JOBS // 4)
        await asyncio.to_thread(end, line.server)
        await asyncio.to_thread(line.server.resume)
        up = time.monotonic()
        acknowledged = await enqueuing + await line.enqueue(range(JOBS, JOBS + 20))
        assert await line.first_success_after(up, within_s=30) < BACK_WITHIN_S
        await line.until_quiet()
        assert_each_done(acknowledged, await line.ticked())


async def test_jobs_go_on_after_the_database_was_frozen(tmp_path: Path) -> None:
    async with working_line(tmp_path) as line:
        enqueuing = asyncio.create_task(line.enqueue(range(JOBS)))
        await line.until_finished(JOBS // 4)
        await asyncio.to_thread(line.server.freeze)
        try:
            await _let_pass(FROZEN_S)
        finally:
            await asyncio.to_thread(line.server.thaw)
        thawed = time.monotonic()
        acknowledged = await enqueuing + await line.enqueue(range(JOBS, JOBS + 20))
        assert await line.first_success_after(thawed, within_s=30) < BACK_WITHIN_S
        await line.until_quiet()
        assert_each_done(acknowledged, await line.ticked())


async def _let_pass(seconds: float) -> None:
    """Time itself is what is under test."""
    await asyncio.sleep(seconds)
