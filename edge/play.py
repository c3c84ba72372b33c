"""Everything a player fetches, below the path of its session: manifests, segments, subtitles, thumbnails, licences.

    /play/{token}/manifest.mpd                    DASH, and master.m3u8 for HLS
    /play/{token}/{track}/…                       playlists and segments
    /play/{token}/thumbnails/…                    thumbnails.vtt and its sheets
    /play/{token}/licence/clearkey                POST a ClearKey licence request
    /play/{token}/key/{kid}                       one key, for HLS players of KEYFORMAT="identity"

A session that plays a stream gets live manifests under the same addresses (`edge/live_channels.py`).

`cenc/` or `cbcs/` after the token picks a package where an asset has both. The token stands in the path because
playlists carry it on to their segments from there; it is checked before anything else is, on every request, and no
log may show it: see `redacted_path`.
"""

from dataclasses import dataclass, field
from functools import partial
from typing import assert_never, cast
from urllib.parse import unquote
from uuid import UUID

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.delivery import ManifestCache, ManifestRequest, Selection, is_manifest, select_tracks
from domain.drm import KeySystem, clearkey_licence, identity_key
from domain.drm.clearkey import REQUEST_MAX_BYTES, licence_url
from domain.kernel.refusals import Forbidden, InvalidInput, NotFound, Refusal
from domain.media.asset import thumbnails_key
from domain.media.object_store import ObjectMissing
from domain.playback import AdmissionCache, Admitted
from domain.runtime import Runtime
from edge.live_channels import LiveChannels
from edge.play_paths import KeyPath, LicencePath, ManifestPath, ThumbnailPath, TrackPath, media_type_of, read_path
from edge.playable_assets import PlayableAsset, PlayableAssets
from edge.player_origins import player_headers, preflight
from edge.problem_responses import problem_response
from edge.stored_objects import object_response
from graph.transports.requests import address_of

REDACTED = "***"
# Segments never change under their name; a session's address is private to its viewer.
SEGMENT_CACHE = "private, max-age=43200, immutable"
NO_STORE = "no-store"
_READ_METHODS = ("GET", "HEAD")


@dataclass(frozen=True)
class PlayCaches:
    """What this door keeps between requests. One per process, in the application's state."""

    admissions: AdmissionCache = field(default_factory=AdmissionCache)
    manifests: ManifestCache = field(default_factory=ManifestCache)
    assets: PlayableAssets = field(default_factory=PlayableAssets)
    channels: LiveChannels = field(default_factory=LiveChannels)


@dataclass(frozen=True)
class _Visit:
    """One admitted request and what it needs."""

    request: Request
    runtime: Runtime
    caches: PlayCaches
    admitted: Admitted
    token: str


async def play(request: Request) -> Response:
    """Answer a player: first the token, then everything else."""
    runtime: Runtime = request.app.state.runtime
    if request.method == "OPTIONS":
        return preflight(request, runtime.settings)
    try:
        response = await _answer(request, runtime)
    except ObjectMissing:
        response = problem_response(NotFound("file", request.path_params["path"][:80]))
    except Refusal as refusal:
        response = problem_response(refusal)
    response.headers.update(player_headers(request, runtime.settings))
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def redacted_path(path: str) -> str:
    """Return a request path as a log may show it: the token after `/play/` is taken out, however it was written."""
    parts = path.split("/")
    places = [number for number, part in enumerate(parts) if part]
    if len(places) > 1 and unquote(parts[places[0]]).lower() == "play":
        parts[places[1]] = REDACTED
    return "/".join(parts)


async def _answer(request: Request, runtime: Runtime) -> Response:
    token, caches = request.path_params["token"], _caches(request.app)
    admitted = await caches.admissions.admit(
        runtime.reads(), keyring=runtime.keyring, token=token, address=address_of(request)
    )
    visit = _Visit(request, runtime, caches, admitted, token)
    path = read_path(request.path_params["path"])
    allowed = ("POST",) if isinstance(path, LicencePath) else _READ_METHODS
    if request.method not in allowed:
        return Response(status_code=405, headers={"Allow": ", ".join(allowed)})
    match path:
        case LicencePath():
            return await _licence(visit)
        case KeyPath(kid):
            return await _key(visit, kid)
        case ManifestPath(name=name):
            asset = await _asset(visit)
            return await _manifest(visit, asset, _select(visit, asset, path), name)
        case TrackPath():
            return await _track(visit, path)
        case ThumbnailPath(name):
            return await _thumbnails(visit, name)
        case _:
            assert_never(path)


async def _track(visit: _Visit, path: TrackPath) -> Response:
    asset = await _asset(visit)
    selection = _select(visit, asset, path)
    track = selection.track(path.track)
    if track is None:
        # That there are better tracks is no secret: the title's page says so.
        raise Forbidden("play this track") if path.track in selection.withheld else NotFound("file", path.in_package)
    if is_manifest(path.name):
        return await _manifest(visit, asset, selection, path.in_package)
    key = selection.package.object_prefix + path.in_package
    return await object_response(
        visit.request,
        visit.runtime.objects,
        key,
        media_type=media_type_of(path.name, track),
        cache_control=SEGMENT_CACHE,
    )


async def _manifest(visit: _Visit, asset: PlayableAsset, selection: Selection, path: str) -> Response:
    wanted = ManifestRequest(
        selection=selection,
        path=path,
        key_systems=visit.runtime.licences.key_systems,
        clearkey_url=licence_url(visit.runtime.settings.public_url, visit.token),
        # Sheets of thumbnails are of the whole film.
        has_thumbnails=asset.has_thumbnails and visit.admitted.stream_id is None,
    )
    shape = None
    if visit.admitted.stream_id is not None:
        channel = await visit.caches.channels.get(visit.runtime.reads(), visit.admitted.stream_id)
        shape = partial(channel.manifest, path=path, package=selection.package)
    body = await visit.caches.manifests.manifest(wanted, visit.runtime.objects.get, shape=shape)
    headers = {"Cache-Control": NO_STORE, "Content-Length": str(len(body)), "Content-Type": media_type_of(path)}
    return Response(b"" if visit.request.method == "HEAD" else body, headers=headers)


async def _thumbnails(visit: _Visit, name: str) -> Response:
    return await object_response(
        visit.request,
        visit.runtime.objects,
        thumbnails_key(visit.admitted.asset_id, name),
        media_type=media_type_of(name),
        cache_control=SEGMENT_CACHE,
    )


async def _licence(visit: _Visit) -> Response:
    _check_clearkey(visit)
    licence = await clearkey_licence(
        visit.runtime.reads(),
        keyring=visit.runtime.keyring,
        asset_id=visit.admitted.asset_id,
        track_classes=visit.admitted.track_classes,
        request=await _body(visit.request),
    )
    return Response(licence, headers={"Cache-Control": NO_STORE}, media_type="application/json")


async def _key(visit: _Visit, kid: UUID) -> Response:
    _check_clearkey(visit)
    key = await identity_key(
        visit.runtime.reads(),
        keyring=visit.runtime.keyring,
        asset_id=visit.admitted.asset_id,
        track_classes=visit.admitted.track_classes,
        kid=kid,
    )
    body = b"" if visit.request.method == "HEAD" else key
    headers = {"Cache-Control": NO_STORE, "Content-Length": str(len(key))}
    return Response(body, headers=headers, media_type="application/octet-stream")


def _check_clearkey(visit: _Visit) -> None:
    """Where a multi-DRM service guards the keys, they must not be had in the clear next door."""
    if KeySystem.CLEARKEY not in visit.runtime.licences.key_systems:
        raise NotFound("licence server", "clearkey")


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > REQUEST_MAX_BYTES:
            raise InvalidInput("request", f"must be at most {REQUEST_MAX_BYTES} bytes")
    return body


async def _asset(visit: _Visit) -> PlayableAsset:
    return await visit.caches.assets.get(visit.runtime.reads(), visit.admitted.asset_id)


def _select(visit: _Visit, asset: PlayableAsset, path: ManifestPath | TrackPath) -> Selection:
    return select_tracks(
        asset.package(path.scheme),
        track_classes=visit.admitted.track_classes,
        max_height=visit.admitted.max_height,
    )


def _caches(app: Starlette) -> PlayCaches:
    kept = cast("PlayCaches | None", getattr(app.state, "play_caches", None))
    if kept is None:
        kept = app.state.play_caches = PlayCaches()
    return kept


async def _no_address(_: Request) -> Response:
    return problem_response(NotFound("page", "play"))


routes = [
    Route("/play/{token}/{path:path}", play, methods=[*_READ_METHODS, "POST", "OPTIONS"]),
    # Without this an address that is cut short would be answered by the page.
    Route("/play/{rest:path}", _no_address),
]
