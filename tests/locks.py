"""Waiting for somebody to wait: races that are arranged instead of hoped for."""

import asyncio

from sqlalchemy import text

from domain.kernel.work import Database

WAITING_TIMEOUT_S = 10.0
_WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")


async def until_one_waits(database: Database) -> None:
    """Return as soon as a statement of this database waits for a lock that somebody else holds."""
    async with asyncio.timeout(WAITING_TIMEOUT_S):
        while True:
            async with database.read() as connection:
                if (await connection.execute(_WAITING)).scalar_one():
                    return
