"""The job that lets happen what editors set to happen."""

from domain.catalog.review import RUN_DUE, run_due_change
from domain.kernel.job_handlers import Done, Handler, Outcome, RunningJob

# How late a publication may be, about, in seconds.
RUN_EVERY_S = 5.0
# One transaction each. What is still due after so many is left for the next run.
AT_ONCE = 200


def scheduling_handlers() -> list[Handler]:
    """Return the handlers of scheduled changes."""
    return [Handler(RUN_DUE, _run, every_s=RUN_EVERY_S)]


async def _run(job: RunningJob) -> Outcome:
    for _ in range(AT_ONCE):
        async with job.work() as work:
            if await run_due_change(work) is None:
                break
    return Done()
