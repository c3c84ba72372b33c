"""`marquee reindex`."""

import asyncio
import os

import click

from domain.kernel.refusals import Refusal
from domain.settings import Settings


@click.command()
def command() -> None:
    """Have every title put into the search index again. Workers do it; search goes on meanwhile. Safe to repeat."""
    try:
        asyncio.run(_begin(Settings.from_env(os.environ)))
    except Refusal as refusal:
        raise click.ClickException(refusal.message) from refusal
    click.echo("The workers index every title again, from the oldest.")


async def _begin(settings: Settings) -> None:
    from domain.runtime import open_runtime
    from domain.search import begin_reindex

    async with open_runtime(settings) as runtime, runtime.work() as work:
        await begin_reindex(work)
