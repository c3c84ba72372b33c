"""Reads the manifests the packager wrote and takes out what names a key system, so that they are the same for all."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from uuid import UUID

from lxml import etree

MPD_NAME = "manifest.mpd"
HLS_NAME = "master.m3u8"
DASH = "{urn:mpeg:dash:schema:mpd:2011}"
CENC = "{urn:mpeg:cenc:2013}"
# The scheme-neutral element that names the key id; every other ContentProtection names a key system.
MP4_PROTECTION = "urn:mpeg:dash:mp4protection:2011"
# Plain WebVTT needs no codec in an MPD; this is its name in HLS and ISO/IEC 14496-30.
WEBVTT_CODEC = "wvtt"
_DURATION = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?")


@dataclass(frozen=True)
class Described:
    """One representation of the MPD; `id` is the folder of its segments."""

    id: str
    kind: str
    kid: UUID | None
    bandwidth: int
    width: int | None
    height: int | None
    frame_rate: float | None
    codec: str
    language: str | None


@dataclass(frozen=True)
class Presentation:
    """What an MPD holds."""

    duration_s: float
    representations: tuple[Described, ...]


def neutralise_mpd(path: Path) -> Presentation:
    """Rewrite the MPD in place: no key system, and every representation carries the name of its folder as id."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True)
    tree = etree.parse(str(path), parser)
    root = tree.getroot()
    for protection in root.findall(f".//{DASH}ContentProtection"):
        if protection.get("schemeIdUri") != MP4_PROTECTION:
            _remove(protection)
    described = tuple(
        _describe(adaptation, representation)
        for adaptation in root.iter(f"{DASH}AdaptationSet")
        for representation in adaptation.iter(f"{DASH}Representation")
    )
    tree.write(str(path), xml_declaration=True, encoding="UTF-8")
    return Presentation(duration_s=_seconds(root.get("mediaPresentationDuration") or ""), representations=described)


def neutralise_hls(folder: Path) -> None:
    """Drop the key tags of every playlist below `folder`; players take the method and vector from the segments."""
    for playlist in folder.rglob("*.m3u8"):
        lines = playlist.read_text(encoding="utf-8").splitlines()
        kept = [line for line in lines if not line.startswith(("#EXT-X-KEY:", "#EXT-X-SESSION-KEY:", "## "))]
        playlist.write_text("\n".join([*kept, ""]), encoding="utf-8")


def _remove(element: etree._Element) -> None:
    parent = element.getparent()
    assert parent is not None
    parent.remove(element)


def _describe(adaptation: etree._Element, representation: etree._Element) -> Described:
    template = representation.find(f"{DASH}SegmentTemplate")
    assert template is not None
    # Segments lie in a folder of the track's name; subtitles have no initialisation segment.
    name = (template.get("media") or "").split("/")[0]
    representation.set("id", name)

    def inherited(attribute: str) -> str | None:
        return representation.get(attribute) or adaptation.get(attribute)

    kids = [found for one in adaptation.iter(f"{DASH}ContentProtection") if (found := one.get(f"{CENC}default_KID"))]
    width, height, rate = inherited("width"), inherited("height"), inherited("frameRate")
    return Described(
        id=name,
        kind=adaptation.get("contentType") or "video",
        kid=UUID(kids[0]) if kids else None,
        bandwidth=int(representation.get("bandwidth") or 0),
        width=int(width) if width else None,
        height=int(height) if height else None,
        frame_rate=float(Fraction(rate)) if rate else None,
        codec=inherited("codecs") or WEBVTT_CODEC,
        language=adaptation.get("lang"),
    )


def _seconds(written: str) -> float:
    found = _DURATION.fullmatch(written)
    if found is None:
        return 0.0
    hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds
