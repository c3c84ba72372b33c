"""The arguments of fields: worked out once for an execution, not once for each row."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import strawberry
from graphql import FieldNode, GraphQLField, VariableNode, Visitor, visit
from graphql.execution.values import VariableValues, get_argument_values
from strawberry.types.field import StrawberryField

from graph.execution.inputs import Inputs


@dataclass(frozen=True)
class ArgumentPlan:
    """How one field gets its arguments."""

    declared: StrawberryField
    definition: GraphQLField
    node: FieldNode
    inputs: Inputs
    hide_suggestions: bool
    # What literals alone came to; None when variables are named.
    fixed: Mapping[str, Any] | None

    def values(self, variables: VariableValues) -> dict[str, Any]:
        """Return the arguments by the names the field's function knows them by.

        Raises:
            GraphQLError: a variable does not give what the argument needs.
        """
        coerced: Mapping[str, Any] | None = self.fixed
        if coerced is None:
            coerced = get_argument_values(self.definition, self.node, variables, None, self.hide_suggestions)
        return self.inputs.convert(self.declared, coerced)


def argument_planner(
    schema: strawberry.Schema, *, hide_suggestions: bool
) -> Callable[[StrawberryField, GraphQLField, FieldNode], ArgumentPlan]:
    """Return what plans the arguments of a schema's fields."""
    inputs = Inputs(schema)

    def plan(declared: StrawberryField, definition: GraphQLField, node: FieldNode) -> ArgumentPlan:
        fixed = None
        if not _names_variables(node):
            fixed = get_argument_values(definition, node, VariableValues({}, {}), None, hide_suggestions)
        return ArgumentPlan(declared, definition, node, inputs, hide_suggestions, fixed)

    return plan


class _Variables(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.found = False

    def enter_variable(self, _node: VariableNode, *_: object) -> None:
        self.found = True


def _names_variables(node: FieldNode) -> bool:
    finder = _Variables()
    for argument in node.arguments or ():
        visit(argument, finder)
    return finder.found
