"""DRM: who gets which content key, in the form each licence system asks for.

Content keys are made per track class of an asset and kept sealed. A viewer's session reaches them in one of two ways:
the ClearKey licence here, or an entitlement message with which a multi-DRM service issues Widevine, PlayReady and
FairPlay licences. Outside encryptors and key servers exchange keys with us as CPIX documents, over SPEKE or by hand.
What a viewer may have is decided by `entitlements`; this context only withholds the rest.
"""

from domain.drm.clearkey import LicenceRefused, clearkey_licence, identity_key
from domain.drm.keys import ContentKey, KeyTaken, RewrapBatch, keys_for_asset, keys_of_asset, rewrap_keys
from domain.drm.licences import (
    KeySystemUnavailable,
    LicenceGrant,
    LicenceProvider,
    LicenceRequest,
)
from domain.drm.providers import AxinomSettings, choose_provider
from domain.media.protection_systems import KeySystem

__all__ = [
    "AxinomSettings",
    "ContentKey",
    "KeySystem",
    "KeySystemUnavailable",
    "KeyTaken",
    "LicenceGrant",
    "LicenceProvider",
    "LicenceRefused",
    "LicenceRequest",
    "RewrapBatch",
    "choose_provider",
    "clearkey_licence",
    "identity_key",
    "keys_for_asset",
    "keys_of_asset",
    "rewrap_keys",
]
