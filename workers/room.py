"""What a full disk does to a job: nothing that lasts. It is tried again when there may be room."""

from datetime import timedelta

import structlog

from domain.kernel.job_handlers import Outcome, RetryAt, RunningJob
from domain.media.object_store import StorageFull
from domain.media.room import DiskFull, is_full
from workers.steps import Handle
from workers.studio import Studio

# Room comes when other jobs end or a person makes some. With five tries that is twenty minutes.
ROOM_RETRY_S = 300.0

log = structlog.get_logger("media")


def waiting_for_room(studio: Studio, handle: Handle) -> Handle:
    """Let a job whose worker, or whose store, has no room left be tried again later."""

    async def perform(job: RunningJob) -> Outcome:
        try:
            return await handle(job)
        except StorageFull:
            # The store has told which object; what it is and where is its operator's to see.
            return _later(studio, "the media store is full")
        except DiskFull:
            return _without_scratch(studio)
        except OSError as fault:
            if not is_full(fault):
                raise
            return _without_scratch(studio)

    return perform


def _without_scratch(studio: Studio) -> RetryAt:
    # Sources that nobody uses can be fetched again.
    studio.sources.drop_unused(kept_bytes=0)
    scratch = studio.scratch
    return _later(studio, str(DiskFull()), folder=str(scratch.root), free_bytes=scratch.room_bytes())


def _later(studio: Studio, reason: str, **where: str | int) -> RetryAt:
    """Say once what is the matter. Editors read the reason, so it has no paths."""
    log.warning("disk_full", reason=reason, retry_s=ROOM_RETRY_S, **where)
    return RetryAt(studio.runtime.clock() + timedelta(seconds=ROOM_RETRY_S), reason)
