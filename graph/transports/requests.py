"""Reading operations off the wire: JSON bodies, query strings and subscribe messages, into one form.

RequestMalformed   it is no GraphQL request at all; `status` says how over HTTP
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Any

import orjson
from starlette.requests import HTTPConnection, Request

from graph.admission import Asked, Sender
from graph.context import ADDRESS_UNKNOWN
from graph.transports.headers import headers_of
from graph.trusted import ClientProgram

# Documents are bounded on their own; the rest is variables.
BODY_MAX_BYTES = 256 * 1024
JSON_TYPES = ("application/json", "application/graphql+json")
# The id of a registered document: as GraphQL over HTTP names it, then as Relay's examples and its users do.
ID_NAMES = ("documentId", "doc_id", "id")
ID_MAX_CHARS = 256
# How clients name themselves. Over sockets the same names stand in the payload of connection_init.
CLIENT_NAMES = ("graphql-client-name", "x-graphql-client-name", "apollographql-client-name")
CLIENT_VERSIONS = ("graphql-client-version", "x-graphql-client-version", "apollographql-client-version")
CLIENT_MAX_CHARS = 100
APQ_VERSION = 1
_NAMELESS = ClientProgram(None, None)


class RequestMalformed(Exception):
    """This is no GraphQL request. `message` says what one looks like."""

    def __init__(self, message: str, *, status: int = 400, code: str = "BAD_REQUEST") -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code


async def read_request(request: Request) -> Asked:
    """Read the operation of an HTTP request.

    Raises:
        RequestMalformed.
    """
    if request.method in ("GET", "HEAD"):
        return _from_query_string(request)
    if not _is_json(headers_of(request).get("content-type", "")):
        # Browsers send other types across origins without asking first, so accepting them would invite forgery.
        raise RequestMalformed("Send application/json.", status=415, code="UNSUPPORTED_MEDIA_TYPE")
    return request_of(_json(await _body(request), "body"))


def request_of(given: object) -> Asked:
    """Check the parameters of a GraphQL request.

    Raises:
        RequestMalformed.
    """
    if isinstance(given, list):
        raise RequestMalformed("Batches are not accepted. Send one operation at a time.", code="BATCH_REFUSED")
    if not isinstance(given, dict):
        raise RequestMalformed("Send an object with a query, or with the id of a registered document.")
    name: object = given.get("operationName")
    if not isinstance(name, str | None):
        raise RequestMalformed("`operationName` is a text.")
    variables: object = given.get("variables")
    if variables is not None and not isinstance(variables, dict):
        raise RequestMalformed("`variables` is an object.")
    extensions: object = given.get("extensions")
    if not isinstance(extensions, dict | None):
        raise RequestMalformed("`extensions` is an object.")
    query, document_id, hash = _document_of(given, extensions or {})
    shows_cost = (extensions or {}).get("cost") is True
    return Asked(query, document_id, hash, name or None, variables or {}, shows_cost)


def sender_of(connection: HTTPConnection, credentials: Mapping[str, Any] | None = None) -> Sender:
    """Return which program asks, by its headers or by the payload of connection_init, and from which address."""
    headers = headers_of(connection)
    program = _program_of(credentials, headers) if credentials else _program_of(headers)
    return Sender(program, address_of(connection))


def address_of(connection: HTTPConnection) -> str:
    """Return the network address a request comes from; behind trusted proxies, the one they tell."""
    return ADDRESS_UNKNOWN if connection.client is None else _plain_address(connection.client.host)


@lru_cache(maxsize=10_000)
def _plain_address(host: str) -> str:
    """Return an IPv4 address as such, also when a socket for both families wrote it as IPv6."""
    try:
        parsed = ip_address(host)
    except ValueError:
        # A Unix socket, or a test, has none.
        return host
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return host if mapped is None else str(mapped)


def _document_of(given: Mapping[str, Any], extensions: Mapping[str, Any]) -> tuple[str | None, str | None, str | None]:
    """Return the document's text, id and hash, as far as they are given."""
    query = given.get("query") or None
    document_id = next((given[name] for name in ID_NAMES if given.get(name)), None)
    hash = _hash_of(extensions.get("persistedQuery"))
    if query is None and document_id is None and hash is None:
        raise RequestMalformed("Send the document as `query`, a text, or its id as `documentId`.")
    if not isinstance(query, str | None):
        raise RequestMalformed("`query` is a text.")
    if not isinstance(document_id, str | None) or len(document_id or "") > ID_MAX_CHARS:
        raise RequestMalformed(f"`documentId` is a text of at most {ID_MAX_CHARS} characters.")
    if document_id is not None and (query is not None or hash is not None):
        raise RequestMalformed("Name the document once: by `query`, by `documentId`, or by its hash.")
    return query, document_id, hash


def _hash_of(persisted: object) -> str | None:
    if persisted is None:
        return None
    if isinstance(persisted, dict) and persisted.get("version") == APQ_VERSION:
        hash: object = persisted.get("sha256Hash")
        if isinstance(hash, str) and 0 < len(hash) <= ID_MAX_CHARS:
            return hash
    raise RequestMalformed(f'`persistedQuery` is {{"version": {APQ_VERSION}, "sha256Hash": "…"}}.')


def _program_of(*given: Mapping[str, Any]) -> ClientProgram:
    name = next((found for one in given if (found := _first_of(CLIENT_NAMES, one))), None)
    if name is None:
        return _NAMELESS
    return ClientProgram(name, next((found for one in given if (found := _first_of(CLIENT_VERSIONS, one))), None))


def _first_of(names: Sequence[str], given: Mapping[str, Any]) -> str | None:
    for name in names:
        value: object = given.get(name)
        if value:
            return value if isinstance(value, str) and len(value) <= CLIENT_MAX_CHARS else None
    return None


# A client sends the same header every time.
@lru_cache(maxsize=256)
def _is_json(content_type: str) -> bool:
    return content_type.partition(";")[0].strip().lower() in JSON_TYPES


def _from_query_string(request: Request) -> Asked:
    given: dict[str, object] = dict(request.query_params)
    for name in ("variables", "extensions"):
        text = request.query_params.get(name)
        if text:
            given[name] = _json(text.encode(), name)
        else:
            given.pop(name, None)
    return request_of(given)


async def _body(request: Request) -> bytes:
    """Read the body, and stop as soon as it is too long, whatever its header claims."""
    announced = headers_of(request).get("content-length", "")
    if announced.isdecimal() and int(announced) > BODY_MAX_BYTES:
        raise _too_long()
    message = await request.receive()
    if message["type"] == "http.request" and not message.get("more_body", False):
        # The usual case: it came in one piece, which the server has bounded.
        return _bounded(message.get("body", b""))
    body = bytearray()
    while message["type"] == "http.request":
        body += message.get("body", b"")
        if len(body) > BODY_MAX_BYTES or not message.get("more_body", False):
            return _bounded(bytes(body))
        message = await request.receive()
    raise RequestMalformed("The body ended early.")


def _bounded(body: bytes) -> bytes:
    if len(body) > BODY_MAX_BYTES:
        raise _too_long()
    return body


def _too_long() -> RequestMalformed:
    return RequestMalformed(f"Send at most {BODY_MAX_BYTES} bytes.", status=413, code="BODY_TOO_LONG")


def _json(text: bytes, what: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise RequestMalformed(f"The {what} is not JSON.") from None


def problem_payload(malformed: RequestMalformed) -> Mapping[str, object]:
    """Write a malformed request's answer, in the form of any other GraphQL answer."""
    return {"errors": [{"message": malformed.message, "extensions": {"code": malformed.code}}]}
