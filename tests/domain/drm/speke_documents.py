"""A SPEKE request as encryptors write it."""

from uuid import UUID

CONTENT = UUID("0190a000-0000-7000-8000-000000000001")
VIDEO = UUID("98ee5596-cd3e-a20d-163a-e382420c6eff")
AUDIO = UUID("53abdba2-f210-43cb-bc90-f18f9a890a02")
WIDEVINE = "edef8ba9-79d6-4ace-a3c8-27dcd51d21ed"
PLAYREADY = "9a04f079-9840-4286-ab92-e65be0885f95"
FAIRPLAY = "94ce86fb-07ff-4f43-adb8-93d2fa968ca2"


def document(content_id: UUID = CONTENT, delivery: str = "") -> bytes:
    """One key for pictures and one for sound, with the signalling of three systems."""
    hls = '<cpix:HLSSignalingData playlist="media"/><cpix:HLSSignalingData playlist="master"/>'
    systems = "".join(
        f'<cpix:DRMSystem systemId="{WIDEVINE}" kid="{kid}"><cpix:PSSH/><cpix:ContentProtectionData/>{hls}'
        f'</cpix:DRMSystem><cpix:DRMSystem systemId="{PLAYREADY}" kid="{kid}"><cpix:PSSH/>'
        "<cpix:ContentProtectionData/><cpix:SmoothStreamingProtectionHeaderData/></cpix:DRMSystem>"
        f'<cpix:DRMSystem systemId="{FAIRPLAY}" kid="{kid}">{hls}</cpix:DRMSystem>'
        for kid in (VIDEO, AUDIO)
    )
    keys = "".join(
        f'<cpix:ContentKey kid="{kid}" commonEncryptionScheme="cbcs"></cpix:ContentKey>' for kid in (VIDEO, AUDIO)
    )
    return (
        f'<cpix:CPIX contentId="{content_id}" version="2.3" xmlns:cpix="urn:dashif:org:cpix" '
        f'xmlns:pskc="urn:ietf:params:xml:ns:keyprov:pskc">{delivery}<cpix:ContentKeyList>{keys}</cpix:ContentKeyList>'
        f"<cpix:DRMSystemList>{systems}</cpix:DRMSystemList>"
        f'<cpix:ContentKeyUsageRuleList><cpix:ContentKeyUsageRule kid="{VIDEO}" intendedTrackType="HD"/>'
        f'<cpix:ContentKeyUsageRule kid="{AUDIO}" intendedTrackType="AUDIO"/></cpix:ContentKeyUsageRuleList>'
        "</cpix:CPIX>"
    ).encode()
