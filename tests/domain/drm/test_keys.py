import asyncio
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from domain.drm import (
    KeyTaken,
    keys_for_asset,
    keys_of_asset,
    rewrap_keys,
)
from domain.drm.keys import keys_by_requested_id
from domain.kernel.bus import Bus
from domain.kernel.crypto import Keyring, SealBroken
from domain.kernel.work import Database, Reads, Work
from domain.media.assets import create_asset
from domain.media.ladder import TrackClass
from tests.arrange import complete_upload, create_draft, create_editor

BASIC = frozenset({TrackClass.AUDIO, TrackClass.SD})
ALL = frozenset(TrackClass)


async def new_asset(work: Work) -> UUID:
    viewer = await create_editor(work)
    upload_id, _ = await complete_upload(work, viewer=viewer, size_bytes=10)
    title_id = await create_draft(work, viewer=viewer)
    return (await create_asset(work, viewer=viewer, upload_id=upload_id, title_id=title_id)).id


async def rows(work: Work) -> list[tuple[object, ...]]:
    found = await work.connection.execute(text("SELECT kid, asset_id, track_class, own, sealed FROM content_keys"))
    return [tuple(row) for row in found]


async def test_each_class_gets_a_key_of_its_own_and_keeps_it(work: Work, keyring: Keyring) -> None:
    asset_id = await new_asset(work)
    basic = await keys_for_asset(work, keyring=keyring, asset_id=asset_id, track_classes=BASIC)
    assert [key.track_class for key in basic] == [TrackClass.AUDIO, TrackClass.SD]
    everything = await keys_for_asset(work, keyring=keyring, asset_id=asset_id, track_classes=ALL)
    assert everything[:2] == basic
    assert len({key.kid for key in everything}) == len({key.key for key in everything}) == 4
    assert {(len(key.key), len(key.iv)) for key in everything} == {(16, 16)}


async def test_keys_of_two_assets_differ(work: Work, keyring: Keyring) -> None:
    first, second = [
        await keys_for_asset(work, keyring=keyring, asset_id=await new_asset(work), track_classes=ALL) for _ in range(2)
    ]
    assert {key.kid for key in first}.isdisjoint(key.kid for key in second)
    assert {key.key for key in first}.isdisjoint(key.key for key in second)


async def test_keys_lie_sealed_and_never_show(work: Work, keyring: Keyring) -> None:
    keys = await keys_for_asset(work, keyring=keyring, asset_id=await new_asset(work), track_classes=ALL)
    kept = b"".join(bytes(row[4]) for row in await rows(work))  # type: ignore[call-overload]  # the sealed column
    for key in keys:
        assert key.key not in kept
        assert key.iv not in kept
        assert key.key.hex() not in repr(key)
        assert repr(key.key) not in repr(key)


async def test_a_key_moved_to_another_row_does_not_open(work: Work, reads: Reads, keyring: Keyring) -> None:
    asset_id, other_id = await new_asset(work), await new_asset(work)
    await keys_for_asset(work, keyring=keyring, asset_id=asset_id, track_classes={TrackClass.SD})
    await work.connection.execute(text("UPDATE content_keys SET asset_id = :id"), {"id": other_id})
    with pytest.raises(SealBroken):
        await keys_of_asset(reads, keyring=keyring, asset_id=other_id)


async def test_callers_at_once_get_the_same_keys(database: Database, bus: Bus, keyring: Keyring) -> None:
    async with database.work(bus=bus) as work:
        asset_id = await new_asset(work)

    async def ask() -> list[UUID]:
        async with database.work(bus=bus) as work:
            keys = await keys_for_asset(work, keyring=keyring, asset_id=asset_id, track_classes=ALL)
        return [key.kid for key in keys]

    answers = await asyncio.gather(*(ask() for _ in range(8)))
    assert all(answer == answers[0] for answer in answers)
    async with database.work(bus=bus) as work:
        assert len(await rows(work)) == 4


async def test_a_new_master_key_takes_over_in_batches_without_changing_a_key(work: Work, reads: Reads) -> None:
    old, new = {"old": bytes(32)}, {"new": bytes(range(32))}
    before = Keyring(old)
    asset_ids = [await new_asset(work) for _ in range(2)]
    made = [await keys_for_asset(work, keyring=before, asset_id=id, track_classes=ALL) for id in asset_ids]

    rotating, after, rewrapped = Keyring(new | old), None, list[int]()
    while True:
        batch = await rewrap_keys(work, keyring=rotating, after=after, limit=3)
        rewrapped.append(batch.rewrapped)
        assert batch.checked <= 3
        after = batch.next_after
        if after is None:
            break
    assert rewrapped == [3, 3, 2]
    assert (await rewrap_keys(work, keyring=rotating)).rewrapped == 0

    alone = Keyring(new)
    for asset_id, keys in zip(asset_ids, made, strict=True):
        assert {key.kid: key for key in await keys_of_asset(reads, keyring=alone, asset_id=asset_id)} == {
            key.kid: key for key in keys
        }


async def test_a_key_id_of_an_encryptor_gets_one_key_for_good(work: Work, keyring: Keyring) -> None:
    asset_id, kid = await new_asset(work), uuid4()
    wanted = [(kid, TrackClass.HD)]
    first = await keys_by_requested_id(work, keyring=keyring, asset_id=asset_id, wanted=wanted)
    again = await keys_by_requested_id(work, keyring=keyring, asset_id=asset_id, wanted=wanted)
    assert first == again
    assert (first[0].kid, first[0].track_class) == (kid, TrackClass.HD)


async def test_a_key_id_in_use_elsewhere_is_refused(work: Work, keyring: Keyring) -> None:
    mine, theirs, kid = await new_asset(work), await new_asset(work), uuid4()
    await keys_by_requested_id(work, keyring=keyring, asset_id=theirs, wanted=[(kid, TrackClass.SD)])
    before = await rows(work)
    for asset_id, track_class in ((mine, TrackClass.SD), (theirs, TrackClass.AUDIO)):
        with pytest.raises(KeyTaken):
            await keys_by_requested_id(work, keyring=keyring, asset_id=asset_id, wanted=[(kid, track_class)])
    assert await rows(work) == before


async def test_an_encryptors_key_does_not_replace_the_assets_own(work: Work, reads: Reads, keyring: Keyring) -> None:
    asset_id, kid = await new_asset(work), uuid4()
    await keys_by_requested_id(work, keyring=keyring, asset_id=asset_id, wanted=[(kid, TrackClass.SD)])
    own = await keys_for_asset(work, keyring=keyring, asset_id=asset_id, track_classes={TrackClass.SD})
    assert own[0].kid != kid
    assert [key.kid for key in await keys_of_asset(reads, keyring=keyring, asset_id=asset_id)] == [own[0].kid, kid]
