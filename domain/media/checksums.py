"""Checksums of pieces in flight, by the names tus gives them."""

import base64
import binascii
import hashlib
import hmac
import zlib
from dataclasses import dataclass
from typing import Protocol

from domain.kernel.refusals import InvalidInput
from domain.media.upload import ChecksumUnknown

# Digest sizes in bytes. tus 1.0 asks for sha1; this guards against broken lines, not against forgers.
ALGORITHMS = {"sha1": 20, "sha256": 32, "md5": 16, "crc32": 4}


class Digest(Protocol):
    """What takes bytes as they pass and gives their digest at the end."""

    def update(self, data: bytes, /) -> None:
        """Take the next bytes."""

    def digest(self) -> bytes:
        """Return the digest of all bytes so far."""


class Crc32:
    """CRC-32 as zlib and PNG have it, four bytes in network order."""

    def __init__(self) -> None:
        self._value = 0

    def update(self, data: bytes, /) -> None:
        self._value = zlib.crc32(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(4, "big")


@dataclass(frozen=True)
class Checksum:
    """What the bytes should come to."""

    algorithm: str
    expected: bytes

    @classmethod
    def parse(cls, header: str) -> "Checksum":
        """Read an algorithm and a base64 digest, as in `sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=`.

        Raises:
            ChecksumUnknown, InvalidInput.
        """
        algorithm, _, encoded = header.strip().partition(" ")
        size = ALGORITHMS.get(algorithm.lower())
        if size is None:
            raise ChecksumUnknown(tuple(ALGORITHMS))
        try:
            expected = base64.b64decode(encoded, validate=True)
        except (ValueError, binascii.Error):
            expected = b""
        if len(expected) != size:
            raise InvalidInput("Upload-Checksum", f"Give {size} bytes in base64 after the name of the algorithm.")
        return cls(algorithm.lower(), expected)

    def begin(self) -> Digest:
        """Return a fresh digest to feed."""
        if self.algorithm == "crc32":
            return Crc32()
        return hashlib.new(self.algorithm, usedforsecurity=False)

    def fits(self, digest: Digest) -> bool:
        """Tell whether the bytes were the expected ones."""
        return hmac.compare_digest(digest.digest(), self.expected)
