"""Law `title`: one title by id, eight fields, against Mercurius with JIT and against an endpoint that writes the row.

All three serve over HTTP from the same database; the load generator runs in a process of its own.
"""

import asyncio
import json
from contextlib import AsyncExitStack
from uuid import UUID

from bench.catalog_data import fill_catalog, some_titles
from bench.harness import Target, conclude, print_machine, rounds
from bench.load import get, load, post
from bench.serving import database, marquee, node_peer, python_peer
from graph.global_ids import Kind, global_id

ROUNDS = 5
TITLES = 5_000
ASKED = 200
LEAST_AGAINST_MERCURIUS, LEAST_AGAINST_ROW = 1.5, 0.6
FIELDS = "id kind name synopsis language releaseYear maturityAge durationSeconds"
DOCUMENT = f"query Title($id: ID!) {{ title(id: $id) {{ {FIELDS} }} }}"
LANGUAGE = "accept-language: de"


def asking(ids: list[str]) -> list[bytes]:
    """Return the requests for titles over GraphQL."""
    return [post("/graphql", json.dumps({"query": DOCUMENT, "variables": {"id": id}}).encode(), LANGUAGE) for id in ids]


async def measure() -> None:
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(database())
        await fill_catalog(url, TITLES)
        ids = await some_titles(url, ASKED)
        ours = await stack.enter_async_context(marquee(url))
        mercurius = await stack.enter_async_context(node_peer("mercurius.js", url))
        row = await stack.enter_async_context(python_peer("bench.sql_server", url))
        requests = {
            "marquee": (ours, asking([global_id(Kind.TITLE, UUID(id)) for id in ids])),
            "mercurius": (mercurius, asking(ids)),
            "row": (row, [get(f"/titles/{id}") for id in ids]),
        }
        for server, sent in requests.values():
            await load(server, sent, seconds=2)

        async def per_second(name: str) -> float:
            server, sent = requests[name]
            return (await load(server, sent)).per_second

        medians = await rounds({name: lambda name=name: per_second(name) for name in requests}, count=ROUNDS)
    conclude(
        "title",
        [
            Target("marquee/mercurius", medians["marquee"] / medians["mercurius"], least=LEAST_AGAINST_MERCURIUS),
            Target("marquee/row", medians["marquee"] / medians["row"], least=LEAST_AGAINST_ROW),
        ],
    )


if __name__ == "__main__":
    print_machine()
    asyncio.run(measure())
