"""Which GraphQL type a row is of. Rows are the domain's dataclasses and refusals, so unions and interfaces ask here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from graphql import GraphQLSchema, is_abstract_type, is_object_type
from strawberry.types.base import has_object_definition

from domain.kernel.refusals import Refusal

T = TypeVar("T", bound=type)

_type_names: dict[type, str] = {}


@dataclass(frozen=True)
class Refused:
    """A refusal as the row of a problem type: executors take bare exceptions for faults of resolvers."""

    refusal: Refusal

    def __getattr__(self, name: str) -> object:
        return getattr(self.refusal, name)


def declares(row: type) -> Callable[[T], T]:
    """Say that a Strawberry type shows rows of this class. Its plain fields are read from the row's attributes."""

    def declare(declared: T) -> T:
        assert row not in _type_names, f"two types declare {row.__name__}"
        _type_names[row] = _own_name(declared)
        return declared

    return declare


def type_name_of(row: object) -> str:
    """Return the name of the type that shows this row. A row of a Strawberry type shows itself."""
    cls = type(row.refusal if isinstance(row, Refused) else row)
    name = _type_names.get(cls)
    if name is None:
        name = _type_names[cls] = _find(cls)
    return name


def _find(cls: type) -> str:
    for ancestor in cls.__mro__:
        if ancestor in _type_names:
            return _type_names[ancestor]
    return _own_name(cls)


def _own_name(cls: type) -> str:
    assert has_object_definition(cls), f"no type declares rows of {cls.__name__}, and it is no type itself"
    return cls.__strawberry_definition__.name


def resolve_types_by_row(schema: GraphQLSchema) -> None:
    """Make every union and interface of a built schema ask `type_name_of`, and no type ask again."""
    for type_ in schema.type_map.values():
        if is_abstract_type(type_):
            type_.resolve_type = lambda row, _info, _type: type_name_of(row)
        elif is_object_type(type_):
            type_.is_type_of = None
