"""The tags by which HLS playlists name their keys, for each key system. Pure.

ClearKey has no one signalling in HLS, so two tags stand side by side where both kinds of player can bear it: the key
itself at an address (`identity`, which shaka-player reads), and the key id alone (`org.w3.clearkey`, which hls.js
reads). With cbcs, hls.js gives up on an `identity` tag, so there only the second is written.

Sources: RFC 8216bis §4.4.4.4 and §4.4.6.5; Apple, "FairPlay Streaming Overview"; Microsoft, "PlayReady HLS"; Google,
"Widevine DRM HLS".
"""

import base64
from collections.abc import Collection, Mapping
from uuid import UUID

from domain.media.packager import Scheme
from domain.media.protection_systems import WIDEVINE_SYSTEM, KeySystem, playready_object, widevine_pssh

METHODS = {Scheme.CENC: "SAMPLE-AES-CTR", Scheme.CBCS: "SAMPLE-AES"}


def key_tags(kid: UUID, scheme: Scheme, key_systems: Collection[KeySystem], *, key_root: str | None) -> list[str]:
    """Return the EXT-X-KEY tags of one key. `key_root` turns key ids into the address of the key; None: no such tag."""
    method = METHODS[scheme]
    tags: list[str] = []
    if KeySystem.CLEARKEY in key_systems:
        if key_root is not None and scheme is Scheme.CENC:
            tags.append(_tag(method, {"URI": f"{key_root}{kid}", "KEYFORMAT": "identity"}))
        tags.append(_tag(method, {"URI": _data(kid.bytes), "KEYFORMAT": "org.w3.clearkey"}, kid))
    if KeySystem.WIDEVINE in key_systems:
        box = _data(widevine_pssh(kid, scheme))
        tags.append(_tag(method, {"URI": box, "KEYFORMAT": f"urn:uuid:{WIDEVINE_SYSTEM}"}, kid))
    if KeySystem.PLAYREADY in key_systems:
        header = _data(playready_object(kid, scheme), "text/plain;charset=UTF-16")
        tags.append(_tag(method, {"URI": header, "KEYFORMAT": "com.microsoft.playready"}))
    if KeySystem.FAIRPLAY in key_systems and scheme is Scheme.CBCS:
        tags.append(_tag(method, {"URI": f"skd://{kid}", "KEYFORMAT": "com.apple.streamingkeydelivery"}))
    return tags


def session_key_tags(kid: UUID, scheme: Scheme, key_systems: Collection[KeySystem]) -> list[str]:
    """Return the EXT-X-SESSION-KEY tags of one key.

    There is no `identity` tag among them: it names no key id, so a player could not tell what the key opens.
    """
    tags = key_tags(kid, scheme, key_systems, key_root=None)
    return [tag.replace("#EXT-X-KEY:", "#EXT-X-SESSION-KEY:", 1) for tag in tags]


def _tag(method: str, quoted: Mapping[str, str], kid: UUID | None = None) -> str:
    attributes = [f"METHOD={method}", *(f'{name}="{value}"' for name, value in quoted.items())]
    if kid is not None:
        attributes.append(f"KEYID=0x{kid.hex}")
    if quoted["KEYFORMAT"] != "identity":
        attributes.append('KEYFORMATVERSIONS="1"')
    return "#EXT-X-KEY:" + ",".join(attributes)


def _data(value: bytes, media_type: str = "text/plain") -> str:
    return f"data:{media_type};base64,{base64.b64encode(value).decode('ascii')}"
