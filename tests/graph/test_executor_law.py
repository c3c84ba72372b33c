"""The law of the compiled executor: whatever it answers, graphql-core answers too, byte for byte."""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
from graphql import ExecutionResult, GraphQLObjectType

from domain.entitlements import Plan
from graph.answering import Graph, GraphQLRequest
from graph.batching import BatchLoad, batch_of
from graph.context import Caller, Context
from graph.global_ids import Kind, global_id
from graph.limits import Limits
from graph.operations import OperationRefused
from graph.schema import graphql_schema, strawberry_schema
from tests.graph.differential import compare, recording, written
from tests.graph.random_operations import Maker
from tests.graph_scene import GraphScene, Person

pytestmark = [
    pytest.mark.compiled_only,
    # graphql-core gives up what runs beside a field that failed, and leaves some of it never awaited.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

SCHEMA = graphql_schema()
# Enough of everything: what is compared here is the answer and not the bounds.
LIMITS = Limits(
    document_max_chars=10**6, tokens_max=10**6, definitions_max=1000, cost_max=10**9, depth_max=40, fields_max=10**6,
    repeats_max=1000, aliases_max=10**6, directives_max=10**6, mutations_max=100,
)  # fmt: skip
QUERIES, MUTATIONS, FAULTY = 1_500, 300, 600


@dataclass
class Counts:
    """What has come of the documents."""

    compared: int = 0
    refused: int = 0
    left: int = 0
    with_errors: int = 0


@pytest.fixture(scope="module")
async def people(scene: GraphScene) -> list[Person | None]:
    """A stranger, a viewer who has watched something, and an editor."""
    viewer = await scene.person(plan=Plan.PREMIUM)
    return [None, viewer, await scene.editor()]


@pytest.fixture(scope="module")
async def ids(scene: GraphScene, people: list[Person | None]) -> list[str]:
    """Ids of things of every sort, one of nothing, and garbage."""
    viewer, editor = people[1], people[2]
    assert viewer is not None
    assert editor is not None
    playable = [await scene.playable() for _ in range(3)]
    return [
        *(global_id(Kind.TITLE, one.title_id) for one in playable),
        *(global_id(Kind.ASSET, one.asset_id) for one in playable),
        global_id(Kind.TITLE, await scene.draft(editor)),
        global_id(Kind.UPLOAD, await scene.upload(editor)),
        viewer.id,
        global_id(Kind.PROFILE, viewer.viewer.profile_id),
        global_id(Kind.DEVICE, viewer.viewer.device_id),
        global_id(Kind.TITLE, viewer.viewer.account_id),
        "garbage",
    ]


async def both(
    graph: Graph, document: str, variables: dict[str, Any], by: Person | None
) -> tuple[ExecutionResult, ExecutionResult | None] | None:
    """Execute by both executors; None when the document is refused."""
    request = GraphQLRequest(document, None, variables)
    try:
        operation = graph.prepare(request)
    except OperationRefused:
        return None
    caller = Caller(viewer=None if by is None else by.viewer, languages=("de", "en"))
    context = Context.of(graph.runtime, caller, operation_id="law")
    return await compare(graph, operation, request, context)


async def check(graph: Graph, maker: Maker, people: Sequence[Person | None], kind: str, counts: Counts) -> None:
    document, variables = maker.operation(kind)
    answers = await both(graph, document, variables, maker.random.choice(people))
    if answers is None:
        # Members of a union may have fields of one name and different types: such a document is not valid.
        counts.refused += 1
        return
    compiled, interpreted = answers
    counts.compared += 1
    if interpreted is None:
        counts.left += 1
        return
    counts.with_errors += bool(compiled.errors)
    check_alike(compiled, interpreted, f"seed {maker.seed}\n{document}\n{variables}")


@pytest.mark.parametrize(("kind", "count"), [("query", QUERIES), ("mutation", MUTATIONS)])
async def test_operations_made_at_random_are_answered_alike(
    kind: str, count: int, scene: GraphScene, people: list[Person | None], ids: list[str]
) -> None:
    graph = Graph(strawberry_schema(), scene.runtime, limits=LIMITS, is_open=True)
    counts = Counts()
    with recording():
        for seed in range(count):
            await check(graph, Maker(SCHEMA, ids, seed), people, kind, counts)
    print(f"{kind}: {counts}")
    assert counts.refused < count // 5, "too few of the documents are valid"
    assert counts.left <= count // 100, "the compiled executor leaves too much"


BATCHES = [
    (f"{type_.name}.{name}", batch)
    for type_ in SCHEMA.type_map.values()
    if isinstance(type_, GraphQLObjectType)
    for name, field in type_.fields.items()
    if (batch := batch_of(field)) is not None
]


@contextmanager
def faulty(batch: BatchLoad, *, seed: int) -> Iterator[None]:
    """Let one load fail as a whole, or give nulls where rows should be."""
    original = batch.load
    raises = seed % 2 == 0

    async def load(context: Context, keys: Sequence[Any], **arguments: Any) -> Sequence[Any]:
        if raises:
            raise RuntimeError("the load failed")
        found = await original(context, keys, **arguments)
        return [None if hash((seed, str(key))) % 2 else row for key, row in zip(keys, found, strict=True)]

    object.__setattr__(batch, "load", load)
    try:
        yield
    finally:
        object.__setattr__(batch, "load", original)


async def test_faults_and_nulls_of_loads_are_answered_alike(
    scene: GraphScene, people: list[Person | None], ids: list[str]
) -> None:
    # What a faulty load gave must not be kept for the next operation.
    runtime = replace(scene.runtime, settings=replace(scene.runtime.settings, entity_fragments=0))
    graph = Graph(strawberry_schema(), runtime, limits=LIMITS, is_open=True)
    chosen = random.Random(7)
    with_errors = 0
    with recording():
        for seed in range(FAULTY):
            maker = Maker(SCHEMA, ids, seed + 10_000)
            _, batch = chosen.choice(BATCHES)
            document, variables = maker.operation()
            with faulty(batch, seed=seed):
                answers = await both(graph, document, variables, maker.random.choice(people))
            if answers is None:
                continue
            compiled, interpreted = answers
            assert interpreted is not None
            with_errors += bool(compiled.errors)
            check_alike(compiled, interpreted, f"seed {seed}\n{document}\n{variables}")
    assert with_errors > FAULTY // 10, "the faults hardly showed"


def check_alike(compiled: ExecutionResult, interpreted: ExecutionResult, made: str) -> None:
    """Check that both answers are the same JSON.

    Where several things go wrong below one place that is null because of them, which of them is told depends on which
    comes first, and the specification leaves it open. Then the same places must be null and have their error.
    """
    if written(compiled) == written(interpreted):
        return
    assert has_risen(interpreted), made
    assert written(ExecutionResult(compiled.data)) == written(ExecutionResult(interpreted.data)), made
    assert places(compiled) == places(interpreted), made


def has_risen(result: ExecutionResult) -> bool:
    """Tell whether an error has made more null than the place where it happened."""
    return any(
        _nulled(result.data, tuple(error.path or ())) != tuple(error.path or ()) for error in result.errors or ()
    )


def places(result: ExecutionResult) -> set[tuple[Any, ...]]:
    """Return the places that are null because of errors."""
    return {_nulled(result.data, tuple(error.path or ())) for error in result.errors or ()}


def _nulled(data: Any, path: tuple[Any, ...]) -> tuple[Any, ...]:
    for length, part in enumerate(path):
        if data is None:
            return path[:length]
        data = data[part]
    return path
