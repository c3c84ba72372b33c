"""The application as a process: it starts, answers, and ends in order."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from domain.accounts import Role, create_account, sign_in
from domain.kernel.bus import Bus
from domain.kernel.work import Database
from domain.media.assets import create_asset
from graph.global_ids import Kind, global_id
from tests.arrange import CONFIRMED, complete_upload, create_draft
from tests.graph_scene import serving

ROOT = Path(__file__).resolve().parents[2]
START_S = 30.0
END_S = 8.0


@asynccontextmanager
async def served(
    database_url: str, folder: Path, port: int, **variables: str
) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """Run `marquee serve` until the block ends."""
    environ = {
        **os.environ,
        "DATABASE_URL": database_url,
        "DATA_DIR": str(folder),
        "PORT": str(port),
        "LOG_FORMAT": "json",
        **variables,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "edge", "serve", cwd=folder, env={**environ, "PYTHONPATH": str(ROOT)},
        stderr=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        async with asyncio.timeout(START_S), httpx.AsyncClient() as client:
            while True:
                try:
                    await client.get(f"{url}/healthz")
                    break
                except httpx.TransportError:
                    assert process.returncode is None
                    await asyncio.sleep(0.05)
        yield process, url
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.fixture
def port() -> int:
    """A port that was free a moment ago."""
    import socket

    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


async def test_a_served_application_ends_its_streams_when_asked_to(
    database_url: str, database: Database, bus: Bus, tmp_path: Path, port: int
) -> None:
    async with database.work(bus=bus) as work:
        account = await create_account(
            work, email="e@example.com", display_name="E", territory="DE", roles=frozenset({Role.EDITOR})
        )
        signed_in = await sign_in(work, account_id=account.id, device_name="Test", factors=CONFIRMED)
        editor = signed_in.viewer
        upload_id, _ = await complete_upload(work, viewer=editor, size_bytes=5)
        title_id = await create_draft(work, viewer=editor)
        asset = await create_asset(work, viewer=editor, upload_id=upload_id, title_id=title_id)
    query = f'subscription {{ transcodeProgress(assetId: "{global_id(Kind.ASSET, asset.id)}") {{ state }} }}'
    headers = {"authorization": f"Bearer {signed_in.token}", "accept": "text/event-stream"}
    async with served(database_url, tmp_path, port) as (process, url):
        async with (
            httpx.AsyncClient(timeout=START_S) as client,
            client.stream("POST", f"{url}/graphql", json={"query": query}, headers=headers) as stream,
            connect(f"ws://127.0.0.1:{port}/graphql", subprotocols=["graphql-transport-ws"]) as socket,  # type: ignore[list-item]  # a protocol's name
        ):
            events = stream.aiter_lines()
            assert await anext(events) == "event: next"
            await socket.send(json.dumps({"type": "connection_init", "payload": {"token": signed_in.token}}))
            assert json.loads(await socket.recv())["type"] == "connection_ack"
            await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": {"query": query}}))
            assert json.loads(await socket.recv())["type"] == "next"
            process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(END_S):
                rest = [line async for line in events]
                with pytest.raises(ConnectionClosed):
                    await socket.recv()
                assert await process.wait() in (0, -signal.SIGTERM)
        assert "event: complete" not in rest
        assert socket.close_code == 1012
        assert process.stderr is not None
        log = (await process.stderr.read()).decode()
    assert "Traceback" not in log


async def test_traces_are_sent_where_they_are_wanted(database_url: str, tmp_path: Path, port: int) -> None:
    received: list[bytes] = []

    async def collect(request: Request) -> Response:
        received.append(await request.body())
        return Response(status_code=200)

    collector = Starlette(routes=[Route("/v1/traces", collect, methods=["POST"])])
    async with (
        serving(collector) as endpoint,
        served(database_url, tmp_path, port, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint) as (process, url),
    ):
        async with httpx.AsyncClient() as client:
            await client.post(f"{url}/graphql", json={"query": "query Who { viewer { id } }"})
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(END_S):
            await process.wait()
    spans = b"".join(received)
    assert b"graphql query Who" in spans
    assert b"POST graphql" in spans
