"""Which fields a selection asks for on one object type (GraphQL specification, "Collecting Fields").

Directives are worked out here, so a plan holds for one set of values of the variables they name.
"""

from collections.abc import Iterable, Mapping

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    NamedTypeNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    Visitor,
    visit,
)
from graphql.type import is_abstract_type

Conditions = Mapping[str, bool]


class Collector:
    """Collects the fields of one document, under one set of conditions."""

    def __init__(
        self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode], conditions: Conditions
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._conditions = conditions

    def fields(
        self, type_: GraphQLObjectType, selection_sets: Iterable[SelectionSetNode]
    ) -> dict[str, list[FieldNode]]:
        """Return the nodes of each field by its name in the response, in the order of the document."""
        grouped: dict[str, list[FieldNode]] = {}
        seen: set[str] = set()
        for selection_set in selection_sets:
            self._collect(type_, selection_set, grouped, seen)
        return grouped

    def _collect(
        self,
        type_: GraphQLObjectType,
        selection_set: SelectionSetNode,
        grouped: dict[str, list[FieldNode]],
        seen: set[str],
    ) -> None:
        for selection in selection_set.selections:
            if not self._is_wanted(selection.directives or ()):
                continue
            if isinstance(selection, FieldNode):
                name = selection.alias.value if selection.alias else selection.name.value
                grouped.setdefault(name, []).append(selection)
            elif isinstance(selection, InlineFragmentNode):
                if self._applies(selection.type_condition, type_):
                    self._collect(type_, selection.selection_set, grouped, seen)
            elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in seen:
                seen.add(selection.name.value)
                fragment = self._fragments[selection.name.value]
                if self._applies(fragment.type_condition, type_):
                    self._collect(type_, fragment.selection_set, grouped, seen)

    def _is_wanted(self, directives: Iterable[DirectiveNode]) -> bool:
        for directive in directives:
            name = directive.name.value
            if name in ("skip", "include") and self._value(directive) is (name == "skip"):
                return False
        return True

    def _value(self, directive: DirectiveNode) -> bool:
        assert directive.arguments, "the document is valid"
        value = directive.arguments[0].value
        if isinstance(value, VariableNode):
            return self._conditions[value.name.value]
        assert isinstance(value, BooleanValueNode), "the document is valid"
        return value.value

    def _applies(self, condition: NamedTypeNode | None, type_: GraphQLObjectType) -> bool:
        if condition is None or condition.name.value == type_.name:
            return True
        named = self._schema.get_type(condition.name.value)
        return named is not None and is_abstract_type(named) and self._schema.is_sub_type(named, type_)


class _Conditions(Visitor):
    """Finds the variables that directives name."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_directive(self, node: DirectiveNode, *_: object) -> None:
        for argument in node.arguments or ():
            if isinstance(argument.value, VariableNode):
                self.names.add(argument.value.name.value)


def condition_names(
    operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]
) -> tuple[str, ...]:
    """Return the variables that decide which fields are asked for, in alphabetical order.

    Fragments of the document that the operation does not use may add names that decide nothing: they only cost a plan.
    """
    finder = _Conditions()
    visit(operation, finder)
    for fragment in fragments.values():
        visit(fragment, finder)
    declared = {variable.variable.name.value for variable in operation.variable_definitions or ()}
    return tuple(sorted(finder.names & declared))
