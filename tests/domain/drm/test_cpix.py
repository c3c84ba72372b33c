import base64
import secrets
from uuid import uuid4
from xml.etree import ElementTree

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from domain.drm.cpix import cpix_document
from domain.drm.cpix_delivery import RecipientRefused
from domain.drm.keys import ContentKey
from domain.media.asset import AssetId
from domain.media.ladder import TrackClass
from domain.media.packager import Scheme
from domain.media.protection_systems import playready_object, playready_pssh, widevine_pssh
from tests.domain.drm.cpix_reader import NAMES, assert_ordered, decrypted_keys, plain_keys
from tests.domain.drm.recipients import certificate, recipient

ASSET = AssetId(uuid4())
KEYS = [ContentKey(uuid4(), ASSET, one, secrets.token_bytes(16), secrets.token_bytes(16)) for one in TrackClass]
SECRETS = {key.kid: key.key for key in KEYS}
COMMON, WIDEVINE = "1077efec-c0b2-4d02-ace3-3c1e52e2fb4b", "edef8ba9-79d6-4ace-a3c8-27dcd51d21ed"
PLAYREADY, FAIRPLAY = "9a04f079-9840-4286-ab92-e65be0885f95", "94ce86fb-07ff-4f43-adb8-93d2fa968ca2"


def exported(scheme: Scheme = Scheme.CENC) -> ElementTree.Element:
    return ElementTree.fromstring(cpix_document(content_id=str(ASSET), keys=KEYS, scheme=scheme))


def texts(root: ElementTree.Element, system: str, kid: object) -> dict[str, bytes]:
    """What a system says of a key, by element and playlist."""
    path = f"cpix:DRMSystemList/cpix:DRMSystem[@systemId='{system}'][@kid='{kid}']"
    found = root.findall(path, NAMES)
    assert len(found) == 1
    return {
        child.tag.rpartition("}")[2] + child.get("playlist", ""): base64.b64decode(child.text or "")
        for child in found[0]
    }


@pytest.mark.parametrize("scheme", list(Scheme))
def test_every_element_stands_where_the_format_wants_it(scheme: Scheme) -> None:
    root = exported(scheme)
    assert root.tag == "{urn:dashif:org:cpix}CPIX"
    assert root.attrib == {"contentId": str(ASSET), "version": "2.3"}
    assert [child.tag.rpartition("}")[2] for child in root] == [
        "ContentKeyList", "DRMSystemList", "ContentKeyUsageRuleList",
    ]  # fmt: skip
    assert_ordered(root)


def test_keys_go_round_unchanged() -> None:
    assert plain_keys(exported()) == SECRETS


def test_only_cbcs_names_a_vector() -> None:
    def vectors(scheme: Scheme) -> list[str | None]:
        return [one.get("explicitIV") for one in exported(scheme).findall("*/cpix:ContentKey", NAMES)]

    assert vectors(Scheme.CENC) == [None] * 4
    assert vectors(Scheme.CBCS) == [base64.b64encode(key.iv).decode() for key in KEYS]


def test_each_key_says_what_it_is_for() -> None:
    rules = exported().findall("*/cpix:ContentKeyUsageRule", NAMES)
    assert {rule.attrib["intendedTrackType"]: rule.attrib["kid"] for rule in rules} == {
        key.track_class: str(key.kid) for key in KEYS
    }
    filters = [[(child.tag.rpartition("}")[2], child.attrib) for child in rule] for rule in rules]
    assert dict(zip((rule.attrib["intendedTrackType"] for rule in rules), filters, strict=True)) == {
        "AUDIO": [("AudioFilter", {})],
        "SD": [("VideoFilter", {"maxPixels": "518400"})],
        "HD": [("VideoFilter", {"minPixels": "518401", "maxPixels": "2073600"})],
        "UHD": [("VideoFilter", {"minPixels": "2073601"})],
    }


def test_each_system_says_its_own_of_a_key() -> None:
    root, kid = exported(Scheme.CBCS), KEYS[0].kid
    widevine = texts(root, WIDEVINE, kid)
    assert widevine["PSSH"] == widevine_pssh(kid, Scheme.CBCS)
    inside = ElementTree.fromstring(widevine["ContentProtectionData"])
    assert inside.tag == "{urn:mpeg:cenc:2013}pssh"
    assert base64.b64decode(inside.text or "") == widevine["PSSH"]
    assert widevine["HLSSignalingDatamedia"].startswith(b"#EXT-X-KEY:METHOD=SAMPLE-AES,")
    assert widevine["HLSSignalingDatamaster"].startswith(b"#EXT-X-SESSION-KEY:METHOD=SAMPLE-AES,")

    playready = texts(root, PLAYREADY, kid)
    assert playready["PSSH"] == playready_pssh(kid, Scheme.CBCS)
    assert playready["SmoothStreamingProtectionHeaderData"] == playready_object(kid, Scheme.CBCS)
    both = ElementTree.fromstring(b"<both>" + playready["ContentProtectionData"] + b"</both>")
    assert [child.tag for child in both] == ["{urn:mpeg:cenc:2013}pssh", "{urn:microsoft:playready}pro"]

    fairplay = texts(root, FAIRPLAY, kid)
    assert set(fairplay) == {"HLSSignalingDatamedia", "HLSSignalingDatamaster"}
    assert f'URI="skd://{kid}"'.encode() in fairplay["HLSSignalingDatamedia"]
    assert set(texts(root, COMMON, kid)) == {"PSSH", "ContentProtectionData"}


def test_fairplay_is_left_out_of_cenc() -> None:
    systems = {one.attrib["systemId"] for one in exported(Scheme.CENC).findall("*/cpix:DRMSystem", NAMES)}
    assert systems == {COMMON, WIDEVINE, PLAYREADY}


def test_an_encrypted_document_opens_for_each_recipient_and_shows_no_key() -> None:
    (first, first_private), (second, second_private) = recipient("first"), recipient("second")
    document = cpix_document(content_id=str(ASSET), keys=KEYS, scheme=Scheme.CENC, recipients=[first, second])
    root = ElementTree.fromstring(document)
    assert_ordered(root)
    assert decrypted_keys(root, first_private, 0) == SECRETS
    assert decrypted_keys(root, second_private, 1) == SECRETS
    for key in KEYS:
        assert base64.b64encode(key.key) not in document
    shown = root.findall(".//ds:X509Certificate", NAMES)
    assert [base64.b64decode(one.text or "") for one in shown] == [
        one.public_bytes(Encoding.DER) for one in (first, second)
    ]


def test_another_recipient_cannot_open_it() -> None:
    document = cpix_document(content_id="x", keys=KEYS, scheme=Scheme.CENC, recipients=[recipient("first")[0]])
    with pytest.raises(ValueError, match="Decryption failed"):
        decrypted_keys(ElementTree.fromstring(document), recipient("second")[1])


def test_a_changed_key_is_noticed() -> None:
    certificate, private = recipient("first")
    root = ElementTree.fromstring(
        cpix_document(content_id="x", keys=KEYS, scheme=Scheme.CENC, recipients=[certificate])
    )
    values = root.findall("cpix:ContentKeyList//enc:CipherValue", NAMES)
    values[0].text, values[1].text = values[1].text, values[0].text
    with pytest.raises(AssertionError):
        decrypted_keys(root, private)


def test_two_documents_never_share_their_keys() -> None:
    certificate, _ = recipient("first")
    one, other = (
        cpix_document(content_id="x", keys=KEYS[:1], scheme=Scheme.CENC, recipients=[certificate]) for _ in range(2)
    )
    assert one != other


def test_a_weak_or_foreign_certificate_is_refused() -> None:
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    curve = ec.generate_private_key(ec.SECP256R1())
    for private in (weak, curve):
        with pytest.raises(RecipientRefused):
            cpix_document(content_id="x", keys=KEYS, scheme=Scheme.CENC, recipients=[certificate("bad", private)])
