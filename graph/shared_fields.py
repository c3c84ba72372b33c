"""Fields of Subscription that are the same for many viewers: executed once for all of them, and encoded once.

    Feed     what such a field follows: facts, each of which is told, and state, of which the newest is
    Gate     who may follow it: asked for each viewer before it joins, and again from time to time

What a shared field leads to must not depend on the viewer. `graph/sharing_proof.py` proves that of the whole schema,
and the hub executes with nobody signed in, so that what the proof would miss shows nobody's own things either.
"""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import strawberry
from graphql import GraphQLField
from strawberry.types import Info
from strawberry.types.field import StrawberryField

from domain.kernel.facts import LoggedFact
from domain.kernel.refusals import Refusal
from graph.batching import declared_field, root_metadata
from graph.context import Context
from graph.root_fields import SUBSCRIPTION_COST

_SHARED_CALL = "marquee.shared_call"
_BACK_REFERENCE = "strawberry-definition"

SINCE = "since"
# `epoch:offset`; an epoch is a UUID.
SINCE_MAX_CHARS = 80

# `async (context, viewers, **arguments) -> for each viewer what keeps it out, None for those who may follow`.
Gate = Callable[..., Awaitable[Sequence[Refusal | None]]]

Since = Annotated[
    str | None,
    strawberry.argument(
        description="The `position` of the last event you have, from the answer's extensions: what came after it is"
        " told first. Leave it out to begin with how things are now."
    ),
]


@dataclass(frozen=True)
class State:
    """Something of which only the newest counts. `load` gives its rows by key; a row is told when it has changed.

    It is looked at when `topic` rings, at most four times a second.
    """

    topic: str
    load: Callable[[Context], Awaitable[Mapping[Hashable, Any]]]


@dataclass(frozen=True)
class Feed:
    """What a shared field follows.

    Attributes:
        topic: Whose facts are told, each of them and in order; None when there are only states.
        event_of: Makes the field's row of a fact; None for facts that the field does not tell.
        snapshot: Loads the row that whoever is new begins with, and whoever was away too long.
        states: What is told in its newest form only.
        presence: The stream whose viewers those are who follow, if they are any's.
    """

    topic: str | None = None
    event_of: Callable[[LoggedFact], Any | None] = lambda _: None
    snapshot: Callable[[Context], Awaitable[Any]] | None = None
    states: Sequence[State] = ()
    presence: UUID | None = None

    def __post_init__(self) -> None:
        assert self.topic is None or self.snapshot is not None, "whoever was away too long begins with a snapshot"


@dataclass(frozen=True)
class SharedCall:
    """How the hub serves a shared field. Both functions take the field's arguments by name, without `since`."""

    feed: Callable[..., Feed]
    gate: Gate


def shared_subscription_field(
    type: object, *, description: str, gate: Gate, cost: int = SUBSCRIPTION_COST
) -> Callable[[Callable[..., Feed]], StrawberryField]:
    """Make a field of Subscription from `(**arguments) -> Feed`. It takes `since` besides its arguments."""

    def declare(function: Callable[..., Feed]) -> StrawberryField:
        call = SharedCall(function, gate)

        async def resolve(_info: Info[Context, None], **_arguments: Any) -> AsyncIterator[Any]:
            raise AssertionError("the hub serves shared fields")

        arguments = [
            *inspect.signature(function).parameters.values(),
            inspect.Parameter(SINCE, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Since),
        ]
        return declared_field(
            resolve,
            name=function.__name__,
            arguments=[argument.replace(kind=inspect.Parameter.KEYWORD_ONLY) for argument in arguments],
            takes_root=False,
            type=type,
            description=description,
            is_subscription=True,
            metadata={**root_metadata(cost=cost), _SHARED_CALL: call},
        )

    return declare


def shared_call_of(field: GraphQLField) -> SharedCall | None:
    """Return how the hub serves a field of Subscription; None when it is not shared."""
    declared = field.extensions.get(_BACK_REFERENCE)
    call = declared.metadata.get(_SHARED_CALL) if isinstance(declared, StrawberryField) else None
    assert call is None or isinstance(call, SharedCall)
    return call
