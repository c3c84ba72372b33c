"""A reader of CPIX documents that shares no code with the writer: what a recipient would do, from the format's text."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from uuid import UUID
from xml.etree import ElementTree

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

NAMES = {
    "cpix": "urn:dashif:org:cpix",
    "pskc": "urn:ietf:params:xml:ns:keyprov:pskc",
    "enc": "http://www.w3.org/2001/04/xmlenc#",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
}
# What the schema of CPIX 2.3 allows inside each element, in its order.
ORDER = {
    "CPIX": [
        "DeliveryDataList", "ContentKeyList", "DRMSystemList", "ContentKeyPeriodList", "ContentKeyUsageRuleList",
    ],
    "DeliveryData": ["DeliveryKey", "DocumentKey", "MACMethod"],
    "DRMSystem": [
        "PSSH", "ContentProtectionData", "URIExtXKey", "HLSSignalingData", "SmoothStreamingProtectionHeaderData",
    ],
    "ContentKeyUsageRule": ["KeyPeriodFilter", "LabelFilter", "VideoFilter", "AudioFilter", "BitrateFilter"],
    "Secret": ["PlainValue", "EncryptedValue", "ValueMAC"],
    "EncryptedValue": ["EncryptionMethod", "CipherData"],
    "MACKey": ["EncryptionMethod", "CipherData"],
}  # fmt: skip


def local(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def assert_ordered(root: ElementTree.Element) -> None:
    """Every element stands where the schema wants it."""
    for element in root.iter():
        allowed = ORDER.get(local(element))
        if allowed is not None:
            places = [allowed.index(local(child)) for child in element]
            assert places == sorted(places), f"{local(element)}: {[local(child) for child in element]}"


def plain_keys(root: ElementTree.Element) -> dict[UUID, bytes]:
    """The keys of a document in the clear."""
    return {
        UUID(key.attrib["kid"]): base64.b64decode(key.findtext("cpix:Data/pskc:Secret/pskc:PlainValue", "", NAMES))
        for key in root.findall("cpix:ContentKeyList/cpix:ContentKey", NAMES)
    }


def decrypted_keys(root: ElementTree.Element, private: rsa.RSAPrivateKey, recipient: int = 0) -> dict[UUID, bytes]:
    """The keys of an encrypted document, every MAC checked."""
    delivery = root.findall("cpix:DeliveryDataList/cpix:DeliveryData", NAMES)[recipient]
    document_key = _from_recipient(private, delivery, "cpix:DocumentKey/cpix:Data/pskc:Secret/pskc:EncryptedValue")
    mac_key = _from_recipient(private, delivery, "cpix:MACMethod/pskc:MACKey")
    assert (len(document_key), len(mac_key)) == (32, 64)
    return {
        UUID(key.attrib["kid"]): _decrypted(key, document_key, mac_key)
        for key in root.findall("cpix:ContentKeyList/cpix:ContentKey", NAMES)
    }


def _from_recipient(private: rsa.RSAPrivateKey, delivery: ElementTree.Element, path: str) -> bytes:
    holder = delivery.find(path, NAMES)
    assert holder is not None
    assert _attribute(holder, "enc:EncryptionMethod", "Algorithm").endswith("#rsa-oaep-mgf1p")
    oaep = padding.OAEP(mgf=padding.MGF1(hashes.SHA1()), algorithm=hashes.SHA1(), label=None)
    return private.decrypt(_cipher_value(holder), oaep)


def _decrypted(key: ElementTree.Element, document_key: bytes, mac_key: bytes) -> bytes:
    secret = key.find("cpix:Data/pskc:Secret", NAMES)
    assert secret is not None
    assert secret.find("pskc:PlainValue", NAMES) is None
    value = secret.find("pskc:EncryptedValue", NAMES)
    assert value is not None
    sealed = _cipher_value(value)
    mac = base64.b64decode(secret.findtext("pskc:ValueMAC", "", NAMES))
    assert hmac.compare_digest(mac, hmac.digest(mac_key, sealed, hashlib.sha512))
    cipher = Cipher(algorithms.AES(document_key), modes.CBC(sealed[:16])).decryptor()
    padded = cipher.update(sealed[16:]) + cipher.finalize()
    assert padded[-1:] * padded[-1] == padded[-padded[-1] :]
    return padded[: -padded[-1]]


def _cipher_value(holder: ElementTree.Element) -> bytes:
    return base64.b64decode(holder.findtext("enc:CipherData/enc:CipherValue", "", NAMES))


def _attribute(parent: ElementTree.Element, path: str, name: str) -> str:
    found = parent.find(path, NAMES)
    assert found is not None
    attributes: Mapping[str, str] = found.attrib
    return attributes[name]
