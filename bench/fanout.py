"""Law `fanout`: the same event to thousands of sockets, at saturation, by one process.

Every server gives the same answer of about 400 bytes. Marquee's events are facts: written to its log in PostgreSQL,
heard of over the bus, read, executed once, and told. What is compared is deliveries for each second of the server's
processor, so that what the crowd and the database use beside it counts for nobody.
"""

import asyncio
import json
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import psutil

from bench.crowd import crowd
from bench.harness import Target, conclude, print_machine, rounds
from bench.serving import database, marquee, node_peer, python_peer
from bench.shows import Show, open_show

SOCKETS = 2_000
ROUNDS = 3
SECONDS = 4.0
# Events that may be on their way to the crowd.
AHEAD = 12
AT_ONCE = 4

QUERY = """subscription { streamEvents(streamId: "%s") {
  ... on StreamUpdate { stream { id name state titleId version } } } }"""
PEER_QUERY = "subscription { streamEvents { stream { id name state titleId version } } }"

Publish = Callable[[int], Awaitable[None]]


@dataclass(frozen=True)
class Contender:
    """A server: where it is, what it is asked, and how it is made to tell something."""

    url: str
    query: str
    publish: Publish
    kind: str = "ws"

    @property
    def process(self) -> psutil.Process:
        """The server's process."""
        port = int(self.url.rpartition(":")[2])
        (pid,) = {
            found.pid
            for found in psutil.net_connections("tcp")
            if found.status == psutil.CONN_LISTEN and found.laddr.port == port and found.pid
        }
        return psutil.Process(pid)


def asking(url: str) -> Publish:
    """Return what makes a peer publish."""

    async def publish(count: int) -> None:
        request = urllib.request.Request(f"{url}/publish?count={count}", method="POST")
        await asyncio.to_thread(lambda: urllib.request.urlopen(request).read())

    return publish


async def deliveries(contender: Contender, *, sockets: int, seconds: float = SECONDS) -> float:
    """Return deliveries for each second of the server's processor."""
    async with crowd(contender.url, count=sockets, query=contender.query, kind=contender.kind) as heard:
        process = contender.process
        await asyncio.sleep(0.3)
        begun, published = heard.told, 0
        used = sum(process.cpu_times()[:2])
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + seconds
        while loop.time() < ends_at:
            if published - (heard.told - begun) / sockets < AHEAD:
                await contender.publish(AT_ONCE)
                published += AT_ONCE
            else:
                await asyncio.sleep(0.005)
        while heard.told - begun < published * sockets:
            await asyncio.sleep(0.02)
            assert loop.time() < ends_at + 30, f"{heard.told - begun} of {published * sockets} came"
        used = sum(process.cpu_times()[:2]) - used
    return published * sockets / used


@asynccontextmanager
async def contenders(kind: str = "ws") -> AsyncIterator[dict[str, Contender]]:
    """Start Marquee and a raw server, and yield both."""
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(database())
        show = await stack.enter_async_context(open_show(url))
        ours = await stack.enter_async_context(marquee(url))
        raw = await stack.enter_async_context(python_peer("bench.raw_fanout_server", url, answer(show)))
        yield {
            "marquee": Contender(ours, QUERY % show.id, show.publish, kind),
            "raw": Contender(raw, PEER_QUERY, asking(raw), kind),
        }


def answer(show: Show) -> str:
    """Return the answer that all servers give."""
    stream = {"id": show.id, "name": show.name, "state": "LIVE", "titleId": show.title_id, "version": 2}
    position = f"{UUID(int=0)}:1000"
    payload = {"data": {"streamEvents": {"stream": stream}}, "extensions": {"position": position}}
    return json.dumps(payload, separators=(",", ":"))


async def measure() -> None:
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(database())
        show = await stack.enter_async_context(open_show(url))
        ours = await stack.enter_async_context(marquee(url))
        text = answer(show)
        print(f"{SOCKETS} sockets, answers of {len(text)} bytes")
        raw = await stack.enter_async_context(python_peer("bench.raw_fanout_server", url, text))
        stock = await stack.enter_async_context(python_peer("bench.stock_fanout_server", url, text))
        node = await stack.enter_async_context(node_peer("fanout.js", url, PAYLOAD=text))
        found = {
            "marquee": Contender(ours, QUERY % show.id, show.publish),
            "raw": Contender(raw, PEER_QUERY, asking(raw)),
            "node": Contender(node, PEER_QUERY, asking(node)),
            "stock": Contender(stock, PEER_QUERY, asking(stock)),
        }
        medians = await rounds(
            {name: lambda one=one: deliveries(one, sockets=SOCKETS) for name, one in found.items()}, count=ROUNDS
        )
    conclude(
        "fanout",
        [
            Target("marquee/raw", medians["marquee"] / medians["raw"], least=0.85),
            Target("marquee/node", medians["marquee"] / medians["node"], least=4),
            Target("marquee/stock", medians["marquee"] / medians["stock"], least=25),
        ],
    )


if __name__ == "__main__":
    print_machine()
    asyncio.run(measure())
