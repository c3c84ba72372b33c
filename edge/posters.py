"""Poster frames. Those of published titles are for everybody, those of others for editors."""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.accounts import Role
from domain.catalog import TitleState, titles_by_id
from domain.kernel.refusals import NotFound, Refusal
from domain.media.asset import Asset, poster_key
from domain.media.assets import assets_by_id
from domain.runtime import Runtime
from edge.identity import viewer_of
from edge.play_paths import JPEG_TYPE
from edge.problem_responses import problem_response
from edge.stored_objects import object_response

# A poster never changes under its asset; but a withdrawn title should leave shared caches within minutes.
PUBLIC_CACHE = "public, max-age=300"
EDITORS_CACHE = "private, max-age=300"


async def poster(request: Request) -> Response:
    """Answer with one poster."""
    runtime: Runtime = request.app.state.runtime
    try:
        asset, is_public = await _find(request, runtime)
        response = await object_response(
            request,
            runtime.objects,
            poster_key(asset.id, request.path_params["width"]),
            media_type=JPEG_TYPE,
            cache_control=PUBLIC_CACHE if is_public else EDITORS_CACHE,
        )
    except Refusal as refusal:
        missing = isinstance(refusal, NotFound)
        response = problem_response(NotFound("poster", request.url.path[:80]) if missing else refusal)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


async def _find(request: Request, runtime: Runtime) -> tuple[Asset, bool]:
    """Return the asset and whether its title is published.

    Raises:
        NotFound: no such poster, or none for this viewer.
    """
    asset_id: UUID = request.path_params["asset_id"]
    asset = (await assets_by_id(runtime.reads(), [asset_id]))[0]
    if asset is None or request.path_params["width"] not in asset.poster_widths:
        raise NotFound("poster", asset_id)
    title = (await titles_by_id(runtime.reads(), [asset.title_id]))[0]
    if title is not None and title.state is TitleState.PUBLISHED:
        return asset, True
    viewer = await viewer_of(request)
    if viewer is None or Role.EDITOR not in viewer.roles:
        raise NotFound("poster", asset_id)
    return asset, False


routes = [Route("/posters/{asset_id:uuid}/{width:int}.jpg", poster, methods=["GET", "HEAD"])]
