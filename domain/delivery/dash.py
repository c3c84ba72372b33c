"""The DASH manifest for one class of viewer: tracks taken out, key systems and thumbnails put in. Pure.

Sources: ISO/IEC 23009-1 (elements and their order), DASH-IF "Content Protection and Security" (the licence address),
DASH-IF IOP part 12 (thumbnail tiles).
"""

import base64
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from lxml import etree

from domain.media.packager import Scheme
from domain.media.protection_systems import (
    CLEARKEY_SYSTEM,
    PLAYREADY_SYSTEM,
    WIDEVINE_SYSTEM,
    KeySystem,
    playready_object,
    playready_pssh,
    widevine_pssh,
)

_MPD = "{urn:mpeg:dash:schema:mpd:2011}"
_CENC = "{urn:mpeg:cenc:2013}"
_DASHIF_NAMESPACE = "https://dashif.org/CPS"
_PLAYREADY_NAMESPACE = "urn:microsoft:playready"
_MP4_PROTECTION = "urn:mpeg:dash:mp4protection:2011"
_SWITCHING = "urn:mpeg:dash:adaptation-set-switching:2016"
_THUMBNAIL_TILE = "http://dashif.org/guidelines/thumbnail_tile"
# Kilobits of one still every few seconds: far below any real track, so that bandwidth estimates ignore it.
_THUMBNAIL_BANDWIDTH = 10_000
_MILLISECONDS = 1000


class ManifestUnreadable(Exception):
    """The stored manifest is not what the packager writes: a fault of ours, never of a viewer."""


@dataclass(frozen=True)
class ThumbnailSheets:
    """Sheets of thumbnails: `columns` × `rows` pictures of `width` × `height` each, one every `interval_s`.

    `media` is their address with the number still to be put in, relative to the manifest.
    """

    media: str
    columns: int
    rows: int
    width: int
    height: int
    interval_s: float


def dash_manifest(
    mpd: bytes,
    *,
    keep: Collection[str],
    scheme: Scheme,
    key_systems: Collection[KeySystem],
    clearkey_url: str,
    thumbnails: ThumbnailSheets | None = None,
) -> bytes:
    """Return the manifest with only the representations in `keep`.

    `clearkey_url` is written as the ClearKey licence address; the other systems' addresses come with their licences.

    Raises:
        ManifestUnreadable: not XML, or a kept representation is missing.
    """
    root = _parse(mpd)
    _drop_representations(root, keep)
    for protection in root.findall(f".//{_MPD}ContentProtection[@schemeIdUri='{_MP4_PROTECTION}']"):
        kid = _key_id(protection)
        systems = [_protection(system, kid, scheme, clearkey_url) for system in sorted(key_systems)]
        _insert_after(protection, [element for element in systems if element is not None])
    if thumbnails is not None:
        for period in root.iter(f"{_MPD}Period"):
            period.append(_thumbnail_set(thumbnails, id=_free_id(period)))
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _parse(mpd: bytes) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(mpd, parser)
    except etree.XMLSyntaxError as broken:
        raise ManifestUnreadable(f"not XML: {broken.msg}") from broken
    if root.tag != f"{_MPD}MPD":
        raise ManifestUnreadable("not an MPD")
    return root


def _drop_representations(root: etree._Element, keep: Collection[str]) -> None:
    """Keep is a list of what is allowed: a representation nobody knows goes as well."""
    dropped_sets: set[str] = set()
    found: set[str] = set()
    for adaptation in list(root.iter(f"{_MPD}AdaptationSet")):
        for representation in adaptation.findall(f"{_MPD}Representation"):
            id = representation.get("id", "")
            if id in keep:
                found.add(id)
            else:
                adaptation.remove(representation)
        if adaptation.find(f"{_MPD}Representation") is None:
            dropped_sets.add(adaptation.get("id", ""))
            _parent(adaptation).remove(adaptation)
        else:
            _shrink(adaptation)
    if missing := set(keep) - found:
        raise ManifestUnreadable(f"no representation {', '.join(sorted(missing))}")
    _forget_switching(root, dropped_sets)


def _shrink(adaptation: etree._Element) -> None:
    """Bring the greatest sides of a set down to what is left in it."""
    for greatest, side in (("maxWidth", "width"), ("maxHeight", "height")):
        sides = [int(one.get(side, "0")) for one in adaptation.findall(f"{_MPD}Representation")]
        if adaptation.get(greatest) is not None and any(sides):
            adaptation.set(greatest, str(max(sides)))


def _forget_switching(root: etree._Element, dropped: Collection[str]) -> None:
    for descriptor in root.findall(f".//{_MPD}SupplementalProperty[@schemeIdUri='{_SWITCHING}']"):
        left = [id for id in (descriptor.get("value") or "").split(",") if id not in dropped]
        if left:
            descriptor.set("value", ",".join(left))
        else:
            _parent(descriptor).remove(descriptor)


def _key_id(protection: etree._Element) -> UUID:
    try:
        return UUID(protection.get(f"{_CENC}default_KID", ""))
    except ValueError as malformed:
        raise ManifestUnreadable("a protected set names no key id") from malformed


def _protection(system: KeySystem, kid: UUID, scheme: Scheme, clearkey_url: str) -> etree._Element | None:
    if system is KeySystem.CLEARKEY:
        element = _content_protection(CLEARKEY_SYSTEM, "ClearKey1.0")
        address = etree.SubElement(element, f"{{{_DASHIF_NAMESPACE}}}Laurl", nsmap={"dashif": _DASHIF_NAMESPACE})
        address.set("licenseType", "EME-1.0")
        address.text = clearkey_url
        return element
    if system is KeySystem.WIDEVINE:
        return _with_pssh(_content_protection(WIDEVINE_SYSTEM, "Widevine"), widevine_pssh(kid, scheme))
    if system is KeySystem.PLAYREADY:
        element = _with_pssh(_content_protection(PLAYREADY_SYSTEM, "MSPR 2.0"), playready_pssh(kid, scheme))
        pro = etree.SubElement(element, f"{{{_PLAYREADY_NAMESPACE}}}pro", nsmap={"mspr": _PLAYREADY_NAMESPACE})
        pro.text = base64.b64encode(playready_object(kid, scheme)).decode("ascii")
        return element
    # FairPlay is signalled in HLS only.
    return None


def _content_protection(system: UUID, name: str) -> etree._Element:
    return etree.Element(f"{_MPD}ContentProtection", {"schemeIdUri": f"urn:uuid:{system}", "value": name})


def _with_pssh(element: etree._Element, box: bytes) -> etree._Element:
    pssh = etree.SubElement(element, f"{_CENC}pssh", nsmap={"cenc": _CENC.strip("{}")})
    pssh.text = base64.b64encode(box).decode("ascii")
    return element


def _thumbnail_set(sheets: ThumbnailSheets, *, id: int) -> etree._Element:
    per_sheet_ms = round(sheets.interval_s * sheets.columns * sheets.rows * _MILLISECONDS)
    adaptation = etree.Element(
        f"{_MPD}AdaptationSet", {"id": str(id), "contentType": "image", "mimeType": "image/jpeg"}
    )
    template = {
        "media": sheets.media, "timescale": str(_MILLISECONDS), "duration": str(per_sheet_ms), "startNumber": "1",
    }  # fmt: skip
    etree.SubElement(adaptation, f"{_MPD}SegmentTemplate", template)
    attributes = {
        "id": "thumbnails",
        "bandwidth": str(_THUMBNAIL_BANDWIDTH),
        "width": str(sheets.width * sheets.columns),
        "height": str(sheets.height * sheets.rows),
    }
    representation = etree.SubElement(adaptation, f"{_MPD}Representation", attributes)
    tiles = {"schemeIdUri": _THUMBNAIL_TILE, "value": f"{sheets.columns}x{sheets.rows}"}
    etree.SubElement(representation, f"{_MPD}EssentialProperty", tiles)
    return adaptation


def _free_id(period: etree._Element) -> int:
    taken = [one.get("id", "") for one in period.findall(f"{_MPD}AdaptationSet")]
    return max((int(id) for id in taken if id.isdigit()), default=-1) + 1


def _insert_after(element: etree._Element, others: Sequence[etree._Element]) -> None:
    for other in reversed(others):
        element.addnext(other)


def _parent(element: etree._Element) -> etree._Element:
    parent = element.getparent()
    assert parent is not None
    return parent
