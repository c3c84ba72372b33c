"""Ends the streams of whoever is signed out, suspended, or on a device that was removed, or whose sign-in ran out.

So it does with those of a viewer who has other roles, acts as another profile or is at home elsewhere since.

The process asks the database every two seconds for all its open streams together. It needs no doorbell, so a bus that
is down delays nothing.
"""

import asyncio

import structlog

from domain.accounts import viewers_now
from domain.kernel.refusals import Unavailable
from domain.runtime import Runtime
from graph import measures
from graph.transports.streams import OpenStreams

# A revocation bites within five seconds; that leaves room for a slow query and a slow close.
CHECK_EVERY_S = 2.0
CHECKED_AT_ONCE = 5_000

log = structlog.get_logger(__name__)


async def end_with_sign_ins(streams: OpenStreams, runtime: Runtime) -> None:
    """Look after the sign-ins of open streams until cancelled."""
    while True:
        await asyncio.sleep(CHECK_EVERY_S)
        try:
            await _check(streams, runtime)
        except Unavailable:
            # Nobody can be signed out while the database is away either; what was before is found in the next round.
            log.warning("revocation.unchecked", streams=len(streams.sign_ins()))


async def _check(streams: OpenStreams, runtime: Runtime) -> None:
    held = list(streams.sign_ins())
    for start in range(0, len(held), CHECKED_AT_ONCE):
        asked = held[start : start + CHECKED_AT_ONCE]
        ended = streams.end_outdated(asked, await viewers_now(runtime.reads(), asked))
        if ended:
            measures.revoked_total.inc(ended)
