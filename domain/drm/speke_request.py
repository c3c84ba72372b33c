"""Reads the CPIX document of a SPEKE v2 request, strictly: what is not understood is refused, never passed over.

Sources: AWS, "SPEKE API v2: standard payload components, encryption contract, customizations and constraints".
"""

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from cryptography.x509 import Certificate, load_der_x509_certificate
from lxml import etree

from domain.drm.cpix import MASTER_PLAYLIST, MEDIA_PLAYLIST
from domain.drm.cpix_names import CPIX, DSIG, VERSION, qualified
from domain.drm.keys import IV_BYTES
from domain.kernel.refusals import InvalidInput
from domain.media.ladder import TrackClass
from domain.media.packager import Scheme
from domain.media.protection_systems import COMMON_SYSTEM, FAIRPLAY_SYSTEM, PLAYREADY_SYSTEM, WIDEVINE_SYSTEM

REQUEST_MAX_BYTES = 256 * 1024
KEYS_MAX = 64
RECIPIENTS_MAX = 8
# In the order the format wants them.
_SECTIONS = (
    "DeliveryDataList", "ContentKeyList", "DRMSystemList", "ContentKeyPeriodList", "ContentKeyUsageRuleList",
)  # fmt: skip
_FILTERS = tuple(qualified(CPIX, f"{name}Filter") for name in ("KeyPeriod", "Label", "Video", "Audio", "Bitrate"))
_SYSTEMS = (COMMON_SYSTEM, WIDEVINE_SYSTEM, PLAYREADY_SYSTEM, FAIRPLAY_SYSTEM)
# A key for several kinds of tracks opens the dearest of them, so it belongs to that one's class.
_TRACK_TYPES: Mapping[str, TrackClass] = {
    "AUDIO": TrackClass.AUDIO,
    "STEREO_AUDIO": TrackClass.AUDIO,
    "MULTICHANNEL_AUDIO": TrackClass.AUDIO,
    "MULTICHANNEL_AUDIO_3_6": TrackClass.AUDIO,
    "MULTICHANNEL_AUDIO_7": TrackClass.AUDIO,
    "SD": TrackClass.SD,
    "HD": TrackClass.HD,
    "HD1": TrackClass.HD,
    "HD2": TrackClass.HD,
    "UHD": TrackClass.UHD,
    "UHD1": TrackClass.UHD,
    "UHD2": TrackClass.UHD,
    "VIDEO": TrackClass.UHD,
    "ALL": TrackClass.UHD,
}
_CLASS_ORDER = list(TrackClass)


@dataclass(frozen=True)
class WantedKey:
    """A key an encryptor asks for. `element` is where the answer goes."""

    kid: UUID
    track_class: TrackClass
    explicit_iv: bytes | None
    element: etree._Element


@dataclass(frozen=True)
class WantedSystem:
    """What an encryptor wants to know of one system about one key: the elements to fill, by name and playlist."""

    system: UUID
    kid: UUID
    elements: Mapping[tuple[str, str | None], etree._Element]


@dataclass(frozen=True)
class WantedRecipient:
    """A certificate to encrypt the answer to, and the DeliveryData that asks for it."""

    certificate: Certificate
    element: etree._Element


@dataclass(frozen=True)
class SpekeRequest:
    """A request that can be answered; `root` is its document."""

    root: etree._Element
    content_id: UUID
    scheme: Scheme
    keys: Sequence[WantedKey]
    systems: Sequence[WantedSystem]
    recipients: Sequence[WantedRecipient]


def read_speke_request(document: bytes) -> SpekeRequest:
    """Read a request.

    Raises:
        InvalidInput: what is wrong, by the name of the element or attribute.
    """
    root = _parse(document)
    _check_sections(root)
    if root.get("version") != VERSION:
        raise InvalidInput("CPIX@version", f"must be {VERSION}")
    content_id = _uuid(root.get("contentId"), "CPIX@contentId")
    keys = list(_children(root, "ContentKeyList", "ContentKey"))
    if not 1 <= len(keys) <= KEYS_MAX:
        raise InvalidInput("ContentKeyList", f"must hold 1 to {KEYS_MAX} keys")
    classes = _classes(root)
    wanted = [_key(element, classes) for element in keys]
    kids = {key.kid for key in wanted}
    if len(kids) != len(wanted):
        raise InvalidInput("ContentKey@kid", "must be different for each key")
    _check_periods(root)
    return SpekeRequest(
        root=root,
        content_id=content_id,
        scheme=_scheme(keys),
        keys=wanted,
        systems=[_system(element, kids) for element in _children(root, "DRMSystemList", "DRMSystem")],
        recipients=_recipients(root),
    )


def _parse(document: bytes) -> etree._Element:
    if len(document) > REQUEST_MAX_BYTES:
        raise InvalidInput("document", f"must be at most {REQUEST_MAX_BYTES} bytes")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(document, parser)
    except etree.XMLSyntaxError as broken:
        raise InvalidInput("document", "must be XML") from broken
    # A document type has no place in a request, and would be where an attack on the parser begins.
    if root.getroottree().docinfo.internalDTD is not None:
        raise InvalidInput("document", "must not have a document type")
    if root.tag != qualified(CPIX, "CPIX"):
        raise InvalidInput("document", "must be a CPIX document")
    return root


def _check_sections(root: etree._Element) -> None:
    names = [str(section.tag) for section in root]
    if names != [qualified(CPIX, name) for name in _SECTIONS if qualified(CPIX, name) in names]:
        raise InvalidInput("CPIX", f"may hold each of {', '.join(_SECTIONS)} once, in this order, and nothing else")


def _check_periods(root: etree._Element) -> None:
    """Periods and filters are the encryptor's own and go back as they came, if they are what they should be."""
    periods = {period.get("id") for period in _children(root, "ContentKeyPeriodList", "ContentKeyPeriod")}
    for rule in _children(root, "ContentKeyUsageRuleList", "ContentKeyUsageRule"):
        for filter in rule:
            if filter.tag not in _FILTERS or len(filter):
                raise InvalidInput("ContentKeyUsageRule", "may hold period, label, video, audio and bitrate filters")
            if filter.get("periodId") is not None and filter.get("periodId") not in periods:
                raise InvalidInput("KeyPeriodFilter@periodId", "must be the id of a period in this document")


def _children(root: etree._Element, section: str, name: str) -> Iterator[etree._Element]:
    for element in root.iterfind(f"{qualified(CPIX, section)}/*"):
        if element.tag != qualified(CPIX, name):
            raise InvalidInput(section, f"may hold nothing but {name}")
        yield element


def _classes(root: etree._Element) -> dict[UUID, TrackClass]:
    """The class of each key, by its usage rules: the dearest of what any of them names."""
    classes: dict[UUID, TrackClass] = {}
    for rule in _children(root, "ContentKeyUsageRuleList", "ContentKeyUsageRule"):
        kid = _uuid(rule.get("kid"), "ContentKeyUsageRule@kid")
        for track_type in (rule.get("intendedTrackType") or "").split("+"):
            track_class = _TRACK_TYPES.get(track_type)
            if track_class is None:
                known = ", ".join(_TRACK_TYPES)
                raise InvalidInput("ContentKeyUsageRule@intendedTrackType", f"must be of {known}, joined by +")
            classes[kid] = max(classes.get(kid, track_class), track_class, key=_CLASS_ORDER.index)
    return classes


def _key(element: etree._Element, classes: Mapping[UUID, TrackClass]) -> WantedKey:
    kid = _uuid(element.get("kid"), "ContentKey@kid")
    if len(element):
        raise InvalidInput("ContentKey", "must be empty; keys are made here")
    if kid not in classes:
        raise InvalidInput("ContentKeyUsageRuleList", f"must say what the key {kid} is for")
    written = element.get("explicitIV")
    vector = None if written is None else _base64(written, "ContentKey@explicitIV")
    if vector is not None and len(vector) != IV_BYTES:
        raise InvalidInput("ContentKey@explicitIV", f"must be {IV_BYTES} bytes in base64")
    return WantedKey(kid, classes[kid], vector, element)


def _scheme(keys: Sequence[etree._Element]) -> Scheme:
    written = {key.get("commonEncryptionScheme") for key in keys}
    known = {scheme.value: scheme for scheme in Scheme}
    if len(written) != 1 or (name := written.pop()) not in known:
        raise InvalidInput("ContentKey@commonEncryptionScheme", f"must be the same for all keys: {' or '.join(known)}")
    assert name is not None
    return known[name]


def _system(element: etree._Element, kids: set[UUID]) -> WantedSystem:
    system = _uuid(element.get("systemId"), "DRMSystem@systemId")
    if system not in _SYSTEMS:
        raise InvalidInput("DRMSystem@systemId", f"must be one of {', '.join(str(known) for known in _SYSTEMS)}")
    kid = _uuid(element.get("kid"), "DRMSystem@kid")
    if kid not in kids:
        raise InvalidInput("DRMSystem@kid", "must be the id of a key in this document")
    elements: dict[tuple[str, str | None], etree._Element] = {}
    for wanted in element:
        name = etree.QName(wanted)
        if name.namespace != CPIX or len(wanted) or (name.localname, wanted.get("playlist")) in elements:
            raise InvalidInput("DRMSystem", "may hold each CPIX element once, empty")
        elements[name.localname, _playlist(wanted, name.localname)] = wanted
    return WantedSystem(system, kid, elements)


def _playlist(element: etree._Element, name: str) -> str | None:
    playlist = element.get("playlist")
    if name != "HLSSignalingData":
        return None
    if playlist not in (MEDIA_PLAYLIST, MASTER_PLAYLIST):
        raise InvalidInput("HLSSignalingData@playlist", f"must be {MEDIA_PLAYLIST} or {MASTER_PLAYLIST}")
    return playlist


def _recipients(root: etree._Element) -> list[WantedRecipient]:
    wanted = list(_children(root, "DeliveryDataList", "DeliveryData"))
    if len(wanted) > RECIPIENTS_MAX:
        raise InvalidInput("DeliveryDataList", f"may hold at most {RECIPIENTS_MAX} recipients")
    return [WantedRecipient(_certificate(element), element) for element in wanted]


def _certificate(delivery: etree._Element) -> Certificate:
    path = f"{qualified(CPIX, 'DeliveryKey')}/{qualified(DSIG, 'X509Data')}/{qualified(DSIG, 'X509Certificate')}"
    found = delivery.findall(path)
    if len(found) != 1 or len(delivery) != 1:
        raise InvalidInput("DeliveryData", "must hold one DeliveryKey with one X509Certificate, and nothing else")
    try:
        return load_der_x509_certificate(_base64(found[0].text or "", "X509Certificate"))
    except ValueError as malformed:
        raise InvalidInput("X509Certificate", "must be a certificate in base64 of DER") from malformed


def _uuid(text: str | None, field: str) -> UUID:
    try:
        return UUID(text or "")
    except ValueError as malformed:
        raise InvalidInput(field, "must be a UUID") from malformed


def _base64(text: str, field: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as malformed:
        raise InvalidInput(field, "must be base64") from malformed
