"""The SPEKE v2 door: outside encryptors fetch content keys here, with a bearer token of their own.

Without a token in the settings there is no such door. Source: AWS, "SPEKE API v2", request and response headers.
"""

import hmac
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.drm.keys import KeyTaken
from domain.drm.speke import answer_speke
from domain.drm.speke_request import REQUEST_MAX_BYTES
from domain.kernel.refusals import InvalidInput, NotFound, Refusal, Unavailable
from domain.runtime import Runtime
from edge.problem_responses import problem_response

SPEKE_VERSION = "2.0"
_HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Speke-User-Agent": "Marquee",
    "X-Speke-Version": SPEKE_VERSION,
}


async def speke(request: Request) -> Response:
    """Answer a key request of an encryptor."""
    runtime: Runtime = request.app.state.runtime
    token = runtime.settings.speke_token
    if not token:
        return problem_response(NotFound("page", "speke"))
    shown = request.headers.get("authorization", "")
    if not hmac.compare_digest(shown.encode(), f"Bearer {token}".encode()):
        return Response(status_code=401, headers={**_HEADERS, "WWW-Authenticate": "Bearer"})
    try:
        filled = await _answer(request, runtime)
    except Refusal as refusal:
        problem = problem_response(refusal, status=_status(refusal))
        problem.headers.update(_HEADERS)
        return problem
    return Response(filled, headers=dict(_HEADERS), media_type="application/xml")


async def _answer(request: Request, runtime: Runtime) -> bytes:
    if request.headers.get("x-speke-version") != SPEKE_VERSION:
        raise InvalidInput("X-Speke-Version", f"must be {SPEKE_VERSION}")
    document = b""
    async for chunk in request.stream():
        document += chunk
        if len(document) > REQUEST_MAX_BYTES:
            raise InvalidInput("document", f"must be at most {REQUEST_MAX_BYTES} bytes")
    async with runtime.work() as work:
        return await answer_speke(work, reads=runtime.reads(), keyring=runtime.keyring, document=document)


def _status(refusal: Refusal) -> int:
    """Encryptors take 422 for a document they must change, and try again after anything from 500 on."""
    if isinstance(refusal, Unavailable):
        return 503
    if isinstance(refusal, NotFound):
        return 404
    return 409 if isinstance(refusal, KeyTaken) else 422


routes = [Route("/speke/v2", speke, methods=["POST"])]
