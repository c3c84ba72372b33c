"""Whether this process lives (`/healthz`), and whether it can do its work (`/readyz`), for whoever routes to it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import orjson
from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.kernel.refusals import Unavailable
from domain.runtime import Runtime

PART_TIMEOUT_S = 2.0
# An object that never exists: asking for it tells whether the store answers.
NO_STORE = {"Cache-Control": "no-store"}


@dataclass(frozen=True)
class PartState:
    """One part this process depends on."""

    name: str
    is_ready: bool
    took_s: float


async def live(request: Request) -> Response:
    """Answer as long as the event loop turns."""
    return Response(b'{"status":"ok"}', media_type="application/json", headers=NO_STORE)


async def ready(request: Request) -> Response:
    """Answer 200 when database, bus and storage do, else 503. The body names each part."""
    runtime: Runtime = request.app.state.runtime
    states = await asyncio.gather(
        _state("database", lambda: _database(runtime)),
        _state("bus", lambda: _bus(runtime)),
        _state("storage", lambda: _storage(runtime)),
    )
    is_ready = all(state.is_ready for state in states)
    body = {
        "status": "ok" if is_ready else "unavailable",
        "parts": {
            state.name: {"ready": state.is_ready, "milliseconds": round(state.took_s * 1000, 1)} for state in states
        },
    }
    return Response(
        orjson.dumps(body), status_code=200 if is_ready else 503, media_type="application/json", headers=NO_STORE
    )


async def _state(name: str, check: Callable[[], Awaitable[bool]]) -> PartState:
    began = time.perf_counter()
    try:
        async with asyncio.timeout(PART_TIMEOUT_S):
            is_ready = await check()
    except (TimeoutError, OSError, Unavailable):
        is_ready = False
    return PartState(name, is_ready, time.perf_counter() - began)


async def _database(runtime: Runtime) -> bool:
    async with runtime.database.read() as connection:
        await connection.execute(text("SELECT 1"))
    return True


async def _bus(runtime: Runtime) -> bool:
    return await runtime.bus.ready(PART_TIMEOUT_S)


async def _storage(runtime: Runtime) -> bool:
    await runtime.objects.check()
    return True


routes = [Route("/healthz", live, methods=["GET"]), Route("/readyz", ready, methods=["GET"])]
