"""Signatures as the Standard Webhooks specification (version 1) wants them.

`HMAC-SHA256(secret, "{id}.{timestamp}.{body}")`, in base64 after `v1,`; several are separated by spaces, so that
receivers can change from one secret to the next. A secret is written as `whsec_` and its base64.
"""

import base64
import hashlib
import hmac
import os
from collections.abc import Mapping, Sequence
from datetime import datetime

PREFIX = "whsec_"
# The specification asks for 24 to 64 bytes.
SECRET_BYTES = 32


def new_secret() -> bytes:
    """Return a fresh secret."""
    return os.urandom(SECRET_BYTES)


def written(secret: bytes) -> str:
    """Return a secret as receivers' libraries take it."""
    return PREFIX + base64.b64encode(secret).decode()


def signed_headers(*, event_id: str, at: datetime, body: bytes, secrets: Sequence[bytes]) -> Mapping[str, str]:
    """Return the headers of a delivery at an instant, with a signature by each secret."""
    timestamp = str(int(at.timestamp()))
    content = f"{event_id}.{timestamp}.".encode() + body
    return {
        "webhook-id": event_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(_signature(secret, content) for secret in secrets),
    }


def _signature(secret: bytes, content: bytes) -> str:
    return "v1," + base64.b64encode(hmac.new(secret, content, hashlib.sha256).digest()).decode()
