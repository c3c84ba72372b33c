"""Which faults of the driver pass by themselves, and so become `Unavailable`."""

import asyncpg
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

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


def is_passing(fault: BaseException) -> bool:
    """Tell whether the same call may succeed a moment later."""
    if isinstance(fault, DBAPIError):
        if fault.connection_invalidated or isinstance(fault, InterfaceError | OperationalError):
            return True
        state = getattr(fault.orig, "sqlstate", None)
        # The dialect wraps a closed or reset connection without a state of its own.
        return state is None or str(state).startswith(_PASSING_STATES)
    if isinstance(fault, asyncpg.PostgresError):
        return (fault.sqlstate or "").startswith(_PASSING_STATES)
    return True
