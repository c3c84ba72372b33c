"""The ASGI application: every door mounted, one runtime behind them, and an orderly end.

RequestLog ─ Security ─┬─ /graphql   POST, GET, SSE, WebSocket
                       ├─ /uploads /session /oauth /mailbox /play /posters /artwork /speke/v2
                       ├─ /healthz /readyz /metrics
                       └─ everything else: the page
"""

import asyncio
import signal
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from types import FrameType

import structlog
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from domain.authorization import AccessTokens
from domain.runtime import Runtime, open_runtime
from domain.settings import Environment, Settings
from edge import (
    artwork,
    catalog_files,
    health,
    mailbox,
    metrics,
    overlay,
    own_data,
    pages,
    play,
    posters,
    session,
    speke,
    uploads,
)
from edge.identity import caller_of, caller_of_socket, is_own_page
from edge.identity_providers import IdentityProviders
from edge.logs import configure_logs
from edge.oauth import routes as oauth
from edge.page_documents import PageDocuments
from edge.request_log import RequestLog
from edge.security import Security
from edge.traces import exporting_traces
from graph.admission import Admission
from graph.answering import Graph
from graph.limits import Limits
from graph.rates import Rates
from graph.schema import strawberry_schema
from graph.transports.http import HttpDoor
from graph.transports.hub import Hub
from graph.transports.returning import Returning
from graph.transports.revocation import end_with_sign_ins
from graph.transports.streams import OpenStreams
from graph.transports.websocket import WebSocketDoor
from graph.trusted import TrustedDocuments

GRAPHQL = "/graphql"

log = structlog.get_logger(__name__)


def create_app(given: Settings | Runtime) -> Starlette:
    """Make the application. With settings it opens a runtime of its own at start; a given one stays its giver's."""
    settings = given.settings if isinstance(given, Runtime) else given

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as opened:
            if isinstance(given, Runtime):
                runtime = given
            else:
                configure_logs(settings)
                opened.enter_context(exporting_traces(settings))
                runtime = await opened.enter_async_context(open_runtime(settings))
            app.state.runtime = runtime
            page = PageDocuments.open(is_development=settings.environment is Environment.DEVELOPMENT)
            admission = _admission(runtime, page)
            hub = await opened.enter_async_context(Hub(admission.graph).open())
            returning = Returning(app.state.streams.count)
            app.state.http_door, app.state.socket_door = _graphql_doors(admission, app.state.streams, hub, returning)
            await opened.enter_async_context(_beside(returning.tell_again()))
            await opened.enter_async_context(_beside(page.register(runtime)))
            await opened.enter_async_context(_beside(end_with_sign_ins(app.state.streams, runtime)))
            opened.enter_context(_on_termination(app.state.streams.close_all))
            log.info("app.started", public_url=settings.public_url, environment=settings.environment.value)
            yield
            log.info("app.ended")

    app = _App(
        routes=_routes(settings),
        middleware=[Middleware(RequestLog), Middleware(Security, settings=settings), Middleware(_GraphqlFirst)],
        lifespan=lifespan,
    )
    app.state.streams = OpenStreams(
        viewer_max=settings.graphql_streams_viewer, address_max=settings.graphql_streams_address
    )
    app.state.demo_sign_ins = session.demo_attempts()
    app.state.session_requests = session.session_requests()
    app.state.identity_providers = IdentityProviders(settings)
    app.state.access_tokens = AccessTokens(issuer=settings.public_url)
    return app


def _routes(settings: Settings) -> list[BaseRoute]:
    return [
        Route(GRAPHQL, _Graphql(), methods=["GET", "POST"]),
        *session.routes,
        *oauth.routes,
        *uploads.routes,
        *play.routes,
        *posters.routes,
        *artwork.routes,
        *catalog_files.routes,
        *own_data.routes,
        *overlay.routes,
        *speke.routes,
        *mailbox.routes,
        *health.routes,
        *metrics.routes,
        # The page answers every path that is left, so it comes last.
        *pages.page_routes(public_url=settings.public_url),
    ]


def _admission(runtime: Runtime, page: PageDocuments) -> Admission:
    settings = runtime.settings
    is_open = settings.environment is Environment.DEVELOPMENT
    graph = Graph(strawberry_schema(), runtime, limits=Limits(), is_open=is_open)
    trusted = TrustedDocuments(runtime, own=page.find)
    rates = Rates.of(viewer_per_s=settings.graphql_rate_viewer, address_per_s=settings.graphql_rate_address)
    return Admission(graph, trusted, rates, trusted_only=settings.graphql_trusted_only)


def _graphql_doors(
    admission: Admission, streams: OpenStreams, hub: Hub, returning: Returning
) -> tuple[HttpDoor, WebSocketDoor]:
    is_open = admission.graph.runtime.settings.environment is Environment.DEVELOPMENT
    return (
        HttpDoor(admission, caller_of, streams, hub, workbench=pages.workbench if is_open else None),
        WebSocketDoor(admission, caller_of_socket, is_own_page, streams, hub, returning),
    )


@asynccontextmanager
async def _beside(doing: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Let something run beside the block, at most until the block ends."""
    task = asyncio.create_task(doing)
    task.add_done_callback(_tell_of_a_fault)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def _tell_of_a_fault(task: asyncio.Task[None]) -> None:
    """Write what ended a task beside the requests when it ends, not only when the process does."""
    if not task.cancelled() and (fault := task.exception()) is not None:
        log.error("app.task_ended", exc_info=fault)


class _App(Starlette):
    """Without Starlette's own answer to faults: `RequestLog` has one, and each layer costs every request.

    Sockets come to their door through none: an open socket would keep all of them for as long as it is.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and scope["path"] == GRAPHQL:
            scope["app"] = self
            door: WebSocketDoor = self.state.socket_door
            await door(WebSocket(scope, receive, send))
        else:
            await super().__call__(scope, receive, send)

    def build_middleware_stack(self) -> ASGIApp:
        app: ASGIApp = ExceptionMiddleware(self.router, handlers=self.exception_handlers)
        for made, arguments, named in reversed(self.user_middleware):
            app = made(app, *arguments, **named)
        return app


class _Graphql:
    """The door as an ASGI application: a function as endpoint would be wrapped in layers that it does not need."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        door: HttpDoor = request.app.state.http_door
        response = await door(request)
        await response(scope, receive, send)


@dataclass(frozen=True)
class _GraphqlFirst:
    """ASGI middleware: the busiest door comes before the router."""

    app: ASGIApp
    door: ASGIApp = field(default_factory=_Graphql)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_ours = scope["type"] == "http" and scope["path"] == GRAPHQL and scope["method"] in ("GET", "POST")
        await (self.door if is_ours else self.app)(scope, receive, send)


@contextmanager
def _on_termination(act: Callable[[], None]) -> Iterator[None]:
    """Call `act` when the process is asked to end, before the server waits for open connections.

    The server's own handlers are called afterwards. A server drains its connections before it ends the lifespan, so
    endless streams would hold every shutdown for its whole timeout.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    previous = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def ask(number: int, frame: FrameType | None) -> None:
        # The handler interrupts whatever runs; the streams are only touched between two steps of the loop.
        loop.call_soon_threadsafe(act)
        handler = previous[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    for number, handler in previous.items():
        # A loop that watches signals itself is not to be bypassed; such a server ends its streams by its own timeout.
        if callable(handler):
            signal.signal(number, ask)
    try:
        yield
    finally:
        for number, handler in previous.items():
            if signal.getsignal(number) is ask:
                signal.signal(number, handler)
