"""Signing in: opaque tokens, ended at once when they are ended."""

from dataclasses import replace
from datetime import timedelta
from enum import StrEnum
from uuid import uuid4

import pytest
from sqlalchemy import text

from domain.accounts import (
    EmailTaken,
    Persona,
    Policy,
    Role,
    create_account,
    devices_of,
    profiles_of,
    sign_in,
    sign_in_demo,
    sign_out,
    suspend_account,
    viewer_by_token,
)
from domain.accounts.store import DEVICES_SHOWN_MAX
from domain.kernel.refusals import Forbidden, InvalidInput, NotFound, SignInRequired
from domain.kernel.work import Reads, Work
from tests.arrange import create_editor, create_viewer


async def test_a_token_names_its_viewer(work: Work, reads: Reads) -> None:
    signed = await sign_in_demo(work, persona=Persona.EDITOR, device_name="Laptop")
    assert await viewer_by_token(reads, signed.token) == signed.viewer
    assert signed.viewer.holds(Role.EDITOR)
    assert signed.viewer.territory == "DE"


async def test_only_the_hash_of_a_token_is_kept(work: Work) -> None:
    signed = await sign_in_demo(work, persona=Persona.VIEWER, device_name="Laptop")
    kept = (await work.connection.execute(text("SELECT token_hash FROM sign_ins"))).scalars().all()
    assert all(signed.token.encode() not in bytes(row) for row in kept)
    assert signed.token not in repr(signed)


async def test_an_ended_sign_in_names_nobody(work: Work, reads: Reads) -> None:
    signed = await sign_in_demo(work, persona=Persona.VIEWER, device_name="Laptop")
    await sign_out(work, viewer=signed.viewer)
    assert await viewer_by_token(reads, signed.token) is None


async def test_an_expired_sign_in_names_nobody(work: Work, reads: Reads) -> None:
    signed = await sign_in_demo(work, persona=Persona.VIEWER, device_name="Laptop")
    later = Reads(reads.database, now=work.now + timedelta(hours=12))
    assert await viewer_by_token(later, signed.token) is None


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "x" * 10_000, "\x00" * 43, "ü" * 43])
async def test_a_made_up_token_names_nobody(reads: Reads, token: str) -> None:
    assert await viewer_by_token(reads, token) is None


async def test_a_suspended_account_is_signed_out_and_stays_out(work: Work, reads: Reads) -> None:
    admin = await create_viewer(work, roles=frozenset({Role.ADMINISTRATOR}))
    signed = await sign_in_demo(work, persona=Persona.VIEWER, device_name="Laptop")
    await suspend_account(work, viewer=admin, account_id=signed.viewer.account_id, reason="A test")
    assert await viewer_by_token(reads, signed.token) is None
    with pytest.raises(NotFound):
        await sign_in(work, account_id=signed.viewer.account_id, device_name="New laptop")
    before = await _sign_ins(work)
    with pytest.raises(NotFound):
        await sign_in(work, account_id=signed.viewer.account_id, device_name="Again", device_id=signed.viewer.device_id)
    assert await _sign_ins(work) == before


async def _sign_ins(work: Work) -> list[str]:
    """Every sign-in by its device's name."""
    return list(
        (
            await work.connection.execute(
                text("SELECT d.name FROM sign_ins s JOIN devices d ON d.id = s.device_id ORDER BY s.id")
            )
        ).scalars()
    )


async def test_of_many_devices_the_last_seen_are_shown(work: Work, reads: Reads) -> None:
    viewer = await create_viewer(work)
    for number in range(DEVICES_SHOWN_MAX + 1):
        later = Work(work.connection, now=work.now + timedelta(seconds=number))
        await sign_in(later, account_id=viewer.account_id, device_name=f"Device {number}")
    other = await create_viewer(work)
    shown, others, nobodys = await devices_of(reads, [viewer.account_id, other.account_id, uuid4()])
    assert [device.name for device in shown] == [f"Device {number}" for number in range(DEVICES_SHOWN_MAX, 0, -1)]
    assert [device.name for device in others] == ["Test"]
    assert nobodys == []


async def test_a_persona_is_one_account_however_often_it_signs_in(work: Work) -> None:
    first = await sign_in_demo(work, persona=Persona.ABROAD, device_name="Laptop")
    again = await sign_in_demo(work, persona=Persona.ABROAD, device_name="Laptop", devices=[first.viewer.device_id])
    assert again.viewer.account_id == first.viewer.account_id
    assert again.viewer.device_id == first.viewer.device_id
    assert again.viewer.sign_in_id != first.viewer.sign_in_id


async def test_a_device_of_another_account_is_not_taken_over(work: Work) -> None:
    theirs = await sign_in_demo(work, persona=Persona.VIEWER, device_name="Television")
    mine = await sign_in_demo(work, persona=Persona.BASIC, device_name="Mine", devices=[theirs.viewer.device_id])
    assert mine.viewer.device_id != theirs.viewer.device_id
    names = (await work.connection.execute(text("SELECT name FROM devices ORDER BY name"))).scalars().all()
    assert names == ["Mine", "Television"]


async def test_two_accounts_cannot_share_an_address(work: Work) -> None:
    await create_account(work, email="Ada@Example.com", display_name="Ada", territory="DE")
    with pytest.raises(EmailTaken):
        await create_account(work, email="ada@example.com", display_name="Another", territory="DE")


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("email", {"email": "nobody"}),
        ("email", {"email": "a@b." + "c" * 260}),
        ("displayName", {"display_name": "  "}),
        ("territory", {"territory": "Germany"}),
        ("maturityLimit", {"maturity_limit": 99}),
    ],
)
async def test_an_unusable_account_is_refused_and_not_made(work: Work, field: str, values: dict[str, object]) -> None:
    usable: dict[str, object] = {"email": f"{uuid4().hex}@example.com", "display_name": "Ada", "territory": "DE"}
    with pytest.raises(InvalidInput) as refused:
        await create_account(work, **(usable | values))  # type: ignore[arg-type]  # a test's shorthand
    assert refused.value.field == field
    assert (await work.connection.execute(text("SELECT count(*) FROM accounts"))).scalar_one() == 0


async def test_a_new_account_has_one_profile(work: Work, reads: Reads) -> None:
    account = await create_account(work, email="a@example.com", display_name="Ada", territory="DE")
    ((profile,),) = await profiles_of(reads, [account.id])
    assert (profile.name, profile.maturity_limit) == ("Ada", 18)


class Act(StrEnum):
    EDIT = "edit things"
    FORGOTTEN = "do what nobody was allowed"


async def test_an_act_takes_one_of_its_roles(work: Work) -> None:
    viewer, editor, policy = await create_viewer(work), await create_editor(work), Policy({Act.EDIT: {Role.EDITOR}})
    assert policy.require(editor, Act.EDIT) is editor
    with pytest.raises(Forbidden):
        policy.require(viewer, Act.EDIT)
    with pytest.raises(SignInRequired):
        policy.require(None, Act.EDIT)


async def test_what_a_policy_does_not_name_nobody_may(work: Work) -> None:
    policy = Policy({Act.EDIT: {Role.EDITOR}})
    administrator = replace(await create_viewer(work), roles=frozenset({Role.ADMINISTRATOR}))
    assert policy.permits(administrator, Act.EDIT)
    assert not policy.permits(administrator, Act.FORGOTTEN)


async def test_a_role_within_a_scope_counts_there_alone(work: Work) -> None:
    policy, here, there = Policy({Act.EDIT: {Role.EDITOR}}), uuid4(), uuid4()
    viewer = replace(await create_viewer(work), scoped_roles=frozenset({(Role.EDITOR, here), (Role.HOST, there)}))
    asked = [policy.permits(viewer, Act.EDIT, within=within) for within in (here, there, None)]
    assert asked == [True, False, False]
