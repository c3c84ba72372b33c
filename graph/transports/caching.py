"""Queries by GET whose document has an id: what caches may keep of their answers (RFC 9111).

The answer to somebody depends on who it is, so only the browser keeps it, and asks each time whether it still holds.
The answer to nobody in particular is the same for all who accept the same languages: shared caches give it out for a
while. A shared cache has to respect `Vary`, or to pass on requests that carry a cookie or an Authorization header.
"""

from hashlib import blake2b

from starlette.requests import Request
from starlette.responses import Response

from graph.transports.headers import headers_of

# What everybody may see changes when editors publish or a right opens; this is how late a stranger may see it.
SHARED_MAX_AGE_S = 60
_SHARED = f"public, max-age=0, s-maxage={SHARED_MAX_AGE_S}, must-revalidate"
_PRIVATE = "private, no-cache"
_VARY = "Accept, Accept-Language, Authorization, Cookie"
_TAG_BYTES = 16
_TAGS_MAX = 20


def cacheable(response: Response, request: Request, *, is_anonymous: bool) -> Response:
    """Mark an answer with its tag and who may keep it; answer 304 when the client has it already."""
    headers = {
        "Cache-Control": _SHARED if is_anonymous else _PRIVATE,
        "Vary": _VARY,
        "ETag": _tag_of(bytes(response.body), response.headers["content-type"]),
    }
    if _has_already(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    response.headers.update(headers)
    return response


def _tag_of(body: bytes, media_type: str) -> str:
    # Representations of different types never share a tag (RFC 9110, section 8.8.3).
    return f'"{blake2b(body, digest_size=_TAG_BYTES, person=media_type.encode()[:16]).hexdigest()}"'


def _has_already(request: Request, tag: str) -> bool:
    """Compare weakly, as RFC 9110, section 13.1.2 asks: proxies that compress mark a tag as weak."""
    tags = headers_of(request).get("if-none-match", "").split(",")[:_TAGS_MAX]
    return any(given.strip().removeprefix("W/") in (tag, "*") for given in tags)
