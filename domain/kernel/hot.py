"""Statements of hot paths, run on the driver's own connection.

SQLAlchemy's part of a small statement costs several times what the driver does. The few statements that every viewer's
start, heartbeat, segment and page runs go around it, within the same transaction: written with `$1` parameters for
`fetch_all` and `fetch_first`, or built by SQLAlchemy and compiled once as a `HotQuery`. Everything else stays with it.
"""

from typing import Any

import asyncpg
from sqlalchemy import Select
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection

_AUTOCOMMIT = "autocommit"


class Row(asyncpg.Record):
    """A record whose columns are attributes too, as SQLAlchemy's rows have them."""

    def __getattr__(self, name: str) -> Any:
        return self[name]


class HotQuery:
    """A select that is compiled once. Lists of keys are arrays: `column == any_(bindparam("keys", type_=…))`."""

    def __init__(self, statement: Select[Any]) -> None:
        compiled = statement.compile(dialect=_dialect())
        self._sql = str(compiled)
        self._names = tuple(compiled.positiontup or ())
        self._constants = dict(compiled.params)

    async def rows(self, connection: AsyncConnection, **values: object) -> list[Any]:
        """Run it with these values of its bound parameters and return its rows."""
        driver = await _driver(connection)
        given = {**self._constants, **values}
        rows: list[Any] = await driver.fetch(self._sql, *(given[name] for name in self._names), record_class=Row)
        return rows


async def fetch_all(connection: AsyncConnection, sql: str, *values: object) -> list[Any]:
    """Run a statement and return its records."""
    driver = await _driver(connection)
    records: list[Any] = await driver.fetch(sql, *values)
    return records


async def fetch_first(connection: AsyncConnection, sql: str, *values: object) -> Any | None:
    """Run a statement and return its first record, None when there is none."""
    driver = await _driver(connection)
    return await driver.fetchrow(sql, *values)


async def begin_now(connection: AsyncConnection) -> None:
    """Begin the transaction that SQLAlchemy would begin with its first statement."""
    await _driver(connection)


async def _driver(connection: AsyncConnection) -> "asyncpg.Connection[Any]":
    held = connection.sync_connection
    assert held is not None, "a lent connection is open"
    adapted: Any = held.connection.dbapi_connection
    # SQLAlchemy begins with its first statement; without it this one would commit by itself.
    if adapted._transaction is None and adapted.isolation_level != _AUTOCOMMIT and held.in_transaction():
        await _begin(adapted)
    driver: asyncpg.Connection[Any] = adapted.driver_connection
    return driver


async def _begin(adapted: Any) -> None:
    try:
        await adapted._start_transaction()
    except adapted.dbapi.Error as fault:
        # SQLAlchemy translates the driver's errors twice, and only the first half has happened here.
        raise (fault.__cause__ or fault) from None


def _dialect() -> PGDialect_asyncpg:
    # Only with a version does the dialect write what that server understands; the oldest we support.
    dialect = PGDialect_asyncpg()  # type: ignore[no-untyped-call]  # SQLAlchemy types no dialect
    dialect.server_version_info = (15, 0)
    return dialect
