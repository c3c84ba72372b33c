"""Manifests on demand: made once for each class of viewer, kept, and finished for the session at hand.

What two viewers with the same rights get differs only in the licence address, which holds their token. So the rest is
kept, within a bound in bytes, and the address is put in last.
"""

import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from domain.delivery.dash import dash_manifest
from domain.delivery.hls import media_playlist, multivariant_playlist
from domain.delivery.selection import Selection
from domain.delivery.thumbnails import read_thumbnail_track
from domain.media.asset import thumbnails_key
from domain.media.manifests import HLS_NAME, MPD_NAME
from domain.media.package import PackageId
from domain.media.protection_systems import KeySystem

PLAYLIST_SUFFIX = ".m3u8"
# A film's playlist is about 50 KB and a session reads about six of them; this holds hundreds of classes of viewers.
CACHE_BYTES = 16 * 1024 * 1024
# From a track's playlist to the keys of its session.
KEY_ROOT = "../key/"

Fetch = Callable[[str], Awaitable[bytes]]
# Makes another manifest of one that viewers of a class share.
Shape = Callable[["CacheKey", bytes], bytes]


@dataclass(frozen=True)
class ManifestRequest:
    """Which manifest of a package, for whom. `path` is relative to the package."""

    selection: Selection
    path: str
    key_systems: frozenset[KeySystem]
    clearkey_url: str = field(repr=False)
    has_thumbnails: bool = False

    @property
    def key(self) -> "CacheKey":
        """What all viewers of the same class share."""
        return (
            self.selection.package.id, self.path, self.selection.representations, self.key_systems, self.has_thumbnails,
        )  # fmt: skip


CacheKey = tuple[PackageId, str, frozenset[str], frozenset[KeySystem], bool]


class ManifestCache:
    """Makes manifests and keeps what they share. One per process; safe among tasks of one loop."""

    def __init__(self, *, capacity_bytes: int = CACHE_BYTES) -> None:
        self._kept: OrderedDict[CacheKey, bytes] = OrderedDict()
        self._size_bytes = 0
        self._capacity_bytes = capacity_bytes
        # Nobody can know it, so nothing in a manifest can be taken for it.
        self._place = f"urn:marquee:licence:{secrets.token_hex(16)}"

    async def manifest(self, request: ManifestRequest, fetch: Fetch, *, shape: Shape | None = None) -> bytes:
        """Return a manifest; `fetch` reads an object of the store and may raise what the store raises.

        `shape` makes of it what is sent, a channel's for one, before it is finished for its session.

        Raises:
            ManifestUnreadable, PlaylistUnreadable: faults of ours.
        """
        shared = self._kept.get(request.key)
        if shared is None:
            shared = await self._make(request, fetch)
            self._keep(request.key, shared)
        else:
            self._kept.move_to_end(request.key)
        if shape is not None:
            shared = shape(request.key, shared)
        return shared.replace(self._place.encode("ascii"), escape(request.clearkey_url).encode())

    @property
    def size_bytes(self) -> int:
        """What is kept at the moment."""
        return self._size_bytes

    async def _make(self, request: ManifestRequest, fetch: Fetch) -> bytes:
        selection, package = request.selection, request.selection.package
        stored = await fetch(package.object_prefix + request.path)
        if request.path == MPD_NAME:
            thumbnails = (
                read_thumbnail_track(await fetch(thumbnails_key(package.asset_id))) if request.has_thumbnails else None
            )
            return dash_manifest(
                stored,
                keep=selection.representations,
                scheme=package.scheme,
                key_systems=request.key_systems,
                clearkey_url=self._place,
                thumbnails=thumbnails,
            )
        if request.path == HLS_NAME:
            return multivariant_playlist(
                stored,
                keep=selection.representations,
                kids=[track.kid for track in selection.tracks if track.kid is not None],
                scheme=package.scheme,
                key_systems=request.key_systems,
            )
        track = selection.track(request.path.split("/")[0])
        assert track is not None, "withheld tracks are refused before"
        return media_playlist(
            stored, kid=track.kid, scheme=package.scheme, key_systems=request.key_systems, key_root=KEY_ROOT
        )

    def _keep(self, key: CacheKey, made: bytes) -> None:
        replaced = self._kept.pop(key, b"")
        self._kept[key] = made
        self._size_bytes += len(made) - len(replaced)
        while self._size_bytes > self._capacity_bytes:
            _, oldest = self._kept.popitem(last=False)
            self._size_bytes -= len(oldest)


def is_manifest(path: str) -> bool:
    """Whether a path within a package names a manifest, which is made for the viewer and never served as stored."""
    return path == MPD_NAME or path.endswith(PLAYLIST_SUFFIX)
