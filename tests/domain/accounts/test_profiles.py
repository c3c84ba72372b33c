"""Profiles: who a household is, what keeps others out of one, and children in theirs."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from domain.accounts import (
    Avatar,
    ConfirmationRequired,
    LastProfile,
    PinRequired,
    PinWrong,
    Profile,
    ProfileChange,
    ProfileInUse,
    TooManyAttempts,
    TooManyProfiles,
    choose_profile,
    create_account,
    create_profile,
    profiles_by_id,
    remove_profile,
    sign_in,
    sign_out,
    update_profile,
    viewer_by_token,
)
from domain.accounts import store as accounts_store
from domain.accounts.pins import PINS_OF_PROFILE
from domain.accounts.profiles import PROFILES_MAX
from domain.kernel.refusals import InvalidInput, NotFound, Refusal, SignInRequired, StaleVersion
from tests.arrange import CONFIRMED
from tests.domain.accounts.conftest import Household

PIN, OTHER_PIN = "2468", "1357"


async def first(household: Household) -> Profile:
    return (await household.profiles())[0]


async def create(household: Household, /, pin: str | None = None, **change: Any) -> Profile:
    change = {"name": "Ben", **change}
    return await create_profile(household.desk, viewer=household.viewer, change=ProfileChange(**change), pin=pin)


async def update(household: Household, profile: Profile, /, pin: str | None = None, **change: Any) -> Profile:
    return await update_profile(
        household.desk, viewer=household.viewer, profile_id=profile.id, expected_version=profile.version,
        change=ProfileChange(**change), pin=pin,
    )  # fmt: skip


async def remove(household: Household, profile: Profile, *, pin: str | None = None) -> None:
    await remove_profile(
        household.desk, viewer=household.viewer, profile_id=profile.id, expected_version=profile.version, pin=pin
    )


async def choose(household: Household, profile: Profile, *, pin: str | None = None) -> None:
    await choose_profile(household.desk, viewer=household.viewer, profile_id=profile.id, pin=pin)


async def refused(household: Household, refusal: type[Refusal], doing: Any) -> Any:
    """Expect a refusal that leaves the household, and who acts, as they were."""
    before = await household.profiles(), await household.again()
    with pytest.raises(refusal) as caught:
        await doing
    assert (await household.profiles(), await household.again()) == before
    return caught.value


async def kid(household: Household) -> Profile:
    """A kids profile, and the viewer acting as it."""
    made = await household.add("Kit", is_kids=True, new_pin=PIN)
    await choose(household, made)
    await household.again()
    return made


async def test_a_profile_has_what_it_was_given_and_else_what_the_acting_one_has(household: Household) -> None:
    made = await create(household, name=" Ben ", avatar=Avatar.OWL, language="de", autoplay=False)
    assert made == Profile(
        made.id, household.viewer.account_id, "Ben", "de", 18, Avatar.OWL, False, False, False, version=1
    )
    plain = await create(household, name="Cleo")
    assert plain == Profile(plain.id, household.viewer.account_id, "Cleo", "en", 18)
    assert await household.profiles() == [await first(household), made, plain]


async def test_a_profile_is_changed_and_what_is_not_named_stays(household: Household) -> None:
    made = await create(household, avatar=Avatar.OWL, language="de")
    changed = await update(household, made, name="Bo", new_pin=PIN)
    assert changed == replace(made, name="Bo", has_pin=True, version=2)
    opened = await update(household, changed, pin=PIN, removes_pin=True, autoplay=False)
    assert opened == replace(changed, has_pin=False, autoplay=False, version=3)
    assert await profiles_by_id(household.reads, [made.id]) == [opened]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"), ({"name": "x" * 81}, "name"), ({"name": "a\x00b"}, "name"),
        ({"language": "no language"}, "language"), ({"language": ""}, "language"),
        ({"maturity_limit": -1}, "maturityLimit"), ({"maturity_limit": 22}, "maturityLimit"),
        ({"is_kids": True}, "newPin"), ({"is_kids": True, "new_pin": PIN, "maturity_limit": 13}, "maturityLimit"),
        ({"new_pin": "123"}, "newPin"), ({"new_pin": "123456789"}, "newPin"), ({"new_pin": "12a4"}, "newPin"),
        ({"new_pin": "１２３４"}, "newPin"), ({"new_pin": ""}, "newPin"),
    ],
)  # fmt: skip
async def test_what_no_profile_can_be_is_refused(household: Household, change: dict[str, Any], field: str) -> None:
    made = await create(household)
    assert (await refused(household, InvalidInput, create(household, **change))).field == field
    assert (await refused(household, InvalidInput, update(household, made, **change))).field == field


async def test_a_household_has_six_profiles_also_when_many_are_made_at_once(household: Household) -> None:
    made = await asyncio.gather(*(create(household) for _ in range(8)), return_exceptions=True)
    assert sum(isinstance(one, Profile) for one in made) == PROFILES_MAX - 1
    assert sum(isinstance(one, TooManyProfiles) for one in made) == 8 - (PROFILES_MAX - 1)
    assert len(await household.profiles()) == PROFILES_MAX


async def test_without_its_lock_the_household_grows_too_large(
    household: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unheld(*_: object) -> None:
        await asyncio.sleep(0)

    monkeypatch.setattr(accounts_store, "hold_accounts", unheld)
    await asyncio.gather(*(create(household) for _ in range(8)), return_exceptions=True)
    assert len(await household.profiles()) > PROFILES_MAX


async def test_of_two_changes_of_one_version_the_second_is_refused(household: Household) -> None:
    made = await create(household)
    answers = await asyncio.gather(
        *(update(household, made, name=name) for name in ("Bo", "Bea")), return_exceptions=True
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["Profile", "StaleVersion"]
    assert (await refused(household, StaleVersion, remove(household, made))).actual == 2


async def test_the_last_grown_up_stays_and_so_does_who_acts(household: Household) -> None:
    own = await first(household)
    await household.add("Kit", is_kids=True, new_pin=PIN)
    await refused(household, LastProfile, remove(household, own))
    await refused(household, LastProfile, update(household, own, is_kids=True, new_pin=PIN))
    await create(household)
    await refused(household, ProfileInUse, remove(household, own))


async def test_who_acts_as_a_removed_profile_is_signed_out(household: Household) -> None:
    made = await create(household)
    token, there = await household.elsewhere()
    await choose_profile(household.desk, viewer=there, profile_id=made.id, pin=None)
    await remove(household, made)
    assert await viewer_by_token(household.reads, token) is None
    assert await household.profiles() == [await first(household)]
    assert await profiles_by_id(household.reads, [made.id]) == [None]
    await refused(household, NotFound, choose(household, made))


async def test_the_viewer_is_limited_by_whom_they_act_as(household: Household) -> None:
    made = await household.add("Kit", is_kids=True, new_pin=PIN, maturity_limit=6, language="de")
    await choose(household, made)
    acting = await household.again()
    assert (acting.profile_id, acting.maturity_limit, acting.language) == (made.id, 6, "de")


async def test_a_child_gets_out_only_by_its_pin_or_that_of_whom_it_goes_to(household: Household) -> None:
    own = await first(household)
    locked = await household.add("Mum", new_pin=OTHER_PIN)
    await kid(household)
    for pin, refusal in ((None, PinRequired), (OTHER_PIN, PinWrong), ("x" * 5000, PinWrong)):
        await refused(household, refusal, choose(household, own, pin=pin))
    for pin, refusal in ((None, PinRequired), (PIN, PinWrong)):
        await refused(household, refusal, choose(household, locked, pin=pin))
    await choose(household, locked, pin=OTHER_PIN)
    assert (await household.again()).profile_id == locked.id
    await kid_again(household)
    await choose(household, own, pin=PIN)
    assert (await household.again()).profile_id == own.id


async def kid_again(household: Household) -> None:
    child = next(profile for profile in await household.profiles() if profile.is_kids)
    await choose(household, child)
    await household.again()


async def test_a_child_changes_no_profile_without_its_pin(household: Household) -> None:
    own = await first(household)
    made = await create(household)
    child = await kid(household)
    for profile in (own, made, child):
        await refused(household, PinRequired, update(household, profile, name="Changed"))
        await refused(household, PinRequired, remove(household, profile))
    await refused(household, PinRequired, create(household))
    assert (await update(household, child, pin=PIN, name="Kat")).name == "Kat"


async def test_handing_the_device_to_a_child_ends_what_was_proved_on_it(household: Household) -> None:
    made = await household.add("Kit", is_kids=True, new_pin=PIN)
    token, fresh = await household.elsewhere()
    await choose_profile(household.desk, viewer=fresh, profile_id=made.id, pin=None)
    household.token = token
    await household.again()
    await refused(household, PinRequired, update(household, made, name="Changed"))


async def test_nobody_raises_what_they_may_watch_without_proof(household: Household) -> None:
    teenager = await create(household, name="Tom", maturity_limit=12)
    await choose(household, teenager)
    await household.again()
    await refused(household, ConfirmationRequired, update(household, teenager, maturity_limit=13))
    await refused(household, ConfirmationRequired, create(household, maturity_limit=18))
    assert (await create(household)).maturity_limit == 12
    await household.prove()
    assert (await update(household, teenager, maturity_limit=16)).maturity_limit == 16


async def test_whoever_proved_the_account_theirs_sets_a_forgotten_pin_anew(household: Household) -> None:
    made = await create(household, new_pin=PIN)
    await refused(household, PinRequired, update(household, made, new_pin=OTHER_PIN))
    await household.prove()
    await refused(household, PinRequired, choose(household, made))
    await update(household, made, new_pin=OTHER_PIN)
    await choose(household, made, pin=OTHER_PIN)
    assert (await household.again()).profile_id == made.id


async def test_pins_cannot_be_tried_many_at_once_and_right_ones_do_not_count(household: Household) -> None:
    own, made = await first(household), await create(household, new_pin=PIN)
    for _ in range(PINS_OF_PROFILE.burst + 2):
        await choose(household, made, pin=PIN)
        await choose(household, own)
    tries = await asyncio.gather(
        *(choose(household, made, pin=f"{number:04}") for number in range(20)), return_exceptions=True
    )
    assert sum(isinstance(answer, PinWrong) for answer in tries) == PINS_OF_PROFILE.burst
    assert sum(isinstance(answer, TooManyAttempts) for answer in tries) == 20 - PINS_OF_PROFILE.burst
    await refused(household, TooManyAttempts, choose(household, made, pin=PIN))
    household.clock.advance(PINS_OF_PROFILE.per_s / PINS_OF_PROFILE.burst)
    await choose(household, made, pin=PIN)


async def test_a_sign_in_begins_where_no_pin_is_asked_for(household: Household) -> None:
    own = await first(household)
    await household.prove()
    locked = await update(household, own, new_pin=PIN)
    child = await household.add("Kit", is_kids=True, new_pin=PIN)
    assert (await household.elsewhere())[1].profile_id == child.id
    made = await create(household)
    assert (await household.elsewhere())[1].profile_id == made.id
    assert locked.has_pin


async def test_others_profiles_look_like_absent_ones(household: Household) -> None:
    async with household.desk.open_work() as work:
        account = await create_account(work, email=f"{uuid4().hex}@example.com", display_name="Eve", territory="DE")
        stranger = (await sign_in(work, account_id=account.id, device_name="Phone", factors=CONFIRMED)).viewer
    mine = await first(household)
    before = await household.profiles()
    for id in (mine.id, UUID(int=0)):
        with pytest.raises(NotFound):
            await choose_profile(household.desk, viewer=stranger, profile_id=id, pin=None)
        with pytest.raises(NotFound):
            await update_profile(
                household.desk, viewer=stranger, profile_id=id, expected_version=1, change=ProfileChange(name="X"),
                pin=None,
            )  # fmt: skip
        with pytest.raises(NotFound):
            await remove_profile(household.desk, viewer=stranger, profile_id=id, expected_version=1, pin=None)
    assert await household.profiles() == before


async def test_nobody_and_the_signed_out_change_nothing(household: Household) -> None:
    own = await first(household)
    with pytest.raises(SignInRequired):
        await create_profile(household.desk, viewer=None, change=ProfileChange(name="X"), pin=None)
    async with household.desk.open_work() as work:
        await sign_out(work, viewer=household.viewer)
    with pytest.raises(SignInRequired):
        await update(household, own, name="X")
    assert await household.profiles() == [own]


async def test_the_database_holds_what_children_may_watch(household: Household) -> None:
    child = await household.add("Kit", is_kids=True, new_pin=PIN)
    for wrong in ("maturity_limit = 18", "pin_hash = NULL"):
        with pytest.raises(IntegrityError):
            async with household.desk.open_work() as work:
                await work.connection.execute(text(f"UPDATE profiles SET {wrong} WHERE id = :id"), {"id": child.id})
