"""Links for the software that mixes a show's picture: whoever has one reads what everybody may see of one stream.

`base64url(stream id (16) | end in epoch seconds (4) | truncated HMAC-SHA256 (16))`, 48 characters. The key is derived
from the master key for this purpose alone. It opens nothing but the overlay, and is nobody's sign-in.

Refusal
└── OverlayRefused   forged, malformed, or past its end
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from domain.accounts import Viewer, require_viewer
from domain.kernel.crypto import Keyring
from domain.kernel.refusals import InvalidInput, NotFound, Refusal
from domain.kernel.work import Reads
from domain.live.policy import LIVE, LiveAct
from domain.live.streams import visible_streams

PURPOSE = "overlay-link"
TOKEN_CHARS = 48
HOURS_MOST = 24 * 7
_MAC_BYTES = 16
_BODY_BYTES = 20


class OverlayRefused(Refusal):
    """The link of an overlay is no good, or has run out."""

    def __init__(self) -> None:
        super().__init__("This link does not work any more. Ask the show's host for another one.")


@dataclass(frozen=True)
class OverlayLink:
    """What stands in a link, and until when it works."""

    token: str
    expires_at: datetime


async def create_overlay_link(
    reads: Reads, *, viewer: Viewer | None, keyring: Keyring, stream_id: UUID, lasts_hours: int
) -> OverlayLink:
    """Make a link to a stream's overlay. Hosts of its title, and editors.

    Raises:
        SignInRequired, Forbidden, NotFound, InvalidInput.
    """
    viewer = require_viewer(viewer)
    if not 1 <= lasts_hours <= HOURS_MOST:
        raise InvalidInput("lastsHours", f"must be 1 to {HOURS_MOST}")
    (stream,) = await visible_streams(reads, [stream_id], viewer=viewer)
    if stream is None:
        raise NotFound("stream", stream_id)
    LIVE.require(viewer, LiveAct.GO_LIVE, within=stream.title_id)
    expires_at = (reads.now + timedelta(hours=lasts_hours)).replace(microsecond=0)
    return OverlayLink(make_token(keyring, stream_id=stream.id, expires_at=expires_at), expires_at)


def make_token(keyring: Keyring, *, stream_id: UUID, expires_at: datetime) -> str:
    """Return the token of a stream's overlay."""
    body = stream_id.bytes + int(expires_at.timestamp()).to_bytes(4, "big")
    return base64.urlsafe_b64encode(body + _mac(keyring.derive(PURPOSE), body)).decode()


def read_token(keyring: Keyring, token: str, *, now: datetime) -> tuple[UUID, datetime]:
    """Check a token; return its stream and its end.

    Raises:
        OverlayRefused.
    """
    if len(token) != TOKEN_CHARS or not token.isascii():
        raise OverlayRefused
    try:
        raw = base64.b64decode(token, altchars=b"-_", validate=True)
    except binascii.Error:
        raise OverlayRefused from None
    body, mac = raw[:_BODY_BYTES], raw[_BODY_BYTES:]
    if not any(hmac.compare_digest(_mac(key, body), mac) for key in keyring.derive_all(PURPOSE)):
        raise OverlayRefused
    expires_at = datetime.fromtimestamp(int.from_bytes(body[16:], "big"), UTC)
    if expires_at <= now:
        raise OverlayRefused
    return UUID(bytes=body[:16]), expires_at


def _mac(key: bytes, body: bytes) -> bytes:
    return hmac.new(key, body, hashlib.sha256).digest()[:_MAC_BYTES]
