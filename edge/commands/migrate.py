"""`marquee migrate`."""

import asyncio
import os

import click

from domain.settings import SettingInvalid, Settings


@click.command()
def command() -> None:
    """Bring the database of DATABASE_URL to the newest version. Safe to run from several places at once."""
    from migrations import upgrade

    settings = Settings.from_env(os.environ)
    if not settings.database_url:
        raise SettingInvalid("DATABASE_URL", "is not set; name the database to migrate")
    asyncio.run(upgrade(settings.database_url))
    click.echo("The database is up to date.")
