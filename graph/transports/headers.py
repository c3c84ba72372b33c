"""The headers of a request, read once: several doors and rules look at the same few of them."""

from collections.abc import Mapping

from starlette.requests import HTTPConnection

_READ = "marquee.headers"


def headers_of(connection: HTTPConnection) -> Mapping[str, str]:
    """Return the headers by their names in lower case, as servers give them (ASGI, "HTTP connection scope").

    Of several with one name it is the first.
    """
    scope = connection.scope
    read: Mapping[str, str] | None = scope.get(_READ)
    if read is None:
        read = scope[_READ] = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(scope["headers"])
        }
    return read
