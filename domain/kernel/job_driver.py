"""The adapter that lets PgQueuer's queries run on a SQLAlchemy connection, inside the caller's transaction."""

import asyncio
from typing import Self

from pgqueuer.core.tm import TaskManager
from pgqueuer.ports.driver import Driver, NotifyCallback
from sqlalchemy.ext.asyncio import AsyncConnection


class ConnectionDriver(Driver):
    """PgQueuer's driver over one `AsyncConnection`.

    Statements go through SQLAlchemy on purpose. Its asyncpg adapter begins the transaction with the first
    statement it sees; a statement sent to the raw asyncpg connection before that would commit by itself.
    """

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._shutdown = asyncio.Event()
        self._tasks = TaskManager()

    async def fetch(self, query: str, *args: object) -> list[dict[str, object]]:
        result = await self._connection.exec_driver_sql(query, args)
        return [dict(row) for row in result.mappings()]

    async def execute(self, query: str, *args: object) -> str:
        result = await self._connection.exec_driver_sql(query, args)
        return f"ROWS {result.rowcount}"

    async def notify(self, channel: str, payload: str) -> None:
        await self._connection.exec_driver_sql("SELECT pg_notify($1, $2)", (channel, payload))

    async def add_listener(self, channel: str, callback: NotifyCallback) -> None:
        raise NotImplementedError("workers are woken by doorbells and by polling, not by this connection")

    @property
    def shutdown(self) -> asyncio.Event:
        return self._shutdown

    @property
    def tm(self) -> TaskManager:
        return self._tasks

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None
