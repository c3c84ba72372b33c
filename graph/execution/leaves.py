"""How leaf values are written: an expression for the values that come, the type's own rule for all others.

An expression must write exactly what graphql-core would. It only takes values whose writing is beyond doubt (a text for
a String, a finite float for a Float); everything else goes to `exact`, which also raises what graphql-core would raise.
"""

from collections.abc import Callable
from enum import Enum
from typing import Any, cast

from graphql import GraphQLEnumType, GraphQLLeafType, Undefined
from graphql.pyutils import inspect
from strawberry.schema.schema_converter import CustomGraphQLEnumType

INT_MIN, INT_MAX = -(2**31), 2**31 - 1

# `{v}` is a variable, `{b}` the same variable where it is looked at first: that place may also bind it.
_FAST = {
    "String": "({v} if ({b}).__class__ is str else {exact}({v}))",
    "ID": "({v} if ({b}).__class__ is str else {exact}({v}))",
    "Boolean": "({v} if ({b}) is True or {v} is False else {exact}({v}))",
    "Int": f"({{v}} if ({{b}}).__class__ is int and {INT_MIN} <= {{v}} <= {INT_MAX} else {{exact}}({{v}}))",
    # An infinite or undefined number minus itself is not zero.
    "Float": "({v} if ({b}).__class__ is float and {v} - {v} == 0.0 else {exact}({v}))",
}


def exact(type_: GraphQLLeafType) -> Callable[[Any], Any]:
    """Return the rule of a leaf type for a value that is not null.

    The rule raises when there is no way to write the value.
    """

    def write(value: Any) -> Any:
        written = type_.coerce_output_value(value)
        if written is Undefined or written is None:
            message = (
                f"Expected `{inspect(type_)}.coerce_output_value({inspect(value)})`"
                f" to return non-nullable value, returned: {inspect(written)}"
            )
            raise TypeError(message)
        return written

    return write


class Absent(Exception):
    """A value that must be there is not; the row is completed again, slowly, to say so properly."""


def strict(type_: GraphQLLeafType) -> Callable[[Any], Any]:
    """Return the rule of a leaf type for any value: it also raises for null."""
    write = exact(type_)

    def write_present(value: Any) -> Any:
        if value is None:
            raise Absent
        return write(value)

    return write_present


def fast_expression(type_: GraphQLLeafType, variable: str, bound: str, exact_name: str) -> str:
    """Return an expression that writes a variable's value.

    `bound` stands where the variable is looked at first, and may bind it (`v := …`); `exact_name` is what `strict` is
    called there.
    """
    template = _FAST.get(type_.name) or (_enum_expression(type_) if isinstance(type_, GraphQLEnumType) else None)
    return (template or "{exact}({b})").format(v=variable, b=bound, exact=exact_name)


def enum_class(type_: GraphQLEnumType) -> type[Enum] | None:
    """Return the Python enum whose members' names are exactly the GraphQL values' names."""
    if not isinstance(type_, CustomGraphQLEnumType):
        return None
    found = cast(type[Enum], type_.wrapped_cls)
    named = {name: member.value for name, member in found.__members__.items()}
    return found if named == {name: value.value for name, value in type_.values.items()} else None


def _enum_expression(type_: GraphQLEnumType) -> str | None:
    if enum_class(type_) is None:
        return None
    return "({v}._name_ if ({b}).__class__ is {exact}_enum else {exact}({v}))"
