"""The service as a process, a stream that is on air, and somebody who makes things happen in it."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from domain.kernel.bus import Bus
from domain.kernel.work import Database
from domain.live import Stream, StreamChanged, stream_topic
from graph.global_ids import Kind, global_id
from tests.live_streams import create_live_stream

START_TIMEOUT_S = 30.0


@dataclass
class Show:
    """A stream, and the process that serves it."""

    stream: Stream
    port: int
    process: psutil.Process
    database: Database
    bus: Bus

    @property
    def id(self) -> str:
        return global_id(Kind.STREAM, self.stream.id)

    async def tell(self, count: int) -> None:
        """Make so many things happen."""
        async with self.database.work(bus=self.bus) as work:
            for _ in range(count):
                await work.announce(stream_topic(self.stream.id), StreamChanged(self.stream.id, "LIVE"))

    async def sockets_open(self) -> int:
        """Ask how many sockets the service serves."""
        async with httpx.AsyncClient() as client:
            answer = await client.get(f"http://127.0.0.1:{self.port}/metrics")
        (line,) = [line for line in answer.text.splitlines() if line.startswith("marquee_graphql_sockets_open ")]
        return int(float(line.split()[1]))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def show(database_url: str, folder: Path, *options: str) -> AsyncIterator[Show]:
    """Put a stream on air, and serve it."""
    port = free_port()
    environ = {
        **os.environ, "DATABASE_URL": database_url, "DATA_DIR": str(folder), "PORT": str(port), "LOG_FORMAT": "json",
        "PUBLIC_URL": f"http://localhost:{port}", "GRAPHQL_RATE_ADDRESS": "0", "GRAPHQL_STREAMS_ADDRESS": "0",
    }  # fmt: skip
    database = Database.connect(database_url)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.chaos.hub_server", *options, env=environ, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        async with Bus.open(database_url) as bus:
            assert await bus.ready(10)
            async with database.work(bus=bus) as work:
                stream, _ = await create_live_stream(work)
            await _ready(port)
            yield Show(stream, port, psutil.Process(process.pid), database, bus)
    finally:
        process.kill()
        await process.wait()
        await database.close()


async def _ready(port: int) -> None:
    async with asyncio.timeout(START_TIMEOUT_S), httpx.AsyncClient() as client:
        while True:
            try:
                if (await client.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.1)
