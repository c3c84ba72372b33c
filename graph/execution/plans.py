"""What a plan is made of: for each place in an operation and each type of row, the fields and how they are read."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    GraphQLUnionType,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)
from strawberry.types.field import StrawberryField

from graph.batching import BatchLoad, Derivation, RootCall, batch_of, derivation_of, is_shared, root_call_of
from graph.execution.arguments import ArgumentPlan
from graph.execution.collecting import Collector
from graph.fragments import is_kept, shared_rows_of

TYPENAME = "__typename"

# Abstract types below abstract types multiply. A wide operation of one of our clients has about a tenth of this.
SELECTIONS_MAX = 2_000


class Unsupported(Exception):
    """graphql-core has to execute this operation. `reason` is a word for a metric."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Own(Enum):
    """Ways to read a field that need no declaration."""

    TYPENAME = TYPENAME
    EVENT = "the row of a subscription's root is its event"


@dataclass(frozen=True)
class Attribute:
    """The field is read from its row's attribute."""

    name: str


Way = Attribute | Derivation | BatchLoad | RootCall | Own


@dataclass(frozen=True, eq=False)
class FieldPlan:
    """One field of one selection. `below` is what is asked of the objects it leads to, None for a leaf."""

    response_name: str
    nodes: Sequence[FieldNode]
    parent: GraphQLObjectType
    name: str
    type: GraphQLOutputType
    way: Way
    arguments: ArgumentPlan | None = None
    below: "Below | None" = None
    # Whether its value is the same for everybody who may see the row.
    is_shared: bool = False

    @property
    def is_non_null(self) -> bool:
        return is_non_null_type(self.type)

    @property
    def is_list(self) -> bool:
        return is_list_type(get_nullable_type(self.type))

    @property
    def waits(self) -> bool:
        """Whether its value, or something below it, has to be loaded."""
        return isinstance(self.way, BatchLoad) or self.leads_on

    @property
    def leads_on(self) -> bool:
        """Whether something below it has to be loaded, so that its rows go on together to the next level."""
        return self.below is not None and self.below.waits


@dataclass(frozen=True, eq=False)
class Selection:
    """What is asked of the rows of one object type at one place."""

    type: GraphQLObjectType
    fields: Sequence[FieldPlan]
    nodes: Sequence[FieldNode]

    @cached_property
    def waits(self) -> bool:
        return any(one.waits for one in self.fields)

    @cached_property
    def split(self) -> "Split | None":
        """What fragments are kept of; None where nothing is, or nothing would be saved."""
        declared = self.type.extensions.get("strawberry-definition")
        if declared is None:
            return None
        shares_row = shared_rows_of(declared.origin)
        if shares_row is None and not is_kept(declared.origin):
            return None
        shared = [one for one in self.fields if one.is_shared]
        own = [one for one in self.fields if not one.is_shared]
        if not any(one.waits for one in shared) or (shares_row is not None and own):
            return None
        return Split(
            shared=replace(self, fields=shared),
            own=replace(self, fields=own) if own else None,
            names=[one.response_name for one in self.fields],
            with_arguments=list(_with_arguments(shared)),
            shares_row=shares_row,
        )


@dataclass(frozen=True, eq=False)
class Split:
    """A selection in two: what everybody sees alike, and the rest, None when there is none.

    `names` are those of both in order; `with_arguments` are the shared fields whose arguments tell fragments apart.
    `shares_row` tells which rows are kept as written, where rows and not ids are what is kept by.
    """

    shared: Selection
    own: Selection | None
    names: Sequence[str]
    with_arguments: Sequence[FieldPlan]
    shares_row: Callable[[Any], bool] | None = None

    @cached_property
    def fixed(self) -> str | None:
        """What tells the fragments apart when no variable does: nothing, as the selection has its literals."""
        is_fixed = all(one.arguments is not None and one.arguments.fixed is not None for one in self.with_arguments)
        return "" if is_fixed else None


def _with_arguments(fields: Sequence[FieldPlan]) -> Iterator[FieldPlan]:
    for one in fields:
        if one.arguments is not None:
            yield one
        if one.below is not None and one.below.only is not None:
            yield from _with_arguments(one.below.only.fields)


class Below:
    """What is asked of the rows a field leads to, by their type."""

    def __init__(self, plan: "PlanMaker", field: GraphQLField, nodes: Sequence[FieldNode]) -> None:
        self.named_type = get_named_type(field.type)
        self.nodes = nodes
        self.is_abstract = is_abstract_type(self.named_type)
        sets = [node.selection_set for node in nodes if node.selection_set is not None]
        self._made = {type_.name: plan.selection(type_, sets, nodes) for type_ in plan.possible_types(self.named_type)}
        # The only type there is need not be looked up for each row.
        self.only = None if self.is_abstract else self._made[self.named_type.name]
        # Rows of an abstract type are sorted by their types first, and go on from there.
        self.waits = self.only is None or self.only.waits
        self.is_shared = self.only is not None and all(one.is_shared for one in self.only.fields)

    def selection(self, type_name: str) -> Selection:
        """Return what is asked of rows of one type.

        Raises:
            GraphQLError: no row of that type may come here.
        """
        made = self._made.get(type_name)
        if made is None:
            message = f"Runtime Object type '{type_name}' is not a possible type for '{self.named_type}'."
            raise GraphQLError(message, self.nodes)
        return made


@dataclass(frozen=True)
class PlanMaker:
    """Makes the plan of one operation under one set of conditions."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    collector: Collector
    arguments: Callable[[StrawberryField, GraphQLField, FieldNode], ArgumentPlan]
    is_subscription: bool = False
    made: list[str] = field(default_factory=list)
    # Types of which the operation uses fragments.
    keeps: list[str] = field(default_factory=list)

    def root(self, operation: OperationDefinitionNode) -> Selection:
        """Return what is asked of the root.

        Raises:
            Unsupported.
        """
        root = self.schema.get_root_type(operation.operation)
        assert root is not None, "the operation is valid"
        return self.selection(root, [operation.selection_set], ())

    def selection(
        self, type_: GraphQLObjectType, sets: Sequence[SelectionSetNode], nodes: Sequence[FieldNode]
    ) -> Selection:
        """Return what is asked of the rows of one type."""
        self.made.append(type_.name)
        if len(self.made) > SELECTIONS_MAX:
            raise Unsupported("too wide")
        grouped = self.collector.fields(type_, sets)
        made = Selection(type_, tuple(self._field(type_, name, group) for name, group in grouped.items()), nodes)
        if made.split is not None:
            self.keeps.append(type_.name)
        return made

    def possible_types(self, named: GraphQLNamedType) -> Sequence[GraphQLObjectType]:
        """Return the object types that rows of a type may be of."""
        if isinstance(named, GraphQLObjectType):
            return (named,)
        assert isinstance(named, GraphQLInterfaceType | GraphQLUnionType), "leaves lead nowhere"
        return self.schema.get_possible_types(named)

    def _field(self, parent: GraphQLObjectType, response_name: str, nodes: list[FieldNode]) -> FieldPlan:
        name = nodes[0].name.value
        definition = self.schema.get_field(parent, name)
        if definition is None or name in ("__schema", "__type"):
            raise Unsupported("introspection")
        if name == TYPENAME:
            return FieldPlan(response_name, nodes, parent, name, definition.type, Own.TYPENAME, is_shared=True)
        declared = definition.extensions.get("strawberry-definition")
        if not isinstance(declared, StrawberryField):
            raise Unsupported("undeclared")
        return FieldPlan(
            response_name=response_name,
            nodes=nodes,
            parent=parent,
            name=name,
            type=definition.type,
            way=(way := self._way(parent, declared, definition)),
            arguments=self.arguments(declared, definition, nodes[0]) if definition.args else None,
            below=(below := self._below(definition, nodes)),
            is_shared=(isinstance(way, Attribute) or is_shared(definition)) and (below is None or below.is_shared),
        )

    def _way(self, parent: GraphQLObjectType, declared: StrawberryField, definition: GraphQLField) -> Way:
        declaration = batch_of(definition) or derivation_of(definition) or root_call_of(definition)
        if declaration is not None:
            return declaration
        if self.is_subscription and parent is self.schema.subscription_type:
            return Own.EVENT
        if declared.base_resolver is not None or declared.python_name is None:
            raise Unsupported("resolver")
        return Attribute(declared.python_name)

    def _below(self, definition: GraphQLField, nodes: Sequence[FieldNode]) -> Below | None:
        named = get_named_type(definition.type)
        if is_leaf_type(named):
            return None
        item = get_nullable_type(definition.type)
        if is_list_type(item) and is_list_type(get_nullable_type(item.of_type)):
            raise Unsupported("lists of lists")
        return Below(self, definition, nodes)
