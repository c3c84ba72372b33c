"""What may stand after the token in a player's address. Pure; whatever is not listed here is not found.

Names are matched against what the packager writes, character by character, so `..`, slashes in any spelling, and
absolute paths can never become part of an object's key.
"""

import re
from dataclasses import dataclass
from uuid import UUID

from domain.kernel.refusals import NotFound
from domain.media.manifests import HLS_NAME, MPD_NAME
from domain.media.package import Track, TrackKind
from domain.media.packager import Scheme

_TRACK = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_TRACK_FILE = re.compile(r"(?:[1-9][0-9]{0,8}\.(?:m4s|vtt)|init\.mp4|index\.m3u8|iframes\.m3u8)")
_THUMBNAIL_FILE = re.compile(r"(?:thumbnails\.vtt|sprite-[0-9]{3,6}\.jpg)")
_SCHEMES = {scheme.value: scheme for scheme in Scheme}

DASH_TYPE = "application/dash+xml"
HLS_TYPE = "application/vnd.apple.mpegurl"
VTT_TYPE = "text/vtt; charset=utf-8"
JPEG_TYPE = "image/jpeg"
_MP4_TYPES = {TrackKind.VIDEO: "video/mp4", TrackKind.AUDIO: "audio/mp4", TrackKind.TEXT: "application/mp4"}


@dataclass(frozen=True)
class ManifestPath:
    """The manifest of a whole package."""

    scheme: Scheme | None
    name: str


@dataclass(frozen=True)
class TrackPath:
    """A playlist or a segment of one track."""

    scheme: Scheme | None
    track: str
    name: str

    @property
    def in_package(self) -> str:
        return f"{self.track}/{self.name}"


@dataclass(frozen=True)
class ThumbnailPath:
    """The track of thumbnails, or one of its sheets."""

    name: str


@dataclass(frozen=True)
class KeyPath:
    """One content key."""

    kid: UUID


@dataclass(frozen=True)
class LicencePath:
    """The ClearKey licence server."""


PlayPath = ManifestPath | TrackPath | ThumbnailPath | KeyPath | LicencePath


def read_path(path: str) -> PlayPath:
    """Read what stands after the token.

    Raises:
        NotFound: anything but the addresses a player is given.
    """
    first, _, rest = path.partition("/")
    scheme = _SCHEMES.get(first)
    folder, separator, name = (rest if scheme else path).partition("/")
    if not separator:
        if folder in (MPD_NAME, HLS_NAME):
            return ManifestPath(scheme, folder)
    elif folder == "key":
        return KeyPath(_kid(name, path))
    elif (folder, name) == ("licence", "clearkey"):
        return LicencePath()
    elif folder == "thumbnails":
        if _THUMBNAIL_FILE.fullmatch(name):
            return ThumbnailPath(name)
    elif _TRACK.fullmatch(folder) and _TRACK_FILE.fullmatch(name):
        return TrackPath(scheme, folder, name)
    raise NotFound("file", path[:80])


def media_type_of(name: str, track: Track | None = None) -> str:
    """Return the content type of a file by its name, and by its track where the name does not tell."""
    suffix = name.rpartition(".")[2]
    if suffix in ("mp4", "m4s"):
        assert track is not None
        return _MP4_TYPES[track.kind]
    return {"mpd": DASH_TYPE, "m3u8": HLS_TYPE, "vtt": VTT_TYPE, "jpg": JPEG_TYPE}[suffix]


def _kid(name: str, path: str) -> UUID:
    try:
        kid = UUID(name)
    except ValueError as malformed:
        raise NotFound("file", path[:80]) from malformed
    # `UUID` also reads braces and prefixes; one spelling is enough.
    if str(kid) != name:
        raise NotFound("file", path[:80])
    return kid
