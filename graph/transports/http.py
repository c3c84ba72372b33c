"""The HTTP door: POST and GET, after the GraphQL over HTTP specification (working draft), and streams over SSE.

Queries may come by GET, mutations only by POST with a JSON body, which browsers never send across origins without
asking first. Caches may keep the answer to a query by GET whose document has an id, see `caching`. The status is 200
whenever something was executed; a request that was wrong in itself gets 400, unless the client only understands
`application/json`, which promises 200 for every well-formed request.
"""

import math
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from functools import lru_cache

import orjson
from graphql import OperationType
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from domain.kernel.refusals import RateLimited, Refusal, Unavailable
from graph import measures
from graph.admission import Admission, Admitted
from graph.answering import Answer, new_operation_id, refusal_answer
from graph.context import Caller
from graph.operations import OperationRefused
from graph.refusal_fields import extensions_of
from graph.transports.caching import cacheable
from graph.transports.headers import headers_of
from graph.transports.hub import Hub
from graph.transports.requests import ID_NAMES, RequestMalformed, problem_payload, read_request, sender_of
from graph.transports.sse import EVENT_STREAM, EventStream, SharedEventStream
from graph.transports.streams import OpenStreams, TooManyStreams

GRAPHQL_RESPONSE = "application/graphql-response+json"
JSON = "application/json"
ALLOWED = {"Allow": "GET, POST"}
# Where the scope says what was asked for, as the request's log line has it.
OPERATION = "marquee.operation"

Identify = Callable[[HTTPConnection], Awaitable[Caller]]


@dataclass(frozen=True)
class HttpDoor:
    """Answers operations over HTTP. `identify` tells who sends one; `workbench` is the page for people, if any."""

    admission: Admission
    identify: Identify
    streams: OpenStreams
    hub: Hub
    workbench: Callable[[], Response] | None = None

    async def __call__(self, request: Request) -> Response:
        """Answer one request. Never raises for what a client can get wrong."""
        if self.workbench is not None and _is_visit(request):
            return self.workbench()
        wanted = _wanted(headers_of(request).get("accept", ""))
        if wanted is None:
            return _written(Answer(_UNACCEPTABLE), JSON, status=406)
        operation_id = request.scope.get("operation_id") or new_operation_id()
        try:
            admitted = await self._admit(request, wanted)
            caller = await self.identify(request)
            self.admission.charge(admitted, caller)
        except RequestMalformed as malformed:
            headers = ALLOWED if malformed.status == 405 else None
            return _written(
                Answer(problem_payload(malformed)), _plain(wanted), status=malformed.status, headers=headers
            )
        except OperationRefused as refused:
            return self._refused(refusal_answer(refused, operation_id=operation_id), wanted)
        except Refusal as refusal:
            return _refusal(refusal, _plain(wanted))
        request.scope[OPERATION] = {"operation": admitted.operation.name or "anonymous"}
        if wanted == EVENT_STREAM:
            return self._event_stream(request, admitted, caller, operation_id)
        graph = self.admission.graph
        answer = await graph.answer(admitted.operation, admitted.request, caller, operation_id=operation_id)
        if answer.is_refused:
            return self._refused(answer, wanted)
        response = _written(self.admission.with_cost(answer, admitted), wanted)
        if request.method == "POST" or not admitted.is_named or answer.has_errors:
            return response
        return cacheable(response, request, is_anonymous=caller.viewer is None)

    async def _admit(self, request: Request, wanted: str) -> Admitted:
        admitted = await self.admission.admit(await read_request(request), sender_of(request))
        if request.method != "POST" and admitted.operation.kind is OperationType.MUTATION:
            raise RequestMalformed("Send mutations by POST.", status=405, code="METHOD_NOT_ALLOWED")
        if admitted.operation.kind is OperationType.SUBSCRIPTION and wanted != EVENT_STREAM:
            message = f"Ask for a subscription with `Accept: {EVENT_STREAM}`, or over a WebSocket."
            raise RequestMalformed(message, code="STREAM_REQUIRED")
        return admitted

    def _event_stream(self, request: Request, admitted: Admitted, caller: Caller, operation_id: str) -> Response:
        try:
            self.streams.check(caller.address, caller.viewer)
        except TooManyStreams as refusal:
            return _refusal(refusal, JSON)
        if self.hub.serves(admitted.operation):
            since = headers_of(request).get("last-event-id")
            return SharedEventStream(self.hub, self.streams, admitted, caller, since)
        return EventStream(self._stream(admitted, caller, operation_id), self.streams, caller)

    async def _stream(self, admitted: Admitted, caller: Caller, operation_id: str) -> AsyncGenerator[Answer, None]:
        graph = self.admission.graph
        answers = graph.stream(admitted.operation, admitted.request, caller, operation_id=operation_id)
        async with aclosing(answers):
            async for answer in answers:
                yield self.admission.with_cost(answer, admitted)

    @staticmethod
    def _refused(answer: Answer, wanted: str) -> Response:
        if wanted == EVENT_STREAM:
            # In a stream, errors of the document come as its only event ("GraphQL over SSE", distinct connections).
            return EventStream(_once(answer), OpenStreams(), Caller())
        return _written(answer, wanted, status=400 if wanted == GRAPHQL_RESPONSE else 200)


_UNACCEPTABLE = problem_payload(
    RequestMalformed(f"This answers with {GRAPHQL_RESPONSE}, {JSON} or {EVENT_STREAM}.", code="NOT_ACCEPTABLE")
)


async def _once(answer: Answer) -> AsyncGenerator[Answer, None]:
    yield answer


def _refusal(refusal: Refusal, media_type: str) -> Response:
    """Answer a request whose sender cannot be known at the moment, may not ask at all, or asks too much."""
    measures.refused_total.labels(refusal.code).inc()
    answer = Answer({"errors": [{"message": refusal.message, "extensions": extensions_of(refusal)}]})
    if isinstance(refusal, TooManyStreams):
        return _written(answer, media_type, status=429)
    if isinstance(refusal, RateLimited | Unavailable):
        headers = {"Retry-After": str(max(1, math.ceil(refusal.retry_after_s)))}
        return _written(answer, media_type, status=429 if isinstance(refusal, RateLimited) else 503, headers=headers)
    return _written(answer, media_type, status=403)


def _is_visit(request: Request) -> bool:
    """Tell a browser that opens the address from a client that asks something."""
    if request.method != "GET" or "text/html" not in _types(request):
        return False
    return not any(name in request.query_params for name in ("query", "extensions", *ID_NAMES))


def _types(request: Request) -> list[str]:
    return [part.partition(";")[0].strip().lower() for part in headers_of(request).get("accept", "").split(",")]


# A client sends the same header every time; what others make up is not kept for long.
@lru_cache(maxsize=256)
def _wanted(accept: str) -> str | None:
    """Choose the media type of the answer; None when the client accepts none of ours (RFC 9110, section 12.5.1).

    Whoever does not name the newer type may not know it, and gets JSON.
    """
    if not accept.strip():
        return JSON
    weighed = [(_weight(part), part.partition(";")[0].strip()) for part in accept.lower().split(",")]
    best = max((weight for weight, type_ in weighed if type_ in _OURS), default=0.0)
    types = [type_ for weight, type_ in weighed if weight == best and type_ in _OURS]
    if best <= 0:
        return None
    # A client that would rather have JSON names a stream after it, or with less weight.
    if types[0] == EVENT_STREAM:
        return EVENT_STREAM
    return GRAPHQL_RESPONSE if GRAPHQL_RESPONSE in types else JSON


_OURS = (EVENT_STREAM, GRAPHQL_RESPONSE, JSON, "*/*", "application/*")


def _weight(part: str) -> float:
    for parameter in part.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


def _plain(wanted: str) -> str:
    return JSON if wanted == EVENT_STREAM else wanted


def _written(answer: Answer, media_type: str, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    response = _Written(orjson.dumps(answer.payload), _TYPES[media_type], status)
    if headers:
        response.headers.update(headers)
    return response


_TYPES = {type_: f"{type_}; charset=utf-8".encode() for type_ in (GRAPHQL_RESPONSE, JSON)}
_NOT_KEPT = (b"cache-control", b"no-store")
_BY_TYPE = (b"vary", b"Accept")


class _Written(Response):
    """An answer with its headers as they are sent: the same few each time."""

    def __init__(self, body: bytes, content_type: bytes, status: int) -> None:
        self.status_code = status
        self.background = None
        self.body = body
        self.raw_headers = [
            (b"content-length", b"%d" % len(body)),
            (b"content-type", content_type),
            _NOT_KEPT,
            _BY_TYPE,
        ]
