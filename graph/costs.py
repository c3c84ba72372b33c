"""What an operation costs: how many fields it resolves when every page is as long as asked for.

A field that is read from its row costs 1; others declare what they cost (`batched`, `query_field`, `mutation_field`).

The shape is computed once per document; the sizes of pages may be variables, so the sum is made for each request.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLCompositeType,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    NamedTypeNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
    is_object_type,
)

from domain.kernel.paging import PAGE_DEFAULT, PAGE_MAX
from graph.batching import cost_of, list_size_of

_PAGE_ARGUMENTS = ("first", "last")


@dataclass(frozen=True)
class Cost:
    """One field and those below it. `size` is how many rows it leads to, unless `size_variable` says so.

    `own` is what it costs itself: 0 for a fragment, which is no field. Of what is below, all that does not depend on
    variables is summed up in `fixed`.
    """

    own: int
    fixed: int = 0
    below: tuple["Cost", ...] = ()
    size: int = 1
    size_variable: str | None = None

    @classmethod
    def of(cls, below: Iterable["Cost"], *, own: int, size: int = 1, size_variable: str | None = None) -> "Cost":
        """Sum up a field and those below it."""
        costs = list(below)
        fixed = sum(cost.own + cost.size * cost.fixed for cost in costs if cost.is_fixed)
        varying = tuple(cost for cost in costs if not cost.is_fixed)
        return cls(own, fixed, varying, size, size_variable)

    @property
    def is_fixed(self) -> bool:
        """Tell whether it is the same whatever the variables."""
        return self.size_variable is None and not self.below

    def total(self, variables: Mapping[str, Any]) -> int:
        """Return what is resolved, in fields that are read from their row."""
        size = self.size
        if self.size_variable is not None:
            given = variables.get(self.size_variable, self.size)
            # Whatever is no plain number may still be coerced to one: it is counted as the longest page.
            size = min(max(given, 1), PAGE_MAX) if type(given) is int else PAGE_MAX
        return self.own + size * (self.fixed + sum(one.total(variables) for one in self.below))


def page_defaults(operation: OperationDefinitionNode) -> Mapping[str, int]:
    """Return the whole numbers that variables are when a request does not give them."""
    return {
        variable.variable.name.value: int(variable.default_value.value)
        for variable in operation.variable_definitions or ()
        if isinstance(variable.default_value, IntValueNode)
    }


class Measure:
    """Measures the operations of one valid, bounded document.

    A fragment is measured once however often it is spread, so what is kept grows with the document and not with what
    its operations expand to.
    """

    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self._schema = schema
        self._fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self._measured: dict[tuple[str, bool], Cost] = {}

    def cost(self, operation: OperationDefinitionNode) -> Cost:
        """Return what an operation costs."""
        root = self._schema.get_root_type(operation.operation)
        assert root is not None, "the operation is valid"
        return Cost.of(self._below(operation.selection_set, root, in_page=False), own=1)

    def _below(
        self, selection_set: SelectionSetNode, parent: GraphQLCompositeType, *, in_page: bool
    ) -> tuple[Cost, ...]:
        costs: list[Cost] = []
        for selection in selection_set.selections:
            if isinstance(selection, FieldNode):
                costs.append(self._field(selection, parent, in_page=in_page))
            elif isinstance(selection, FragmentSpreadNode):
                costs.append(self._spread(selection.name.value, in_page=in_page))
            else:
                assert isinstance(selection, InlineFragmentNode)
                condition = self._condition(selection.type_condition, parent)
                costs.extend(self._below(selection.selection_set, condition, in_page=in_page))
        return tuple(costs)

    def _spread(self, name: str, *, in_page: bool) -> Cost:
        key = (name, in_page)
        if key not in self._measured:
            fragment = self._fragments[name]
            condition = self._condition(fragment.type_condition, None)
            below = self._below(fragment.selection_set, condition, in_page=in_page)
            # The fragment itself is no field.
            self._measured[key] = Cost.of(below, own=0)
        return self._measured[key]

    def _condition(self, named: NamedTypeNode | None, parent: GraphQLCompositeType | None) -> GraphQLCompositeType:
        condition = parent if named is None else self._schema.get_type(named.name.value)
        assert is_composite_type(condition), "the document is valid"
        return condition

    def _field(self, node: FieldNode, parent: GraphQLCompositeType, *, in_page: bool) -> Cost:
        field = _field_of(parent, node.name.value)
        if field is None:
            # `__typename` and introspection.
            return Cost(own=1)
        if node.selection_set is None:
            return Cost(own=cost_of(field))
        type_ = get_named_type(field.type)
        is_page = is_object_type(type_) and "pageInfo" in type_.fields
        size, variable = _size_of(node, field, is_page=is_page, in_page=in_page)
        assert is_composite_type(type_), "only such a field has a selection"
        below = self._below(node.selection_set, type_, in_page=is_page)
        return Cost.of(below, own=cost_of(field), size=size, size_variable=variable)


def _field_of(parent: GraphQLCompositeType, name: str) -> GraphQLField | None:
    return parent.fields.get(name) if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType) else None


def _size_of(node: FieldNode, field: GraphQLField, *, is_page: bool, in_page: bool) -> tuple[int, str | None]:
    """Return how many rows a field leads to. The lists inside a page are as long as the page, counted already."""
    is_list = is_list_type(get_nullable_type(field.type))
    paged = any(name in field.args for name in _PAGE_ARGUMENTS)
    if not (is_page or (is_list and not in_page)):
        return 1, None
    for argument in node.arguments or ():
        if argument.name.value in _PAGE_ARGUMENTS:
            if isinstance(argument.value, VariableNode):
                return PAGE_DEFAULT, argument.value.name.value
            if isinstance(argument.value, IntValueNode):
                return min(int(argument.value.value), PAGE_MAX), None
    return (PAGE_DEFAULT if paged else list_size_of(field)), None
