"""Around every request: an operation id, one log line, its measures, a span, and an answer when something broke.

This is the ASGI edge: the one place besides the workers' loop where any exception is caught.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from random import getrandbits

import orjson
import structlog
from opentelemetry import trace
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.kernel.refusals import Refusal
from domain.kernel.tracing import span
from edge.logs import write_request_line
from edge.metrics import count_open, count_request, door_of
from edge.play import redacted_path
from edge.problem_responses import problem_response
from graph.transports.http import OPERATION

# Called every few seconds by machines: a line each would bury the rest.
_UNLOGGED = frozenset({"/healthz", "/readyz", "/metrics"})
PATH_MAX_CHARS = 300
OPERATION_ID_HEADER = b"x-operation-id"
_NO_OPERATION: Mapping[str, str] = {}

log = structlog.get_logger("marquee.requests")
tracer = trace.get_tracer("marquee.edge")


@dataclass(frozen=True)
class RequestLog:
    """ASGI middleware; the outermost of all."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = _Observed(scope, send)
        scope["operation_id"] = request.operation_id
        structlog.contextvars.bind_contextvars(operation_id=request.operation_id)
        count_open(1)
        with span(tracer, f"{scope['method']} {door_of(scope['path'])}", kind=trace.SpanKind.SERVER):
            try:
                await self.app(scope, receive, request.send)
            except Exception as fault:  # the ASGI edge
                await request.answer_fault(fault, receive)
            finally:
                count_open(-1)
                request.finish()


class _Observed:
    """One request while it is answered."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self.operation_id = f"{getrandbits(128):032x}"
        self._scope = scope
        self._send = send
        self._began = time.perf_counter()
        self._status: int | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            message["headers"] = [*message.get("headers", ()), (OPERATION_ID_HEADER, self.operation_id.encode())]
        await self._send(message)

    async def answer_fault(self, fault: Exception, receive: Receive) -> None:
        """Answer a request whose handler raised: a refusal as such, anything else as a fault of ours."""
        if not isinstance(fault, Refusal):
            log.error("request.fault", path=self._path, exc_info=fault)
        if self._status is not None:
            # The answer has begun. Ending here cuts it off, which a client can tell from a whole one.
            raise fault
        if isinstance(fault, Refusal):
            await problem_response(fault)(self._scope, receive, self.send)
            return
        body = {
            "code": "INTERNAL_ERROR",
            "message": f"Something went wrong on our side. Quote operation {self.operation_id} when you report it.",
        }
        await self.send(
            {"type": "http.response.start", "status": 500, "headers": [(b"content-type", b"application/json")]}
        )
        await self.send({"type": "http.response.body", "body": orjson.dumps(body)})

    def finish(self) -> None:
        """Count the request and write its line."""
        took_s = time.perf_counter() - self._began
        path, method = self._scope["path"], self._scope["method"]
        # A client that leaves before the answer begins has no status; 499 is what servers write for it.
        status = self._status or 499
        count_request(path=path, method=method, status=status, took_s=took_s)
        if path not in _UNLOGGED:
            level = "warning" if status >= 500 else "info"
            write_request_line(
                level,
                operation_id=self.operation_id,
                path=self._path,
                method=method,
                status=status,
                milliseconds=round(took_s * 1000, 1),
                **self._scope.get(OPERATION, _NO_OPERATION),
            )

    @property
    def _path(self) -> str:
        path: str = self._scope["path"]
        # A token has a slash before it: "/play/…", however it is written.
        return path[:PATH_MAX_CHARS] if path.count("/") < 2 else redacted_path(path)[:PATH_MAX_CHARS]
