"""What this process counts, for Prometheus to fetch from `/metrics`."""

from dataclasses import dataclass

from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.runtime import Runtime
from graph.timings import Timings

# From a cached segment to a long upload.
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)

requests = Timings(
    counter=("marquee_http_requests", "Answered requests."),
    histogram=("marquee_http_request_seconds", "Time to the answer's end."),
    labels=["door", "method", "status"],
    bounds_s=_SECONDS,
)
requests_open = Gauge("marquee_http_requests_open", "Requests being answered.")
connections_used = Gauge("marquee_database_connections_used", "Database connections lent out.", ["pool"])
bus_up = Gauge("marquee_bus_up", "Whether the doorbell line stands.")


@dataclass
class _Open:
    """How many requests are being answered."""

    count: int = 0


_open = _Open()
requests_open.set_function(lambda: _open.count)

# The first part of a path names the door; anything else is the page. Labels never hold what a client may invent.
_DOORS = frozenset(
    {"graphql", "uploads", "session", "play", "posters", "speke", "assets", "healthz", "readyz", "metrics"}
)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def door_of(path: str) -> str:
    """Return the name of the door a path leads to."""
    first = path.lstrip("/").partition("/")[0]
    return first if first in _DOORS else "page"


def count_open(change: int) -> None:
    """Count a request that begins, or one that ends."""
    _open.count += change


def count_request(*, path: str, method: str, status: int, took_s: float) -> None:
    """Count an answered request."""
    requests.add((door_of(path), method if method in _METHODS else "other", str(status)), took_s)


async def metrics(request: Request) -> Response:
    """Write every measure in the text format of Prometheus."""
    runtime: Runtime = request.app.state.runtime
    connections_used.labels("write").set(runtime.database.writers.lent)
    connections_used.labels("read").set(runtime.database.readers.lent)
    bus_up.set(1 if runtime.bus.healthy else 0)
    return Response(generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST, "Cache-Control": "no-store"})


routes = [Route("/metrics", metrics, methods=["GET"])]
