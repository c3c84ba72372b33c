"""Envelope encryption with a rotating master key, and keys derived for one purpose each.

A sealed value is `version (1) | key name length (1) | key name | wrap nonce (12) | wrapped data key (48) | nonce (12)
| ciphertext and tag`. Every value has its own data key, so that a new master key only re-wraps 32 bytes.
Both layers are AES-256-GCM (NIST SP 800-38D) and bind the caller's `context`: a value moved to another row does not
open.
"""

import base64
import binascii
import os
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
NONCE_BYTES = 12
WRAPPED_BYTES = KEY_BYTES + 16
FORMAT = b"\x01"


class SealBroken(Exception):
    """A sealed value does not open: it was changed, belongs elsewhere, or its master key is not configured."""


@dataclass(frozen=True, repr=False)
class _Envelope:
    key_name: str
    wrap_nonce: bytes
    wrapped_key: bytes
    body: bytes


def new_key() -> bytes:
    """Return a key for a keyring, at random."""
    return os.urandom(KEY_BYTES)


class Keyring:
    """Master keys by name; the first one seals, all of them open.

    To rotate: put the new key in front, re-wrap what `needs_rewrap` names, then drop the old key.
    """

    def __init__(self, keys: dict[str, bytes]) -> None:
        if not keys or any(len(key) != KEY_BYTES for key in keys.values()):
            raise ValueError("a keyring needs at least one key of 32 bytes")
        self._keys = dict(keys)
        self._current = next(iter(keys))
        self._derived: dict[tuple[str, str], bytes] = {}

    def __repr__(self) -> str:
        return f"Keyring(names={list(self._keys)})"

    @classmethod
    def parse(cls, text: str) -> "Keyring":
        """Read `name:base64,name:base64`, the current key first.

        Raises:
            ValueError: the text is malformed; the message never repeats a key.
        """
        keys: dict[str, bytes] = {}
        for number, part in enumerate(text.split(","), start=1):
            name, separator, encoded = part.strip().partition(":")
            if not separator or not name or name in keys:
                raise ValueError(f"master key {number}: write name:base64, each name once")
            try:
                keys[name] = base64.b64decode(encoded, validate=True)
            except binascii.Error as malformed:
                raise ValueError(f"master key {number}: not base64") from malformed
            if len(keys[name]) != KEY_BYTES:
                raise ValueError(f"master key {number}: must be {KEY_BYTES} bytes")
        return cls(keys)

    def seal(self, plaintext: bytes, *, context: bytes) -> bytes:
        """Encrypt `plaintext` under a data key of its own. `context` must be given again to open it."""
        data_key, nonce = os.urandom(KEY_BYTES), os.urandom(NONCE_BYTES)
        body = nonce + AESGCM(data_key).encrypt(nonce, plaintext, context)
        return self._wrap(data_key, context) + body

    def unseal(self, sealed: bytes, *, context: bytes) -> bytes:
        """Decrypt what `seal` made with the same context.

        Raises:
            SealBroken: changed bytes, another context, or an unknown master key.
        """
        envelope = self._read(sealed)
        data_key = self._unwrap(envelope, context)
        nonce, ciphertext = envelope.body[:NONCE_BYTES], envelope.body[NONCE_BYTES:]
        try:
            return AESGCM(data_key).decrypt(nonce, ciphertext, context)
        except InvalidTag as broken:
            raise SealBroken("the sealed value was changed or belongs elsewhere") from broken

    def needs_rewrap(self, sealed: bytes) -> bool:
        """Tell whether an older master key than the current one wraps this value."""
        return self._read(sealed).key_name != self._current

    def rewrap(self, sealed: bytes, *, context: bytes) -> bytes:
        """Wrap the data key under the current master key; the ciphertext itself stays."""
        envelope = self._read(sealed)
        return self._wrap(self._unwrap(envelope, context), context) + envelope.body

    def derive(self, purpose: str) -> bytes:
        """Return 32 bytes for one purpose, from the current master key (HKDF-SHA256, RFC 5869)."""
        return self._derive(self._current, purpose)

    def derive_all(self, purpose: str) -> list[bytes]:
        """Return the derived keys of all master keys, the current first, to check what an older one signed."""
        return [self._derive(name, purpose) for name in self._keys]

    def _derive(self, name: str, purpose: str) -> bytes:
        # There are a handful of purposes, and each is asked for with every request.
        derived = self._derived.get((name, purpose))
        if derived is None:
            hkdf = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=b"marquee/" + purpose.encode())
            derived = self._derived[name, purpose] = hkdf.derive(self._keys[name])
        return derived

    def _wrap(self, data_key: bytes, context: bytes) -> bytes:
        name, nonce = self._current.encode(), os.urandom(NONCE_BYTES)
        wrapped = AESGCM(self._keys[self._current]).encrypt(nonce, data_key, name + b"\x00" + context)
        return FORMAT + bytes([len(name)]) + name + nonce + wrapped

    def _unwrap(self, envelope: _Envelope, context: bytes) -> bytes:
        master = self._keys.get(envelope.key_name)
        if master is None:
            raise SealBroken(f"master key {envelope.key_name!r} is not configured")
        bound = envelope.key_name.encode() + b"\x00" + context
        try:
            return AESGCM(master).decrypt(envelope.wrap_nonce, envelope.wrapped_key, bound)
        except InvalidTag as broken:
            raise SealBroken("the sealed value was changed or belongs elsewhere") from broken

    def _read(self, sealed: bytes) -> _Envelope:
        if sealed[:1] != FORMAT or len(sealed) < 2:
            raise SealBroken("not a sealed value")
        name_end = 2 + sealed[1]
        nonce_end = name_end + NONCE_BYTES
        key_end = nonce_end + WRAPPED_BYTES
        if len(sealed) < key_end + NONCE_BYTES:
            raise SealBroken("the sealed value is cut short")
        return _Envelope(
            key_name=sealed[2:name_end].decode(errors="replace"),
            wrap_nonce=sealed[name_end:nonce_end],
            wrapped_key=sealed[nonce_end:key_end],
            body=sealed[key_end:],
        )
