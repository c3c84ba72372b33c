"""`marquee worker`."""

import asyncio
import os

import click

from domain.settings import Settings


@click.command()
@click.option(
    "--drain-s", type=click.FloatRange(min=0), default=None, help="How long running jobs may go on at the end."
)
def command(drain_s: float | None) -> None:
    """Run jobs (probing, transcoding, packaging, cleaning) until SIGTERM or Ctrl-C."""
    asyncio.run(_work(Settings.from_env(os.environ), drain_s))


async def _work(settings: Settings, drain_s: float | None) -> None:
    from domain.kernel.job_runner import DRAIN_S
    from domain.runtime import open_runtime
    from edge.logs import configure_logs
    from edge.traces import exporting_traces
    from graph.global_ids import Kind, global_id
    from workers.run import run_worker

    configure_logs(settings)
    with exporting_traces(settings):
        async with open_runtime(settings) as runtime:
            await run_worker(
                runtime,
                concurrency=settings.worker_concurrency,
                drain_s=DRAIN_S if drain_s is None else drain_s,
                write_id=lambda kind, id: global_id(Kind[kind], id),
            )
