"""`marquee seed`."""

import asyncio
import os

import click

from domain.settings import Settings


@click.command()
def command() -> None:
    """Make the demo titles in the database of DATABASE_URL. A worker has to be running; what exists is kept."""
    from domain.kernel.refusals import Unavailable
    from domain.runtime import open_runtime
    from edge.demo.seed import DemoFailed, seed_demo
    from edge.local.terminal import Terminal

    async def seed() -> None:
        async with open_runtime(Settings.from_env(os.environ)) as runtime:
            await seed_demo(runtime, terminal=Terminal())

    try:
        asyncio.run(seed())
    except (DemoFailed, Unavailable) as failed:
        raise click.ClickException(str(failed)) from failed
    click.echo("The demo is complete.")
