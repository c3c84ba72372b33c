"""Connections, lent to one task at a time and kept open in between.

SQLAlchemy's own pool costs about a tenth of a millisecond each time a connection is taken and given back, which is five
times what a small statement costs. Here taking one is an append and a pop; the engine only opens and closes them.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.kernel.faults import DRIVER_FAULTS, is_passing


class Lender:
    """Lends the connections of one engine, at most `size` at once."""

    def __init__(self, engine: AsyncEngine, *, size: int, wait_s: float) -> None:
        self._engine = engine
        self._wait_s = wait_s
        self._places = asyncio.Semaphore(size)
        # The last one given back is lent next: what is left over can be closed by the server's own timeouts.
        self._idle: list[AsyncConnection] = []
        self.lent = 0

    @asynccontextmanager
    async def lend(self) -> AsyncIterator[AsyncConnection]:
        """Lend a connection. One whose state is unknown afterwards is closed and not lent again.

        Raises:
            TimeoutError: none was free for `wait_s` seconds.
        """
        async with asyncio.timeout(self._wait_s) if self._places.locked() else _Ready():
            await self._places.acquire()
        self.lent += 1
        try:
            connection = await self._take()
            try:
                yield connection
            except BaseException as fault:
                if not isinstance(fault, Exception) or (isinstance(fault, DRIVER_FAULTS) and is_passing(fault)):
                    # A task that is cancelled leaves a statement behind that may still run.
                    await asyncio.shield(_discard(connection))
                else:
                    await self._give_back(connection)
                raise
            await self._give_back(connection)
        finally:
            self.lent -= 1
            self._places.release()

    async def close(self) -> None:
        """Close the connections that are not lent, and with them the engine."""
        idle, self._idle = self._idle, []
        for connection in idle:
            await connection.close()
        await self._engine.dispose()

    async def _take(self) -> AsyncConnection:
        while self._idle:
            connection = self._idle.pop()
            if not _driver_of(connection).is_closed():
                return connection
            await _discard(connection)
        return await self._engine.connect()

    async def _give_back(self, connection: AsyncConnection) -> None:
        if connection.in_transaction():
            await asyncio.shield(connection.rollback())
        self._idle.append(connection)


class _Ready:
    """Nothing to wait for."""

    async def __aenter__(self) -> None:
        return None

    async def __aexit__(self, *_: object) -> None:
        return None


def _driver_of(connection: AsyncConnection) -> Any:
    held = connection.sync_connection
    assert held is not None, "an idle connection is open"
    return held.connection.driver_connection


async def _discard(connection: AsyncConnection) -> None:
    await connection.invalidate()
    await connection.close()
