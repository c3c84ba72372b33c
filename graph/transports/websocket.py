"""Operations over a WebSocket: each socket is one task that reads, while the hub and operations write.

A socket whose sign-in ends is closed. Handshakes from foreign pages are refused before they are accepted.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson
import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from domain.kernel.refusals import RateLimited, Refusal, Unavailable
from graph import measures
from graph.admission import Admission, Admitted
from graph.answering import new_operation_id, refusal_answer
from graph.context import Caller
from graph.deadlines import Deadlines
from graph.operations import OperationRefused
from graph.refusal_fields import extensions_of
from graph.transports.followers import SocketFollower
from graph.transports.hub import Hub, NotAdmitted
from graph.transports.outbox import CLOSE_TIMEOUT_S, Outbox, wire_of
from graph.transports.requests import RequestMalformed, address_of, problem_payload, request_of, sender_of
from graph.transports.returning import Returning
from graph.transports.socket_protocol import (
    BAD_MESSAGE,
    FORBIDDEN,
    ID_IN_USE,
    INIT_TIMEOUT,
    NOT_ACKNOWLEDGED,
    POLICY_VIOLATION,
    PROTOCOL,
    SECOND_INIT,
    SERVER_RESTARTS,
    SUBPROTOCOL,
    TOO_MANY_STREAMS,
    TOO_SLOW,
    TRY_AGAIN_LATER,
    Closed,
    id_of,
    read_message,
)
from graph.transports.streams import Ending, OpenStream, OpenStreams, TooManyStreams

INIT_TIMEOUT_S = 10.0
# Also counts queries and mutations while they run.
OPERATIONS_MAX = 50

SIGN_IN_ENDED = "The sign-in has ended"
VIEWER_CHANGED = "The viewer may see other things now; connect again"

log = structlog.get_logger(__name__)

# Tells who connects, from the handshake and the payload of connection_init.
IdentifySocket = Callable[[WebSocket, Mapping[str, Any]], Awaitable[Caller]]


@dataclass(frozen=True)
class WebSocketDoor:
    """Accepts sockets and serves each until it closes."""

    admission: Admission
    identify: IdentifySocket
    is_own_page: Callable[[WebSocket], bool]
    streams: OpenStreams
    hub: Hub
    returning: Returning
    init_timeout_s: float = INIT_TIMEOUT_S

    @cached_property
    def initialising(self) -> Deadlines:
        """The time limit of all sockets that are not acknowledged yet."""
        return Deadlines(limit_s=self.init_timeout_s)

    async def __call__(self, socket: WebSocket) -> None:
        """Serve one socket. A client that goes away without a word is no event worth a traceback."""
        if not self.is_own_page(socket):
            # Closing before accepting makes the server answer the handshake with 403.
            await socket.close(POLICY_VIOLATION)
            return
        if PROTOCOL not in socket.scope.get("subprotocols", []):
            await socket.accept()
            await socket.close(SUBPROTOCOL, "Subprotocol not acceptable")
            return
        await socket.accept(subprotocol=PROTOCOL)
        try:
            with self.streams.hold(address_of(socket)) as stream, measures.sockets_open.track_inprogress():
                await _Connection(self, socket, stream).serve()
        except TooManyStreams as refusal:
            measures.refused_total.labels(refusal.code).inc()
            await socket.close(TOO_MANY_STREAMS, refusal.message)


class _Connection:
    """One socket: who is on it, and the operations it runs."""

    def __init__(self, door: WebSocketDoor, socket: WebSocket, stream: OpenStream) -> None:
        self._door = door
        self._socket = socket
        self._stream = stream
        self._wire = wire_of(socket.scope)
        self._outbox = Outbox(self._send, self._wire, self._wake)
        self._caller: Caller | None = None
        self._is_initialised = False
        # By the client's id: operations that run, and what is followed through the hub.
        self._running: dict[str, asyncio.Task[None]] = {}
        self._followers: dict[str, SocketFollower] = {}
        # Every operation that has not ended yet, cancelled ones included: they count until they let go.
        self._live: set[asyncio.Task[None]] = set()
        self._credentials: Mapping[str, Any] = {}
        # Whoever reads is the only task of an idle socket; it is woken by being cancelled.
        self._reader = asyncio.current_task()
        self._is_ending = False

    async def serve(self) -> None:
        fault: BaseException | None = None
        self._stream.on_end(self._wake)
        try:
            await self._read()
        except asyncio.CancelledError as cancelled:
            if not self._is_ending:
                raise
            assert self._reader is not None, "somebody reads"
            self._reader.uncancel()
            fault = cancelled
        except (WebSocketDisconnect, Closed) as ended:
            fault = ended
        finally:
            self._is_ending = True
            self._door.returning.leave(self._tell_moment)
            self._stream.on_end(None)
            for follower in self._followers.values():
                follower.leave()
            await _end(list(self._live))
            await self._close(fault)

    async def _close(self, ended: BaseException | None) -> None:
        code, reason = SERVER_RESTARTS, f"The server restarts; retryAfterMs={self._door.streams.retry_after_ms()}"
        if isinstance(ended, WebSocketDisconnect):
            log.debug("socket.left", code=ended.code)
            await self._outbox.stop()
            return
        if isinstance(ended, Closed):
            code, reason = ended.code, ended.reason
        elif self._stream.ending in (Ending.SIGN_IN_ENDED, Ending.VIEWER_CHANGED):
            if self._stream.ending is Ending.SIGN_IN_ENDED:
                code, reason = FORBIDDEN, SIGN_IN_ENDED
            else:
                reason = VIEWER_CHANGED
            # What still waits is no longer this viewer's to see.
            self._outbox.clear()
        elif self._stream.ending is None and self._outbox.is_given_up:
            code, reason = TOO_SLOW, "The client reads too slowly"
        await self._say_goodbye(code, reason)

    async def _say_goodbye(self, code: int, reason: str) -> None:
        """Send what is left, if it goes quickly, and close; a client that takes neither is dropped."""
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await (self._outbox.stop() if code == TOO_SLOW else self._outbox.finish())
                await self._socket.close(code, reason)
        except TimeoutError:
            if self._wire is not None:
                self._wire.abort()
        except (WebSocketDisconnect, RuntimeError):
            log.debug("socket.left", code=code)

    async def _send(self, frame: bytes) -> None:
        await self._socket.send_text(frame.decode())

    def _tell(self, message: Mapping[str, Any]) -> None:
        self._outbox.put(orjson.dumps(message))

    def _wake(self) -> None:
        if not self._is_ending and self._reader is not None:
            self._is_ending = True
            self._reader.cancel()

    async def _read(self) -> None:
        try:
            with self._door.initialising.limited():
                while self._caller is None:
                    await self._handle(await self._message())
        except TimeoutError:
            raise Closed(INIT_TIMEOUT, "Connection initialisation timeout") from None
        while True:
            await self._handle(await self._message())

    async def _message(self) -> dict[str, Any]:
        received = await self._socket.receive()
        if received["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(received.get("code", 1005), received.get("reason"))
        return read_message(received.get("text"))

    async def _handle(self, message: dict[str, Any]) -> None:
        kind = message.get("type")
        if kind == "connection_init":
            await self._initialise(message.get("payload"))
        elif kind == "ping":
            self._tell({"type": "pong"})
        elif kind == "subscribe":
            await self._subscribe(message)
        elif kind == "complete":
            self._complete(id_of(message))
        elif kind != "pong":
            raise Closed(BAD_MESSAGE, "Unknown message type")

    def _complete(self, id: str) -> None:
        running, follower = self._running.pop(id, None), self._followers.pop(id, None)
        if running is not None:
            running.cancel()
        if follower is not None:
            follower.leave()

    async def _initialise(self, payload: object) -> None:
        if self._is_initialised:
            raise Closed(SECOND_INIT, "Too many initialisation requests")
        if not isinstance(payload, dict | None):
            raise Closed(BAD_MESSAGE, "The payload is an object")
        self._is_initialised = True
        self._credentials = payload or {}
        try:
            self._door.admission.attempt(sender_of(self._socket))
        except RateLimited as limited:
            raise Closed(TRY_AGAIN_LATER, limited.code) from None
        caller = await self._identify()
        if caller.viewer is not None:
            try:
                self._door.streams.claim(self._stream, caller.viewer)
            except TooManyStreams as refusal:
                measures.refused_total.labels(refusal.code).inc()
                raise Closed(TOO_MANY_STREAMS, refusal.message) from None
        self._caller = caller
        moment = self._door.returning.enter(self._tell_moment)
        self._tell({"type": "connection_ack", "payload": {"retryAfterMs": moment}})

    def _tell_moment(self, retry_after_ms: int) -> None:
        self._tell({"type": "ping", "payload": {"retryAfterMs": retry_after_ms}})

    async def _identify(self) -> Caller:
        try:
            return await self._door.identify(self._socket, self._credentials)
        except Unavailable as away:
            raise Closed(TRY_AGAIN_LATER, away.code) from None
        except Refusal as refusal:
            raise Closed(FORBIDDEN, refusal.code) from None

    async def _current_caller(self) -> Caller:
        """Return who is on the socket now: whoever signed out, or was suspended, starts nothing any more."""
        if self._caller is None:
            raise Closed(NOT_ACKNOWLEDGED, "Unauthorized")
        if self._caller.viewer is None:
            return self._caller
        caller = await self._identify()
        if caller.viewer is None:
            raise Closed(FORBIDDEN, SIGN_IN_ENDED)
        return caller

    async def _subscribe(self, message: dict[str, Any]) -> None:
        caller = await self._current_caller()
        id = id_of(message)
        if id in self._running or id in self._followers:
            raise Closed(ID_IN_USE, f"Subscriber for {id} already exists")
        if len(self._live) + len(self._followers) >= OPERATIONS_MAX:
            self._refuse(id, [{"message": "Too many operations.", "extensions": {"code": "TOO_MANY_OPERATIONS"}}])
            return
        admitted = await self._admit(id, message.get("payload"), caller)
        if admitted is None:
            return
        if self._door.hub.serves(admitted.operation):
            await self._follow(id, admitted, caller)
            return
        task = asyncio.create_task(self._run(id, admitted, caller))
        self._running[id] = task
        self._live.add(task)
        task.add_done_callback(self._live.discard)

    async def _admit(self, id: str, payload: object, caller: Caller) -> Admitted | None:
        """Find the operation of a message, or tell the client why there is none."""
        try:
            sender = sender_of(self._socket, self._credentials)
            admitted = await self._door.admission.admit(request_of(payload), sender)
            self._door.admission.charge(admitted, caller)
            return admitted
        except RequestMalformed as malformed:
            self._refuse(id, problem_payload(malformed)["errors"])
        except OperationRefused as refused:
            self._refuse(id, refusal_answer(refused, operation_id=new_operation_id()).payload["errors"])
        except Refusal as refusal:
            measures.refused_total.labels(refusal.code).inc()
            self._refuse(id, [{"message": refusal.message, "extensions": extensions_of(refusal)}])
        return None

    async def _follow(self, id: str, admitted: Admitted, caller: Caller) -> None:
        """Follow what others follow too. It costs no task: the hub writes into the outbox."""
        follower = SocketFollower(id, caller.viewer, self._outbox, self._ended)
        self._followers[id] = follower
        try:
            follower.following = await self._door.hub.join(admitted.operation, admitted.request, caller, follower)
        except NotAdmitted as refused:
            del self._followers[id]
            self._refuse(id, refused.errors)

    def _ended(self, id: str) -> None:
        self._followers.pop(id, None)

    async def _run(self, id: str, admitted: Admitted, caller: Caller) -> None:
        graph = self._door.admission.graph
        answers = graph.stream(admitted.operation, admitted.request, caller, operation_id=new_operation_id())
        try:
            async with aclosing(answers):
                async for answer in answers:
                    if answer.is_refused:
                        self._refuse(id, answer.payload["errors"])
                        return
                    await self._outbox.room()
                    shown = self._door.admission.with_cost(answer, admitted)
                    self._tell({"id": id, "type": "next", "payload": shown.payload})
            self._tell({"id": id, "type": "complete"})
        finally:
            # A client may have completed this operation and begun another one under its id.
            if self._running.get(id) is asyncio.current_task():
                del self._running[id]

    def _refuse(self, id: str, errors: object) -> None:
        self._tell({"id": id, "type": "error", "payload": errors})


async def _end(tasks: list[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
