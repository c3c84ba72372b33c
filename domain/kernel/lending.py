"""Connections, lent to one task at a time and kept open in between.

SQLAlchemy's own pool costs about a tenth of a millisecond each time a connection is taken and given back, which is five
times what a small statement costs. Here taking one is an append and a pop; the engine only opens and closes them.
"""

import asyncio
from dataclasses import dataclass
from types import TracebackType

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.kernel.faults import DRIVER_FAULTS, is_closed, is_passing, leaves_unusable, reason_of, without_value
from domain.kernel.refusals import Unavailable

log = structlog.get_logger(__name__)

# Small statements take about a millisecond, so the last in the line is served within a fifth of a second.
WAITING_PER_PLACE = 200


class Lender:
    """Lends the connections of one engine, at most `size` at once. Callers wait for one at most `wait_s` seconds.

    So many may wait that a burst is served; who comes after them is told at once to come back later.
    """

    def __init__(self, engine: AsyncEngine, *, size: int, wait_s: float) -> None:
        self._engine = engine
        self._wait_s = wait_s
        self._waiting = 0
        self._waiting_max = size * WAITING_PER_PLACE
        self._places = asyncio.Semaphore(size)
        # The last one given back is lent next: what is left over can be closed by the server's own timeouts.
        self._idle: list[AsyncConnection] = []
        self._is_closing = False
        self.lent = 0

    def lend(self) -> "Loan":
        """Lend a connection for the length of an `async with` block."""
        return Loan(self)

    async def close(self) -> None:
        """Close the connections that are not lent, and the engine; a lent one is closed when it comes back."""
        self._is_closing = True
        idle, self._idle = self._idle, []
        for connection in idle:
            await connection.close()
        await self._engine.dispose()

    async def take(self) -> AsyncConnection:
        """Return a connection that is nobody else's; `give_back` or `discard` must follow.

        Raises:
            Unavailable: none was free in time, or too many are waiting already.
            Whatever the driver raises when it cannot connect.
        """
        if self._places.locked():
            await self._wait()
        else:
            await self._places.acquire()
        self.lent += 1
        try:
            while self._idle:
                connection = self._idle.pop()
                if not is_closed(connection):
                    return connection
                await _close(connection)
            return await self._engine.connect()
        except BaseException:
            self._release()
            raise

    async def give_back(self, connection: AsyncConnection) -> None:
        """Take a connection back whose state is known."""
        try:
            if connection.in_transaction() and not await _rolled_back(connection):
                await _close(connection)
            elif self._is_closing:
                await connection.close()
            else:
                self._idle.append(connection)
        finally:
            self._release()

    async def discard(self, connection: AsyncConnection) -> None:
        """Take a connection back that must not be lent again, and close it."""
        try:
            await asyncio.shield(_close(connection))
        finally:
            self._release()

    async def _wait(self) -> None:
        if self._waiting >= self._waiting_max:
            raise Unavailable
        self._waiting += 1
        try:
            async with asyncio.timeout(self._wait_s):
                await self._places.acquire()
        except TimeoutError:
            raise Unavailable from None
        finally:
            self._waiting -= 1

    def _release(self) -> None:
        self.lent -= 1
        self._places.release()


@dataclass
class Loan:
    """One connection for one block. Driver faults that pass by themselves leave the block as `Unavailable`."""

    lender: Lender
    connection: AsyncConnection | None = None

    async def __aenter__(self) -> AsyncConnection:
        try:
            self.connection = await self.lender.take()
        except DRIVER_FAULTS as fault:
            if not is_passing(fault):
                # A wrong password or address, say: to callers the database is away, and somebody has to be told why.
                log.error("database_refused", reason=reason_of(fault))
            raise Unavailable from fault
        return self.connection

    async def __aexit__(
        self, _type: type[BaseException] | None, fault: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        assert self.connection is not None, "the block was entered"
        if fault is None:
            await self.lender.give_back(self.connection)
            return
        was_closed = is_closed(self.connection)
        if was_closed or leaves_unusable(fault):
            await self.lender.discard(self.connection)
        else:
            await self.lender.give_back(self.connection)
        if isinstance(fault, DRIVER_FAULTS):
            if is_passing(fault, is_closed=was_closed):
                raise Unavailable from fault
            if (other := without_value(fault)) is not fault:
                raise other from None


async def _rolled_back(connection: AsyncConnection) -> bool:
    try:
        await asyncio.shield(connection.rollback())
    except DRIVER_FAULTS:
        return False
    return True


async def _close(connection: AsyncConnection) -> None:
    await connection.invalidate()
    await connection.close()
