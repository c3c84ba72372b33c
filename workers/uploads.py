"""The jobs that clear away uploads which ended, and the parts of those that are whole."""

from uuid import UUID

from domain.kernel.job_handlers import Done, Handler, Outcome, RunningJob
from domain.media import uploads
from domain.media.upload import UploadState, upload_prefix
from domain.runtime import Runtime

EXPIRE_EVERY_S = 60.0


def upload_handlers(runtime: Runtime) -> list[Handler]:
    """Return the handlers that expire uploads and remove what is not needed of them any more."""

    async def sweep(job: RunningJob) -> Outcome:
        upload_id = UUID(str(job.payload["upload_id"]))
        (upload,) = await uploads.uploads_by_id(runtime.reads(), [upload_id])
        if upload is None or upload.state in (UploadState.EXPIRED, UploadState.TERMINATED):
            await runtime.objects.delete_prefix(upload_prefix(upload_id))
        elif upload.object_key is not None:
            # Besides its parts, also the wholes of writers that were killed or came too late.
            await runtime.objects.delete_prefix(upload_prefix(upload_id), keep=upload.object_key)
        return Done()

    return [Handler(uploads.EXPIRE, _expire, every_s=EXPIRE_EVERY_S), Handler(uploads.SWEEP, sweep)]


async def _expire(job: RunningJob) -> Outcome:
    async with job.work() as work:
        await uploads.expire_uploads(work)
    return Done()
