"""Streams over HTTP: the "distinct connections" mode of the GraphQL over Server-Sent Events protocol.

One request, one operation, one stream: `next` events carry answers, `complete` ends it. A comment every few seconds
keeps proxies from closing a quiet stream. When the server goes away the stream just ends, without `complete`, so that
clients come back.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

import orjson
from starlette.responses import StreamingResponse

from graph.answering import Answer
from graph.transports.streams import OpenStreams

EVENT_STREAM = "text/event-stream"
KEEP_ALIVE_S = 12.0
_KEEP_ALIVE = b":\n\n"
_COMPLETE = b"event: complete\ndata:\n\n"
_HEADERS = {
    "Cache-Control": "no-store, no-transform",
    # Nginx buffers answers unless told otherwise.
    "X-Accel-Buffering": "no",
}


def event_stream(answers: AsyncGenerator[Answer, None], streams: OpenStreams) -> StreamingResponse:
    """Return a response that carries every answer as an event until they end, the client leaves or we shut down."""
    return StreamingResponse(_frames(answers, streams), media_type=EVENT_STREAM, headers=_HEADERS)


async def _frames(answers: AsyncGenerator[Answer, None], streams: OpenStreams) -> AsyncIterator[bytes]:
    closing = asyncio.Event()
    closed = asyncio.create_task(closing.wait())
    pending: asyncio.Task[Answer | None] | None = None
    with streams.hold(closing.set):
        async with aclosing(answers):
            try:
                while not closing.is_set():
                    pending = pending or asyncio.create_task(_next(answers))
                    await asyncio.wait({pending, closed}, timeout=KEEP_ALIVE_S, return_when=asyncio.FIRST_COMPLETED)
                    if not pending.done():
                        if not closing.is_set():
                            yield _KEEP_ALIVE
                        continue
                    answer = pending.result()
                    pending = None
                    if answer is None:
                        yield _COMPLETE
                        return
                    yield b"event: next\ndata: " + orjson.dumps(answer.payload) + b"\n\n"
            finally:
                await _cancel(closed, pending)


async def _next(answers: AsyncGenerator[Answer, None]) -> Answer | None:
    return await anext(answers, None)


async def _cancel(*tasks: "asyncio.Task[object] | asyncio.Task[Answer | None] | None") -> None:
    """End helper tasks before the generator they read from is closed: it may not be closed while it runs."""
    running = [task for task in tasks if task is not None]
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
