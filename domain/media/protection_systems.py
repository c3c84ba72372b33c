"""Key systems, and what each one needs beside the media to find its key: `pssh` boxes and their contents. Pure.

Sources: ISO/IEC 23001-7 §8.1 (the box), W3C "cenc" Initialization Data Format (the common system), the Widevine DRM
protobuf `WidevinePsshData`, and Microsoft's PlayReady Header Specification (object and header, 4.0 and 4.3).
"""

import base64
import struct
from collections.abc import Sequence
from enum import StrEnum
from uuid import UUID

from domain.media.packager import Scheme

COMMON_SYSTEM = UUID("1077efec-c0b2-4d02-ace3-3c1e52e2fb4b")
CLEARKEY_SYSTEM = UUID("e2719d58-a985-b3c9-781a-b030af78d30e")
WIDEVINE_SYSTEM = UUID("edef8ba9-79d6-4ace-a3c8-27dcd51d21ed")
PLAYREADY_SYSTEM = UUID("9a04f079-9840-4286-ab92-e65be0885f95")
FAIRPLAY_SYSTEM = UUID("94ce86fb-07ff-4f43-adb8-93d2fa968ca2")

# Fields of WidevinePsshData, as protobuf tags: a key id (2, bytes), the scheme's four characters (9, varint).
_WIDEVINE_KEY_ID, _WIDEVINE_SCHEME = 0x12, 0x48
_PLAYREADY_NAMESPACE = "http://schemas.microsoft.com/DRM/2007/03/PlayReadyHeader"
# The record of a PlayReady object that holds a rights management header.
_PLAYREADY_HEADER_RECORD = 1


class KeySystem(StrEnum):
    """The content decryption modules that players come with."""

    CLEARKEY = "CLEARKEY"
    WIDEVINE = "WIDEVINE"
    PLAYREADY = "PLAYREADY"
    FAIRPLAY = "FAIRPLAY"


def common_pssh(kids: Sequence[UUID]) -> bytes:
    """Return the box that names key ids for any system that can use it, ClearKey among them."""
    return _box(COMMON_SYSTEM, b"", kids=kids)


def widevine_pssh(kid: UUID, scheme: Scheme) -> bytes:
    """Return the box for Widevine; `scheme` is told so that the decryptor can prepare."""
    key_id = bytes([_WIDEVINE_KEY_ID, 16]) + kid.bytes
    four_characters = int.from_bytes(scheme.value.encode("ascii"), "big")
    return _box(WIDEVINE_SYSTEM, key_id + bytes([_WIDEVINE_SCHEME]) + _varint(four_characters))


def playready_pssh(kid: UUID, scheme: Scheme) -> bytes:
    """Return the box for PlayReady, which holds the same object as `playready_object`."""
    return _box(PLAYREADY_SYSTEM, playready_object(kid, scheme))


def playready_object(kid: UUID, scheme: Scheme) -> bytes:
    """Return the PlayReady object: one record with the header in UTF-16."""
    header = _playready_header(kid, scheme).encode("utf-16-le")
    record = struct.pack("<HH", _PLAYREADY_HEADER_RECORD, len(header)) + header
    return struct.pack("<IH", 6 + len(record), 1) + record


def _playready_header(kid: UUID, scheme: Scheme) -> str:
    # PlayReady writes key ids as Windows GUIDs, the first three parts little-endian.
    guid = base64.b64encode(kid.bytes_le).decode("ascii")
    if scheme is Scheme.CENC:
        # The oldest header that every PlayReady client reads.
        version = "4.0.0.0"
        data = f"<PROTECTINFO><KEYLEN>16</KEYLEN><ALGID>AESCTR</ALGID></PROTECTINFO><KID>{guid}</KID>"
    else:
        # The first header that knows AES-CBC.
        version = "4.3.0.0"
        data = f'<PROTECTINFO><KIDS><KID ALGID="AESCBC" VALUE="{guid}"></KID></KIDS></PROTECTINFO>'
    return f'<WRMHEADER xmlns="{_PLAYREADY_NAMESPACE}" version="{version}"><DATA>{data}</DATA></WRMHEADER>'


def _box(system: UUID, data: bytes, *, kids: Sequence[UUID] = ()) -> bytes:
    """A `pssh` box; version 1 when it lists key ids itself."""
    listed = struct.pack(">I", len(kids)) + b"".join(kid.bytes for kid in kids) if kids else b""
    full = struct.pack(">B3x", 1 if kids else 0) + system.bytes + listed + struct.pack(">I", len(data)) + data
    return struct.pack(">I4s", 8 + len(full), b"pssh") + full


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])
