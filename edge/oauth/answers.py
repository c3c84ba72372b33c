"""Answers of the authorization server as HTTP, and who else's pages may read them."""

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from edge.oauth.protocol import Answer

# Browsers ask before they send a form with an Authorization header from another site. No door that says this looks at
# cookies, so there is nothing to steal by asking.
OPEN_TO_PAGES = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "Authorization, Content-Type",
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Max-Age": "600",
}
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


def json_response(answer: Answer, *, is_open: bool = True) -> Response:
    """Write an answer for a client; `is_open` lets pages of other sites read it."""
    headers = {**NO_STORE, **(OPEN_TO_PAGES if is_open else {})}
    if answer.status == 401:
        headers["WWW-Authenticate"] = answer.headers.get("WWW-Authenticate", 'Basic realm="oauth"')
    return Response(
        orjson.dumps(answer.body), status_code=answer.status, headers=headers, media_type="application/json"
    )


def document_response(document: object, *, max_age_s: int) -> Response:
    """Write a document that is the same for everybody."""
    headers = {"Cache-Control": f"public, max-age={max_age_s}", **OPEN_TO_PAGES}
    return Response(orjson.dumps(document), headers=headers, media_type="application/json")


def redirect(location: str) -> Response:
    """Send a browser on with a plain GET, whatever it came with (RFC 9700, section 4.12)."""
    return RedirectResponse(location, status_code=303, headers=NO_STORE)


async def preflight(_request: Request) -> Response:
    """Answer a browser that asks before it sends what a page of another site wants it to."""
    return Response(status_code=204, headers=OPEN_TO_PAGES)
