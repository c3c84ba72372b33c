"""Domain enums as GraphQL enums, with a description of every value, which the domain has no place for."""

from enum import Enum
from typing import TypeVar

from strawberry.types.enum import EnumValue, StrawberryEnumDefinition

E = TypeVar("E", bound=Enum)


def described(enum: type[E], *, description: str, values: dict[E, str], name: str | None = None) -> type[E]:
    """Show a domain enum in the graph by its members' names. Every member that is offered must be described here."""
    missing = set(enum) - set(values)
    assert not missing, f"{enum.__name__} has values without a description: {missing}"
    definition = StrawberryEnumDefinition(
        wrapped_cls=enum,
        name=name or enum.__name__,
        values=[EnumValue(member.name, member.value, description=values[member]) for member in enum],
        description=description,
    )
    enum.__strawberry_definition__ = definition  # type: ignore[attr-defined]  # this is how Strawberry marks an enum
    return enum
