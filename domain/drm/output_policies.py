"""What a device must guarantee to play each track class: output protection and the safety of its decoder.

Sources: Axinom DRM, "Content Key Usage Policies"; PlayReady Compliance Rules, output protection levels; Widevine
DRM Architecture Overview, security levels.
"""

from dataclasses import dataclass
from enum import StrEnum

from domain.media.ladder import TrackClass

# Plays to outputs that Windows cannot name, such as some laptop panels (PlayReady Compliance Rules, play enablers).
UNKNOWN_OUTPUT = "786627D8-C2A6-44BE-8F88-08AE255B01A7"
# "HDCP Type Restriction", and its value for type 1, a big-endian 1 in base64.
HDCP_TYPE_RESTRICTION, HDCP_TYPE_1 = "ABB2C6F1-E663-4625-A945-972D17B231E7", "AAAAAQ=="
# From 301 on no uncompressed digital output is allowed at all; 300 wants HDCP on it, 100 wants nothing.
OPL_HDCP, OPL_FREE = 300, 100
# PlayReady security levels of a client: protected by software, or by hardware.
SL_SOFTWARE, SL_HARDWARE = 2000, 3000


class OutputProtection(StrEnum):
    """The copy protection a digital output must have."""

    NONE = "NONE"
    HDCP = "HDCP"
    HDCP_2_2 = "HDCP_2_2"


@dataclass(frozen=True)
class DeviceRule:
    """What one track class asks of a device."""

    output: OutputProtection
    hardware: bool


_RULES = {
    TrackClass.AUDIO: DeviceRule(OutputProtection.NONE, hardware=False),
    TrackClass.SD: DeviceRule(OutputProtection.NONE, hardware=False),
    TrackClass.HD: DeviceRule(OutputProtection.HDCP, hardware=False),
    TrackClass.UHD: DeviceRule(OutputProtection.HDCP_2_2, hardware=True),
}
# A protection that is not asked for is left out.
_FAIRPLAY: dict[OutputProtection, dict[str, object]] = {
    OutputProtection.NONE: {},
    OutputProtection.HDCP: {"hdcp": "TYPE0"},
    OutputProtection.HDCP_2_2: {"hdcp": "TYPE1"},
}
_WIDEVINE: dict[OutputProtection, dict[str, object]] = {
    OutputProtection.NONE: {},
    OutputProtection.HDCP: {"hdcp": "1.0"},
    OutputProtection.HDCP_2_2: {"hdcp": "2.2"},
}


def device_rule(track_class: TrackClass, *, requires_hdcp: bool) -> DeviceRule:
    """Return the rule of a class; a service that requires HDCP asks for it on every picture."""
    rule = _RULES[track_class]
    if requires_hdcp and track_class is not TrackClass.AUDIO and rule.output is OutputProtection.NONE:
        return DeviceRule(OutputProtection.HDCP, hardware=rule.hardware)
    return rule


def usage_policy(track_class: TrackClass, *, requires_hdcp: bool) -> dict[str, object]:
    """Return the usage policy named after the class, in the words of each key system."""
    rule = device_rule(track_class, requires_hdcp=requires_hdcp)
    return {
        "name": track_class.value,
        "fairplay": _FAIRPLAY[rule.output],
        "playready": _playready(rule),
        "widevine": {"device_security_level": "HW_SECURE_ALL" if rule.hardware else "SW_SECURE_CRYPTO"}
        | _WIDEVINE[rule.output],
    }


def _playready(rule: DeviceRule) -> dict[str, object]:
    protected = rule.output is not OutputProtection.NONE
    policy: dict[str, object] = {
        "min_device_security_level": SL_HARDWARE if rule.hardware else SL_SOFTWARE,
        "uncompressed_digital_video_opl": OPL_HDCP if protected else OPL_FREE,
    }
    if rule.output is OutputProtection.HDCP_2_2:
        policy["digital_video_output_protections"] = [{"id": HDCP_TYPE_RESTRICTION, "config_data": HDCP_TYPE_1}]
    else:
        policy["play_enablers"] = [UNKNOWN_OUTPUT]
    return policy
