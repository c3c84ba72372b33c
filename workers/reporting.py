"""Progress from a running encode to the asset's row, at most twice a second, without holding the encode up."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from domain.kernel.job_claims import LeaseLost
from domain.kernel.refusals import Unavailable
from domain.media.ffmpeg_runner import OnProgress, Progress
from domain.media.transcoding import StepSuperseded

PERIOD_S = 0.5

Report = Callable[[Progress], Awaitable[None]]


@asynccontextmanager
async def reporting(report: Report, *, period_s: float = PERIOD_S) -> AsyncIterator[OnProgress]:
    """Lend a callback that keeps the latest progress; a task of its own writes it.

    A database that is away costs a report, not the encode. A lost lease ends the reports: the job itself is stopped
    by its runner.
    """
    latest: list[Progress] = []
    fresh = asyncio.Event()

    async def keep(progress: Progress) -> None:
        latest[:] = [progress]
        fresh.set()

    async def write() -> None:
        while True:
            await fresh.wait()
            fresh.clear()
            with suppress(Unavailable):
                await report(latest[0])
            await asyncio.sleep(period_s)

    writer = asyncio.create_task(write())
    try:
        yield keep
    finally:
        writer.cancel()
        with suppress(asyncio.CancelledError, LeaseLost, StepSuperseded):
            await writer
