"""Reading operations off the wire: JSON bodies, query strings and subscribe messages, into one form.

RequestMalformed   it is no GraphQL request at all; `status` says how over HTTP
"""

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.requests import ClientDisconnect, Request

from graph.answering import GraphQLRequest

# Documents are bounded on their own; the rest is variables.
BODY_MAX_BYTES = 256 * 1024
JSON_TYPES = ("application/json", "application/graphql+json")


class RequestMalformed(Exception):
    """This is no GraphQL request. `message` says what one looks like."""

    def __init__(self, message: str, *, status: int = 400, code: str = "BAD_REQUEST") -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code


async def read_request(request: Request) -> GraphQLRequest:
    """Read the operation of an HTTP request.

    Raises:
        RequestMalformed.
    """
    if request.method == "GET":
        return _from_query_string(request)
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in JSON_TYPES:
        # Browsers send other types across origins without asking first, so accepting them would invite forgery.
        raise RequestMalformed("Send application/json.", status=415, code="UNSUPPORTED_MEDIA_TYPE")
    return request_of(_json(await _body(request), "body"))


def request_of(given: object) -> GraphQLRequest:
    """Check the parameters of a GraphQL request.

    Raises:
        RequestMalformed.
    """
    if isinstance(given, list):
        raise RequestMalformed("Batches are not accepted. Send one operation at a time.", code="BATCH_REFUSED")
    if not isinstance(given, dict):
        raise RequestMalformed("Send an object with a query.")
    query = given.get("query")
    if not isinstance(query, str) or not query:
        raise RequestMalformed("Send the document as `query`, a text.")
    name = given.get("operationName") or None
    if name is not None and not isinstance(name, str):
        raise RequestMalformed("`operationName` is a text.")
    variables: object = given.get("variables")
    if variables is not None and not isinstance(variables, dict):
        raise RequestMalformed("`variables` is an object.")
    if not isinstance(given.get("extensions"), dict | None):
        raise RequestMalformed("`extensions` is an object.")
    return GraphQLRequest(query, name, variables or {})


def _from_query_string(request: Request) -> GraphQLRequest:
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
    too_long = RequestMalformed(f"Send at most {BODY_MAX_BYTES} bytes.", status=413, code="BODY_TOO_LONG")
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > BODY_MAX_BYTES:
        raise too_long
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > BODY_MAX_BYTES:
                raise too_long
    except ClientDisconnect:
        raise RequestMalformed("The body ended early.") from None
    return bytes(body)


def _json(text: bytes, what: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise RequestMalformed(f"The {what} is not JSON.") from None


def problem_payload(malformed: RequestMalformed) -> Mapping[str, object]:
    """Write a malformed request's answer, in the form of any other GraphQL answer."""
    return {"errors": [{"message": malformed.message, "extensions": {"code": malformed.code}}]}
