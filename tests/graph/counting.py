"""Counts what a request asks the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.kernel.hot import HotQuery


@contextmanager
def counted(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Collect the statements that are run: by SQLAlchemy on this engine, and as hot queries on any."""
    statements: list[str] = []
    run = HotQuery.rows

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    async def rows(self: HotQuery, connection: AsyncConnection, **values: object) -> list[Any]:
        statements.append(self.sql)
        return await run(self, connection, **values)

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    monkeypatch.setattr(HotQuery, "rows", rows)
    try:
        yield statements
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", note)
        monkeypatch.setattr(HotQuery, "rows", run)
