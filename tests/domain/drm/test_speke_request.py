import base64
import re
from uuid import UUID

import pytest

from domain.drm.speke_request import KEYS_MAX, REQUEST_MAX_BYTES, read_speke_request
from domain.kernel.refusals import InvalidInput
from domain.media.ladder import TrackClass
from domain.media.packager import Scheme
from tests.domain.drm.speke_documents import AUDIO, CONTENT, VIDEO, WIDEVINE, document


def test_a_request_is_read_with_the_class_of_each_key() -> None:
    request = read_speke_request(document())
    assert request.content_id == CONTENT
    assert request.scheme is Scheme.CBCS
    assert [(key.kid, key.track_class) for key in request.keys] == [(VIDEO, TrackClass.HD), (AUDIO, TrackClass.AUDIO)]
    assert (request.systems[0].kid, str(request.systems[0].system)) == (VIDEO, WIDEVINE)
    assert request.recipients == []


@pytest.mark.parametrize(
    ("track_type", "track_class"),
    [
        ("SD", TrackClass.SD),
        ("SD+HD1", TrackClass.HD),
        ("HD1+HD2", TrackClass.HD),
        ("UHD1+SD", TrackClass.UHD),
        ("STEREO_AUDIO", TrackClass.AUDIO),
        ("AUDIO+SD", TrackClass.SD),
        ("VIDEO", TrackClass.UHD),
        ("ALL", TrackClass.UHD),
    ],
)
def test_a_key_for_several_tracks_belongs_to_the_dearest(track_type: str, track_class: TrackClass) -> None:
    request = read_speke_request(
        document().replace(b'intendedTrackType="HD"', f'intendedTrackType="{track_type}"'.encode())
    )
    assert request.keys[0].track_class is track_class


def test_a_vector_of_the_encryptor_is_kept() -> None:
    vector = base64.b64encode(bytes(16))
    request = read_speke_request(document().replace(b'kid="', b'explicitIV="' + vector + b'" kid="', 1))
    assert [key.explicit_iv for key in request.keys] == [bytes(16), None]


KEY_LIST, SYSTEM_LIST = (rf"(<cpix:{name}List>.*</cpix:{name}List>)" for name in ("ContentKey", "DRMSystem"))
NO_RECIPIENT = "<cpix:DeliveryDataList><cpix:DeliveryData/></cpix:DeliveryDataList>"
SCHEMES = "ContentKey@commonEncryptionScheme"


@pytest.mark.parametrize(
    ("pattern", "replacement", "field"),
    [
        (r"(?s).*", "", "document"),
        (r"(?s).*", "<a/>", "document"),
        (r"(?s).*", "not xml", "document"),
        (r"^", "<!DOCTYPE x [<!ENTITY a 'b'>]>", "document"),
        (r"^", " " * REQUEST_MAX_BYTES, "document"),
        (r' version="2.3"', "", "CPIX@version"),
        (r' version="2.3"', ' version="2.0"', "CPIX@version"),
        (r' contentId="[^"]*"', "", "CPIX@contentId"),
        (r' contentId="[^"]*"', ' contentId="abc"', "CPIX@contentId"),
        (r"(?s)<cpix:ContentKeyList>.*</cpix:ContentKeyList>", "<cpix:ContentKeyList/>", "ContentKeyList"),
        (r"<cpix:DRMSystemList>", "<cpix:Other/><cpix:DRMSystemList>", "CPIX"),
        (KEY_LIST + SYSTEM_LIST, r"\2\1", "CPIX"),
        (r"<cpix:ContentKeyList>", "<cpix:ContentKeyList><cpix:DRMSystem/>", "ContentKeyList"),
        (r'commonEncryptionScheme="cbcs"', "", SCHEMES),
        (r'commonEncryptionScheme="cbcs"', 'commonEncryptionScheme="cens"', SCHEMES),
        (r'(?s)(commonEncryptionScheme=)"cbcs"(.*)\1"cbcs"', r'\1"cenc"\2\1"cbcs"', SCHEMES),
        (r'<cpix:ContentKey kid="[^"]*"', '<cpix:ContentKey kid="1"', "ContentKey@kid"),
        (rf'ContentKey kid="{AUDIO}"', f'ContentKey kid="{VIDEO}"', "ContentKey@kid"),
        (r'<cpix:ContentKey kid="', '<cpix:ContentKey explicitIV="AAAA" kid="', "ContentKey@explicitIV"),
        (r'<cpix:ContentKey kid="', '<cpix:ContentKey explicitIV="é" kid="', "ContentKey@explicitIV"),
        (r"></cpix:ContentKey>", "><cpix:Data/></cpix:ContentKey>", "ContentKey"),
        (rf'systemId="{WIDEVINE}"', 'systemId="3ea8778f-7742-4bf9-b18b-e834b2acbd47"', "DRMSystem@systemId"),
        (rf'(systemId="{WIDEVINE}") kid="[^"]*"', rf'\1 kid="{CONTENT}"', "DRMSystem@kid"),
        (r"<cpix:PSSH/>", "<cpix:PSSH/><cpix:PSSH/>", "DRMSystem"),
        (r"<cpix:PSSH/>", '<speke:PSSH xmlns:speke="urn:aws:amazon:com:speke"/>', "DRMSystem"),
        (r'playlist="media"', 'playlist="other"', "HLSSignalingData@playlist"),
        (r'intendedTrackType="HD"', 'intendedTrackType="8K"', "ContentKeyUsageRule@intendedTrackType"),
        (r'intendedTrackType="HD"', "", "ContentKeyUsageRule@intendedTrackType"),
        (r'<cpix:ContentKeyUsageRule kid="[^"]*" intendedTrackType="HD"/>', "", "ContentKeyUsageRuleList"),
        (r'"HD"/>', '"HD"><cpix:Odd/></cpix:ContentKeyUsageRule>', "ContentKeyUsageRule"),
        (
            r'intendedTrackType="HD"/>',
            'intendedTrackType="HD"><cpix:KeyPeriodFilter periodId="p"/></cpix:ContentKeyUsageRule>',
            "KeyPeriodFilter@periodId",
        ),
        (r"<cpix:ContentKeyList>", f"{NO_RECIPIENT}<cpix:ContentKeyList>", "DeliveryData"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused_by_name(pattern: str, replacement: str, field: str) -> None:
    changed = re.sub(pattern, replacement, document().decode(), count=1)
    assert changed != document().decode()
    with pytest.raises(InvalidInput) as refused:
        read_speke_request(changed.encode())
    assert refused.value.field == field


def test_a_certificate_that_is_none_is_refused() -> None:
    delivery = (
        '<cpix:DeliveryDataList><cpix:DeliveryData><cpix:DeliveryKey xmlns:ds="http://www.w3.org/2000/09/xmldsig#">'
        "<ds:X509Data><ds:X509Certificate>AAAA</ds:X509Certificate></ds:X509Data></cpix:DeliveryKey>"
        "</cpix:DeliveryData></cpix:DeliveryDataList><cpix:ContentKeyList>"
    )
    with pytest.raises(InvalidInput) as refused:
        read_speke_request(document().replace(b"<cpix:ContentKeyList>", delivery.encode()))
    assert refused.value.field == "X509Certificate"


def test_the_number_of_keys_is_bounded() -> None:
    keys = "".join(f'<cpix:ContentKey kid="{UUID(int=n)}" commonEncryptionScheme="cbcs"/>' for n in range(KEYS_MAX + 1))
    with pytest.raises(InvalidInput) as refused:
        read_speke_request(document().replace(b"<cpix:ContentKeyList>", f"<cpix:ContentKeyList>{keys}".encode()))
    assert refused.value.field == "ContentKeyList"
