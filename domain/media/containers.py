"""The containers we open, told apart by their first bytes, never by their name.

Forcing the demuxer that the bytes ask for is what keeps a playlist, a concat script, an SVG or a DASH manifest named
`.mp4` from being *interpreted*: none of them starts with these bytes, and no demuxer of theirs is ever offered them.
"""

from __future__ import annotations

import struct
from enum import StrEnum
from pathlib import Path

# An ISO file may start with any of these boxes; the four bytes before are its size.
# ISO/IEC 14496-12 §4.3 and the older QuickTime layout without `ftyp`.
ISO_FIRST_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})
EBML_MAGIC = b"\x1a\x45\xdf\xa3"
# Transport stream packets are 188 bytes, or 192 with a timestamp in front (m2ts); each begins with 0x47.
TS_SYNC = 0x47
TS_LAYOUTS = ((188, 0), (192, 4), (204, 0))
TS_PACKETS_CHECKED = 4
SNIFFED_BYTES = 1024
# A fragmented file begins with its header and an optional index; fragments follow at once.
BOXES_CHECKED = 8


class Container(StrEnum):
    """A file format on the allow-list."""

    MP4 = "mp4"
    MATROSKA = "matroska"
    MPEGTS = "mpegts"
    AVI = "avi"
    WAV = "wav"
    FLAC = "flac"
    MP3 = "mp3"
    OGG = "ogg"

    @property
    def demuxer(self) -> str:
        """The one demuxer ffmpeg may use for it."""
        return "mov" if self is Container.MP4 else self.value

    @property
    def may_hold_video(self) -> bool:
        return self in {Container.MP4, Container.MATROSKA, Container.MPEGTS, Container.AVI}


def sniff_container(head: bytes) -> Container | None:
    """Name the container of a file from its first `SNIFFED_BYTES`, or None when it is none of ours."""
    if head[4:8] in ISO_FIRST_BOXES:
        return Container.MP4
    if head.startswith(EBML_MAGIC):
        return Container.MATROSKA
    if head.startswith(b"RIFF"):
        return {b"AVI ": Container.AVI, b"WAVE": Container.WAV}.get(head[8:12])
    if head.startswith(b"fLaC"):
        return Container.FLAC
    if head.startswith(b"OggS"):
        return Container.OGG
    if head.startswith(b"ID3") or (len(head) > 2 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2):
        return Container.MP3
    return Container.MPEGTS if _is_transport_stream(head) else None


def is_indexed(path: Path, container: Container) -> bool:
    """Whether the file says where its key frames are, so that a seek lands on one.

    Transport streams and AVI do not, nor does a fragmented MP4, whose index is spread over the file.
    """
    if container is Container.MP4:
        return b"moof" not in _first_boxes(path)
    return container is Container.MATROSKA


def _first_boxes(path: Path) -> list[bytes]:
    """The types of the first boxes of an ISO file (ISO/IEC 14496-12 §4.2)."""
    kinds: list[bytes] = []
    with path.open("rb") as file:
        while len(kinds) < BOXES_CHECKED and len(header := file.read(16)) >= 8:
            size, kind = struct.unpack(">I4s", header[:8])
            if size == 1 and len(header) == 16:
                [size] = struct.unpack(">Q", header[8:])
            kinds.append(kind)
            if size < 8:
                break  # The last box may leave its size out; a smaller one is broken.
            file.seek(size - len(header), 1)
    return kinds


def _is_transport_stream(head: bytes) -> bool:
    return any(
        len(head) >= size * TS_PACKETS_CHECKED
        and all(head[start + size * packet] == TS_SYNC for packet in range(TS_PACKETS_CHECKED))
        for size, start in TS_LAYOUTS
    )
