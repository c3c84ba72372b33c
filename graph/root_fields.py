"""The fields of Query, Mutation and Subscription: functions of the context and the field's arguments.

Each context module lists its own, and `schema` puts them together. The Python return type of such a function is what
the domain gives; the GraphQL type of the field is said in the decorator.
"""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any

from strawberry.types import Info
from strawberry.types.field import StrawberryField

from domain.kernel.refusals import Refusal
from graph.batching import FIELD_COST, RootCall, declared_field, root_metadata
from graph.context import Context
from graph.problems import result_union
from graph.rows import Refused
from graph.wording import pascal_case

Refusals = Sequence[type[Refusal]]

# What fields cost unless they say otherwise, in fields that are read from their row: a transaction of its own, and a
# stream that is held open.
MUTATION_COST = 10
SUBSCRIPTION_COST = 20


def query_field(
    type: object, *, description: str, refusals: Refusals = (), cost: int = FIELD_COST
) -> Callable[[Callable[..., Awaitable[Any]]], StrawberryField]:
    """Make a field of Query from `async (context, **arguments)`.

    With `refusals` it answers with a union of `type` and those problems, as mutations do.
    """

    def declare(function: Callable[..., Awaitable[Any]]) -> StrawberryField:
        async def call(context: Context, arguments: dict[str, Any]) -> Any:
            try:
                return await function(context, **arguments)
            except tuple(refusals) as refusal:
                return Refused(refusal)

        answer = _answer(function, type, refusals)
        return _called_field(function, call, skip=1, type=answer, description=description, cost=cost)

    return declare


def mutation_field(
    payload: type, *, refusals: Refusals, description: str, cost: int = MUTATION_COST
) -> Callable[[Callable[..., Awaitable[Any]]], StrawberryField]:
    """Make a field of Mutation from `async (work, context, input)`: one field is one work is one transaction.

    A refusal rolls the work back and becomes a member of the field's result union. One that is not in `refusals`
    becomes an error of the operation, with its code.
    """

    def declare(function: Callable[..., Awaitable[Any]]) -> StrawberryField:
        async def call(context: Context, arguments: dict[str, Any]) -> Any:
            try:
                async with context.runtime.work() as work:
                    return await function(work, context, **arguments)
            except tuple(refusals) as refusal:
                return Refused(refusal)

        answer = _answer(function, payload, refusals)
        return _called_field(function, call, skip=2, type=answer, description=description, cost=cost)

    return declare


def stepwise_mutation_field(
    payload: type, *, refusals: Refusals, description: str, cost: int = MUTATION_COST
) -> Callable[[Callable[..., Awaitable[Any]]], StrawberryField]:
    """Make a field of Mutation from `async (context, input)` whose verb opens works of its own.

    For verbs that count an attempt which has to count although they refuse, or that hash between two works.
    """
    return query_field(payload, refusals=refusals, description=description, cost=cost)


def subscription_field(
    type: object, *, description: str, cost: int = SUBSCRIPTION_COST
) -> Callable[[Callable[..., AsyncIterator[Any]]], StrawberryField]:
    """Make a field of Subscription from `async (context, **arguments)` that yields one row for each event."""

    def declare(function: Callable[..., AsyncIterator[Any]]) -> StrawberryField:
        async def resolve(info: Info[Context, None], **arguments: Any) -> AsyncIterator[Any]:
            async for row in function(info.context, **arguments):
                yield row

        return _root_field(
            function,
            resolve,
            skip=1,
            type=type,
            description=description,
            is_subscription=True,
            metadata=root_metadata(cost=cost),
        )

    return declare


def _called_field(
    function: Callable[..., Any],
    call: Callable[[Context, dict[str, Any]], Awaitable[Any]],
    *,
    skip: int,
    type: object,
    description: str,
    cost: int,
) -> StrawberryField:
    root = RootCall(call)

    async def resolve(info: Info[Context, None], **arguments: Any) -> Any:
        return await root.call(info.context, arguments)

    metadata = root_metadata(cost=cost, call=root)
    return _root_field(function, resolve, skip=skip, type=type, description=description, metadata=metadata)


def _answer(function: Callable[..., Any], payload: Any, refusals: Refusals) -> object:
    if not refusals:
        return payload
    return result_union(f"{pascal_case(function.__name__)}Result", payload, refusals)


def _root_field(
    function: Callable[..., Any],
    resolve: Callable[..., Any],
    *,
    skip: int,
    type: object,
    description: str,
    is_subscription: bool = False,
    metadata: Mapping[str, object] | None = None,
) -> StrawberryField:
    arguments = list(inspect.signature(function).parameters.values())[skip:]
    return declared_field(
        resolve,
        name=function.__name__,
        arguments=[argument.replace(kind=inspect.Parameter.KEYWORD_ONLY) for argument in arguments],
        takes_root=False,
        type=type,
        description=description,
        is_subscription=is_subscription,
        metadata=metadata,
    )
