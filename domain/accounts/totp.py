"""Codes that change with time (RFC 6238), as authenticator apps show them: SHA-1, six digits, thirty seconds."""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime
from urllib.parse import quote, urlencode

STEP_S = 30
DIGITS = 6
# As many bits as the hash has (RFC 4226, section 4, R6).
SECRET_BYTES = 20
# A clock may be a step off either way; more would only help those who guess (RFC 6238, section 5.2).
STEPS_OFF_MAX = 1


def new_secret() -> bytes:
    """Return a secret to share with an authenticator app."""
    return secrets.token_bytes(SECRET_BYTES)


def code_at(secret: bytes, step: int) -> str:
    """Return the code of a step (RFC 4226, section 5.3)."""
    digest = hmac.digest(secret, step.to_bytes(8, "big"), hashlib.sha1)
    offset = digest[-1] & 0xF
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return str(number % 10**DIGITS).zfill(DIGITS)


def step_at(now: datetime) -> int:
    """Return the number of the step that an instant lies in."""
    return int(now.timestamp()) // STEP_S


def step_of(secret: bytes, code: str, *, now: datetime) -> int | None:
    """Return the step near now that a code belongs to, None when it belongs to none."""
    given = code.replace(" ", "").encode(errors="replace")
    current, found = step_at(now), None
    for step in range(current - STEPS_OFF_MAX, current + STEPS_OFF_MAX + 1):
        if hmac.compare_digest(code_at(secret, step).encode(), given):
            found = step
    return found


def shown_secret(secret: bytes) -> str:
    """Return a secret as people type it: base32, without padding."""
    return base64.b32encode(secret).decode().rstrip("=")


def provisioning_uri(secret: bytes, *, issuer: str, label: str) -> str:
    """Return the address that authenticator apps read from a QR code ("Key Uri Format" of Google Authenticator)."""
    fields = {"secret": shown_secret(secret), "issuer": issuer, "algorithm": "SHA1", "digits": DIGITS, "period": STEP_S}
    return f"otpauth://totp/{quote(f'{issuer}:{label}', safe='@')}?{urlencode(fields, quote_via=quote)}"
