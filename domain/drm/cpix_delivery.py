"""Encrypted delivery of a CPIX document: its keys readable only by the holders of some certificates' private keys.

A document key (AES-256-CBC) encrypts every content key and a MAC key (HMAC-SHA512) signs what was encrypted; both are
made for the one document and encrypted to each recipient (RSA-OAEP with MGF1 and SHA-1). The algorithms, SHA-1 in the
padding among them, are those the format fixes: DASH-IF CPIX 2.3, "Key Encryption in the CPIX Document".

Refusal
└── RecipientRefused    a certificate that cannot be encrypted to safely
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from typing import Self

from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate
from lxml import etree

from domain.drm.cpix_names import CPIX, DSIG, PSKC, XENC, child, qualified
from domain.kernel.refusals import Refusal

DOCUMENT_KEY_BYTES = 32
MAC_KEY_BYTES = 64
IV_BYTES = 16
RSA_MIN_BITS = 2048
AES_256_CBC = "http://www.w3.org/2001/04/xmlenc#aes256-cbc"
RSA_OAEP = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"
HMAC_SHA512 = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha512"


class RecipientRefused(Refusal):
    """Keys cannot be encrypted to this certificate; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The recipient's certificate cannot be used: {reason}.")
        self.reason = reason


@dataclass(frozen=True)
class DocumentKeys:
    """The two keys of one document."""

    document_key: bytes = field(repr=False)
    mac_key: bytes = field(repr=False)

    @classmethod
    def make(cls) -> Self:
        """Make keys for a new document."""
        return cls(secrets.token_bytes(DOCUMENT_KEY_BYTES), secrets.token_bytes(MAC_KEY_BYTES))


def delivery_data(recipient: Certificate, keys: DocumentKeys) -> etree._Element:
    """Return the element that brings the document's keys to one recipient.

    Raises:
        RecipientRefused.
    """
    element = etree.Element(qualified(CPIX, "DeliveryData"), nsmap={"ds": DSIG, "enc": XENC})
    x509 = child(child(element, CPIX, "DeliveryKey"), DSIG, "X509Data")
    certificate = base64.b64encode(recipient.public_bytes(Encoding.DER)).decode("ascii")
    child(x509, DSIG, "X509Certificate", text=certificate)
    write_document_keys(element, recipient, keys)
    return element


def write_document_keys(element: etree._Element, recipient: Certificate, keys: DocumentKeys) -> None:
    """Append the document key and the MAC key to a DeliveryData, encrypted to its recipient.

    Raises:
        RecipientRefused.
    """
    public_key = _public_key(recipient)
    document_key = child(element, CPIX, "DocumentKey", {"Algorithm": AES_256_CBC})
    secret = child(child(document_key, CPIX, "Data"), PSKC, "Secret")
    _cipher_value(child(secret, PSKC, "EncryptedValue"), RSA_OAEP, _to_recipient(public_key, keys.document_key))
    mac_method = child(element, CPIX, "MACMethod", {"Algorithm": HMAC_SHA512})
    _cipher_value(child(mac_method, PSKC, "MACKey"), RSA_OAEP, _to_recipient(public_key, keys.mac_key))


def encrypted_value(secret: etree._Element, value: bytes, keys: DocumentKeys) -> None:
    """Append a value to a Secret: the vector and the ciphertext, and the MAC over both."""
    vector = secrets.token_bytes(IV_BYTES)
    padder = PKCS7(algorithms.AES.block_size).padder()
    encryptor = Cipher(algorithms.AES(keys.document_key), modes.CBC(vector)).encryptor()
    padded = padder.update(value) + padder.finalize()
    sealed = vector + encryptor.update(padded) + encryptor.finalize()
    _cipher_value(child(secret, PSKC, "EncryptedValue"), AES_256_CBC, sealed)
    mac = hmac.new(keys.mac_key, sealed, hashlib.sha512).digest()
    child(secret, PSKC, "ValueMAC", text=base64.b64encode(mac).decode("ascii"))


def _public_key(recipient: Certificate) -> RSAPublicKey:
    public_key = recipient.public_key()
    if not isinstance(public_key, RSAPublicKey):
        raise RecipientRefused("it holds no RSA key")
    if public_key.key_size < RSA_MIN_BITS:
        raise RecipientRefused(f"its RSA key has fewer than {RSA_MIN_BITS} bits")
    return public_key


def _to_recipient(public_key: RSAPublicKey, value: bytes) -> bytes:
    # The format names this padding; SHA-1 is not relied on for collision resistance here.
    return public_key.encrypt(value, OAEP(mgf=MGF1(SHA1()), algorithm=SHA1(), label=None))  # noqa: S303


def _cipher_value(parent: etree._Element, algorithm: str, value: bytes) -> None:
    child(parent, XENC, "EncryptionMethod", {"Algorithm": algorithm})
    text = base64.b64encode(value).decode("ascii")
    child(child(parent, XENC, "CipherData"), XENC, "CipherValue", text=text)
