"""The schema, put together from the contexts."""

from datetime import datetime
from functools import cache

import strawberry
from graphql import GraphQLSchema
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import create_type
from strawberry.types.field import StrawberryField

from graph import accounts, catalog, entitlements, insights, live, media, nodes, playback, search, webhooks
from graph.engagement import fields as engagement
from graph.guide import fields as guide
from graph.rows import resolve_types_by_row
from graph.scalars import DATE_TIME

_CONTEXTS = (
    nodes,
    accounts,
    catalog,
    media,
    guide,
    live,
    entitlements,
    playback,
    engagement,
    insights,
    search,
    webhooks,
)


@cache
def strawberry_schema() -> strawberry.Schema:
    """Return the schema as Strawberry has it."""
    schema = strawberry.Schema(
        query=create_type("Query", _fields("QUERIES"), description="What can be asked."),
        mutation=create_type(
            "Mutation",
            _fields("MUTATIONS"),
            description="What can be changed. Each field is one transaction and answers with its payload or a Problem.",
        ),
        subscription=create_type(
            "Subscription", _fields("SUBSCRIPTIONS"), description="What can be followed, over WebSocket or SSE."
        ),
        config=StrawberryConfig(scalar_map={datetime: DATE_TIME}),
    )
    resolve_types_by_row(graphql_schema_of(schema))
    return schema


def graphql_schema() -> GraphQLSchema:
    """Return the schema as graphql-core executes it."""
    return graphql_schema_of(strawberry_schema())


def sdl() -> str:
    """Return the schema in the schema definition language, as it is kept in `schema.graphql`."""
    return strawberry_schema().as_str().rstrip() + "\n"


def graphql_schema_of(schema: strawberry.Schema) -> GraphQLSchema:
    # Strawberry has no public name for the schema it builds, and its own view reads it like this.
    return schema._schema


def _fields(kind: str) -> list[StrawberryField]:
    return [field for context in _CONTEXTS for field in getattr(context, kind, [])]
