"""Secrets that clients hold: 256 random bits, of which only the hash is kept."""

import hashlib
import secrets

SECRET_BYTES = 32
# The URL-safe base64 of 32 bytes; whatever has another length was not made here and needs no look-up.
SECRET_CHARS = 43


def new_secret() -> str:
    """Return a fresh secret."""
    return secrets.token_urlsafe(SECRET_BYTES)


def hash_of(secret: str) -> bytes | None:
    """Return what is kept of a secret, None when it cannot be one of ours."""
    if len(secret) != SECRET_CHARS or not secret.isascii():
        return None
    # The secret has 256 random bits, so a plain hash is as good as a slow one.
    return hashlib.sha256(secret.encode()).digest()


def fresh_hash(secret: str) -> bytes:
    """Return what is kept of a secret that was just made."""
    hashed = hash_of(secret)
    assert hashed is not None, "a fresh secret is one of ours"
    return hashed
