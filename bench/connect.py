"""Law `connect`: what a thousand sockets cost to connect and subscribe, and what each holds while nothing happens.

The other server accepts the same sockets, reads the same two messages, answers the first, and keeps them. Ours finds
the operation, asks whether the viewer may follow, and sends how things are now.
"""

import asyncio
import gc

from bench.crowd import crowd
from bench.fanout import Contender, contenders
from bench.harness import Target, conclude, print_machine, rounds

SOCKETS = 1_000
ROUNDS = 5


async def cost(contender: Contender) -> tuple[float, float]:
    """Return seconds of the server's processor, and bytes resident for each socket."""
    process = contender.process
    await asyncio.sleep(1)
    used, held = sum(process.cpu_times()[:2]), process.memory_info().rss
    async with crowd(contender.url, count=SOCKETS, query=contender.query):
        used, held = sum(process.cpu_times()[:2]) - used, process.memory_info().rss - held
    return used, held / SOCKETS


async def measure() -> None:
    memory: dict[str, float] = {}
    # What a server has taken from the system it keeps, so only its first crowd shows what sockets hold.
    async with contenders() as fresh:
        for name, one in fresh.items():
            gc.collect()
            _, memory[name] = await cost(one)
            print(f"{name}: {memory[name] / 1024:.1f} KiB a socket")

        async def seconds(name: str) -> float:
            return (await cost(fresh[name]))[0]

        medians = await rounds({name: lambda name=name: seconds(name) for name in fresh}, count=ROUNDS)
    conclude(
        "connect",
        [
            Target("processor marquee/raw", medians["marquee"] / medians["raw"], most=1.35),
            Target("memory marquee/raw", memory["marquee"] / memory["raw"], most=1.25),
        ],
    )


if __name__ == "__main__":
    print_machine()
    asyncio.run(measure())
