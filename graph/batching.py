"""Fields that lead to other rows declare a batch load; fields computed from their own row declare that.

A load is `async (context, keys, **arguments) -> rows aligned with keys`, None where there is nothing to see. The one
declaration serves every executor: graphql-core calls it through a DataLoader, and a compiled plan calls it once for a
whole level, because `batch_of` and `derivation_of` read it back from the schema.
"""

import inspect
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLField
from strawberry.annotation import StrawberryAnnotation
from strawberry.types import Info
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import StrawberryResolver

from graph.context import Context

_BATCH = "marquee.batch"
_DERIVATION = "marquee.derivation"
_ROOT = "marquee.root"
_LIST_SIZE = "marquee.list_size"
_COST = "marquee.cost"
_SHARED = "marquee.shared"
_BACK_REFERENCE = "strawberry-definition"

# What the cost of an operation assumes for a list that is not paged.
LIST_SIZE = 10
# What a field costs unless it says otherwise.
FIELD_COST = 1


# `async (context, keys, **arguments) -> rows aligned with keys`.
Load = Callable[..., Awaitable[Sequence[Any]]]


@dataclass(frozen=True)
class BatchLoad:
    """How a field finds its rows.

    Attributes:
        load: Loads many keys at once.
        key: The key of a parent row; None means that there is nothing to load, and the field is null.
        shape: Turns the loaded row, and the field's arguments, into the field's value: a function, or the name of the
            loaded row's attribute, null where no row was loaded. None keeps the row.
        load_arguments: Names of the field's arguments that the load needs too.
    """

    load: Load
    key: Callable[[Any], Hashable | None]
    shape: Callable[..., Any] | str | None = None
    load_arguments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Derivation:
    """A value computed from its own row without waiting: `take(row, context)`."""

    take: Callable[[Any, Context], Any]


@dataclass(frozen=True)
class RootCall:
    """How a field of Query or Mutation gets its row: `await call(context, arguments)`, arguments by their names."""

    call: Callable[[Context, dict[str, Any]], Awaitable[Any]]


def batched(
    load: Load,
    *,
    key: Callable[[Any], Hashable | None],
    description: str,
    shape: Callable[..., Any] | str | None = None,
    load_arguments: tuple[str, ...] = (),
    list_size: int = LIST_SIZE,
    cost: int = FIELD_COST,
    is_shared: bool = False,
) -> Any:
    """Declare a field that is found by a batch load. Its type is the annotation of the attribute.

    `is_shared` says that it is the same for everybody who may see the row and wants the same languages, and that it
    changes only with a fact about the row: fragments of it may be kept. `cost` is what it adds to an operation's cost
    for each row, in fields that are read from their row.

    `shape(loaded, context, **arguments)` names the field's arguments, with their types and defaults, after its first
    two parameters; or it is the name of the loaded row's attribute.
    """
    batch = BatchLoad(load, key, shape, load_arguments)
    arguments = _arguments_of(shape)

    async def resolve(root: Any, info: Info[Context, None], **given: Any) -> Any:
        return await load_one(info.context, batch, root, given)

    return _declared(
        resolve, arguments, {_BATCH: batch, _LIST_SIZE: list_size, _COST: cost, _SHARED: is_shared}, description
    )


def derived(
    take: Callable[[Any, Context], Any], *, description: str, list_size: int = LIST_SIZE, is_shared: bool = False
) -> Any:
    """Declare a field that is computed from its own row by `take(row, context)`; the rest as for `batched`."""

    def resolve(root: Any, info: Info[Context, None]) -> Any:
        return take(root, info.context)

    return _declared(
        resolve, [], {_DERIVATION: Derivation(take), _LIST_SIZE: list_size, _SHARED: is_shared}, description
    )


async def load_one(context: Context, batch: BatchLoad, row: Any, arguments: Mapping[str, Any]) -> Any:
    """Find the value of a batched field for one row, together with its siblings."""
    key = batch.key(row)
    if key is None:
        return None
    passed = {name: arguments[name] for name in batch.load_arguments}
    identity = identity_of(batch, passed)
    loaded = await context.loaders.load(identity, key, lambda: lambda keys: batch.load(context, keys, **passed))
    return shaped(batch, loaded, context, arguments)


def shaped(batch: BatchLoad, loaded: Any, context: Context, arguments: Mapping[str, Any]) -> Any:
    """Return the value of a batched field whose row was loaded."""
    if batch.shape is None:
        return loaded
    if isinstance(batch.shape, str):
        return None if loaded is None else getattr(loaded, batch.shape)
    return batch.shape(loaded, context, **arguments)


def identity_of(batch: BatchLoad, passed: Mapping[str, Any]) -> Hashable:
    """Return what tells a load with its arguments from others: equal ones share what they have loaded."""
    return (batch.load, *sorted(passed.items()))


async def load_all(context: Context, load: Load, keys: Sequence[Hashable]) -> list[Any]:
    """Load rows for another load, sharing what fields of the same execution load anyway."""
    return await context.loaders.many((load,), keys, lambda missing: load(context, missing))


def batch_of(field: GraphQLField) -> BatchLoad | None:
    """Return how a field of the built schema finds its rows, or None when it is not batched."""
    batch = _metadata(field).get(_BATCH)
    assert batch is None or isinstance(batch, BatchLoad)
    return batch


def derivation_of(field: GraphQLField) -> Derivation | None:
    """Return how a field of the built schema is computed from its row, or None when it is not."""
    derivation = _metadata(field).get(_DERIVATION)
    assert derivation is None or isinstance(derivation, Derivation)
    return derivation


def root_call_of(field: GraphQLField) -> RootCall | None:
    """Return how a field of Query or Mutation gets its row, or None when it is no such field."""
    call = _metadata(field).get(_ROOT)
    assert call is None or isinstance(call, RootCall)
    return call


def list_size_of(field: GraphQLField) -> int:
    """Return how many rows the cost of an operation assumes for a list field without paging."""
    size = _metadata(field).get(_LIST_SIZE, LIST_SIZE)
    assert isinstance(size, int)
    return size


def cost_of(field: GraphQLField) -> int:
    """Return what a field costs itself, each time it is asked for."""
    cost = _metadata(field).get(_COST, FIELD_COST)
    assert isinstance(cost, int)
    return cost


def is_shared(field: GraphQLField) -> bool:
    """Tell whether a field that is loaded or computed is declared to be the same for everybody."""
    return _metadata(field).get(_SHARED) is True


def _metadata(field: GraphQLField) -> Mapping[str, object]:
    declared = field.extensions.get(_BACK_REFERENCE)
    return declared.metadata if isinstance(declared, StrawberryField) else {}


def _arguments_of(shape: Callable[..., Any] | str | None) -> list[inspect.Parameter]:
    if shape is None or isinstance(shape, str):
        return []
    parameters = list(inspect.signature(shape).parameters.values())[2:]
    return [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in parameters]


def _declared(
    resolve: Callable[..., Any],
    arguments: Sequence[inspect.Parameter],
    metadata: Mapping[str, object],
    description: str,
) -> StrawberryField:
    return declared_field(resolve, arguments=arguments, takes_root=True, metadata=metadata, description=description)


def root_metadata(*, cost: int, call: RootCall | None = None) -> Mapping[str, object]:
    """Return what `root_call_of` and `cost_of` read back from a field that is declared with it."""
    return {_COST: cost} if call is None else {_COST: cost, _ROOT: call}


def declared_field(
    resolve: Callable[..., Any],
    *,
    arguments: Sequence[inspect.Parameter],
    takes_root: bool,
    description: str,
    name: str | None = None,
    type: object = None,
    metadata: Mapping[str, object] | None = None,
    is_subscription: bool = False,
) -> StrawberryField:
    """Make a field whose GraphQL arguments are exactly `arguments`, whatever `resolve` takes by name."""
    own = [inspect.Parameter("info", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Info)]
    if takes_root:
        own.insert(0, inspect.Parameter("root", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Any))
    # Strawberry reads a resolver's arguments from its signature.
    resolve.__signature__ = inspect.Signature([*own, *arguments])  # type: ignore[attr-defined]  # set, not declared
    return StrawberryField(
        python_name=name,
        type_annotation=None if type is None else StrawberryAnnotation(type),
        base_resolver=StrawberryResolver(resolve),
        description=description,
        metadata=metadata,
        is_subscription=is_subscription,
    )
