"""Pictures that editors uploaded, as we re-encoded them.

A file is named by the SHA-256 of its bytes, which only somebody who may see its title is told. So a name is all it
takes, no question to the database, and a cache may keep what it got for ever.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.kernel.refusals import NotFound, Refusal
from domain.media.artwork import HASH_CHARS, format_of, object_key_of
from domain.runtime import Runtime
from edge.problem_responses import problem_response
from edge.stored_objects import object_response

# A year is the longest that RFC 9111 lets a cache believe; `immutable` is from RFC 8246.
FOREVER = "public, max-age=31536000, immutable"


async def artwork(request: Request) -> Response:
    """Answer with one file."""
    runtime: Runtime = request.app.state.runtime
    name: str = request.path_params["name"]
    try:
        format = format_of(name)
        if format is None:
            raise NotFound("artwork", name[:HASH_CHARS])
        response = await object_response(
            request,
            runtime.objects,
            object_key_of(name),
            media_type=format.media_type,
            cache_control=FOREVER,
            etag=f'"{name[:HASH_CHARS]}"',
        )
    except Refusal as refusal:
        missing = isinstance(refusal, NotFound)
        return problem_response(NotFound("artwork", name[:HASH_CHARS]) if missing else refusal)
    response.headers["X-Content-Type-Options"] = "nosniff"
    # Pages of any frontend show it; opened by itself it is a picture and can be nothing else.
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


routes = [Route("/artwork/{name:path}", artwork, methods=["GET", "HEAD"])]
