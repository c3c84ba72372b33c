"""Refusals as HTTP answers, for doors that are not GraphQL: a status, a code and a message for people."""

import math

import orjson
from starlette.responses import Response

from domain.kernel.refusals import (
    Forbidden,
    InvalidInput,
    NotFound,
    RateLimited,
    Refusal,
    SignInRequired,
    StaleVersion,
    Unavailable,
)

_STATUS: tuple[tuple[type[Refusal], int], ...] = (
    (NotFound, 404),
    (InvalidInput, 400),
    (SignInRequired, 401),
    (Forbidden, 403),
    (StaleVersion, 409),
    (RateLimited, 429),
    (Unavailable, 503),
)


def problem_response(refusal: Refusal, *, status: int | None = None) -> Response:
    """Return the answer to a refused request. `status` is for refusals whose meaning depends on the door."""
    code = status or next((code for kind, code in _STATUS if isinstance(refusal, kind)), 403)
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    if isinstance(refusal, RateLimited | Unavailable):
        headers["Retry-After"] = str(max(1, math.ceil(refusal.retry_after_s)))
    body = orjson.dumps({"code": refusal.code, "message": refusal.message})
    return Response(body, status_code=code, headers=headers, media_type="application/json")
