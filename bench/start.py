"""Law `start`: from the start of the process to its first response, and the memory it holds when idle.

Starts `marquee serve` against an embedded PostgreSQL that is up and migrated, as a deployment would, and asks for a
GraphQL answer until there is one. Targets are absolute here, because there is nothing to compare a start with.
"""

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.harness import Target, conclude, print_machine, rounds
from edge.local.postgres import LocalPostgres
from migrations import upgrade

ROUNDS = 7
START_MAX_S = 1.5
MEMORY_MAX_MIB = 120.0
# Time for caches of the start to be let go before memory is read.
SETTLE_S = 2.0
PATIENCE_S = 30.0
QUERY = b'{"query":"{ __typename }"}'


@dataclass(frozen=True)
class Server:
    """A running API: its process, its port, and how long it took to answer, in seconds."""

    process: psutil.Process
    took_s: float


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(database_url: str, folder: Path) -> Iterator[Server]:
    port = free_port()
    environ = {**os.environ, "DATABASE_URL": database_url, "PORT": str(port), "DATA_DIR": str(folder)}
    began = time.perf_counter()
    with (folder / "serve.log").open("ab") as log:
        process = subprocess.Popen([sys.executable, "-m", "edge", "serve"], env=environ, stdout=log, stderr=log)
    try:
        _await_answer(f"http://127.0.0.1:{port}/graphql", process, began)
        yield Server(psutil.Process(process.pid), time.perf_counter() - began)
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def _await_answer(url: str, process: "subprocess.Popen[bytes]", began: float) -> None:
    request = urllib.request.Request(url, QUERY, {"Content-Type": "application/json"})
    while time.perf_counter() - began < PATIENCE_S:
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as response:
                if response.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError):
            if process.poll() is not None:
                sys.exit(f"bench: the server ended with status {process.returncode}")
            time.sleep(0.005)
    sys.exit(f"bench: no answer within {PATIENCE_S:.0f} s")


async def measure() -> None:
    with tempfile.TemporaryDirectory(prefix="marquee-bench-") as name:
        folder = Path(name)
        postgres = LocalPostgres.start(folder / "postgres")
        try:
            await upgrade(postgres.url)

            async def start_s() -> float:
                with serving(postgres.url, folder) as server:
                    return server.took_s

            async def memory_mib() -> float:
                with serving(postgres.url, folder) as server:
                    await asyncio.sleep(SETTLE_S)
                    return server.process.memory_info().rss / 1024**2

            await start_s()  # the first one compiles and fills the disk cache
            medians = await rounds({"start_s": start_s, "memory_mib": memory_mib}, count=ROUNDS)
        finally:
            postgres.stop()
    conclude(
        "start",
        [
            Target("start_s", medians["start_s"], most=START_MAX_S),
            Target("idle_mib", medians["memory_mib"], most=MEMORY_MAX_MIB),
        ],
    )


if __name__ == "__main__":
    print_machine()
    asyncio.run(measure())
