"""The jobs by which an upload becomes something that plays."""

from collections.abc import Mapping
from uuid import UUID

import structlog

from domain.kernel.job_handlers import Cancelled, Discarded, Done, Handler, Outcome, RunningJob
from domain.kernel.work import Work
from domain.media import media_jobs
from domain.media.assets import resume_assets
from domain.media.cleaning import leftovers_of
from domain.media.ffmpeg_runner import EncodeFailed
from domain.media.packages import forget_packages
from domain.media.transcoding import StepSuperseded, fail_asset
from workers.packaging import packaging
from workers.payloads import asset_id_of
from workers.probing import probe
from workers.room import waiting_for_room
from workers.steps import Handle, audio_step, chunk_step, text_step
from workers.studio import Studio

RESUME_EVERY_S = 60.0

log = structlog.get_logger("media")


def media_handlers(studio: Studio) -> list[Handler]:
    """Return the handlers of every media job."""
    making = {
        media_jobs.PROBE: probe(studio),
        media_jobs.ENCODE_CHUNK: chunk_step(studio),
        media_jobs.ENCODE_AUDIO: audio_step(studio),
        media_jobs.EXTRACT_TEXT: text_step(studio),
        media_jobs.PACKAGE: packaging(studio),
    }
    handlers = [
        Handler(name, waiting_for_room(studio, _ending_well(handle)), on_dead=_give_up)
        for name, handle in making.items()
    ]
    clean = Handler(media_jobs.CLEAN, _clean(studio))
    resume = Handler(media_jobs.RESUME, _resume, every_s=RESUME_EVERY_S)
    return [*handlers, clean, resume]


def _ending_well(handle: Handle) -> Handle:
    """Turn what a step may raise into outcomes: an asset that moved on, an encode that can never succeed."""

    async def perform(job: RunningJob) -> Outcome:
        try:
            return await handle(job)
        except StepSuperseded:
            return Cancelled("the asset moved on without this attempt")
        except EncodeFailed as failed:
            if not failed.permanent:
                raise
            async with job.work() as work:
                asset_id = asset_id_of(job)
                await fail_asset(work, asset_id=asset_id, failure=failed.reason, keep_job=job.claim.job_id)
            return Discarded(failed.reason)

    return perform


async def _give_up(work: Work, payload: Mapping[str, object], reason: str) -> None:
    await fail_asset(work, asset_id=UUID(str(payload["asset_id"])), failure=reason)


async def _resume(job: RunningJob) -> Outcome:
    async with job.work() as work:
        if resumed := await resume_assets(work):
            log.warning("assets_resumed", count=resumed)
    return Done()


def _clean(studio: Studio) -> Handle:
    """Return the handler that removes what an ended asset left in the object store."""

    async def perform(job: RunningJob) -> Outcome:
        gives_up = bool(job.payload.get("gives_up"))
        async with job.work() as work:
            leftovers = await leftovers_of(work, asset_id=asset_id_of(job), gives_up=gives_up)
        await studio.remove(leftovers.prefixes)
        for key in leftovers.keys:
            await studio.runtime.objects.delete(key)
        async with job.work() as work:
            await forget_packages(work, prefixes=leftovers.packages)
        return Done()

    return perform
