"""`marquee resync`."""

import asyncio
import os

import click

from domain.kernel.refusals import Refusal
from domain.settings import Settings

TOPICS_AT_ONCE = 5_000


@click.command()
def command() -> None:
    """Have every subscriber load a fresh snapshot. Run it after the database was restored from a backup.

    What subscribers saw after the backup was made is not in the database any more, and new facts get the numbers of
    those that were lost. Best run before the API starts; safe to repeat, and beside a serving system.
    """
    try:
        topics = asyncio.run(_resync(Settings.from_env(os.environ)))
    except Refusal as refusal:
        raise click.ClickException(refusal.message) from refusal
    click.echo(f"{topics} topics began a new epoch. Their subscribers resync within seconds.")


async def _resync(settings: Settings) -> int:
    from domain.kernel.facts import begin_epochs
    from domain.runtime import open_runtime

    topics = 0
    after: str | None = ""
    async with open_runtime(settings) as runtime:
        while after is not None:
            async with runtime.work() as work:
                renewed = await begin_epochs(work.connection, after=after, limit=TOPICS_AT_ONCE)
            topics, after = topics + renewed.topics, renewed.next_after
    return topics
