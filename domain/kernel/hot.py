"""Statements of hot paths, run on the driver's own connection.

SQLAlchemy's part of a small statement costs several times what the driver does. The few statements that every viewer's
start, heartbeat, segment and page runs go around it, within the same transaction: written with `$1` parameters for
`fetch_all` and `fetch_first`, or built by SQLAlchemy and compiled once as a `HotQuery`. Everything else stays with it.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import TracebackType
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


@dataclass(frozen=True)
class _Compiled:
    """A select as the driver takes it: its text, the names of its parameters in order, and those with values."""

    sql: str
    names: tuple[str, ...]
    constants: Mapping[str, object]


class HotQuery:
    """A select that is compiled once, when it is first run: a process starts with hundreds and runs few of them.

    Lists of keys are arrays: `column == any_(bindparam("keys", type_=…))`.
    """

    def __init__(self, statement: Select[Any]) -> None:
        self._statement = statement

    async def rows(self, connection: AsyncConnection, **values: object) -> list[Any]:
        """Run it with these values of its bound parameters and return its rows."""
        driver = await _driver(connection)
        compiled = self._compiled
        given = {**compiled.constants, **values}
        arguments = [given[name] for name in compiled.names]
        rows: list[Any] = await driver.fetch(compiled.sql, *arguments, record_class=Row)
        return rows

    @property
    def sql(self) -> str:
        """Its text, with `$1` parameters."""
        return self._compiled.sql

    @cached_property
    def _compiled(self) -> _Compiled:
        compiled = self._statement.compile(dialect=_dialect())
        return _Compiled(str(compiled), tuple(compiled.positiontup or ()), dict(compiled.params))


async def fetch_all(connection: AsyncConnection, sql: str, *values: object) -> list[Any]:
    """Run a statement and return its records."""
    driver = await _driver(connection)
    records: list[Any] = await driver.fetch(sql, *values)
    return records


async def fetch_first(connection: AsyncConnection, sql: str, *values: object) -> Any | None:
    """Run a statement and return its first record, None when there is none."""
    driver = await _driver(connection)
    return await driver.fetchrow(sql, *values, record_class=Row)


async def count_written(connection: AsyncConnection, sql: str, *values: object) -> int:
    """Run a statement that writes and return how many rows it wrote: inserted, and updated instead of inserted."""
    driver = await _driver(connection)
    status: str = await driver.execute(sql, *values)
    return int(status.rpartition(" ")[2])


class Transaction:
    """A transaction of SQLAlchemy's connection, begun and ended by the driver.

    SQLAlchemy begins with its first statement and reaches the driver through a greenlet each time; the two here cost
    what the driver costs. Whoever lends the connection closes it after a fault that leaves its state unknown.
    """

    def __init__(self, connection: AsyncConnection) -> None:
        assert connection.sync_connection is not None, "a lent connection is open"
        self._held = connection.sync_connection

    async def __aenter__(self) -> None:
        self._root = self._held.begin()
        self._adapted: Any = self._held.connection.dbapi_connection
        await _begin(self._adapted)

    async def __aexit__(
        self, _type: type[BaseException] | None, fault: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        adapted, begun = self._adapted, self._adapted._transaction
        if begun is None or self._held.invalidated:
            return
        if fault is None:
            try:
                await adapted._call_and_discard(begun.commit)
            finally:
                # Nothing is left to do for it but to forget the transaction.
                self._root.close()
        elif isinstance(fault, Exception) and not adapted.driver_connection.is_closed():
            await asyncio.shield(adapted._call_and_discard(begun.rollback))
            self._root.close()


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
