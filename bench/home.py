"""Law `home`: a home screen of eight rows with twenty titles each, some 2,400 leaves, over HTTP.

Marquee (without kept fragments), Mercurius with its compiler, stock Strawberry with DataLoaders, and an endpoint whose
one SQL statement gives the JSON, all from the same database, with the same titles. Requests that come together share
what they read, so a lone connection is measured too, for information.
"""

import asyncio
import json
import urllib.request
from contextlib import AsyncExitStack
from typing import Any

from bench.catalog_data import fill_catalog, fill_home
from bench.harness import Target, conclude, print_machine, rounds
from bench.load import get, load, post
from bench.serving import database, marquee, node_peer, python_peer

ROUNDS = 5
TITLES, ROWS = 5_000, 8
LEAST_AGAINST_MERCURIUS, LEAST_AGAINST_STOCK, LEAST_AGAINST_SQL = 2.0, 25.0, 1.2
LANGUAGE = "accept-language: de"
DOCUMENT = """query Home { home(first: 8) { nodes { id title titles(first: 20) {
  nodes { id name synopsis language kind releaseYear maturityAge durationSeconds version
          poster(width: 320) { url width height } audioLanguages textLanguages }
  pageInfo { hasNextPage endCursor } } } } }"""


def asking() -> list[bytes]:
    """Return the request for the home screen over GraphQL."""
    return [post("/graphql", body_of(), LANGUAGE)]


def body_of() -> bytes:
    """Return the body of that request."""
    return json.dumps({"query": DOCUMENT}).encode()


def names_of(url: str, path: str | None = None) -> list[list[tuple[object, ...]]]:
    """Return what a server shows: the titles of each row, with the leaves that do not depend on ids and addresses."""
    body = None if path else body_of()
    headers = {"content-type": "application/json", "accept-language": "de"}
    with urllib.request.urlopen(urllib.request.Request(url + (path or "/graphql"), body, headers)) as answer:
        nodes: list[dict[str, Any]] = json.load(answer)["data"]["home"]["nodes"]
    shown = ("name", "synopsis", "language", "kind", "releaseYear", "maturityAge", "durationSeconds", "version")
    return [
        [
            (*(title[leaf] for leaf in shown), title["poster"]["width"], title["poster"]["height"],
             *sorted(title["audioLanguages"]), *title["textLanguages"], row["titles"]["pageInfo"]["hasNextPage"])
            for title in row["titles"]["nodes"]
        ]
        for row in nodes
    ]  # fmt: skip


async def measure() -> None:
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(database())
        await fill_catalog(url, TITLES)
        await fill_home(url, ROWS)
        servers = {
            "marquee": await stack.enter_async_context(marquee(url, fragments=0)),
            "mercurius": await stack.enter_async_context(node_peer("mercurius.js", url)),
            "stock": await stack.enter_async_context(python_peer("bench.stock_server", url)),
            "sql": await stack.enter_async_context(python_peer("bench.sql_server", url)),
        }
        requests = {name: [get("/home")] if name == "sql" else asking() for name in servers}
        wanted = await asyncio.to_thread(names_of, servers["sql"], "/home")
        for name in ("marquee", "mercurius", "stock"):
            assert await asyncio.to_thread(names_of, servers[name]) == wanted, f"{name} shows something else"
            await load(servers[name], requests[name], seconds=2)

        async def per_second(name: str) -> float:
            return (await load(servers[name], requests[name])).per_second

        medians = await rounds({name: lambda name=name: per_second(name) for name in servers}, count=ROUNDS)
        lone = {name: await load(servers[name], requests[name], connections=1) for name in servers}
        print("one connection: " + ", ".join(f"{name} {found.median_ms:.1f} ms" for name, found in lone.items()))
    conclude(
        "home",
        [
            Target("marquee/mercurius", medians["marquee"] / medians["mercurius"], least=LEAST_AGAINST_MERCURIUS),
            Target("marquee/stock", medians["marquee"] / medians["stock"], least=LEAST_AGAINST_STOCK),
            Target("marquee/sql", medians["marquee"] / medians["sql"], least=LEAST_AGAINST_SQL),
        ],
    )


if __name__ == "__main__":
    print_machine()
    asyncio.run(measure())
