"""Law `scale`: what a home screen costs as the catalog grows a hundredfold.

Without kept fragments, so that every request reads its titles; one connection, so that nothing waits for another.
"""

import asyncio
import os
from contextlib import AsyncExitStack

from bench.catalog_data import fill_catalog, fill_home
from bench.harness import Target, conclude, print_machine
from bench.home import ROWS, asking
from bench.load import load
from bench.serving import database, marquee

SMALL = 5_000
LARGE = int(os.environ.get("BENCH_TITLES", "500000"))
AT_ONCE = 50_000
MOST = 1.3
SECONDS = 4.0


async def median_ms(url: str) -> float:
    """Serve the catalog as it is, and return the median of a home screen."""
    async with marquee(url, fragments=0) as server:
        await load(server, asking(), connections=1, seconds=2)
        return (await load(server, asking(), connections=1, seconds=SECONDS)).median_ms


async def measure() -> None:
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(database())
        await fill_catalog(url, SMALL)
        await fill_home(url, ROWS)
        small = await median_ms(url)
        print(f"{SMALL} titles: {small:.2f} ms", flush=True)
        for begun in range(SMALL, LARGE, AT_ONCE):
            await fill_catalog(url, min(AT_ONCE, LARGE - begun))
        large = await median_ms(url)
        print(f"{LARGE} titles: {large:.2f} ms", flush=True)
    conclude("scale", [Target("large/small", large / small, most=MOST)])


if __name__ == "__main__":
    print_machine()
    asyncio.run(measure())
