"""Streams over HTTP: the "distinct connections" mode of the GraphQL over Server-Sent Events protocol.

One request, one operation, one stream: `next` events carry answers, `complete` ends it. A comment every few seconds
keeps proxies from closing a quiet stream. When the server goes away the stream just ends, without `complete`, so that
clients come back. When the viewer's sign-in ends, the last event says so.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Hashable, Mapping, Sequence
from contextlib import aclosing
from typing import Any

import orjson
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from domain.accounts import Viewer
from graph.admission import Admitted
from graph.answering import Answer
from graph.context import Caller
from graph.transports.hub import Frame, Hub, NotAdmitted
from graph.transports.outbox import CLOSE_TIMEOUT_S, Outbox, Wire, wire_of
from graph.transports.streams import Ending, OpenStream, OpenStreams

EVENT_STREAM = "text/event-stream"
KEEP_ALIVE_S = 12.0
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


class SharedEventStream(Response):
    """A response that carries what many follow: it costs one task, and the hub writes into its outbox."""

    def __init__(
        self,
        hub: Hub,
        streams: OpenStreams,
        admitted: Admitted,
        caller: Caller,
        since: str | None,
        *,
        lasts_s: float | None = None,
        is_vouched_for: bool = False,
    ) -> None:
        """`since` is where a browser says that it was, in Last-Event-ID; `lasts_s` is when the stream ends by itself.

        `is_vouched_for` says that a door has found out by itself that this caller may follow.
        """
        super().__init__(media_type=EVENT_STREAM, headers=_HEADERS)
        # It has no length yet.
        del self.headers["content-length"]
        self._hub, self._streams, self._admitted, self._caller, self._since = hub, streams, admitted, caller, since
        self._lasts_s, self._is_vouched_for = lasts_s, is_vouched_for

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer until the client leaves or the server ends it."""
        with self._streams.hold(self._caller.address, self._caller.viewer) as stream:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            # Browsers come back after so long (HTML, "Server-sent events").
            retry = b"retry: %d\n\n" % self._streams.retry_after_ms()
            await send({"type": "http.response.body", "body": retry, "more_body": True})
            follower = _Follower(self._caller.viewer, send, wire_of(scope), stream, is_vouched_for=self._is_vouched_for)
            ending = None
            if self._lasts_s is not None:
                ending = asyncio.get_running_loop().call_later(self._lasts_s, stream.end, Ending.RESTART)
            try:
                following = await self._hub.join(
                    self._admitted.operation, self._admitted.request, self._caller, follower, since=self._since
                )
                try:
                    await follower.stay(receive)
                finally:
                    following.leave()
            except NotAdmitted as refused:
                follower.end(refused.errors)
            finally:
                if ending is not None:
                    ending.cancel()
            await follower.finish()


class _Follower:
    """A member of the hub: one stream over HTTP."""

    def __init__(
        self, viewer: Viewer | None, send: Send, wire: Wire | None, stream: OpenStream, *, is_vouched_for: bool
    ) -> None:
        self.viewer = viewer
        self.is_vouched_for = is_vouched_for
        self._asgi_send, self._wire, self._stream = send, wire, stream
        self._outbox = Outbox(self._send, wire, self._wake)
        self._staying: asyncio.Task[Any] | None = None
        self._is_over = False
        self._has_left = False

    @property
    def who(self) -> Hashable:
        """What tells its viewer from others."""
        return self._outbox if self.viewer is None else self.viewer.account_id

    def tell(self, frame: Frame) -> None:
        """Take a frame."""
        self._outbox.put(frame.event, key=frame.key)

    async def room(self) -> None:
        """Wait until there is room for what was missed."""
        await self._outbox.room()

    def end(self, errors: Sequence[Mapping[str, Any]]) -> None:
        """Tell the client that there is no more, and why."""
        if errors:
            self._outbox.put(_event({"errors": errors}))
        self._outbox.put(_COMPLETE)
        self._wake()

    async def stay(self, receive: Receive) -> None:
        """Keep the line up until the client leaves or the stream is over."""
        self._staying = asyncio.current_task()
        self._stream.on_end(self._wake)
        try:
            while not self._is_over and not self._has_left:
                try:
                    async with asyncio.timeout(KEEP_ALIVE_S):
                        message = await receive()
                    self._has_left = message["type"] == "http.disconnect"
                except TimeoutError:
                    self._outbox.put(_KEEP_ALIVE, key=_KEEP_ALIVE)
        except asyncio.CancelledError:
            if not self._is_over or self._staying is None:
                raise
            self._staying.uncancel()
        finally:
            self._staying = None
            self._stream.on_end(None)

    async def finish(self) -> None:
        """Send what is left, if it goes quickly, and end; a client that takes nothing is dropped."""
        if self._stream.ending in (Ending.SIGN_IN_ENDED, Ending.VIEWER_CHANGED):
            # What still waits is no longer this viewer's to see.
            self._outbox.clear()
            if self._stream.ending is Ending.SIGN_IN_ENDED:
                self._outbox.put(_event(_SIGNED_OUT))
                self._outbox.put(_COMPLETE)
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await (self._outbox.stop() if self._has_left else self._outbox.finish())
                await self._asgi_send({"type": "http.response.body", "body": b"", "more_body": False})
        except TimeoutError:
            if self._wire is not None:
                self._wire.abort()

    async def _send(self, frame: bytes) -> None:
        await self._asgi_send({"type": "http.response.body", "body": frame, "more_body": True})

    def _wake(self) -> None:
        if not self._is_over and self._staying is not None:
            self._staying.cancel()
        self._is_over = True


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
