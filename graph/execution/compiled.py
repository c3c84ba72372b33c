"""The compiled executor: operations to plans, plans kept, plans executed.

What it cannot do it leaves to graphql-core, and says why once for each operation.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import strawberry
import structlog
from graphql import (
    ExecutionResult,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationType,
)
from graphql.execution.values import VariableValues, get_variable_values

from graph import measures
from graph.context import Context
from graph.execution.arguments import argument_planner
from graph.execution.collecting import Collector, condition_names
from graph.execution.plans import PlanMaker, Selection, Unsupported
from graph.execution.roots import run_root
from graph.execution.running import Execution
from graph.execution.variables import Variables
from graph.execution.writing import Written, write
from graph.fragments import Fragments
from graph.operations import Operation

# Plans kept. An operation with conditions has one for each set of their values that came.
PLANS_MAX = 1_000
COERCION_ERRORS_MAX = 50

COMPILED = "compiled"

log = structlog.get_logger(__name__)


@dataclass(eq=False)
class Plan:
    """How to execute one operation under one set of conditions. Its functions are written when first needed."""

    root: Selection
    kind: OperationType
    uses_fragments: bool
    _written: dict[Selection, Written] = field(default_factory=dict)

    def written(self, selection: Selection) -> Written:
        """Return what is written for a selection of this plan."""
        made = self._written.get(selection)
        if made is None:
            made = self._written[selection] = write(selection, self.written)
        return made


@dataclass(frozen=True)
class _Prepared:
    """An operation with what its plans have in common."""

    operation: Operation
    fragments: Mapping[str, FragmentDefinitionNode]
    conditions: tuple[str, ...]


class CompiledExecutor:
    """Executes operations of one schema."""

    def __init__(
        self, schema: strawberry.Schema, built: GraphQLSchema, fragments: Fragments, *, hide_suggestions: bool
    ) -> None:
        """`built` is the graphql-core schema that `schema` has made."""
        self._fragments = fragments
        self._schema = built
        self._hide_suggestions = hide_suggestions
        self._arguments = argument_planner(schema, hide_suggestions=hide_suggestions)
        self._variables: OrderedDict[int, tuple[Operation, Variables]] = OrderedDict()
        self._prepared: OrderedDict[int, _Prepared] = OrderedDict()
        self._plans: OrderedDict[tuple[int, tuple[bool, ...]], Plan | Unsupported] = OrderedDict()

    def coerce(self, operation: Operation, variables: Mapping[str, Any]) -> VariableValues | list[GraphQLError]:
        """Return the values of an operation's variables, or what is wrong with them."""
        plain = self._variables_of(operation).plain_values(variables)
        if plain is not None:
            return plain
        return get_variable_values(
            self._schema,
            operation.definition.variable_definitions or (),
            dict(variables),
            max_errors=COERCION_ERRORS_MAX,
            hide_suggestions=self._hide_suggestions,
        )

    def plan(self, operation: Operation, variables: VariableValues) -> Plan | None:
        """Return the plan of an operation; None when graphql-core has to execute it."""
        prepared = self._prepare(operation)
        values = tuple(value for name in prepared.conditions if isinstance(value := variables.coerced.get(name), bool))
        if len(values) < len(prepared.conditions):
            return self._left("condition")
        key = (id(operation), values)
        plan = self._plans.get(key)
        if plan is None:
            plan = self._plans[key] = self._make(prepared, dict(zip(prepared.conditions, values, strict=True)))
            if isinstance(plan, Unsupported):
                log.info("graph.interpreted", operation=operation.name, reason=plan.reason)
            self._trim()
        if isinstance(plan, Unsupported):
            return self._left(plan.reason)
        measures.executions(COMPILED, "").inc()
        return plan

    async def execute(
        self, plan: Plan, variables: VariableValues, context: Context, *, event: object = None
    ) -> ExecutionResult:
        """Execute a plan. `event` is what a subscription's root is."""
        sight = await self._fragments.look() if plan.uses_fragments else None
        execution = Execution(context, variables, plan.written, sight)
        data = await run_root(execution, plan.root, event=event, is_serial=plan.kind is OperationType.MUTATION)
        return ExecutionResult(data, execution.errors or None)

    def _variables_of(self, operation: Operation) -> Variables:
        kept = self._variables.get(id(operation))
        if kept is None or kept[0] is not operation:
            kept = self._variables[id(operation)] = operation, Variables(self._schema, operation.definition)
            if len(self._variables) > PLANS_MAX:
                self._variables.popitem(last=False)
        return kept[1]

    def _prepare(self, operation: Operation) -> _Prepared:
        prepared = self._prepared.get(id(operation))
        if prepared is None:
            fragments = {
                definition.name.value: definition
                for definition in operation.document.definitions
                if isinstance(definition, FragmentDefinitionNode)
            }
            # The operation is kept with it, so its number is not given to another one meanwhile.
            prepared = _Prepared(operation, fragments, condition_names(operation.definition, fragments))
            self._prepared[id(operation)] = prepared
        return prepared

    def _make(self, prepared: _Prepared, conditions: Mapping[str, bool]) -> Plan | Unsupported:
        kind = prepared.operation.kind
        maker = PlanMaker(
            schema=self._schema,
            fragments=prepared.fragments,
            collector=Collector(self._schema, prepared.fragments, conditions),
            arguments=self._arguments,
            is_subscription=kind is OperationType.SUBSCRIPTION,
        )
        try:
            root = maker.root(prepared.operation.definition)
        except Unsupported as unsupported:
            return unsupported
        # A mutation shows what it has just changed, before anybody was told.
        return Plan(root, kind, uses_fragments=kind is OperationType.QUERY and bool(maker.keeps))

    def _trim(self) -> None:
        while len(self._plans) > PLANS_MAX:
            (number, _), _ = self._plans.popitem(last=False)
            if all(kept != number for kept, _ in self._plans):
                self._prepared.pop(number, None)

    @staticmethod
    def _left(reason: str) -> None:
        measures.executions("interpreted", reason).inc()
