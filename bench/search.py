"""Law `search`: a search over 500,000 titles, against reading their names one by one.

Every title is indexed by the worker's own code first, which is timed too. The other contender is a sequential scan for
the same words, which is what a `LIKE` without an index does.
"""

import asyncio
import os
import random
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import asyncpg

from bench.catalog_data import fill_catalog
from bench.harness import Target, conclude, print_machine
from bench.serving import database
from domain.kernel.paging import PageRequest
from domain.runtime import Runtime, open_runtime
from domain.search import Filters, index_next, search, suggest, titles_found
from domain.settings import Settings

TITLES = int(os.environ.get("BENCH_TITLES", "500000"))
ASKED = 100
LEAST = 20.0
# Names of two words out of these, so that a word is in many names, as in a real catalog.
WORDS = 40_000
_NAME_THEM = """
    UPDATE title_texts t SET name = initcap(w.one || ' ' || w.two) FROM (
        SELECT t2.title_id, t2.language,
            substr(md5((hashtext(t2.title_id::text) % $1)::text), 1, 7) AS one,
            substr(md5((hashtext(reverse(t2.title_id::text)) % $1)::text), 1, 8) AS two
        FROM title_texts t2
    ) w WHERE w.title_id = t.title_id AND w.language = t.language
"""


async def fill(url: str, plain: "asyncpg.Connection[Any]") -> None:
    """Make the titles and name them."""
    for _ in range(0, TITLES, 50_000):
        await fill_catalog(url, min(50_000, TITLES))
    await plain.execute(_NAME_THEM.replace("$1", str(WORDS)))


async def index(runtime: Runtime) -> None:
    """Index every title, as a worker does."""
    began = time.perf_counter()
    more = True
    while more:
        async with runtime.work() as work:
            more = await index_next(work)
    print(f"indexed {TITLES / (time.perf_counter() - began):.0f} titles a second")


async def median_ms(what: str, times: Sequence[Callable[[], Awaitable[object]]]) -> float:
    """Time each once, print and return the median."""
    took = []
    for one in times:
        began = time.perf_counter()
        assert await one(), f"{what}: nothing found for {one}"
        took.append((time.perf_counter() - began) * 1000)
    print(f"{what}: median {statistics.median(took):.1f} ms, longest {max(took):.1f} ms", flush=True)
    return statistics.median(took)


async def measure() -> None:
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(database())
        folder = stack.enter_context(TemporaryDirectory())
        plain = await asyncpg.connect(url, command_timeout=900)
        stack.push_async_callback(plain.close)
        await fill(url, plain)
        runtime = await stack.enter_async_context(open_runtime(Settings(data_dir=Path(folder), database_url=url)))
        await index(runtime)
        for table in ("search_documents", "search_words", "title_texts"):
            await plain.execute(f"VACUUM ANALYZE {table}")
        rows = await plain.fetch("SELECT name FROM title_texts WHERE language = 'en' LIMIT $1", ASKED * 50)
        names = random.Random(7).sample([str(row["name"]) for row in rows], ASKED)

        async def found(asked: str) -> object:
            hits = await search(runtime.reads(), viewer=None, text=asked, languages=("en",), filters=Filters())
            return (await titles_found(runtime.reads(), hits, viewer=None, page=PageRequest.parse(first=20))).items

        async def suggested(asked: str) -> object:
            return await suggest(runtime.reads(), viewer=None, text=asked, languages=("en",), limit=8)

        async def scanned(asked: str) -> object:
            return await plain.fetch("SELECT title_id FROM title_texts WHERE name ILIKE $1", f"%{asked}%")

        whole = await median_ms("whole name", [partial(found, name) for name in names])
        await median_ms("one word", [partial(found, name.split()[0]) for name in names])
        await median_ms("beginning", [partial(found, name[:4]) for name in names])
        await median_ms("slip", [partial(found, name[:3] + name[4:]) for name in names])
        await median_ms("suggestions", [partial(suggested, name[:5]) for name in names])
        scan = await median_ms("scan", [partial(scanned, name) for name in names[:10]])
    conclude("search", [Target("scan/search", scan / whole, least=LEAST)])


if __name__ == "__main__":
    print_machine()
    asyncio.run(measure())
