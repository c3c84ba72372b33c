"""The job that notes what the clock has made of polls, and pays points out."""

from datetime import timedelta
from uuid import UUID

from domain.engagement.poll_running import TURN, turn_poll
from domain.kernel.job_handlers import Done, Handler, Outcome, RetryAt, RunningJob

# How far the clocks of the database and of this process may be apart: a job that comes that much early comes again.
CLOCKS_APART = timedelta(seconds=5)


def engagement_handlers() -> list[Handler]:
    """Return the handlers of polls."""
    return [Handler(TURN, _turn)]


async def _turn(job: RunningJob) -> Outcome:
    async with job.work() as work:
        poll = await turn_poll(work, poll_id=UUID(str(job.payload["poll_id"])))
        now = work.now
    at = None if poll is None else poll.turns_at()
    if at is not None and at - now < CLOCKS_APART:
        return RetryAt(at, "it is not time yet")
    return Done()
