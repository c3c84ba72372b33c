"""The most a Starlette server could do: it sends the same bytes to each socket or stream in turn.

`python -m bench.raw_fanout_server PORT TEXT`: POST /publish?count=N sends TEXT N times to everybody.
"""

import asyncio
import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

TEXT = sys.argv[2] if len(sys.argv) > 2 else ""
EVENT = f"event: next\ndata: {TEXT}\n\n".encode()
sockets: set[WebSocket] = set()
sends: set[Send] = set()


async def socket(ws: WebSocket) -> None:
    """Accept a client as the protocol wants it, and keep it."""
    await ws.accept(subprotocol="graphql-transport-ws")
    try:
        await ws.receive_text()
        await ws.send_text('{"type":"connection_ack"}')
        await ws.receive_text()
        sockets.add(ws)
        while True:
            await ws.receive_text()
    except WebSocketDisconnect:
        sockets.discard(ws)


async def stream(scope: Scope, receive: Receive, send: Send) -> None:
    """Begin a stream, and keep it."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
    sends.add(send)
    while (await receive())["type"] != "http.disconnect":
        continue
    sends.discard(send)


class Stream:
    """The stream as an application of its own."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await stream(scope, receive, send)


async def publish(request: Request) -> Response:
    """Send it to everybody."""
    for _ in range(int(request.query_params["count"])):
        message = f'{{"id":"1","type":"next","payload":{TEXT}}}'
        for ws in list(sockets):
            await ws.send_text(message)
        for send in list(sends):
            await send({"type": "http.response.body", "body": EVENT, "more_body": True})
        # Let what was written go out.
        await asyncio.sleep(0)
    return Response()


app = Starlette(
    routes=[
        Route("/publish", publish, methods=["POST"]),
        Route("/graphql", Stream(), methods=["POST"]),
        WebSocketRoute("/graphql", socket),
    ]
)

if __name__ == "__main__":
    uvicorn.run(
        app, host="127.0.0.1", port=int(sys.argv[1]), loop="uvloop", http="httptools", ws="websockets-sansio",
        ws_per_message_deflate=False, log_config=None, access_log=False,
    )  # fmt: skip
