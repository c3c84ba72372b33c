"""The job that takes listings in."""

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from uuid import UUID

from domain.guide import importing
from domain.guide.listing_problems import FileFailure
from domain.guide.listings import Outcome as ProgrammeOutcome
from domain.guide.listings_file import next_batch, outcomes_of
from domain.guide.listings_import import BATCH_PROGRAMMES
from domain.kernel.job_handlers import Done, Handler, Outcome, RunningJob
from domain.kernel.work import Work
from domain.media.object_store import ObjectMissing
from workers.studio import Studio


def guide_handlers(studio: Studio) -> list[Handler]:
    """Return the handlers of guides' jobs."""

    async def take_in(job: RunningJob) -> Outcome:
        import_id = _import_id(job.payload)
        async with job.work() as work:
            source = await importing.listings_source(work, import_id=import_id)
        if source is None:
            return Done()
        with studio.scratch.folder("listings") as folder:
            path = folder / "source"
            try:
                await studio.fetch({source.object_key: path})
            except ObjectMissing:
                async with job.work() as work:
                    await importing.fail_import(work, import_id=import_id, failure=FileFailure.SOURCE_GONE)
                return Done()
            await _take_in_file(job, import_id, path, source.taken)
        return Done()

    return [Handler(importing.IMPORT, take_in, on_dead=_give_up)]


async def _take_in_file(job: RunningJob, import_id: UUID, path: Path, taken: int) -> None:
    outcomes = outcomes_of(path)
    await asyncio.to_thread(_pass_over, outcomes, taken)
    while True:
        batch = await asyncio.to_thread(next_batch, outcomes, BATCH_PROGRAMMES)
        async with job.work() as work:
            if not await importing.take_in(work, import_id=import_id, taken=taken, outcomes=batch.outcomes):
                return
            if batch.is_last:
                await importing.finish_import(work, import_id=import_id)
            elif batch.failed is not None:
                failure, line = batch.failed.failure, batch.failed.line
                await importing.fail_import(work, import_id=import_id, failure=failure, line=line)
        if batch.is_last or batch.failed is not None:
            return
        taken += len(batch.outcomes)


def _pass_over(outcomes: Iterator[ProgrammeOutcome], count: int) -> None:
    """Read what was taken in before: where later programmes may go depends on it."""
    while count > 0:
        passed = len(next_batch(outcomes, min(count, BATCH_PROGRAMMES)).outcomes)
        assert passed, "an upload never changes once it is whole"
        count -= passed


async def _give_up(work: Work, payload: Mapping[str, object], reason: str) -> None:
    await importing.fail_import(work, import_id=_import_id(payload), failure=FileFailure.GAVE_UP)


def _import_id(payload: Mapping[str, object]) -> UUID:
    return UUID(str(payload["import_id"]))
