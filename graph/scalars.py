"""Instants on the wire: RFC 3339, always UTC, always written with Z."""

from datetime import UTC, datetime

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

# "2030-01-01T12:00:00.123456+00:00" and a little; a longer text is no instant.
INSTANT_MAX_CHARS = 40


def write_instant(value: object) -> str:
    """Write an aware instant in UTC, to the millisecond."""
    assert isinstance(value, datetime), "a DateTime field reads an instant"
    assert value.tzinfo is not None, "every instant is aware"
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_instant(value: object) -> datetime:
    """Read an instant that says its offset from UTC.

    Raises:
        GraphQLError: it is no RFC 3339 instant, or says no offset.
    """
    if not isinstance(value, str) or len(value) > INSTANT_MAX_CHARS:
        raise GraphQLError("A DateTime is an RFC 3339 text such as 2030-01-01T12:00:00Z.")
    try:
        instant = datetime.fromisoformat(value)
        if instant.tzinfo is not None:
            return instant.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise GraphQLError("A DateTime is an RFC 3339 text with an offset, such as 2030-01-01T12:00:00Z.")


DATE_TIME: ScalarDefinition = strawberry.scalar(
    name="DateTime",
    description="An instant in UTC, as RFC 3339 writes it: `2030-01-01T12:00:00.000Z`.",
    specified_by_url="https://scalars.graphql.org/andimarek/date-time.html",
    serialize=write_instant,
    parse_value=read_instant,
)
