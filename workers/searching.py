"""The job that keeps the search index up to date."""

from domain.kernel.job_handlers import Done, Handler, Outcome, RunningJob
from domain.search import INDEX, index_next

# How late a change is found, about, in seconds.
INDEX_EVERY_S = 1.0
# Transactions of one run. What is left goes on in the next.
AT_ONCE = 200


def search_handlers() -> list[Handler]:
    """Return the handler of the search index."""
    return [Handler(INDEX, _index, every_s=INDEX_EVERY_S)]


async def _index(job: RunningJob) -> Outcome:
    for _ in range(AT_ONCE):
        async with job.work() as work:
            if not await index_next(work):
                break
    return Done()
