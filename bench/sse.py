"""Law `sse`: the same event to thousands of streams over HTTP, at saturation, by one process."""

import asyncio

from bench.fanout import ROUNDS, SOCKETS, contenders, deliveries
from bench.harness import Target, conclude, print_machine, rounds


async def measure() -> None:
    async with contenders(kind="sse") as found:
        medians = await rounds(
            {name: lambda one=one: deliveries(one, sockets=SOCKETS) for name, one in found.items()}, count=ROUNDS
        )
    conclude("sse", [Target("marquee/raw", medians["marquee"] / medians["raw"], least=0.8)])


if __name__ == "__main__":
    print_machine()
    asyncio.run(measure())
