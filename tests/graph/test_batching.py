"""Batch loads: once for a level, aligned with their keys, and readable from the built schema."""

import pytest
from graphql import GraphQLObjectType, get_named_type, get_nullable_type, is_composite_type, is_list_type

from graph.batching import batch_of, derivation_of
from graph.context import Caller, Context
from graph.schema import graphql_schema
from tests.graph.counting import counted
from tests.graph.test_catalog import TITLES
from tests.graph_scene import GraphScene

SCHEMA = graphql_schema()
ROOTS = {"Query", "Mutation", "Subscription"}
OBJECTS = [
    type_
    for type_ in SCHEMA.type_map.values()
    if isinstance(type_, GraphQLObjectType) and type_.name not in ROOTS and not type_.name.startswith("__")
]


@pytest.mark.compiled_only
async def test_a_page_of_titles_costs_the_same_statements_as_one(
    fresh_scene: GraphScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = []
    for _ in range(2):
        for _ in range(4):
            await fresh_scene.playable()
        with counted(fresh_scene.runtime.database.reading, monkeypatch) as statements:
            data = await fresh_scene.data(TITLES, {"first": 100})
        # The fragments' look into the log is another thing.
        loads = [statement for statement in statements if "fact_topics" not in statement]
        counts.append((len(data["titles"]["nodes"]), len(loads)))
    assert [titles for titles, _ in counts] == [4, 8]
    # The page, texts (shared by four fields), what plays, its languages, pictures, assets, packages.
    assert counts[0][1] == counts[1][1] <= 8


@pytest.mark.parametrize("type_", OBJECTS, ids=lambda type_: type_.name)
def test_a_field_that_needs_more_than_its_row_declares_how(type_: GraphQLObjectType) -> None:
    """A compiled plan reads a field from the row, from a batch load or from a derivation; there is no fourth way."""
    for name, field in type_.fields.items():
        declared = field.extensions["strawberry-definition"]
        ways = [batch_of(field) is not None, derivation_of(field) is not None, declared.base_resolver is None]
        assert sum(ways) == 1, f"{type_.name}.{name} is read in a way of its own"


@pytest.mark.parametrize("type_", OBJECTS, ids=lambda type_: type_.name)
def test_a_list_is_never_null_and_never_holds_null(type_: GraphQLObjectType) -> None:
    for name, field in type_.fields.items():
        if is_list_type(get_nullable_type(field.type)):
            assert str(field.type).endswith("!]!"), f"{type_.name}.{name}: {field.type}"


async def test_loads_answer_every_key_in_order(scene: GraphScene) -> None:
    from uuid import UUID

    made = [await scene.playable() for _ in range(2)]
    context = Context.of(scene.runtime, Caller(), operation_id="x")
    absent = UUID(int=0)
    keys = [made[1].title_id, absent, made[0].title_id, made[1].title_id]
    for field in SCHEMA.type_map["Title"].fields.values():  # type: ignore[attr-defined]  # an object type
        batch = batch_of(field)
        if batch is not None and not batch.load_arguments:
            found = await batch.load(context, keys)
            assert len(found) == len(keys), batch.load.__name__
            assert found[0] == found[3], batch.load.__name__
            # Nothing, or something with nothing in it.
            assert not found[1] or not any(found[1]), batch.load.__name__


def test_every_type_of_the_graph_is_reached() -> None:
    reached = {get_named_type(field.type).name for type_ in [*OBJECTS, *_roots()] for field in type_.fields.values()}
    composite = {type_.name for type_ in OBJECTS if is_composite_type(type_)}
    unions = {member.name for type_ in SCHEMA.type_map.values() for member in getattr(type_, "types", ())}
    assert composite <= reached | unions


def _roots() -> list[GraphQLObjectType]:
    roots = [SCHEMA.query_type, SCHEMA.mutation_type, SCHEMA.subscription_type]
    return [root for root in roots if root is not None]
