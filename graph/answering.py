"""Executes operations: one answer for a query or a mutation, a stream of answers for a subscription.

A transport reads a `GraphQLRequest` from its wire, asks `Graph` and writes what comes back; it decides nothing else.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from types import MappingProxyType
from typing import Any, NamedTuple

import strawberry
from graphql import ExecutionResult, GraphQLError, GraphQLField, OperationType, execute
from graphql.execution import Executor, create_source_event_stream
from opentelemetry import trace

from domain.catalog import CATALOG_TOPIC
from domain.kernel.ids import new_id
from domain.kernel.tracing import span
from domain.runtime import Runtime
from graph import measures
from graph.context import Caller, Context
from graph.deadlines import Deadlines
from graph.errors import coded, present
from graph.execution.compiled import CompiledExecutor
from graph.fragments import Fragments
from graph.limits import Limits
from graph.operations import Documents, Operation, OperationRefused, root_names
from graph.schema import graphql_schema_of

VARIABLES_REFUSED = "BAD_USER_INPUT"
EXECUTION_FAILED = "GRAPHQL_EXECUTION_FAILED"

tracer = trace.get_tracer("marquee.graph")


class GraphQLRequest(NamedTuple):
    """What every transport carries, whatever its wire looks like."""

    query: str
    operation_name: str | None = None
    variables: Mapping[str, Any] = MappingProxyType({})


class Answer(NamedTuple):
    """A response. `is_refused` tells that nothing was executed: the request itself was wrong."""

    payload: Mapping[str, Any]
    is_refused: bool = False

    @property
    def has_errors(self) -> bool:
        """Tell whether anything went wrong, as a whole or in part."""
        return "errors" in self.payload

    def with_extensions(self, extensions: Mapping[str, object]) -> "Answer":
        """Return the same response with more extensions."""
        merged = {**self.payload.get("extensions", {}), **extensions}
        return self._replace(payload={**self.payload, "extensions": merged})


class Graph:
    """One schema over one runtime."""

    def __init__(self, schema: strawberry.Schema, runtime: Runtime, *, limits: Limits, is_open: bool) -> None:
        """`is_open` allows introspection, and suggestions in errors: for development."""
        self.runtime = runtime
        self._schema = graphql_schema_of(schema)
        self.documents = Documents(self._schema, limits=limits, is_open=is_open)
        self._deadlines = Deadlines(limit_s=limits.execution_timeout_s)
        size = runtime.settings.entity_fragments
        fragments = Fragments(runtime.database, runtime.bus, CATALOG_TOPIC, size=size)
        self.compiled = CompiledExecutor(schema, self._schema, fragments, hide_suggestions=not is_open)

    def prepare(self, request: GraphQLRequest) -> Operation:
        """Return the operation to execute.

        Raises:
            OperationRefused.
        """
        return self.documents.prepare(request.query, name=request.operation_name, variables=request.variables)

    async def answer(
        self, operation: Operation, request: GraphQLRequest, caller: Caller, *, operation_id: str
    ) -> Answer:
        """Execute a query or a mutation."""
        assert operation.kind is not OperationType.SUBSCRIPTION
        context = Context.of(self.runtime, caller, operation_id=operation_id)
        return await self._execute(operation, request, context)

    async def stream(
        self, operation: Operation, request: GraphQLRequest, caller: Caller, *, operation_id: str
    ) -> AsyncGenerator[Answer, None]:
        """Execute any operation as a stream of answers: one for a query or a mutation, one an event for a subscription.

        Each event is executed with loaders and an instant of its own.
        """
        if operation.kind is not OperationType.SUBSCRIPTION:
            yield await self.answer(operation, request, caller, operation_id=operation_id)
            return
        context = Context.of(self.runtime, caller, operation_id=operation_id)
        with measures.subscriptions_open.track_inprogress():
            try:
                async with aclosing(await self._events(operation, request, context)) as events:
                    async for event in events:
                        yield await self._execute(operation, request, context.again(), root=event)
            except OperationRefused as refused:
                yield refusal_answer(refused, operation_id=operation_id)
            except Exception as fault:  # the source of events failed: the edge of the subscription
                error = fault if isinstance(fault, GraphQLError) else GraphQLError(str(fault), original_error=fault)
                yield Answer({"errors": present([error], operation_id=operation_id, code=EXECUTION_FAILED)})

    async def event(self, operation: Operation, request: GraphQLRequest, context: Context, row: object) -> Answer:
        """Execute a subscription for one event, whose row is known."""
        return await self._execute(operation, request, context, root=row)

    def root_fields_of(self, operation: Operation) -> list[GraphQLField]:
        """Return the fields of the root that an operation names, also in fragments."""
        root = self._schema.get_root_type(operation.kind)
        assert root is not None, "the operation is valid"
        return [root.fields[name] for name in root_names(operation) if name in root.fields]

    async def _events(self, operation: Operation, request: GraphQLRequest, context: Context) -> Any:
        executor = Executor.build(
            self._schema,
            operation.document,
            context_value=context,
            raw_variable_values=dict(request.variables),
            operation_name=operation.name,
            hide_suggestions=not self.documents.is_open,
        )
        if isinstance(executor, list):
            raise OperationRefused(executor, VARIABLES_REFUSED)
        made = create_source_event_stream(executor)
        events = await made if asyncio.iscoroutine(made) else made
        if isinstance(events, ExecutionResult):
            raise OperationRefused(list(events.errors or ()), EXECUTION_FAILED)
        return events

    async def _execute(
        self, operation: Operation, request: GraphQLRequest, context: Context, *, root: object = None
    ) -> Answer:
        kind = operation.kind.value
        began = time.perf_counter()
        with span(tracer, f"graphql {kind} {operation.name or 'anonymous'}"):
            try:
                with self._deadlines.limited():
                    answer = _answer_of(await self._run(operation, request, context, root), context.operation_id)
            except TimeoutError:
                answer = self._timed_out(operation)
        measures.operations.add((kind, _outcome(answer)), time.perf_counter() - began)
        return answer

    async def _run(
        self, operation: Operation, request: GraphQLRequest, context: Context, root: object
    ) -> ExecutionResult:
        variables = self.compiled.coerce(operation, request.variables)
        if isinstance(variables, list):
            return ExecutionResult(None, variables)
        plan = self.compiled.plan(operation, variables)
        if plan is not None:
            return await self.compiled.execute(plan, variables, context, event=root)
        return await self.interpret(operation, request, context, root)

    async def interpret(
        self, operation: Operation, request: GraphQLRequest, context: Context, root: object = None
    ) -> ExecutionResult:
        """Execute by graphql-core: what the compiled executor leaves, and what it is compared with."""
        result = execute(
            self._schema,
            operation.document,
            root_value=root,
            context_value=context,
            variable_values=dict(request.variables),
            operation_name=operation.name,
            hide_suggestions=not self.documents.is_open,
        )
        return result if isinstance(result, ExecutionResult) else await result

    def _timed_out(self, operation: Operation) -> Answer:
        seconds = self.documents.limits.execution_timeout_s
        message = f"This took longer than {seconds:.0f} s. Ask for less, or try again later."
        return Answer({"data": None, "errors": [coded(message, "TIMED_OUT", operation.definition).formatted]})


def refusal_answer(refused: OperationRefused, *, operation_id: str) -> Answer:
    """Write why a request was refused."""
    errors = present(refused.errors, operation_id=operation_id, code=refused.code)
    code = errors[0].get("extensions", {}).get("code", refused.code)
    measures.refused_total.labels(str(code)).inc()
    return Answer({"errors": errors}, is_refused=True)


def new_operation_id() -> str:
    """Return an id by which one operation can be found in the logs."""
    return new_id().hex


def _answer_of(result: ExecutionResult, operation_id: str) -> Answer:
    if not result.errors:
        return Answer({"data": result.data})
    # Variables that do not fit are found before any field: such errors have no path, and there is no data to give.
    is_refused = result.data is None and all(error.path is None for error in result.errors)
    code = VARIABLES_REFUSED if is_refused else EXECUTION_FAILED
    errors = present(result.errors, operation_id=operation_id, code=code)
    if is_refused:
        return Answer({"errors": errors}, is_refused=True)
    return Answer({"data": result.data, "errors": errors})


def _outcome(answer: Answer) -> str:
    if answer.is_refused:
        return "refused"
    return "errors" if answer.has_errors else "ok"
