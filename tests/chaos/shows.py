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
    running: asyncio.subprocess.Process
    command: list[str]
    environ: dict[str, str]
    database: Database
    bus: Bus

    @property
    def id(self) -> str:
        return global_id(Kind.STREAM, self.stream.id)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/graphql"

    @property
    def process(self) -> psutil.Process:
        return psutil.Process(self.running.pid)

    async def tell(self, count: int) -> None:
        """Make so many things happen."""
        async with self.database.work(bus=self.bus) as work:
            for _ in range(count):
                await work.announce(stream_topic(self.stream.id), StreamChanged(self.stream.id, "LIVE"))

    async def kill(self) -> None:
        """End the process as a power cut would, and start another one in its place."""
        self.running.kill()
        await self.running.wait()
        self.running = await _started(self.command, self.environ, self.port)

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
async def show(database_url: str, folder: Path, *options: str, bus_url: str = "") -> AsyncIterator[Show]:
    """Put a stream on air, and serve it."""
    port = free_port()
    environ = {
        **os.environ, "DATABASE_URL": database_url, "DATA_DIR": str(folder), "PORT": str(port), "LOG_FORMAT": "json",
        "PUBLIC_URL": f"http://localhost:{port}", "GRAPHQL_RATE_ADDRESS": "0", "GRAPHQL_STREAMS_ADDRESS": "0",
        "BUS_URL": bus_url,
    }  # fmt: skip
    database = Database.connect(database_url)
    try:
        async with Bus.open(bus_url or database_url) as bus:
            assert await bus.ready(10)
            async with database.work(bus=bus) as work:
                stream, _ = await create_live_stream(work)
            command = [sys.executable, "-m", "tests.chaos.hub_server", *options]
            made = Show(stream, port, await _started(command, environ, port), command, environ, database, bus)
            try:
                yield made
            finally:
                made.running.kill()
                await made.running.wait()
    finally:
        await database.close()


async def _started(command: list[str], environ: dict[str, str], port: int) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(*command, env=environ, stdout=asyncio.subprocess.DEVNULL)
    await _ready(port)
    return process


async def _ready(port: int) -> None:
    async with asyncio.timeout(START_TIMEOUT_S), httpx.AsyncClient() as client:
        while True:
            try:
                if (await client.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.1)
