"""Stock Strawberry: each subscriber's operation is executed for each event.

`python -m bench.stock_fanout_server PORT TEXT`: POST /publish?count=N publishes N events.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from typing import Any

import strawberry
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from strawberry.asgi import GraphQL
from strawberry.extensions import DisableIntrospection

STREAM: dict[str, Any] = json.loads(sys.argv[2])["data"]["streamEvents"]["stream"] if len(sys.argv) > 2 else {}
queues: set["asyncio.Queue[None]"] = set()


@strawberry.type
class Stream:
    """The fields that everybody asks for."""

    id: str
    name: str
    state: str
    title_id: str
    version: int


@strawberry.type
class Event:
    """One event."""

    stream: Stream


@strawberry.type
class Query:
    """A schema needs one."""

    nothing: int = 1


@strawberry.type
class Subscription:
    """What is followed."""

    @strawberry.subscription
    async def stream_events(self) -> AsyncIterator[Event]:
        queue: asyncio.Queue[None] = asyncio.Queue()
        queues.add(queue)
        try:
            while True:
                await queue.get()
                yield Event(
                    stream=Stream(
                        id=STREAM["id"],
                        name=STREAM["name"],
                        state=STREAM["state"],
                        title_id=STREAM["titleId"],
                        version=STREAM["version"],
                    )
                )
        finally:
            queues.discard(queue)


async def publish(request: Request) -> Response:
    """Publish events."""
    for _ in range(int(request.query_params["count"])):
        for queue in list(queues):
            queue.put_nowait(None)
        await asyncio.sleep(0)
    return Response()


schema = strawberry.Schema(Query, subscription=Subscription, extensions=[DisableIntrospection])
door: Any = GraphQL(schema)
app = Starlette(
    routes=[
        Route("/publish", publish, methods=["POST"]),
        Route("/graphql", door, methods=["POST"]),
        WebSocketRoute("/graphql", door),
    ]
)

if __name__ == "__main__":
    uvicorn.run(
        app, host="127.0.0.1", port=int(sys.argv[1]), loop="uvloop", http="httptools", ws="websockets-sansio",
        ws_per_message_deflate=False, log_config=None, access_log=False,
    )  # fmt: skip
