"""Streams over HTTP: the "distinct connections" mode of the GraphQL over Server-Sent Events protocol.

One request, one operation, one stream: `next` events carry answers, `complete` ends it. A comment every few seconds
keeps proxies from closing a quiet stream. When the server goes away the stream just ends, without `complete`, so that
clients come back. When the viewer's sign-in ends, the last event says so.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing

import orjson
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from graph.answering import Answer
from graph.context import Caller
from graph.transports.streams import Ending, OpenStream, OpenStreams

EVENT_STREAM = "text/event-stream"
KEEP_ALIVE_S = 12.0
# How long the last events may take once the server ends a stream; a client that does not read never gets them.
CLOSE_TIMEOUT_S = 2.0
_KEEP_ALIVE = b":\n\n"
_COMPLETE = b"event: complete\ndata:\n\n"
_HEADERS = {
    "Cache-Control": "no-store, no-transform",
    # Nginx buffers answers unless told otherwise.
    "X-Accel-Buffering": "no",
}


_SIGNED_OUT = {"errors": [{"message": "The sign-in has ended.", "extensions": {"code": "SIGN_IN_ENDED"}}]}


class EventStream(Response):
    """A response that carries every answer as an event until they end, the client leaves or the server ends it.

    It counts as an open stream from its first byte on, whether or not the client is still there to get one.
    """

    def __init__(self, answers: AsyncGenerator[Answer, None], streams: OpenStreams, caller: Caller) -> None:
        super().__init__(media_type=EVENT_STREAM, headers=_HEADERS)
        self._answers = answers
        self._streams = streams
        self._caller = caller

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer. The caller has checked, without waiting since, that one more stream may be open."""
        with self._streams.hold(self._caller.address, self._caller.viewer) as stream:
            frames = _frames(self._answers, stream)
            response = StreamingResponse(frames, media_type=EVENT_STREAM, headers=_HEADERS)
            sending = asyncio.create_task(response(scope, receive, send))
            try:
                await _until_sent(sending, stream)
            finally:
                await _cancel(sending)


async def _until_sent(sending: "asyncio.Task[None]", stream: OpenStream) -> None:
    """Wait until everything is sent; once the stream is to end, no longer than that takes with a client that reads."""
    ended = asyncio.create_task(stream.ended.wait())
    try:
        await asyncio.wait({sending, ended}, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait({sending}, timeout=CLOSE_TIMEOUT_S)
    finally:
        await _cancel(ended)
    if sending.done():
        sending.result()


async def _frames(answers: AsyncGenerator[Answer, None], stream: OpenStream) -> AsyncIterator[bytes]:
    ended = asyncio.create_task(stream.ended.wait())
    pending: asyncio.Task[Answer | None] | None = None
    async with aclosing(answers):
        try:
            while not stream.ended.is_set():
                pending = pending or asyncio.create_task(_next(answers))
                await asyncio.wait({pending, ended}, timeout=KEEP_ALIVE_S, return_when=asyncio.FIRST_COMPLETED)
                if stream.ending in (Ending.SIGN_IN_ENDED, Ending.VIEWER_CHANGED):
                    # What was found meanwhile is no longer this viewer's to see.
                    break
                if not pending.done():
                    if not stream.ended.is_set():
                        yield _KEEP_ALIVE
                    continue
                answer = pending.result()
                pending = None
                if answer is None:
                    yield _COMPLETE
                    return
                yield _event(answer.payload)
            if stream.ending is Ending.SIGN_IN_ENDED:
                yield _event(_SIGNED_OUT)
                yield _COMPLETE
        finally:
            await _cancel(ended, pending)


def _event(payload: Mapping[str, object]) -> bytes:
    return b"event: next\ndata: " + orjson.dumps(payload) + b"\n\n"


async def _next(answers: AsyncGenerator[Answer, None]) -> Answer | None:
    return await anext(answers, None)


async def _cancel(*tasks: "asyncio.Task[object] | asyncio.Task[Answer | None] | None") -> None:
    """End helper tasks before the generator they read from is closed: it may not be closed while it runs."""
    running = [task for task in tasks if task is not None]
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
