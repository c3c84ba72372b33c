"""Serves the ASGI app with uvicorn, tuned for many open sockets."""

import gc
import socket

import uvicorn

from domain.settings import Settings
from edge.app import create_app
from edge.wires import HttpWire, SocketWire

# How long open requests may take to finish after SIGTERM.
DRAIN_TIMEOUT_S = 10
KEEP_ALIVE_S = 75
BACKLOG = 2048
# A subscription frame from a client is small; uploads do not travel over sockets.
SOCKET_FRAME_MAX_BYTES = 1024 * 1024
SOCKET_PING_EVERY_S = 15
SOCKET_PONG_WITHIN_S = 10


def serve(settings: Settings, *, fd: int | None = None) -> None:
    """Serve until SIGTERM or SIGINT, on HOST and PORT or on the open socket `fd`."""
    config = uvicorn.Config(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http=HttpWire,
        # The sans-io implementation costs a third of the others per message; compression would cost more than it saves.
        ws=SocketWire,
        # A client that answers no ping is dropped within half a minute.
        ws_ping_interval=SOCKET_PING_EVERY_S,
        ws_ping_timeout=SOCKET_PONG_WITHIN_S,
        ws_max_size=SOCKET_FRAME_MAX_BYTES,
        ws_per_message_deflate=False,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=DRAIN_TIMEOUT_S,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
    )
    # A socket made from its number knows its own family; uvicorn would take it for a Unix socket.
    sockets = None if fd is None else [socket.socket(fileno=fd)]
    _Server(config).run(sockets=sockets)


class _Server(uvicorn.Server):
    """Leaves what was loaded at start out of every later collection, which would walk over it in vain."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        gc.freeze()
        gc.enable()
