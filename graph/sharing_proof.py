"""The proof that what shared subscriptions lead to is the same for every viewer.

A field is safe when it is read from its row's attribute, or declared `is_shared`. Everything that any shared field of
Subscription can reach must be safe, whatever a client selects.
"""

from collections.abc import Iterator

from graphql import (
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_object_type,
)
from strawberry.types.field import StrawberryField

from graph.batching import is_shared
from graph.shared_fields import shared_call_of


def personal_fields(schema: GraphQLSchema) -> list[str]:
    """Return the fields that break the rule, as `Type.field`; none when the schema is sound."""
    assert schema.subscription_type is not None
    shared = [field for field in schema.subscription_type.fields.values() if shared_call_of(field) is not None]
    return sorted(
        f"{type_.name}.{name}"
        for type_ in _reached(schema, shared)
        for name, field in type_.fields.items()
        if _may_differ(field)
    )


def _may_differ(field: GraphQLField) -> bool:
    declared = field.extensions.get("strawberry-definition")
    is_computed = isinstance(declared, StrawberryField) and declared.base_resolver is not None
    return is_computed and not is_shared(field)


def _reached(schema: GraphQLSchema, fields: list[GraphQLField]) -> Iterator[GraphQLObjectType]:
    waiting, seen = list(fields), set()
    while waiting:
        named = get_named_type(waiting.pop().type)
        types = schema.get_possible_types(named) if is_abstract_type(named) else [named]
        for type_ in types:
            if is_object_type(type_) and type_.name not in seen:
                seen.add(type_.name)
                yield type_
                waiting += type_.fields.values()
