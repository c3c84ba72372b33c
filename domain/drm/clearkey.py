"""ClearKey licences: JSON in, JSON out (W3C Encrypted Media Extensions, §9.1.3 and §9.1.4).

Players ask for the key ids of the tracks they play. They get the keys of their session's asset and of the track
classes its viewer may have; ids outside that are left out. When nothing is left the answer is a refusal, because
players fail on a licence without keys.

Refusal
└── LicenceRefused    none of the keys asked for may be had
"""

import base64
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

import orjson

from domain.drm.keys import ContentKey, keys_of_asset
from domain.drm.licences import LicenceGrant, LicenceRequest, check_available
from domain.kernel.crypto import Keyring
from domain.kernel.refusals import InvalidInput, Refusal
from domain.kernel.work import Reads
from domain.media.ladder import TrackClass
from domain.media.protection_systems import KeySystem

REQUEST_MAX_BYTES = 8 * 1024
# Four classes and a few generations of keys; no player asks for more in one message.
KIDS_MAX = 64
# 16 bytes in base64url without padding; the decoder alone would take the other alphabet as well.
_KID = re.compile(r"[A-Za-z0-9_-]{22}")
SESSION_TYPE = "temporary"


class LicenceRefused(Refusal):
    """None of the keys may be had in this session."""

    def __init__(self) -> None:
        super().__init__("This session may not have these keys. Start playback again.")


@dataclass(frozen=True)
class ClearKeyLicences:
    """Our own licence server, below the session's path. The token in that path is all the authorisation it needs."""

    public_url: str
    key_systems: frozenset[KeySystem] = frozenset({KeySystem.CLEARKEY})

    async def licence_for(self, reads: Reads, *, request: LicenceRequest) -> LicenceGrant:
        """Return the address of the session's own licence door.

        Raises:
            KeySystemUnavailable.
        """
        check_available(self, request.key_system)
        return LicenceGrant(KeySystem.CLEARKEY, licence_url(self.public_url, request.token))


def licence_url(public_url: str, token: str) -> str:
    """Return where the session of a playback token asks for ClearKey licences."""
    return f"{public_url.rstrip('/')}/play/{token}/licence/clearkey"


async def clearkey_licence(
    reads: Reads, *, keyring: Keyring, asset_id: UUID, track_classes: Collection[TrackClass], request: bytes
) -> bytes:
    """Return the licence for a request of a session that may play `track_classes` of an asset.

    Raises:
        InvalidInput: the request is not a ClearKey licence request.
        LicenceRefused: no key id in it names a key this session may have.
    """
    wanted = set(parse_request(request))
    keys = await keys_of_asset(reads, keyring=keyring, asset_id=asset_id)
    granted = [key for key in keys if key.kid in wanted and key.track_class in track_classes]
    if not granted:
        raise LicenceRefused
    return licence(granted)


async def identity_key(
    reads: Reads, *, keyring: Keyring, asset_id: UUID, track_classes: Collection[TrackClass], kid: UUID
) -> bytes:
    """Return the 16 bytes of one key, as HLS players of `KEYFORMAT="identity"` fetch it.

    Raises:
        LicenceRefused: the session may not have this key, or there is none of this id.
    """
    for key in await keys_of_asset(reads, keyring=keyring, asset_id=asset_id):
        if key.kid == kid and key.track_class in track_classes:
            return key.key
    raise LicenceRefused


def parse_request(request: bytes) -> tuple[UUID, ...]:
    """Read the key ids of a licence request.

    Raises:
        InvalidInput: too long, not JSON, not of the form `{"kids": ["…"], "type": "temporary"}`.
    """
    if len(request) > REQUEST_MAX_BYTES:
        raise InvalidInput("request", f"must be at most {REQUEST_MAX_BYTES} bytes")
    try:
        message: object = orjson.loads(request)
    except orjson.JSONDecodeError as malformed:
        raise InvalidInput("request", "must be JSON") from malformed
    if not isinstance(message, dict):
        raise InvalidInput("request", 'must be an object with "kids"')
    if message.get("type", SESSION_TYPE) != SESSION_TYPE:
        raise InvalidInput("type", f'must be "{SESSION_TYPE}"; these licences are not kept')
    kids = message.get("kids")
    if not isinstance(kids, list) or not 1 <= len(kids) <= KIDS_MAX:
        raise InvalidInput("kids", f"must be a list of 1 to {KIDS_MAX} key ids")
    return tuple(_kid(kid) for kid in kids)


def licence(keys: Sequence[ContentKey]) -> bytes:
    """Write a licence: a JSON Web Key set (RFC 7517) with one symmetric key for each content key."""
    webkeys = [{"kty": "oct", "kid": encode(key.kid.bytes), "k": encode(key.key)} for key in keys]
    return orjson.dumps({"keys": webkeys, "type": SESSION_TYPE})


def encode(value: bytes) -> str:
    """Base64url without padding, the form of every value in a JSON Web Key."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode("ascii")


def _kid(value: object) -> UUID:
    if not isinstance(value, str) or _KID.fullmatch(value) is None:
        raise InvalidInput("kids", "each must be 16 bytes in base64url without padding")
    return UUID(bytes=base64.urlsafe_b64decode(value + "=="))
