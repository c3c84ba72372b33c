"""Law `scale`: what a home screen costs as the catalog grows a hundredfold, and an event as its audience grows too.

Two databases side by side, their medians in milliseconds. Without kept fragments, so that every request reads its
titles; one connection, so that nothing waits for another. Then the processor's time for each delivery of an event.
"""

import asyncio
import os
from contextlib import AsyncExitStack

from bench.catalog_data import fill_catalog, fill_home
from bench.fanout import contenders, deliveries
from bench.harness import Target, conclude, print_machine, rounds
from bench.home import ROWS, asking
from bench.load import load
from bench.serving import database, marquee

SMALL = 5_000
LARGE = int(os.environ.get("BENCH_TITLES", "500000"))
AT_ONCE = 50_000
FEW, MANY = 100, 5_000
MOST = 1.3
SECONDS = 3.0
ROUNDS = 5
FANOUT_ROUNDS = 3


async def measure() -> None:
    async with AsyncExitStack() as stack:
        homes = {}
        for titles in (SMALL, LARGE):
            url = await stack.enter_async_context(database())
            await fill_catalog(url, SMALL)
            await fill_home(url, ROWS)
            for begun in range(SMALL, titles, AT_ONCE):
                await fill_catalog(url, min(AT_ONCE, titles - begun))
            homes[f"{titles} titles"] = await stack.enter_async_context(marquee(url, fragments=0))
            print(f"{titles} titles are there", flush=True)
        for server in homes.values():
            await load(server, asking(), connections=1, seconds=2)

        async def median_ms(name: str) -> float:
            return (await load(homes[name], asking(), connections=1, seconds=SECONDS)).median_ms

        medians = await rounds({name: lambda name=name: median_ms(name) for name in homes}, count=ROUNDS)
    small, large = medians.values()
    async with contenders() as servers:
        ours = servers["marquee"]
        told = await rounds(
            {f"{count} sockets": lambda count=count: deliveries(ours, sockets=count) for count in (FEW, MANY)},
            count=FANOUT_ROUNDS,
        )
    few, many = told.values()
    conclude(
        "scale",
        [
            Target("large/small", large / small, most=MOST),
            # Deliveries for each second of the processor, so their cost is the inverse.
            Target("many/few sockets", few / many, most=MOST),
        ],
    )


if __name__ == "__main__":
    print_machine()
    asyncio.run(measure())
