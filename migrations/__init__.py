"""Database migrations. `upgrade` brings a database to the newest version."""

import asyncio
from pathlib import Path

from alembic import command
from alembic.config import Config

HERE = Path(__file__).parent


def config_for(url: str) -> Config:
    """Return the Alembic configuration for a `postgresql://` address."""
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.attributes["url"] = url
    return config


async def upgrade(url: str) -> None:
    """Run every migration this database has not seen. Safe to call from several processes at once."""
    await asyncio.to_thread(command.upgrade, config_for(url), "head")
