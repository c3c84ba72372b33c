"""Makes Strawberry's input objects out of coerced values, without finding out each time how.

Strawberry looks at the type of every value of every input of every request. A type does not change, so the way is
worked out once; what is not known here (`Maybe`, an input that makes itself) goes to Strawberry.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING
from typing import Any

import strawberry
from strawberry import UNSET
from strawberry.scalars import is_scalar
from strawberry.types.arguments import convert_argument
from strawberry.types.base import StrawberryList, StrawberryMaybe, StrawberryOptional, has_object_definition
from strawberry.types.enum import StrawberryEnumDefinition, has_enum_definition
from strawberry.types.field import StrawberryField
from strawberry.types.lazy_type import LazyType

Convert = Callable[[Any], Any]


class Inputs:
    """The inputs of one schema."""

    def __init__(self, schema: strawberry.Schema) -> None:
        self._registry = schema.schema_converter.scalar_registry
        self._config = schema.config
        self._made: dict[type, Convert] = {}
        self._arguments: dict[int, list[tuple[str, str, Convert | None]]] = {}

    def convert(self, field: StrawberryField, coerced: Mapping[str, Any]) -> dict[str, Any]:
        """Return a field's arguments by their Python names."""
        ways = self._arguments.get(id(field))
        if ways is None:
            # Fields live as long as their schema, so the number of one is never another's.
            ways = self._arguments[id(field)] = [
                (self._config.name_converter.from_argument(one), one.python_name, self._way(one.type))
                for one in field.arguments
            ]
        return {
            python: coerced[name] if way is None else way(coerced[name])
            for name, python, way in ways
            if name in coerced
        }

    def _way(self, type_: Any) -> Convert | None:
        """Return how values of a type are converted, None when they stay as they are."""
        if isinstance(type_, StrawberryOptional) and not isinstance(type_, StrawberryMaybe):
            return self._way(type_.of_type)
        if isinstance(type_, LazyType):
            return self._way(type_.resolve_type())
        if isinstance(type_, StrawberryList):
            return self._list(self._way(type_.of_type))
        if isinstance(type_, StrawberryEnumDefinition) or has_enum_definition(type_):
            return None
        if not isinstance(type_, StrawberryMaybe) and is_scalar(type_, self._registry):
            return None
        if has_object_definition(type_) and type_.__strawberry_definition__.from_input is None:
            # Made when first needed: an input may hold others of its own type.
            return lambda value: value if value is None or value is UNSET else self._object(type_)(value)
        return lambda value: convert_argument(value, type_, self._registry, self._config)

    @staticmethod
    def _list(item: Convert | None) -> Convert:
        # A copy also where nothing is converted: literals and defaults are shared between requests.
        if item is None:
            return lambda value: list(value) if isinstance(value, list | tuple) else value
        return lambda value: [item(one) for one in value] if isinstance(value, list | tuple) else value

    def _object(self, type_: type) -> Convert:
        made = self._made.get(type_)
        if made is None:
            made = self._made[type_] = self._make(type_)
        return made

    def _make(self, type_: Any) -> Convert:
        definition = type_.__strawberry_definition__
        fields = [
            (self._config.name_converter.from_field(one), one.python_name, self._way(one.type))
            for one in definition.fields
        ]
        # Fields without a default are null when they are left out; required ones never are.
        absent = {
            one.python_name: None
            for one in definition.fields
            if one.default_value is MISSING and one.default_factory is MISSING
        }

        def convert(value: dict[str, Any]) -> Any:
            given = {
                python: value[name] if way is None else way(value[name])
                for name, python, way in fields
                if name in value
            }
            return type_(**{**absent, **given})

        return convert
