"""Recipients of encrypted documents: a certificate and its private key."""

import functools
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID


def recipient(name: str, bits: int = 2048) -> tuple[x509.Certificate, rsa.RSAPrivateKey]:
    """A recipient with an RSA key; making one is slow, so each is made once."""
    return _recipient(name, bits)


@functools.cache
def _recipient(name: str, bits: int) -> tuple[x509.Certificate, rsa.RSAPrivateKey]:
    private = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    return certificate(name, private), private


def certificate(name: str, private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> x509.Certificate:
    """A self-signed certificate."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2040, 1, 1, tzinfo=UTC))
        .sign(private, hashes.SHA256())
    )
