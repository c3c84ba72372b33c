"""Faults of the driver: which pass by themselves, and so become `Unavailable`, and which leave a connection unusable.

Exception
└── Unsendable   a value does not fit its place in a statement; stands for the driver's fault, which quotes the value
"""

import asyncio
import re
import traceback

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection

# What a driver's call may raise. OSError and TimeoutError are other people's too: ask `is_passing`.
DRIVER_FAULTS = (
    DBAPIError,
    PoolTimeout,
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    # A connection that was cut off in the middle of an exchange.
    asyncpg.InternalClientError,
)

# SQLSTATE classes and codes (PostgreSQL documentation, appendix A): 08 connection, 53 resources, 57P operator
# intervention, 57014 cancelled by a timeout, 55P03 lock not available, 40001 and 40P01 lost a race.
_PASSING_STATES = ("08", "53", "57P", "57014", "55P03", "40001", "40P01")
_BROKEN_STATES = ("08", "57P")
_ARGUMENT = re.compile(r"query argument \$\d+")


class Unsendable(Exception):
    """A value does not fit its place in a statement. Names the place; the value may be a secret."""


def is_passing(fault: BaseException, *, is_closed: bool = False) -> bool:
    """Tell whether the same call may succeed a moment later. `is_closed` says so of the connection it was made on."""
    cause = _cause(fault)
    if isinstance(cause, asyncpg.InvalidCachedStatementError):
        # A migration changed a table under a prepared statement; the driver prepares it anew the next time.
        return True
    if isinstance(cause, asyncpg.PostgresError):
        return (cause.sqlstate or "").startswith(_PASSING_STATES)
    if isinstance(cause, OSError):
        return _is_drivers(cause)
    if isinstance(cause, asyncpg.InternalClientError | PoolTimeout):
        return True
    # What is left are calls that cannot be made: of a closed connection, or for ever.
    return isinstance(fault, DRIVER_FAULTS) and is_closed


def leaves_unusable(fault: BaseException) -> bool:
    """Tell whether nobody knows what the connection is doing after a fault."""
    if not isinstance(fault, Exception) or isinstance(fault.__cause__, asyncio.CancelledError):
        # A cancelled task may leave a running statement behind.
        return True
    cause = _cause(fault)
    if isinstance(cause, asyncpg.PostgresError):
        return (cause.sqlstate or "").startswith(_BROKEN_STATES)
    return isinstance(cause, asyncpg.InterfaceError | asyncpg.InternalClientError) or (
        isinstance(cause, OSError) and _is_drivers(cause)
    )


def is_closed(connection: AsyncConnection) -> bool:
    """Tell whether a connection's driver knows that it is closed."""
    held = connection.sync_connection
    if held is None or held.closed or held.invalidated:
        return True
    driver = held.connection.driver_connection
    return driver is None or driver.is_closed()


def reason_of(fault: BaseException) -> str:
    """Return what the driver said, in one line for a log."""
    cause = _cause(fault)
    return f"{type(cause).__name__}: {cause}".partition("\n")[0]


def without_value(fault: BaseException) -> BaseException:
    """Return what to raise instead of a fault that quotes a bound value, or the fault itself."""
    cause = _cause(fault)
    if type(cause) is not asyncpg.DataError:
        return fault
    place = _ARGUMENT.search(str(cause))
    statement = f" of {fault.statement}" if isinstance(fault, DBAPIError) else ""
    return Unsendable(f"{place[0] if place else 'a query argument'}{statement} does not fit its type")


def _cause(fault: BaseException) -> BaseException:
    """Return the driver's own fault where SQLAlchemy wrapped it, twice."""
    if isinstance(fault, DBAPIError) and fault.orig is not None:
        return fault.orig.__cause__ or fault.orig
    return fault


def _is_drivers(fault: BaseException) -> bool:
    """Tell whether a fault of the operating system came out of the driver, and not out of what ran beside it."""
    frames = traceback.walk_tb(fault.__traceback__)
    return any(str(frame.f_globals.get("__name__", "")).startswith("asyncpg.") for frame, _ in frames)
