"""`marquee run`."""

import asyncio
import os

import click

from domain.settings import Settings


@click.command()
def command() -> None:
    """Run everything here: database, API, worker, page and demo, until Ctrl-C.

    The database is an embedded PostgreSQL unless DATABASE_URL names another. Data stays in DATA_DIR between runs.
    """
    from edge.local.run import run_locally

    asyncio.run(run_locally(Settings.from_env(os.environ)))
