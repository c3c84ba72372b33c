"""Statements of hot paths, run on the driver's own connection.

SQLAlchemy's part of a small statement costs several times what the driver does. The few statements that every viewer's
start, heartbeat and segment runs go around it, within the same transaction. They use `$1` parameters and give the
driver's records; everything else stays with SQLAlchemy.
"""

from typing import Any

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_BEGIN = text("SELECT 1")


async def fetch_all(connection: AsyncConnection, sql: str, *values: object) -> list[Any]:
    """Run a statement and return its records."""
    driver = await _driver(connection)
    records: list[Any] = await driver.fetch(sql, *values)
    return records


async def fetch_first(connection: AsyncConnection, sql: str, *values: object) -> Any | None:
    """Run a statement and return its first record, None when there is none."""
    driver = await _driver(connection)
    return await driver.fetchrow(sql, *values)


async def _driver(connection: AsyncConnection) -> "asyncpg.Connection[Any]":
    held = connection.sync_connection
    assert held is not None, "a lent connection is open"
    driver: asyncpg.Connection[Any] | None = held.connection.driver_connection
    assert driver is not None, "a lent connection has its driver's"
    if connection.in_transaction() and not driver.is_in_transaction() and not _is_autocommit(connection):
        # SQLAlchemy begins with its first statement; without it this one would commit by itself.
        await connection.execute(_BEGIN)
    return driver


def _is_autocommit(connection: AsyncConnection) -> bool:
    return connection.sync_connection is not None and (
        connection.sync_connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT"
    )
