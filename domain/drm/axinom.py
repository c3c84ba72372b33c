"""Entitlement messages in the Axinom format: signed orders by which a multi-DRM service issues licences.

A message says which keys a session may have and under which rules. It is a JWT signed with the account's
communication key; content keys inside it are encrypted with the same key, so the player that carries the message
learns nothing from it. Sources: Axinom DRM, "License Service Message" and "Entitlement Message Version 2".
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from domain.drm.clearkey import LicenceRefused
from domain.drm.keys import ContentKey, keys_of_asset
from domain.drm.licences import LicenceGrant, LicenceRequest, check_available
from domain.drm.output_policies import usage_policy
from domain.kernel.crypto import Keyring
from domain.kernel.work import Reads
from domain.media.protection_systems import KeySystem

COMMUNICATION_KEY_BYTES = 32
MESSAGE_VERSION = 1
ENTITLEMENT_VERSION = 2
# The clocks of the licence service and ours may differ by this much.
CLOCK_SKEW = timedelta(seconds=60)
# A player asks for its licence right after it got the message; nobody else should be able to use it much later.
MESSAGE_LIFETIME = timedelta(minutes=10)


@dataclass(frozen=True)
class AxinomLicences:
    """Has licences issued by the multi-DRM service. `licence_urls` holds its address for each key system."""

    keyring: Keyring
    communication_key_id: str
    communication_key: bytes = field(repr=False)
    licence_urls: Mapping[KeySystem, str]
    # Asks for HDCP on standard definition too; higher ones always do.
    requires_hdcp: bool = False

    @property
    def key_systems(self) -> frozenset[KeySystem]:
        """The key systems that have an address."""
        return frozenset(self.licence_urls)

    async def licence_for(self, reads: Reads, *, request: LicenceRequest) -> LicenceGrant:
        """Return the service's address and an entitlement message for the keys this session may have.

        Raises:
            KeySystemUnavailable.
            LicenceRefused: the session may have no key of this asset.
        """
        check_available(self, request.key_system)
        keys = await keys_of_asset(reads, keyring=self.keyring, asset_id=request.asset_id)
        granted = [key for key in keys if key.track_class in request.track_classes]
        if not granted:
            raise LicenceRefused
        return LicenceGrant(
            request.key_system, self.licence_urls[request.key_system], self.entitlement(request, granted)
        )

    def entitlement(self, request: LicenceRequest, keys: Sequence[ContentKey]) -> str:
        """Return the signed message that entitles a session to these keys."""
        claims: dict[str, object] = {
            "version": MESSAGE_VERSION,
            "com_key_id": self.communication_key_id,
            "begin_date": _instant(request.now - CLOCK_SKEW),
            "expiration_date": _instant(min(request.now + MESSAGE_LIFETIME, request.expires_at)),
            "message": self._message(request, keys),
        }
        # Large, and needed only where this service is in use.
        from joserfc import jwt
        from joserfc.jwk import OctKey

        return jwt.encode({"alg": "HS256", "typ": "JWT"}, claims, OctKey.import_key(self.communication_key))

    def _message(self, request: LicenceRequest, keys: Sequence[ContentKey]) -> dict[str, object]:
        classes = sorted({key.track_class for key in keys})
        access: dict[str, object] = {"prevent_drm_message_reuse": False}
        if is_seen_alike(request.address):
            access["allowed_ip_addresses"] = [request.address]
        return {
            "type": "entitlement_message",
            "version": ENTITLEMENT_VERSION,
            "license": _licence(request),
            "content_keys_source": {"inline": [self._inline(key) for key in keys]},
            "content_key_usage_policies": [
                usage_policy(track_class, requires_hdcp=self.requires_hdcp) for track_class in classes
            ],
            # Players ask once for each key, with the same message; it dies of age instead.
            "license_server": {"access_control": access},
            "session": {},
        }

    def _inline(self, key: ContentKey) -> dict[str, str]:
        return {
            "id": str(key.kid),
            "encrypted_key": base64.b64encode(encrypt_key(self.communication_key, key)).decode("ascii"),
            "usage_policy": key.track_class.value,
        }


def encrypt_key(communication_key: bytes, key: ContentKey) -> bytes:
    """Encrypt a content key for the service: AES-256-CBC without padding, the key id's bytes as the vector."""
    encryptor = Cipher(algorithms.AES(communication_key), modes.CBC(key.kid.bytes)).encryptor()
    return encryptor.update(key.key) + encryptor.finalize()


def is_seen_alike(address: str | None) -> bool:
    """Whether the licence service sees a viewer under the same address as we do.

    Not so with private addresses, nor with IPv6: a viewer with both may reach the two of us over different ones.
    """
    try:
        known = ip_address(address or "")
    except ValueError:
        return False
    return known.version == 4 and known.is_global


def _licence(request: LicenceRequest) -> dict[str, object]:
    """The licence ends with the session, and so does what is played under it."""
    lasts_s = max(1, round((request.expires_at - request.now).total_seconds()))
    return {
        "start_datetime": _instant(request.now - CLOCK_SKEW),
        "expiration_datetime": _instant(request.expires_at),
        # Nothing is kept: access is decided anew for every session.
        "allow_persistence": False,
        "fairplay": {"real_time_expiration": True, "playback_duration": lasts_s},
        "playready": {"real_time_expiration": True, "playback_duration": lasts_s},
        "widevine": {
            "playback_duration": lasts_s,
            "real_time_duration_expiration": True,
            "real_time_playback_expiration": True,
        },
    }


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
