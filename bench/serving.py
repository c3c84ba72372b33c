"""Starts the contenders of a law as processes of their own, on loopback, and ends them."""

import asyncio
import os
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

from edge.local.postgres import LocalPostgres
from migrations import upgrade

ROOT = Path(__file__).parent.parent
PEERS = ROOT / "bench" / "peers"
START_TIMEOUT_S = 30.0


@asynccontextmanager
async def database() -> AsyncIterator[str]:
    """A migrated PostgreSQL of the bench's own."""
    with tempfile.TemporaryDirectory(prefix="marquee-bench-", ignore_cleanup_errors=True) as folder:
        postgres = LocalPostgres.start(Path(folder) / "postgres")
        try:
            await upgrade(postgres.url)
            yield postgres.url
        finally:
            postgres.stop()


@asynccontextmanager
async def serving(command: Sequence[str], environ: Mapping[str, str], port: int) -> AsyncIterator[str]:
    """Run a server until the block ends, and yield its address once it accepts connections."""
    with tempfile.TemporaryFile() as log:
        process = await asyncio.create_subprocess_exec(
            *command, env={**os.environ, **environ}, cwd=ROOT, stdout=log, stderr=log
        )
        try:
            await _accepts(process, port, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(20):
                await process.wait()


@asynccontextmanager
async def marquee(database_url: str, *, fragments: int | None = None) -> AsyncIterator[str]:
    """`marquee serve`, as in production but for its name and its demo keys. `fragments` are how many it may keep."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="marquee-bench-data-") as folder:
        environ = {
            "DATABASE_URL": database_url, "DATA_DIR": folder, "PORT": str(port), "LOG_FORMAT": "json",
            "PUBLIC_URL": f"http://localhost:{port}",
            "ENTITY_FRAGMENTS": "" if fragments is None else str(fragments),
            # A crowd comes from one address here.
            "GRAPHQL_RATE_ADDRESS": "0", "GRAPHQL_STREAMS_ADDRESS": "0",
        }  # fmt: skip
        async with serving([sys.executable, "-m", "edge", "serve"], environ, port) as url:
            yield url


@asynccontextmanager
async def python_peer(module: str, database_url: str, *options: str) -> AsyncIterator[str]:
    """A Python server of the bench, `python -m module PORT options`."""
    port = free_port()
    async with serving(
        [sys.executable, "-m", module, str(port), *options], {"DATABASE_URL": database_url}, port
    ) as url:
        yield url


@asynccontextmanager
async def node_peer(script: str, database_url: str, **more: str) -> AsyncIterator[str]:
    """A Node server of the bench; its packages are installed when they are not there."""
    port = free_port()
    environ = {"DATABASE_URL": database_url, "PORT": str(port), "NODE_ENV": "production", **more}
    if not (PEERS / "node_modules").is_dir():
        npm = shutil.which("npm")
        assert npm is not None, "this law compares with Node: install Node 20 or newer"
        installing = await asyncio.create_subprocess_exec(npm, "ci", "--no-audit", "--no-fund", cwd=PEERS)
        assert await installing.wait() == 0, "the peers' packages could not be installed"
    node = shutil.which("node")
    assert node is not None, "this law compares with Node: install Node 20 or newer"
    async with serving([node, str(PEERS / script)], environ, port) as url:
        yield url


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _accepts(process: asyncio.subprocess.Process, port: int, log: IO[bytes]) -> None:
    async with asyncio.timeout(START_TIMEOUT_S):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                assert process.returncode is None, _tail(log)
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


def _tail(log: IO[bytes]) -> str:
    log.seek(0)
    return log.read()[-2000:].decode(errors="replace")
