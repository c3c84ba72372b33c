import base64
from uuid import UUID, uuid4

import orjson
import pytest

from domain.drm import ContentKey, LicenceRefused, clearkey_licence, identity_key, keys_for_asset
from domain.drm.clearkey import encode
from domain.kernel.crypto import Keyring
from domain.kernel.refusals import InvalidInput
from domain.kernel.work import Reads, Work
from domain.media.ladder import TrackClass
from tests.domain.drm.test_keys import new_asset

BASIC = frozenset({TrackClass.AUDIO, TrackClass.SD})
ALL = frozenset(TrackClass)


def asking_for(*kids: UUID) -> bytes:
    return orjson.dumps({"kids": [encode(kid.bytes) for kid in kids], "type": "temporary"})


async def made(work: Work, keyring: Keyring) -> tuple[UUID, dict[TrackClass, ContentKey]]:
    asset_id = await new_asset(work)
    keys = await keys_for_asset(work, keyring=keyring, asset_id=asset_id, track_classes=ALL)
    return asset_id, {key.track_class: key for key in keys}


async def test_a_viewer_gets_the_keys_of_the_classes_they_may_have(work: Work, reads: Reads, keyring: Keyring) -> None:
    asset_id, keys = await made(work, keyring)
    answer = await clearkey_licence(
        reads, keyring=keyring, asset_id=asset_id, track_classes=BASIC,
        request=asking_for(*(key.kid for key in keys.values())),
    )  # fmt: skip
    granted = {one["kid"]: base64.urlsafe_b64decode(one["k"] + "==") for one in orjson.loads(answer)["keys"]}
    assert granted == {encode(keys[one].kid.bytes): keys[one].key for one in BASIC}


async def test_a_licence_holds_only_what_was_asked_for(work: Work, reads: Reads, keyring: Keyring) -> None:
    asset_id, keys = await made(work, keyring)
    request = asking_for(keys[TrackClass.SD].kid)
    answer = await clearkey_licence(reads, keyring=keyring, asset_id=asset_id, track_classes=ALL, request=request)
    assert len(orjson.loads(answer)["keys"]) == 1


async def test_a_key_of_a_better_class_is_refused(work: Work, reads: Reads, keyring: Keyring) -> None:
    asset_id, keys = await made(work, keyring)
    request = asking_for(keys[TrackClass.HD].kid, keys[TrackClass.UHD].kid)
    with pytest.raises(LicenceRefused):
        await clearkey_licence(reads, keyring=keyring, asset_id=asset_id, track_classes=BASIC, request=request)
    with pytest.raises(LicenceRefused):
        await identity_key(reads, keyring=keyring, asset_id=asset_id, track_classes=BASIC, kid=keys[TrackClass.HD].kid)


async def test_a_key_of_another_asset_is_refused_like_one_that_is_not(
    work: Work, reads: Reads, keyring: Keyring
) -> None:
    asset_id, _ = await made(work, keyring)
    _, others = await made(work, keyring)
    for kid in (others[TrackClass.SD].kid, uuid4()):
        with pytest.raises(LicenceRefused) as refused:
            await clearkey_licence(
                reads, keyring=keyring, asset_id=asset_id, track_classes=ALL, request=asking_for(kid)
            )
        assert str(kid) not in refused.value.message
        with pytest.raises(LicenceRefused):
            await identity_key(reads, keyring=keyring, asset_id=asset_id, track_classes=ALL, kid=kid)


async def test_an_identity_key_is_the_key_itself(work: Work, reads: Reads, keyring: Keyring) -> None:
    asset_id, keys = await made(work, keyring)
    sd = keys[TrackClass.SD]
    assert await identity_key(reads, keyring=keyring, asset_id=asset_id, track_classes=BASIC, kid=sd.kid) == sd.key


async def test_a_malformed_request_is_told_so(work: Work, reads: Reads, keyring: Keyring) -> None:
    asset_id, _ = await made(work, keyring)
    with pytest.raises(InvalidInput):
        await clearkey_licence(reads, keyring=keyring, asset_id=asset_id, track_classes=ALL, request=b"{}")
