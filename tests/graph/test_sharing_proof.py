"""What shared subscriptions lead to is the same for everybody."""

from typing import Annotated

import strawberry
from graphql import GraphQLSchema
from strawberry import ID

from graph.batching import batched, derived
from graph.schema import graphql_schema, graphql_schema_of
from graph.shared_fields import Feed, shared_subscription_field
from graph.sharing_proof import personal_fields


def test_nothing_below_a_shared_field_depends_on_the_viewer() -> None:
    assert personal_fields(graphql_schema()) == []


async def load(_context: object, keys: object) -> list[object]:
    raise AssertionError(keys)


@strawberry.type
class Below:
    """A type that is found two steps down."""

    plain: int
    own: int = derived(lambda row, context: 1, description="Computed for a viewer.")
    same: int = derived(lambda row, context: 1, description="The same.", is_shared=True)


@strawberry.type
class Planted:
    """A type with a personal field below it."""

    below: Below = batched(load, key=id, description="Two steps down.", is_shared=True)
    loaded: int = batched(load, key=id, description="Loaded for a viewer.")


async def gate(_context: object, viewers: list[object]) -> list[None]:
    return [None for _ in viewers]


@shared_subscription_field(Planted, description="Planted.", gate=gate)
def planted(id: Annotated[ID, strawberry.argument(description="An id.")]) -> Feed:
    return Feed()


def test_a_planted_personal_field_is_found_however_deep() -> None:
    @strawberry.type
    class Query:
        nothing: int = 1

    subscription = strawberry.tools.create_type("Subscription", [planted])
    schema: GraphQLSchema = graphql_schema_of(strawberry.Schema(Query, subscription=subscription))
    assert personal_fields(schema) == ["Below.own", "Planted.loaded"]
