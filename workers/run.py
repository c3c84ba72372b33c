"""A worker process: every kind of job, until it is told to stop."""

import asyncio
import os
import signal
from collections.abc import Sequence

from domain.kernel.job_handlers import Handler
from domain.kernel.job_runner import DRAIN_S, LEASE_S, JobRunner
from domain.media.chunks import DEFAULT_CHUNK_S
from domain.runtime import Runtime
from domain.webhooks.events import WriteId
from workers.artwork import artwork_handlers
from workers.authorization import authorization_handlers
from workers.engagement import engagement_handlers
from workers.guide import guide_handlers
from workers.imports import import_handlers
from workers.insights import insight_handlers
from workers.mails import mail_handlers
from workers.media import media_handlers
from workers.personal import personal_handlers
from workers.pruning import pruning_handlers
from workers.scheduling import scheduling_handlers
from workers.scratch import Scratch
from workers.searching import search_handlers
from workers.sources import Sources
from workers.studio import Studio
from workers.uploads import upload_handlers
from workers.webhooks import run_courier

SCRATCH_FOLDER = "scratch"


async def run_worker(
    runtime: Runtime,
    *,
    concurrency: int,
    stop: asyncio.Event | None = None,
    lease_s: float = LEASE_S,
    drain_s: float = DRAIN_S,
    chunk_s: float = DEFAULT_CHUNK_S,
    extra_handlers: Sequence[Handler] = (),
    write_id: WriteId | None = None,
) -> None:
    """Run jobs, `concurrency` at a time, until `stop` is set or SIGTERM or SIGINT arrives; then drain.

    Give `stop` when the process runs other things too and owns its signals. `extra_handlers` are those of jobs
    that belong to no context's worker module. With `write_id`, which writes ids as clients know them, hosts' systems
    are told of shows, too.
    """
    if stop is None:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    with Scratch.open(runtime.settings.data_dir / SCRATCH_FOLDER) as scratch:
        studio = Studio(
            runtime=runtime,
            scratch=scratch,
            sources=Sources(runtime.objects, scratch.root),
            threads=max(1, (os.cpu_count() or 1) // concurrency),
            chunk_s=chunk_s,
        )
        runner = JobRunner(
            open_work=runtime.work,
            bus=runtime.bus,
            handlers=[*_handlers(runtime, studio), *extra_handlers],
            concurrency=concurrency,
            lease_s=lease_s,
            drain_s=drain_s,
        )
        courier = None
        if write_id is not None:
            courier = asyncio.create_task(run_courier(runtime, write_id=write_id, stop=stop))
        try:
            await runner.run(stop)
        finally:
            stop.set()
            if courier is not None:
                await courier


def _handlers(runtime: Runtime, studio: Studio) -> list[Handler]:
    return [
        *media_handlers(studio),
        *upload_handlers(runtime),
        *artwork_handlers(studio),
        *guide_handlers(studio),
        *import_handlers(runtime),
        *insight_handlers(),
        *mail_handlers(runtime),
        *personal_handlers(runtime),
        *search_handlers(),
        *pruning_handlers(runtime.settings.retention),
        *scheduling_handlers(),
        *engagement_handlers(),
        *authorization_handlers(runtime.keyring),
    ]
