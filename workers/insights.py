"""The jobs that count what is watched."""

from domain.insights import COUNT_NEIGHBOURS, COUNT_TRENDS, count_neighbours_now, count_trends_now
from domain.kernel.job_handlers import Done, Handler, Outcome, RunningJob

TRENDS_EVERY_S = 300.0
NEIGHBOURS_EVERY_S = 3_600.0


def insight_handlers() -> list[Handler]:
    """Return the handlers that count."""
    return [
        Handler(COUNT_TRENDS, _trends, every_s=TRENDS_EVERY_S),
        Handler(COUNT_NEIGHBOURS, _neighbours, every_s=NEIGHBOURS_EVERY_S),
    ]


async def _trends(job: RunningJob) -> Outcome:
    async with job.work() as work:
        await count_trends_now(work)
    return Done()


async def _neighbours(job: RunningJob) -> Outcome:
    async with job.work() as work:
        await count_neighbours_now(work)
    return Done()
