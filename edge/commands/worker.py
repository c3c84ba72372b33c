"""`marquee worker`."""

import asyncio
import os

import click

from domain.settings import Settings


@click.command()
def command() -> None:
    """Run jobs (probing, transcoding, packaging, cleaning) until SIGTERM or Ctrl-C."""
    asyncio.run(_work(Settings.from_env(os.environ)))


async def _work(settings: Settings) -> None:
    from domain.runtime import open_runtime
    from edge.logs import configure_logs
    from workers.run import run_worker

    configure_logs(settings)
    async with open_runtime(settings) as runtime:
        await run_worker(runtime, concurrency=settings.worker_concurrency)
