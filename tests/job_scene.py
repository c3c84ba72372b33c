"""What tests of jobs share: a runner in this process, looks at the queue, and leases that run out."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.kernel.bus import Bus
from domain.kernel.job_claims import Claim, claim_jobs
from domain.kernel.job_handlers import Done, Handler, RunningJob
from domain.kernel.job_runner import JobRunner
from domain.kernel.jobs import Job
from domain.kernel.work import Database

LEASE_S = 0.8


async def statuses(connection: AsyncConnection) -> list[tuple[str, str, int]]:
    rows = await connection.execute(text("SELECT entrypoint, status::text, attempts FROM pgqueuer ORDER BY id"))
    return [(row.entrypoint, row.status, row.attempts) for row in rows]


async def endings(connection: AsyncConnection) -> list[str]:
    rows = await connection.execute(text("SELECT status::text FROM pgqueuer_log ORDER BY id"))
    return [row.status for row in rows]


async def claim_one(connection: AsyncConnection, *, lease_s: float = 15, entrypoint: str = "encode") -> Claim | None:
    claims = await claim_jobs(connection, worker_id=uuid4(), entrypoints=[entrypoint], limit=1, lease_s=lease_s)
    return claims[0] if claims else None


async def stale(connection: AsyncConnection) -> None:
    """Let the lease of every running job run out."""
    await connection.execute(
        text("UPDATE pgqueuer SET heartbeat = now() - interval '1 hour', execute_after = now() - interval '1 hour'")
    )


async def until(condition: Callable[[], Awaitable[bool]], *, within_s: float = 10) -> None:
    async with asyncio.timeout(within_s):
        while not await condition():
            await asyncio.sleep(0.01)


class Scene:
    """A runner in this process, and what its handlers saw."""

    def __init__(self, database: Database, bus: Bus) -> None:
        self.database = database
        self.bus = bus
        self.seen: list[object] = []
        self.stopped: list[str] = []

    @asynccontextmanager
    async def running(self, *handlers: Handler, drain_s: float = 5, concurrency: int = 2) -> AsyncIterator[JobRunner]:
        runner = JobRunner(
            open_work=lambda: self.database.work(bus=self.bus),
            bus=self.bus,
            handlers=handlers,
            concurrency=concurrency,
            lease_s=LEASE_S,
            poll_s=0.05,
            beat_s=0.05,
            drain_s=drain_s,
        )
        stop = asyncio.Event()
        task = asyncio.create_task(runner.run(stop))
        try:
            yield runner
        finally:
            stop.set()
            await task

    async def enqueue(self, *jobs: Job) -> None:
        async with self.database.work(bus=self.bus) as work:
            for job in jobs:
                await work.enqueue(job)

    async def queue(self) -> list[tuple[str, str, int]]:
        async with self.database.read() as connection:
            return await statuses(connection)

    async def queue_is(self, *expected: tuple[str, str, int]) -> None:
        async def same() -> bool:
            return await self.queue() == list(expected)

        await until(same)

    async def wait_forever(self, job: RunningJob) -> Done:
        self.seen.append(dict(job.payload))
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.stopped.append(job.claim.entrypoint)
            raise
        return Done()


async def stale_heartbeat(connection: AsyncConnection) -> None:
    await connection.execute(text("UPDATE pgqueuer SET heartbeat = heartbeat - interval '1 hour'"))
