"""Compares the compiled executor with graphql-core: every operation is executed by both, and must give the same JSON.

Root fields run once: what they gave is played back to the second executor, so that mutations can be compared too.
"""

import json
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
from graphql import ExecutionResult

from graph.answering import Graph, GraphQLRequest
from graph.batching import RootCall, root_call_of
from graph.context import Context
from graph.operations import Operation
from graph.schema import graphql_schema

Called = tuple[int, str]


@dataclass
class Tape:
    """What root fields gave, in the order they were called."""

    results: dict[Called, deque[Any]] = field(default_factory=dict)
    is_playing: bool = False


_tape: ContextVar[Tape | None] = ContextVar("tape", default=None)


@dataclass
class Tally:
    """What was compared so far."""

    compared: int = 0
    compiled: int = 0
    left: Counter[str] = field(default_factory=Counter)


tally = Tally()


def written(result: ExecutionResult) -> bytes:
    """Return an answer as it would be sent, its errors in order."""
    errors = sorted(json.dumps(error.formatted, sort_keys=True) for error in result.errors or ())
    return orjson.dumps({"data": result.data, "errors": errors})


async def compare(
    graph: Graph, operation: Operation, request: GraphQLRequest, context: Context, root: object = None
) -> tuple[ExecutionResult, ExecutionResult | None]:
    """Execute by both. The second answer is None when the operation is not compiled."""
    executor = graph.compiled
    variables = executor.coerce(operation, request.variables)
    if isinstance(variables, list):
        return ExecutionResult(None, variables), await graph.interpret(operation, request, context, root)
    plan = executor.plan(operation, variables)
    if plan is None:
        return await graph.interpret(operation, request, context, root), None
    tape = Tape()
    token = _tape.set(tape)
    try:
        compiled = await executor.execute(plan, variables, context, event=root)
        tape.is_playing = True
        again = context.again()
        # Both read at the same instant.
        object.__setattr__(again, "reads", context.reads)
        return compiled, await graph.interpret(operation, request, again, root)
    finally:
        _tape.reset(token)


@contextmanager
def comparing(patch: pytest.MonkeyPatch) -> Iterator[Tally]:
    """Let every graph execute every operation by both executors while the block lasts."""

    async def run(
        self: Graph, operation: Operation, request: GraphQLRequest, context: Context, root: object
    ) -> ExecutionResult:
        compiled, interpreted = await compare(self, operation, request, context, root)
        tally.compared += 1
        if interpreted is None:
            tally.left[operation.name or "anonymous"] += 1
            return compiled
        tally.compiled += 1
        assert written(compiled) == written(interpreted), operation.document
        return compiled

    patch.setattr(Graph, "_run", run)
    with recording():
        yield tally


@contextmanager
def recording() -> Iterator[None]:
    """Let root fields record what they give, and play it back."""
    calls = list(_root_calls())
    kept = [(call, call.call) for call in calls]
    for call in calls:
        object.__setattr__(call, "call", _recorded(call))
    try:
        yield
    finally:
        for call, original in kept:
            object.__setattr__(call, "call", original)


def _recorded(root: RootCall) -> Any:
    original = root.call

    async def call(context: Context, arguments: dict[str, Any]) -> Any:
        tape = _tape.get()
        if tape is None:
            return await original(context, arguments)
        called = (id(root), repr(arguments))
        if tape.is_playing:
            played = tape.results[called].popleft()
            if isinstance(played, BaseException):
                raise played
            return played
        try:
            result = await original(context, arguments)
        except Exception as fault:
            tape.results.setdefault(called, deque()).append(fault)
            raise
        tape.results.setdefault(called, deque()).append(result)
        return result

    return call


def _root_calls() -> Iterator[RootCall]:
    schema = graphql_schema()
    for type_ in (schema.query_type, schema.mutation_type):
        assert type_ is not None
        for one in type_.fields.values():
            call = root_call_of(one)
            if call is not None:
                yield call
