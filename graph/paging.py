"""Relay connections over the kernel's pages (GraphQL Cursor Connections Specification)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.tools import create_type
from strawberry.types.field import StrawberryField

from domain.kernel.paging import PAGE_MAX, Page
from graph.batching import derived
from graph.context import Context

First = Annotated[
    int | None, strawberry.argument(description=f"How many rows from the start, 1 to {PAGE_MAX}. Default: 20.")
]
After = Annotated[str | None, strawberry.argument(description="Only rows after this cursor.")]
Last = Annotated[int | None, strawberry.argument(description=f"How many rows from the end instead, 1 to {PAGE_MAX}.")]
Before = Annotated[str | None, strawberry.argument(description="Only rows before this cursor.")]


@dataclass(frozen=True)
class Edge:
    """One row of a page and its cursor."""

    cursor: str
    node: object


def _of_page(take: Callable[[Page[Any], Context], Any], description: str) -> Any:
    # Whoever has the same page sees the same of it.
    return derived(take, is_shared=True, description=description)


@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    """Where a page lies."""

    has_next_page: bool = _of_page(lambda page, _: page.has_next, "Whether rows follow after this page.")
    has_previous_page: bool = _of_page(lambda page, _: page.has_previous, "Whether rows come before this page.")
    start_cursor: str | None = _of_page(
        lambda page, _: page.cursors[0] if page.cursors else None, "The cursor of the first row."
    )
    end_cursor: str | None = _of_page(
        lambda page, _: page.cursors[-1] if page.cursors else None, "The cursor of the last row."
    )


def edges_of(page: Page[Any]) -> list[Edge]:
    """Return a page's rows with their cursors."""
    return [Edge(cursor, node) for cursor, node in zip(page.cursors, page.items, strict=True)]


def connection_of(node: type, *, plural: str) -> type:
    """Make the connection and edge types of a node type. The row of the connection is a `Page` of the node's rows."""
    name = node.__name__
    edge = create_type(
        f"{name}Edge",
        [
            _typed("cursor", str, strawberry.field(name="cursor", description="Where this row lies in its list.")),
            _typed("node", node, strawberry.field(name="node", description="The row itself.")),
        ],
        description=f"A row in a list of {plural}, with its cursor.",
    )
    return create_type(
        f"{name}Connection",
        [
            _typed("edges", list[edge], _of_page(lambda page, _: edges_of(page), "The rows with cursors.")),  # type: ignore[valid-type]  # the type was made just above
            _typed("nodes", list[node], _of_page(lambda page, _: page.items, "The rows alone.")),  # type: ignore[valid-type]  # the type is an argument
            _typed("page_info", PageInfo, _of_page(lambda page, _: page, "Where this page lies.")),
        ],
        description=f"One page of a list of {plural}.",
    )


def _typed(name: str, type: object, field: StrawberryField) -> StrawberryField:
    field.python_name = name
    field.graphql_name = None
    field.type_annotation = StrawberryAnnotation(type)
    return field
