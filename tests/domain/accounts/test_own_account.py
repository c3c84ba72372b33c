"""What people change of their own account: devices, sign-ins, country, consent."""

from datetime import timedelta

import pytest

from domain.accounts import (
    AccountChange,
    ConfirmationRequired,
    Viewer,
    accounts_by_id,
    devices_of,
    end_sign_in,
    rename_device,
    sign_in,
    sign_ins_by_id,
    sign_ins_of,
    sign_out,
    sign_out_everywhere,
    update_account,
    viewer_by_sign_in,
    viewers_now,
)
from domain.accounts.sign_in import SIGN_IN_LASTS
from domain.kernel.refusals import InvalidInput, NotFound, SignInRequired, StaleVersion
from domain.kernel.work import Reads, Work
from tests.arrange import CONFIRMED, create_viewer
from tests.conftest import SettableClock


async def again(work: Work, viewer: Viewer) -> Viewer:
    signed_in = await sign_in(work, account_id=viewer.account_id, device_name="Phone", factors=CONFIRMED)
    return signed_in.viewer


def later(reads: Reads, **ahead: float) -> Reads:
    return Reads(reads.database, now=reads.now + timedelta(**ahead))


async def test_a_device_keeps_the_name_its_owner_gave_it(work: Work, reads: Reads) -> None:
    viewer = await create_viewer(work)
    renamed = await rename_device(work, viewer=viewer, device_id=viewer.device_id, name=" Kitchen ")
    assert renamed.name == "Kitchen"
    await sign_in(work, account_id=viewer.account_id, device_name="Firefox", device_id=viewer.device_id)
    ((device,),) = await devices_of(reads, [viewer.account_id])
    assert (device.id, device.name) == (viewer.device_id, "Kitchen")


@pytest.mark.parametrize("name", ["", " ", "x" * 81, "a\nb", "a\x00b"])
async def test_a_device_has_a_name_that_can_be_shown(work: Work, reads: Reads, name: str) -> None:
    viewer = await create_viewer(work)
    with pytest.raises(InvalidInput):
        await rename_device(work, viewer=viewer, device_id=viewer.device_id, name=name)
    ((device,),) = await devices_of(reads, [viewer.account_id])
    assert device.name == "Test"


async def test_one_sign_in_ends_and_others_go_on(work: Work, reads: Reads) -> None:
    viewer = await create_viewer(work)
    other = await again(work, viewer)
    ((newest, oldest),) = await sign_ins_of(reads, [viewer.account_id])
    assert (newest.id, oldest.id) == (other.sign_in_id, viewer.sign_in_id)
    assert (newest.device_id, newest.profile_id) == (other.device_id, other.profile_id)
    assert newest.expires_at == work.now + SIGN_IN_LASTS
    await end_sign_in(work, viewer=viewer, sign_in_id=other.sign_in_id)
    assert await viewer_by_sign_in(reads, other.sign_in_id) is None
    assert await sign_ins_of(reads, [viewer.account_id]) == [[oldest]]
    assert await sign_ins_by_id(reads, [other.sign_in_id, oldest.id]) == [None, oldest]
    for gone in (other.sign_in_id, work.new_id()):
        with pytest.raises(NotFound):
            await end_sign_in(work, viewer=viewer, sign_in_id=gone)
    assert await sign_ins_of(later(reads, hours=13), [viewer.account_id]) == [[]]


@pytest.mark.parametrize("keeps_this", [True, False])
async def test_everybody_of_the_account_is_signed_out_and_nobody_else(
    work: Work, reads: Reads, keeps_this: bool
) -> None:
    viewer, stranger = await create_viewer(work), await create_viewer(work)
    others = [await again(work, viewer) for _ in range(3)]
    await sign_out_everywhere(work, viewer=viewer, keeps_this=keeps_this)
    asked = [viewer.sign_in_id, stranger.sign_in_id, *(other.sign_in_id for other in others)]
    left = {stranger.sign_in_id, viewer.sign_in_id} if keeps_this else {stranger.sign_in_id}
    assert set(await viewers_now(reads, asked)) == left


async def test_a_stranger_changes_nothing_by_an_id(work: Work, reads: Reads) -> None:
    viewer, stranger = await create_viewer(work), await create_viewer(work)
    with pytest.raises(NotFound):
        await rename_device(work, viewer=stranger, device_id=viewer.device_id, name="Mine")
    with pytest.raises(NotFound):
        await end_sign_in(work, viewer=stranger, sign_in_id=viewer.sign_in_id)
    assert await viewer_by_sign_in(reads, viewer.sign_in_id) == viewer
    ((device,),) = await devices_of(reads, [viewer.account_id])
    assert device.name == "Test"


async def test_a_removed_device_cannot_be_renamed(work: Work) -> None:
    viewer = await create_viewer(work)
    await sign_out(work, viewer=viewer)
    with pytest.raises(NotFound):
        await rename_device(work, viewer=viewer, device_id=work.new_id(), name="Mine")
    with pytest.raises(SignInRequired):
        await rename_device(work, viewer=None, device_id=viewer.device_id, name="Mine")


async def test_an_account_is_changed_version_by_version(work: Work, reads: Reads) -> None:
    viewer = await create_viewer(work)
    changed = await update_account(
        work, viewer=viewer, expected_version=1, change=AccountChange("Bea", "JP", marketing_consent=True)
    )
    assert (changed.display_name, changed.territory, changed.marketing_consent_at, changed.version) == (
        "Bea", "JP", work.now, 2,
    )  # fmt: skip
    assert await accounts_by_id(reads, [viewer.account_id]) == [changed]
    with pytest.raises(StaleVersion):
        await update_account(work, viewer=viewer, expected_version=1, change=AccountChange("Cleo"))
    taken_back = await update_account(
        work, viewer=viewer, expected_version=2, change=AccountChange(marketing_consent=False)
    )
    assert (taken_back.display_name, taken_back.territory, taken_back.marketing_consent_at) == ("Bea", "JP", None)


async def test_consent_stays_as_old_as_it_is(work: Work) -> None:
    viewer = await create_viewer(work)
    given = await update_account(work, viewer=viewer, expected_version=1, change=AccountChange(marketing_consent=True))
    at, work.now = work.now, work.now + timedelta(days=1)
    kept = await update_account(work, viewer=viewer, expected_version=2, change=AccountChange(marketing_consent=True))
    assert given.marketing_consent_at == kept.marketing_consent_at == at


async def test_another_country_takes_a_recent_proof(work: Work, reads: Reads, clock: SettableClock) -> None:
    viewer = await create_viewer(work)
    work.now = work.now + timedelta(minutes=11)
    with pytest.raises(ConfirmationRequired):
        await update_account(work, viewer=viewer, expected_version=1, change=AccountChange(territory="JP"))
    same = await update_account(work, viewer=viewer, expected_version=1, change=AccountChange(territory="DE"))
    assert same.territory == "DE"
    with pytest.raises(InvalidInput):
        await update_account(work, viewer=viewer, expected_version=2, change=AccountChange(territory="Germany"))


async def test_what_is_open_goes_by_what_the_viewer_may_do_now(work: Work, reads: Reads) -> None:
    viewer = await create_viewer(work)
    await update_account(work, viewer=viewer, expected_version=1, change=AccountChange("Bea"))
    unchanged = (await viewers_now(reads, [viewer.sign_in_id]))[viewer.sign_in_id]
    assert unchanged.standing == viewer.standing
    await update_account(work, viewer=viewer, expected_version=2, change=AccountChange(territory="JP"))
    moved = (await viewers_now(reads, [viewer.sign_in_id]))[viewer.sign_in_id]
    assert moved.standing != viewer.standing
