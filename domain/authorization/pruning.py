"""Forgetting codes that have run out. Grants and refresh tokens go with their sign-ins."""

from datetime import timedelta

from domain.authorization import store
from domain.kernel.work import Work

# Long enough that a code which comes a second time is known to be one.
CODES_KEPT = timedelta(days=1)


async def prune_codes(work: Work, *, limit: int) -> int:
    """Delete codes that ran out a day ago, up to `limit` of each sort; return how many."""
    return await store.prune_codes(work.connection, before=work.now - CODES_KEPT, limit=limit)
