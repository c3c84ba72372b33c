"""Forgetting codes that have run out, and refresh tokens that were used. Grants go with their sign-ins."""

from datetime import timedelta

from domain.authorization import store
from domain.kernel.work import Work

# Long enough that a code which comes a second time is known to be one.
CODES_KEPT = timedelta(days=1)

# A device that is on all day uses a hundred and fifty. One that comes again later is refused, without ending its grant.
USED_TOKENS_KEPT = timedelta(days=2)


async def prune_codes(work: Work, *, limit: int) -> int:
    """Delete codes that ran out a day ago, up to `limit` of each sort; return how many."""
    return await store.prune_codes(work.connection, before=work.now - CODES_KEPT, limit=limit)


async def prune_refresh_tokens(work: Work, *, limit: int) -> int:
    """Delete refresh tokens that were used days ago, up to `limit`; return how many."""
    return await store.prune_refresh_tokens(work.connection, before=work.now - USED_TOKENS_KEPT, limit=limit)
