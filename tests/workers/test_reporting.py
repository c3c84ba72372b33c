"""Progress reports are few, late ones are dropped, and none of them stops an encode."""

import asyncio

import pytest

from domain.kernel.refusals import Unavailable
from domain.media.ffmpeg_runner import Progress
from domain.media.transcoding import StepSuperseded
from workers.reporting import reporting


def at(frame: int) -> Progress:
    return Progress(frame=frame, fps=25, out_time_s=frame / 25, speed=1)


async def test_a_burst_of_progress_becomes_few_reports_with_the_latest() -> None:
    written: list[int] = []
    seen = asyncio.Event()

    async def report(progress: Progress) -> None:
        written.append(progress.frame)
        seen.set()

    async with reporting(report, period_s=0.05) as on_progress:
        for frame in range(100):
            await on_progress(at(frame))
        await seen.wait()
        await on_progress(at(200))
        seen.clear()
        await asyncio.wait_for(seen.wait(), 5)
    assert written == [99, 200]


async def test_a_database_that_is_away_costs_a_report_only() -> None:
    tries: list[int] = []
    second = asyncio.Event()

    async def report(progress: Progress) -> None:
        tries.append(progress.frame)
        if len(tries) == 1:
            raise Unavailable
        second.set()

    async with reporting(report, period_s=0) as on_progress:
        await on_progress(at(1))
        while not tries:
            await asyncio.sleep(0)
        await on_progress(at(2))
        await asyncio.wait_for(second.wait(), 5)
    assert tries == [1, 2]


@pytest.mark.parametrize("end", [StepSuperseded()])
async def test_a_superseded_step_stops_reporting_and_nothing_else(end: Exception) -> None:
    async def report(progress: Progress) -> None:
        raise end

    async with reporting(report, period_s=0) as on_progress:
        await on_progress(at(1))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await on_progress(at(2))
