"""SPEKE v2: an outside encryptor sends a CPIX document that names keys, and gets it back with the keys in it.

The encryptor chooses the key ids, and the same ids always get the same keys. Each key belongs to an asset, which the
document names as its content, and to a track class, so what is encrypted elsewhere obeys the same access decision
and is opened by the same licences.
"""

from uuid import UUID

from lxml import etree

from domain.drm.cpix import SystemSignalling, base64_text, signalling, write_secret
from domain.drm.cpix_delivery import DocumentKeys, write_document_keys
from domain.drm.keys import ContentKey, keys_by_requested_id
from domain.drm.speke_request import SpekeRequest, WantedSystem, read_speke_request
from domain.kernel.crypto import Keyring
from domain.kernel.refusals import InvalidInput, NotFound
from domain.kernel.work import Reads, Work
from domain.media.assets import assets_by_id
from domain.media.packager import Scheme


async def answer_speke(work: Work, *, reads: Reads, keyring: Keyring, document: bytes) -> bytes:
    """Return the document with its keys and signalling filled in. Repeating a request gives the same keys.

    Raises:
        InvalidInput: the document cannot be answered, and why.
        NotFound: no asset has the content id.
        KeyTaken: a key id is in use for another asset or track class.
        RecipientRefused: keys cannot be encrypted to a certificate in it.
    """
    request = read_speke_request(document)
    if (await assets_by_id(reads, [request.content_id]))[0] is None:
        raise NotFound("asset", request.content_id)
    keys = await keys_by_requested_id(
        work,
        keyring=keyring,
        asset_id=request.content_id,
        wanted=[(wanted.kid, wanted.track_class) for wanted in request.keys],
    )
    _write_keys(request, {key.kid: key for key in keys})
    for system in request.systems:
        _write_system(system, signalling(system.system, system.kid, request.scheme))
    etree.cleanup_namespaces(request.root, keep_ns_prefixes=["cpix", "pskc", "ds", "enc"])
    return etree.tostring(request.root, xml_declaration=True, encoding="UTF-8")


def _write_keys(request: SpekeRequest, keys: dict[UUID, ContentKey]) -> None:
    document_keys = DocumentKeys.make() if request.recipients else None
    if document_keys is not None:
        for recipient in request.recipients:
            write_document_keys(recipient.element, recipient.certificate, document_keys)
    for wanted in request.keys:
        key = keys[wanted.kid]
        if request.scheme is Scheme.CBCS and wanted.explicit_iv is None:
            wanted.element.set("explicitIV", base64_text(key.iv))
        write_secret(wanted.element, key, document_keys)


def _write_system(wanted: WantedSystem, said: SystemSignalling) -> None:
    """Fill every element that was asked for; what a system has no answer to is refused, not left empty."""
    for (name, playlist), element in wanted.elements.items():
        answer = _answer(name, playlist, said)
        if answer is None:
            raise InvalidInput("DRMSystem", f"the system {wanted.system} has no {name} for this scheme")
        element.text = base64_text(answer)


def _answer(name: str, playlist: str | None, said: SystemSignalling) -> bytes | None:
    if name == "PSSH":
        return said.pssh
    if name == "ContentProtectionData":
        return said.content_protection
    if name == "SmoothStreamingProtectionHeaderData":
        return said.smooth_streaming
    if name == "HLSSignalingData" and playlist is not None and playlist in said.hls:
        return said.hls[playlist].encode()
    return None
