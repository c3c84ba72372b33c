"""CPIX 2.3 documents: content keys, and what each key system needs to say about them, for outside key servers.

Source: DASH-IF "Content Protection Information Exchange Format" 2.3. The order of elements is part of the format:
DeliveryDataList, ContentKeyList, DRMSystemList, ContentKeyPeriodList, ContentKeyUsageRuleList.
"""

import base64
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from cryptography.x509 import Certificate
from lxml import etree

from domain.drm.cpix_delivery import DocumentKeys, delivery_data, encrypted_value
from domain.drm.cpix_names import CENC, CPIX, DSIG, PLAYREADY, PSKC, VERSION, XENC, child, qualified
from domain.drm.keys import ContentKey, keys_of_asset
from domain.kernel.crypto import Keyring
from domain.kernel.refusals import NotFound
from domain.kernel.work import Reads
from domain.media.hls_keys import key_tags, session_key_tags
from domain.media.ladder import TrackClass
from domain.media.packager import Scheme
from domain.media.protection_systems import (
    COMMON_SYSTEM,
    FAIRPLAY_SYSTEM,
    PLAYREADY_SYSTEM,
    WIDEVINE_SYSTEM,
    KeySystem,
    common_pssh,
    playready_object,
    playready_pssh,
    widevine_pssh,
)

# Where a 16:9 picture of 540 and of 1080 lines ends; what the ladder calls SD, HD and UHD.
SD_MAX_PIXELS, HD_MAX_PIXELS = 960 * 540, 1920 * 1080
_PIXELS: Mapping[TrackClass, tuple[int | None, int | None]] = {
    TrackClass.SD: (None, SD_MAX_PIXELS),
    TrackClass.HD: (SD_MAX_PIXELS + 1, HD_MAX_PIXELS),
    TrackClass.UHD: (HD_MAX_PIXELS + 1, None),
}
_KEY_SYSTEMS = {
    WIDEVINE_SYSTEM: KeySystem.WIDEVINE,
    PLAYREADY_SYSTEM: KeySystem.PLAYREADY,
    FAIRPLAY_SYSTEM: KeySystem.FAIRPLAY,
}
MEDIA_PLAYLIST, MASTER_PLAYLIST = "media", "master"


@dataclass(frozen=True)
class SystemSignalling:
    """What one key system says about one key; None where it has no such thing.

    `hls` holds tags by the playlist they belong to, `content_protection` the inside of a DASH ContentProtection.
    """

    pssh: bytes | None
    content_protection: bytes | None
    hls: Mapping[str, str]
    smooth_streaming: bytes | None = None


def cpix_document(
    *, content_id: str, keys: Sequence[ContentKey], scheme: Scheme, recipients: Sequence[Certificate] = ()
) -> bytes:
    """Return a document with these keys and the signalling of every system.

    With recipients the keys are encrypted, so that only the holders of these certificates' keys can read them.

    Raises:
        RecipientRefused: a certificate that cannot be encrypted to safely.
    """
    prefixes = {"cpix": CPIX, "pskc": PSKC} | ({"ds": DSIG, "enc": XENC} if recipients else {})
    root = etree.Element(qualified(CPIX, "CPIX"), nsmap=prefixes)
    root.set("contentId", content_id)
    root.set("version", VERSION)
    document_keys = DocumentKeys.make() if recipients else None
    if document_keys is not None:
        deliveries = child(root, CPIX, "DeliveryDataList")
        for recipient in recipients:
            deliveries.append(delivery_data(recipient, document_keys))
    listed = child(root, CPIX, "ContentKeyList")
    systems = child(root, CPIX, "DRMSystemList")
    rules = child(root, CPIX, "ContentKeyUsageRuleList")
    for key in keys:
        _add_key(listed, key, scheme, document_keys)
        for system in systems_of(scheme):
            _add_system(systems, system, key.kid, scheme)
        _add_rule(rules, key)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


async def cpix_of_asset(
    reads: Reads, *, keyring: Keyring, asset_id: UUID, scheme: Scheme, recipients: Sequence[Certificate] = ()
) -> bytes:
    """Return the document of all keys of an asset.

    Raises:
        NotFound: there is no such asset, or it has no keys yet.
        RecipientRefused.
    """
    keys = await keys_of_asset(reads, keyring=keyring, asset_id=asset_id)
    if not keys:
        raise NotFound("asset with keys", asset_id)
    return cpix_document(content_id=str(asset_id), keys=keys, scheme=scheme, recipients=recipients)


def systems_of(scheme: Scheme) -> tuple[UUID, ...]:
    """Return the systems that can play a scheme. FairPlay knows cbcs only."""
    shared = (COMMON_SYSTEM, WIDEVINE_SYSTEM, PLAYREADY_SYSTEM)
    return (*shared, FAIRPLAY_SYSTEM) if scheme is Scheme.CBCS else shared


def signalling(system: UUID, kid: UUID, scheme: Scheme) -> SystemSignalling:
    """Return what a known system says about a key."""
    hls = _hls(_KEY_SYSTEMS.get(system), kid, scheme)
    if system == COMMON_SYSTEM:
        box = common_pssh([kid])
        return SystemSignalling(box, _pssh_element(box), hls)
    if system == WIDEVINE_SYSTEM:
        box = widevine_pssh(kid, scheme)
        return SystemSignalling(box, _pssh_element(box), hls)
    if system == PLAYREADY_SYSTEM:
        box, header = playready_pssh(kid, scheme), playready_object(kid, scheme)
        inside = _pssh_element(box) + _text_element(PLAYREADY, "mspr", "pro", header)
        return SystemSignalling(box, inside, hls, smooth_streaming=header)
    assert system == FAIRPLAY_SYSTEM, system
    return SystemSignalling(None, None, hls)


def write_secret(content_key: etree._Element, key: ContentKey, document_keys: DocumentKeys | None) -> None:
    """Put the key into its ContentKey element, encrypted when the document has keys of its own."""
    data = child(content_key, CPIX, "Data")
    secret = child(data, PSKC, "Secret")
    if document_keys is None:
        child(secret, PSKC, "PlainValue", text=base64_text(key.key))
    else:
        encrypted_value(secret, key.key, document_keys)


def base64_text(value: bytes) -> str:
    """Base64 as XML Schema's base64Binary has it."""
    return base64.b64encode(value).decode("ascii")


def _add_key(listed: etree._Element, key: ContentKey, scheme: Scheme, document_keys: DocumentKeys | None) -> None:
    attributes = {"kid": str(key.kid), "commonEncryptionScheme": scheme.value}
    if scheme is Scheme.CBCS:
        # Only cbcs has one vector for the whole track; with cenc every sample brings its own.
        attributes["explicitIV"] = base64_text(key.iv)
    write_secret(child(listed, CPIX, "ContentKey", attributes), key, document_keys)


def _add_system(systems: etree._Element, system: UUID, kid: UUID, scheme: Scheme) -> None:
    said = signalling(system, kid, scheme)
    element = child(systems, CPIX, "DRMSystem", {"systemId": str(system), "kid": str(kid)})
    if said.pssh is not None:
        child(element, CPIX, "PSSH", text=base64_text(said.pssh))
    if said.content_protection is not None:
        child(element, CPIX, "ContentProtectionData", text=base64_text(said.content_protection))
    for playlist, tags in said.hls.items():
        child(element, CPIX, "HLSSignalingData", {"playlist": playlist}, text=base64_text(tags.encode()))
    if said.smooth_streaming is not None:
        child(element, CPIX, "SmoothStreamingProtectionHeaderData", text=base64_text(said.smooth_streaming))


def _add_rule(rules: etree._Element, key: ContentKey) -> None:
    attributes = {"kid": str(key.kid), "intendedTrackType": key.track_class.value}
    rule = child(rules, CPIX, "ContentKeyUsageRule", attributes)
    if key.track_class is TrackClass.AUDIO:
        child(rule, CPIX, "AudioFilter")
        return
    least, most = _PIXELS[key.track_class]
    bounds = {"minPixels": least, "maxPixels": most}
    child(rule, CPIX, "VideoFilter", {name: str(value) for name, value in bounds.items() if value is not None})


def _hls(system: KeySystem | None, kid: UUID, scheme: Scheme) -> dict[str, str]:
    systems: Collection[KeySystem] = () if system is None else (system,)
    tags = {
        MEDIA_PLAYLIST: key_tags(kid, scheme, systems, key_root=None),
        MASTER_PLAYLIST: session_key_tags(kid, scheme, systems),
    }
    return {playlist: "\n".join(lines) for playlist, lines in tags.items() if lines}


def _pssh_element(box: bytes) -> bytes:
    return _text_element(CENC, "cenc", "pssh", box)


def _text_element(namespace: str, prefix: str, name: str, value: bytes) -> bytes:
    element = etree.Element(qualified(namespace, name), nsmap={prefix: namespace})
    element.text = base64_text(value)
    return etree.tostring(element)
