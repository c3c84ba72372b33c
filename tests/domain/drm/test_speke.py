import base64
from uuid import uuid4
from xml.etree import ElementTree

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from domain.drm import KeyTaken, keys_of_asset
from domain.drm.cpix_delivery import RecipientRefused
from domain.drm.speke import answer_speke
from domain.kernel.crypto import Keyring
from domain.kernel.refusals import InvalidInput, NotFound
from domain.kernel.work import Reads, Work
from domain.media.ladder import TrackClass
from tests.domain.drm.cpix_reader import NAMES, assert_ordered, decrypted_keys, plain_keys
from tests.domain.drm.recipients import recipient
from tests.domain.drm.speke_documents import AUDIO, FAIRPLAY, VIDEO, WIDEVINE, document
from tests.domain.drm.test_keys import new_asset, rows


async def answered(work: Work, reads: Reads, keyring: Keyring, request: bytes) -> ElementTree.Element:
    return ElementTree.fromstring(await answer_speke(work, reads=reads, keyring=keyring, document=request))


def delivery(name: str, bits: int = 2048) -> str:
    certificate = base64.b64encode(recipient(name, bits)[0].public_bytes(Encoding.DER)).decode()
    return (
        '<cpix:DeliveryDataList><cpix:DeliveryData id="d1"><cpix:DeliveryKey>'
        '<ds:X509Data xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Certificate>'
        f"{certificate}</ds:X509Certificate></ds:X509Data></cpix:DeliveryKey></cpix:DeliveryData></cpix:DeliveryDataList>"
    )


async def test_the_document_comes_back_with_keys_for_the_ids_in_it(work: Work, reads: Reads, keyring: Keyring) -> None:
    asset_id = await new_asset(work)
    root = await answered(work, reads, keyring, document(asset_id))
    assert_ordered(root)
    kept = {key.kid: key for key in await keys_of_asset(reads, keyring=keyring, asset_id=asset_id)}
    assert plain_keys(root) == {kid: key.key for kid, key in kept.items()}
    assert {kid: key.track_class for kid, key in kept.items()} == {VIDEO: TrackClass.HD, AUDIO: TrackClass.AUDIO}
    vectors = [one.attrib["explicitIV"] for one in root.findall("*/cpix:ContentKey", NAMES)]
    assert vectors == [base64.b64encode(kept[kid].iv).decode() for kid in (VIDEO, AUDIO)]


async def test_all_that_is_asked_for_is_filled_in_and_nothing_added(work: Work, reads: Reads, keyring: Keyring) -> None:
    asset_id = await new_asset(work)
    asked = ElementTree.fromstring(document(asset_id))
    root = await answered(work, reads, keyring, document(asset_id))
    path = "cpix:DRMSystemList/cpix:DRMSystem"
    for before, after in zip(asked.findall(path, NAMES), root.findall(path, NAMES), strict=True):
        assert before.attrib == after.attrib
        assert [child.tag for child in before] == [child.tag for child in after]
        assert all(base64.b64decode(child.text or "") for child in after)
    rules = "cpix:ContentKeyUsageRuleList/cpix:ContentKeyUsageRule"
    assert [one.attrib for one in asked.findall(rules, NAMES)] == [one.attrib for one in root.findall(rules, NAMES)]


async def test_the_same_request_gets_the_same_keys(work: Work, reads: Reads, keyring: Keyring) -> None:
    asset_id = await new_asset(work)
    first = await answered(work, reads, keyring, document(asset_id))
    second = await answered(work, reads, keyring, document(asset_id))
    assert plain_keys(first) == plain_keys(second)


async def test_an_encrypted_answer_opens_for_its_recipient_alone(work: Work, reads: Reads, keyring: Keyring) -> None:
    asset_id = await new_asset(work)
    request = document(asset_id, delivery("first"))
    answer = await answer_speke(work, reads=reads, keyring=keyring, document=request)
    root = ElementTree.fromstring(answer)
    assert_ordered(root)
    kept = {key.kid: key.key for key in await keys_of_asset(reads, keyring=keyring, asset_id=asset_id)}
    assert decrypted_keys(root, recipient("first")[1]) == kept
    for key in kept.values():
        assert base64.b64encode(key) not in answer
    with pytest.raises(ValueError, match="Decryption failed"):
        decrypted_keys(root, recipient("second")[1])


async def test_a_content_that_is_no_asset_is_not_found(work: Work, reads: Reads, keyring: Keyring) -> None:
    with pytest.raises(NotFound):
        await answer_speke(work, reads=reads, keyring=keyring, document=document(uuid4()))
    assert await rows(work) == []


async def test_ids_of_another_asset_are_refused(work: Work, reads: Reads, keyring: Keyring) -> None:
    mine, theirs = await new_asset(work), await new_asset(work)
    await answer_speke(work, reads=reads, keyring=keyring, document=document(theirs))
    before = await rows(work)
    with pytest.raises(KeyTaken):
        await answer_speke(work, reads=reads, keyring=keyring, document=document(mine))
    assert await rows(work) == before


async def test_a_weak_recipient_is_refused(work: Work, reads: Reads, keyring: Keyring) -> None:
    request = document(await new_asset(work), delivery("weak", 1024))
    with pytest.raises(RecipientRefused):
        await answer_speke(work, reads=reads, keyring=keyring, document=request)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        # FairPlay has no box.
        (f'"{FAIRPLAY}" kid="{VIDEO}">', "<cpix:PSSH/>"),
        # Smooth Streaming knows PlayReady alone.
        (f'"{WIDEVINE}" kid="{VIDEO}"><cpix:PSSH/>', "<cpix:SmoothStreamingProtectionHeaderData/>"),
        (f'"{WIDEVINE}" kid="{VIDEO}">', "<cpix:URIExtXKey/>"),
    ],
)  # fmt: skip
async def test_what_a_system_does_not_have_is_refused_not_left_empty(
    work: Work, reads: Reads, keyring: Keyring, old: str, new: str
) -> None:
    request = document(await new_asset(work)).replace(old.encode(), (old + new).encode())
    with pytest.raises(InvalidInput) as refused:
        await answer_speke(work, reads=reads, keyring=keyring, document=request)
    assert refused.value.field == "DRMSystem"


async def test_fairplay_with_cenc_is_refused(work: Work, reads: Reads, keyring: Keyring) -> None:
    request = document(await new_asset(work)).replace(b'"cbcs"', b'"cenc"')
    with pytest.raises(InvalidInput) as refused:
        await answer_speke(work, reads=reads, keyring=keyring, document=request)
    assert refused.value.field == "DRMSystem"


async def test_periods_and_filters_go_back_as_they_came(work: Work, reads: Reads, keyring: Keyring) -> None:
    asset_id = await new_asset(work)
    periods = b'<cpix:ContentKeyPeriodList><cpix:ContentKeyPeriod id="p1" index="1"/></cpix:ContentKeyPeriodList>'
    filters = b'"HD"><cpix:KeyPeriodFilter periodId="p1"/><cpix:VideoFilter minPixels="1"/></cpix:ContentKeyUsageRule>'
    request = (
        document(asset_id)
        .replace(b'"HD"/>', filters)
        .replace(b"<cpix:ContentKeyUsageRuleList>", periods + b"<cpix:ContentKeyUsageRuleList>")
    )
    root = await answered(work, reads, keyring, request)
    assert_ordered(root)
    period = root.find("cpix:ContentKeyPeriodList/cpix:ContentKeyPeriod", NAMES)
    assert period is not None
    assert period.attrib == {"id": "p1", "index": "1"}
    rule = root.find("cpix:ContentKeyUsageRuleList/cpix:ContentKeyUsageRule", NAMES)
    assert rule is not None
    assert [child.attrib for child in rule] == [{"periodId": "p1"}, {"minPixels": "1"}]
