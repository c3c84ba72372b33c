"""The choice of the licence provider, by setting."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.drm.axinom import COMMUNICATION_KEY_BYTES, AxinomLicences
from domain.drm.clearkey import ClearKeyLicences
from domain.drm.licences import LicenceProvider
from domain.kernel.crypto import Keyring
from domain.media.protection_systems import KeySystem


@dataclass(frozen=True)
class AxinomSettings:
    """An account with the multi-DRM service, as it is written in settings.

    `communication_key` is base64 of 32 bytes; `licence_urls` holds the address for each key system in use.
    """

    communication_key_id: str
    communication_key: str = field(repr=False)
    licence_urls: Mapping[KeySystem, str]
    requires_hdcp: bool = False


def choose_provider(
    *, name: str, public_url: str, keyring: Keyring, axinom: AxinomSettings | None = None
) -> LicenceProvider:
    """Return the provider that the setting names: `clearkey`, or `axinom` with its account.

    Raises:
        ValueError: an unknown name, or an account that is missing or malformed. The message never repeats a key.
    """
    if name == "clearkey":
        return ClearKeyLicences(public_url)
    if name != "axinom":
        raise ValueError(f"there is no licence provider {name!r}; use clearkey or axinom")
    if axinom is None or not axinom.communication_key_id or not axinom.licence_urls:
        raise ValueError("the axinom provider needs a communication key, its id and at least one licence address")
    if KeySystem.CLEARKEY in axinom.licence_urls:
        raise ValueError("the axinom provider issues no ClearKey licences; name Widevine, PlayReady or FairPlay")
    return AxinomLicences(
        keyring=keyring,
        communication_key_id=axinom.communication_key_id,
        communication_key=_communication_key(axinom.communication_key),
        licence_urls=dict(axinom.licence_urls),
        requires_hdcp=axinom.requires_hdcp,
    )


def _communication_key(encoded: str) -> bytes:
    try:
        key = base64.b64decode(encoded, validate=True)
    except binascii.Error as malformed:
        raise ValueError("the axinom communication key is not base64") from malformed
    if len(key) != COMMUNICATION_KEY_BYTES:
        raise ValueError(f"the axinom communication key must be {COMMUNICATION_KEY_BYTES} bytes")
    return key
