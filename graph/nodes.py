"""The Node interface: things with a global id, found again by `node(id:)`."""

from typing import Annotated, Any

import strawberry
from strawberry import ID

from graph.batching import derived
from graph.context import Context
from graph.global_ids import global_id, kind_of_row, load_node
from graph.root_fields import query_field


@strawberry.interface(description="A thing with an id of its own, by which `node` finds it again.")
class Node:
    """A thing with a global id."""

    id: ID = derived(
        lambda row, _: global_id(kind_of_row(row), row.id),
        is_shared=True,
        description="The id: opaque, unique, and never changing.",
    )


@query_field(
    Node | None,
    description="The thing with this id, or null when there is none that the viewer may see.",
)
async def node(context: Context, id: Annotated[ID, strawberry.argument(description="The id of any Node.")]) -> Any:
    """Find anything by its id."""
    return await load_node(context, id)


QUERIES = [node]
