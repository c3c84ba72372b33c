"""Says how many follow each stream through this process."""

import asyncio
from collections.abc import Callable, Mapping
from uuid import UUID

import structlog

from domain.kernel.ids import new_id
from domain.kernel.refusals import Unavailable
from domain.live import say_present
from domain.live.presence import SAID_EVERY_S
from domain.runtime import Runtime

COUNTED_EVERY_S = 0.5

log = structlog.get_logger(__name__)


async def tell_presence(viewers: Callable[[], Mapping[UUID, int]], runtime: Runtime) -> None:
    """Say what `viewers` counts, until cancelled; then that nobody is here."""
    process_id = new_id()
    said: Mapping[UUID, int] = {}
    loop = asyncio.get_running_loop()
    said_at = loop.time()
    try:
        while True:
            await asyncio.sleep(COUNTED_EVERY_S)
            counted = viewers()
            if counted == said and not (said and loop.time() - said_at >= SAID_EVERY_S):
                continue
            if await _say(runtime, process_id, counted):
                said, said_at = counted, loop.time()
    finally:
        if said:
            await _say(runtime, process_id, {})


async def _say(runtime: Runtime, process_id: UUID, counted: Mapping[UUID, int]) -> bool:
    try:
        async with runtime.work() as work:
            await say_present(work, process_id=process_id, viewers=counted)
    except Unavailable:
        log.debug("presence.unsaid", streams=len(counted))
        return False
    return True
