"""Law `cached`: the home screen with its titles' fragments kept, against the same bytes from memory.

The other server is an endpoint of Starlette that has the answer ready: the most a Python server could reach.
"""

import asyncio
import urllib.request
from contextlib import AsyncExitStack
from tempfile import NamedTemporaryFile

from bench.catalog_data import fill_catalog, fill_home
from bench.harness import Target, conclude, print_machine, rounds
from bench.home import ROWS, TITLES, asking, body_of, names_of
from bench.load import get, load
from bench.serving import database, marquee, python_peer

ROUNDS = 5
LEAST = 0.3


def answer_of(url: str) -> bytes:
    """Return what Marquee answers."""
    headers = {"content-type": "application/json", "accept-language": "de"}
    with urllib.request.urlopen(urllib.request.Request(f"{url}/graphql", body_of(), headers)) as answer:
        found: bytes = answer.read()
    return found


async def measure() -> None:
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(database())
        await fill_catalog(url, TITLES)
        await fill_home(url, ROWS)
        ours = await stack.enter_async_context(marquee(url))
        assert sum(map(len, await asyncio.to_thread(names_of, ours))) == ROWS * 20
        with NamedTemporaryFile() as file:
            file.write(await asyncio.to_thread(answer_of, ours))
            file.flush()
            static = await stack.enter_async_context(python_peer("bench.static_server", url, file.name))
        requests = {"marquee": (ours, asking()), "static": (static, [get("/")])}
        for server, sent in requests.values():
            await load(server, sent, seconds=2)

        async def per_second(name: str) -> float:
            server, sent = requests[name]
            return (await load(server, sent)).per_second

        medians = await rounds({name: lambda name=name: per_second(name) for name in requests}, count=ROUNDS)
    conclude("cached", [Target("marquee/static", medians["marquee"] / medians["static"], least=LEAST)])


if __name__ == "__main__":
    print_machine()
    asyncio.run(measure())
