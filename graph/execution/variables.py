"""The values of an operation's variables. Most are plain texts and numbers, which have to be looked at only."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    GRAPHQL_MAX_INT,
    GRAPHQL_MIN_INT,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    get_nullable_type,
    is_non_null_type,
)
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource

# Scalars whose values stay as they came, and how such values are told (GraphQL specification, section 3.5).
_PLAIN: dict[str, Callable[[Any], bool]] = {
    "ID": lambda value: value.__class__ is str,
    "String": lambda value: value.__class__ is str,
    "Boolean": lambda value: value.__class__ is bool,
    "Int": lambda value: value.__class__ is int and GRAPHQL_MIN_INT <= value <= GRAPHQL_MAX_INT,
}


@dataclass(frozen=True)
class _Plain:
    """A variable of a plain type. `may_be_left_out` when nothing stands for it then."""

    name: str
    signature: GraphQLVariableSignature
    is_plain: Callable[[Any], bool]
    may_be_left_out: bool


class Variables:
    """The variables of one operation."""

    def __init__(self, schema: GraphQLSchema, operation: OperationDefinitionNode) -> None:
        self._plain = _plain_ones(schema, operation)

    def plain_values(self, given: Mapping[str, Any]) -> VariableValues | None:
        """Return the values, if all of them are plain; None when they have to be coerced, or are wrong."""
        if self._plain is None:
            return None
        sources: dict[str, VariableValueSource] = {}
        coerced: dict[str, Any] = {}
        for one in self._plain:
            if one.name not in given:
                if not one.may_be_left_out:
                    return None
                sources[one.name] = VariableValueSource(one.signature)
                continue
            value = given[one.name]
            if not one.is_plain(value):
                return None
            sources[one.name] = VariableValueSource(one.signature, value)
            coerced[one.name] = value
        return VariableValues(sources, coerced)


def _plain_ones(schema: GraphQLSchema, operation: OperationDefinitionNode) -> Sequence[_Plain] | None:
    plain: list[_Plain] = []
    for node in operation.variable_definitions or ():
        signature = get_variable_signature(schema, node)
        if isinstance(signature, GraphQLError):
            return None
        is_plain = _PLAIN.get(str(get_nullable_type(signature.type)))
        if is_plain is None:
            return None
        may_be_left_out = not is_non_null_type(signature.type) and node.default_value is None
        plain.append(_Plain(signature.name, signature, is_plain, may_be_left_out))
    return plain
