"""The playback token: what stands in the path of every media and licence request of a session.

`base64url(session id (16) | absolute end in epoch seconds (4) | truncated HMAC-SHA256 (16))`, 48 characters. The key is
derived from the master key for this purpose alone. Which asset, device and address it is good for is in the session's
row, and so is its lease: the token by itself opens nothing.
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from domain.kernel.crypto import Keyring
from domain.playback.session import PlaybackTokenRefused

PURPOSE = "playback-token"
TOKEN_CHARS = 48
_MAC_BYTES = 16
_BODY_BYTES = 20


@dataclass(frozen=True)
class TokenClaims:
    """What a genuine token says."""

    session_id: UUID
    expires_at: datetime


def make_token(keyring: Keyring, *, session_id: UUID, expires_at: datetime) -> str:
    """Return the token of a session. The same session gives the same token."""
    body = session_id.bytes + int(expires_at.timestamp()).to_bytes(4, "big")
    return base64.urlsafe_b64encode(body + _mac(keyring.derive(PURPOSE), body)).decode()


def read_token(keyring: Keyring, token: str, *, now: datetime) -> TokenClaims:
    """Check a token and return its claims.

    Raises:
        PlaybackTokenRefused: forged, malformed or past its absolute end.
    """
    if len(token) != TOKEN_CHARS or not token.isascii():
        raise PlaybackTokenRefused
    try:
        raw = base64.b64decode(token, altchars=b"-_", validate=True)
    except binascii.Error as malformed:
        raise PlaybackTokenRefused from malformed
    body, mac = raw[:_BODY_BYTES], raw[_BODY_BYTES:]
    if len(mac) != _MAC_BYTES or not any(
        hmac.compare_digest(_mac(key, body), mac) for key in keyring.derive_all(PURPOSE)
    ):
        raise PlaybackTokenRefused
    expires_at = datetime.fromtimestamp(int.from_bytes(body[16:], "big"), UTC)
    if expires_at <= now:
        raise PlaybackTokenRefused
    return TokenClaims(UUID(bytes=body[:16]), expires_at)


def _mac(key: bytes, body: bytes) -> bytes:
    return hmac.new(key, body, hashlib.sha256).digest()[:_MAC_BYTES]
