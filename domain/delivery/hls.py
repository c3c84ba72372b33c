"""The HLS playlists for one class of viewer: variants taken out, key tags put in. Pure.

Source: RFC 8216bis (HTTP Live Streaming), §4.4.4 for media playlists and §4.4.6 for the multivariant playlist.
"""

import re
from collections.abc import Collection, Sequence
from uuid import UUID

from domain.media.hls_keys import key_tags, session_key_tags
from domain.media.packager import Scheme
from domain.media.protection_systems import KeySystem

_URI = re.compile(r'(?:^|[:,])URI="([^"]*)"')
_HEADER = "#EXTM3U"
_MAP = "#EXT-X-MAP:"
_VARIANT = "#EXT-X-STREAM-INF:"
# Tags of the multivariant playlist that name a track by a URI attribute.
_NAMING_TAGS = ("#EXT-X-MEDIA:", "#EXT-X-I-FRAME-STREAM-INF:")


class PlaylistUnreadable(Exception):
    """The stored playlist is not what the packager writes: a fault of ours, never of a viewer."""


def multivariant_playlist(
    playlist: bytes, *, keep: Collection[str], kids: Sequence[UUID], scheme: Scheme, key_systems: Collection[KeySystem]
) -> bytes:
    """Return the multivariant playlist with only the tracks in `keep`, and the keys of `kids` announced.

    Raises:
        PlaylistUnreadable: not a playlist, or nothing to play is left in it.
    """
    lines = _lines(playlist)
    kept: list[str] = []
    variants = 0
    position = 0
    while position < len(lines):
        line = lines[position]
        if line.startswith(_VARIANT):
            address = lines[position + 1] if position + 1 < len(lines) else ""
            position += 1
            if _folder(address) in keep:
                kept += [line, address]
                variants += 1
        elif not line.startswith(_NAMING_TAGS) or _folder(_uri(line)) in keep:
            kept.append(line)
        position += 1
    if not variants:
        raise PlaylistUnreadable("no variant is left")
    announced = [tag for kid in dict.fromkeys(kids) for tag in session_key_tags(kid, scheme, key_systems)]
    return _written([kept[0], *announced, *kept[1:]])


def media_playlist(
    playlist: bytes, *, kid: UUID | None, scheme: Scheme, key_systems: Collection[KeySystem], key_root: str
) -> bytes:
    """Return a media playlist with the tags of its key, right after the place of its header.

    `key_root` is where key ids are turned into keys, relative to the playlist.

    Raises:
        PlaylistUnreadable: not a playlist, or an encrypted one without a header.
    """
    lines = _lines(playlist)
    if kid is None:
        return _written(lines)
    at = next((number for number, line in enumerate(lines) if line.startswith(_MAP)), None)
    if at is None:
        raise PlaylistUnreadable("an encrypted playlist has no header")
    return _written([*lines[: at + 1], *key_tags(kid, scheme, key_systems, key_root=key_root), *lines[at + 1 :]])


def _lines(playlist: bytes) -> list[str]:
    try:
        lines = [line for line in playlist.decode("utf-8").splitlines() if line]
    except UnicodeDecodeError as broken:
        raise PlaylistUnreadable("not text") from broken
    if not lines or lines[0] != _HEADER:
        raise PlaylistUnreadable("not a playlist")
    return lines


def _written(lines: Sequence[str]) -> bytes:
    return "\n".join([*lines, ""]).encode()


def _uri(tag: str) -> str:
    found = _URI.search(tag)
    return found.group(1) if found else ""


def _folder(address: str) -> str:
    """The track an address belongs to; empty for anything that is not `track/playlist`."""
    folder, separator, name = address.partition("/")
    return folder if separator and name and "/" not in name else ""
