"""Roles, everywhere and within a channel; invitations to them; and the log that keeps who gave them."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from domain.accounts import (
    Account,
    Factor,
    InvitationForAnother,
    LastAdministrator,
    LinkExpired,
    Role,
    Scope,
    ScopeKind,
    Viewer,
    accept_invitation,
    accounts_by_id,
    grant_role,
    grants_of,
    invite,
    link_token,
    look_up_account,
    restore_account,
    revoke_invitation,
    revoke_role,
    sign_in,
    staff_log,
    suspend_account,
    viewer_by_token,
)
from domain.accounts.pending import LinkPurpose
from domain.kernel.crypto import Keyring
from domain.kernel.paging import PageRequest
from domain.kernel.refusals import Forbidden, InvalidInput, NotFound, SignInRequired
from domain.kernel.work import Reads, Work
from tests.arrange import CONFIRMED, create_viewer
from tests.conftest import SettableClock

WHY = "Asked for by the head of sport"


async def administrator(work: Work) -> Viewer:
    return await create_viewer(work, roles=frozenset({Role.ADMINISTRATOR}))


async def account(reads: Reads, viewer: Viewer) -> Account:
    (found,) = await accounts_by_id(reads, [viewer.account_id])
    assert found is not None
    return found


async def prove_address(work: Work, viewer: Viewer) -> str:
    found: str = (
        await work.connection.execute(
            text("UPDATE accounts SET email_verified_at = now() WHERE id = :id RETURNING email"),
            {"id": viewer.account_id},
        )
    ).scalar_one()
    return found


async def deeds(reads: Reads, viewer: Viewer) -> list[tuple[str, UUID | None, str]]:
    page = await staff_log(reads, viewer=viewer, page=PageRequest(20))
    return [(entry.action, entry.subject_id, entry.reason) for entry in page.items]


async def test_a_role_is_held_from_the_next_request_on(work: Work, reads: Reads) -> None:
    admin, person = await administrator(work), await create_viewer(work)
    signed = await sign_in(work, account_id=person.account_id, device_name="Phone", factors=CONFIRMED)
    for _ in range(2):
        await grant_role(work, viewer=admin, account_id=person.account_id, role=Role.EDITOR, scope=None, reason=WHY)
    assert (await account(reads, person)).roles == {Role.VIEWER, Role.EDITOR}
    now = await viewer_by_token(reads, signed.token)
    assert now is not None
    assert now.holds(Role.EDITOR)
    await revoke_role(work, viewer=admin, account_id=person.account_id, role=Role.EDITOR, scope=None, reason=WHY)
    after = await viewer_by_token(reads, signed.token)
    assert after is not None
    assert after.roles == {Role.VIEWER}
    assert await deeds(reads, admin) == [
        ("revoke_role", person.account_id, WHY), ("grant_role", person.account_id, WHY),
        ("grant_role", person.account_id, WHY),
    ]  # fmt: skip


async def test_a_role_within_a_channel_is_held_there_alone(work: Work, reads: Reads) -> None:
    admin, person, channel = await administrator(work), await create_viewer(work), uuid4()
    signed = await sign_in(work, account_id=person.account_id, device_name="Phone", factors=CONFIRMED)
    scope = Scope(ScopeKind.CHANNEL, channel)
    await grant_role(work, viewer=admin, account_id=person.account_id, role=Role.EDITOR, scope=scope, reason=WHY)
    now = await viewer_by_token(reads, signed.token)
    assert now is not None
    assert [now.holds(Role.EDITOR, within=within) for within in (channel, uuid4(), None)] == [True, False, False]
    assert [[(grant.role, grant.scope) for grant in grants] for grants in await grants_of(reads, [now.account_id])] == [
        [(Role.EDITOR, scope)]
    ]
    await revoke_role(work, viewer=admin, account_id=person.account_id, role=Role.EDITOR, scope=scope, reason=WHY)
    assert await grants_of(reads, [now.account_id]) == [[]]


async def test_a_role_counts_once_a_second_factor_was_shown(work: Work, reads: Reads) -> None:
    admin, person, channel = await administrator(work), await create_viewer(work), uuid4()
    for role, scope in ((Role.SUPPORT, None), (Role.EDITOR, Scope(ScopeKind.CHANNEL, channel))):
        await grant_role(work, viewer=admin, account_id=person.account_id, role=role, scope=scope, reason=WHY)
    for factors, counts in ((frozenset({Factor.PASSWORD}), False), (CONFIRMED, True)):
        signed = await sign_in(work, account_id=person.account_id, device_name="Phone", factors=factors)
        now = await viewer_by_token(reads, signed.token)
        assert now is not None
        assert (now.holds(Role.SUPPORT), now.holds(Role.EDITOR, within=channel)) == (counts, counts)
        assert now.needs_second_factor is not counts


@pytest.mark.parametrize(
    ("role", "scope", "reason", "field"),
    [
        (Role.VIEWER, None, WHY, "role"),
        (Role.SUPPORT, Scope(ScopeKind.CHANNEL, uuid4()), WHY, "scope"),
        (Role.MERCHANT_OWNER, Scope(ScopeKind.CHANNEL, uuid4()), WHY, "scope"),
        (Role.EDITOR, None, "  why ", "reason"),
        (Role.EDITOR, None, "x" * 501, "reason"),
    ],
)
async def test_what_nobody_can_hold_is_refused(
    work: Work, reads: Reads, role: Role, scope: Scope | None, reason: str, field: str
) -> None:
    admin, person = await administrator(work), await create_viewer(work)
    with pytest.raises(InvalidInput) as refused:
        await grant_role(work, viewer=admin, account_id=person.account_id, role=role, scope=scope, reason=reason)
    assert refused.value.field == field
    assert await deeds(reads, admin) == []


async def test_only_administrators_grant(work: Work) -> None:
    person = await create_viewer(work)
    everything_else = frozenset(Role) - {Role.ADMINISTRATOR}
    almost = await create_viewer(work, roles=everything_else)
    for by, refusal in ((None, SignInRequired), (person, Forbidden), (almost, Forbidden)):
        with pytest.raises(refusal):
            await grant_role(work, viewer=by, account_id=person.account_id, role=Role.EDITOR, scope=None, reason=WHY)
        with pytest.raises(refusal):
            await suspend_account(work, viewer=by, account_id=person.account_id, reason=WHY)
    with pytest.raises(NotFound):
        await grant_role(
            work, viewer=await administrator(work), account_id=uuid4(), role=Role.EDITOR, scope=None, reason=WHY
        )


async def test_the_last_administrator_stays_one(work: Work, reads: Reads) -> None:
    await work.connection.execute(text("UPDATE accounts SET roles = '{VIEWER}'"))
    admin = await administrator(work)
    with pytest.raises(LastAdministrator):
        await revoke_role(
            work, viewer=admin, account_id=admin.account_id, role=Role.ADMINISTRATOR, scope=None, reason=WHY
        )
    other = await administrator(work)
    await revoke_role(work, viewer=other, account_id=admin.account_id, role=Role.ADMINISTRATOR, scope=None, reason=WHY)
    assert (await account(reads, admin)).roles == {Role.VIEWER}


async def test_owners_assign_their_own_merchants_staff_only(work: Work, reads: Reads) -> None:
    admin, owner, person = await administrator(work), await create_viewer(work), await create_viewer(work)
    shop, other = Scope(ScopeKind.MERCHANT, uuid4()), Scope(ScopeKind.MERCHANT, uuid4())
    await grant_role(work, viewer=admin, account_id=owner.account_id, role=Role.MERCHANT_OWNER, scope=shop, reason=WHY)
    token = (await sign_in(work, account_id=owner.account_id, device_name="Phone", factors=CONFIRMED)).token
    owning = await viewer_by_token(reads, token)
    await invite(work, viewer=owning, email="staff@example.com", role=Role.MERCHANT_STAFF, scope=shop)
    for role, scope in ((Role.MERCHANT_STAFF, other), (Role.MERCHANT_OWNER, shop), (Role.MERCHANT_STAFF, None)):
        with pytest.raises(Forbidden):
            await invite(work, viewer=owning, email="staff@example.com", role=role, scope=scope)
        with pytest.raises(Forbidden):
            await revoke_role(work, viewer=owning, account_id=person.account_id, role=role, scope=scope, reason=WHY)


async def test_an_invitation_is_accepted_once_by_its_address(work: Work, reads: Reads, keyring: Keyring) -> None:
    admin, person, other = await administrator(work), await create_viewer(work), await create_viewer(work)
    email = await prove_address(work, person)
    await prove_address(work, other)
    invitation = await invite(work, viewer=admin, email=email.upper(), role=Role.EDITOR, scope=None)
    token = link_token(keyring, id=invitation.id, purpose=LinkPurpose.INVITATION)
    with pytest.raises(InvitationForAnother):
        await accept_invitation(work, viewer=other, keyring=keyring, token=token)
    accepted = await accept_invitation(work, viewer=person, keyring=keyring, token=token)
    assert accepted.roles == {Role.VIEWER, Role.EDITOR}
    for bad in (token, "x" * len(token), "", link_token(keyring, id=invitation.id, purpose=LinkPurpose.RESET)):
        with pytest.raises(LinkExpired):
            await accept_invitation(work, viewer=person, keyring=keyring, token=bad)


async def test_an_address_that_was_not_proved_accepts_nothing(work: Work, keyring: Keyring) -> None:
    admin, person = await administrator(work), await create_viewer(work)
    email = await prove_address(work, person)
    await work.connection.execute(
        text("UPDATE accounts SET email_verified_at = NULL WHERE id = :id"), {"id": person.account_id}
    )
    invitation = await invite(work, viewer=admin, email=email, role=Role.EDITOR, scope=None)
    token = link_token(keyring, id=invitation.id, purpose=LinkPurpose.INVITATION)
    with pytest.raises(InvitationForAnother):
        await accept_invitation(work, viewer=person, keyring=keyring, token=token)


async def test_an_invitation_falls_with_whoever_sent_it(work: Work, clock: SettableClock, keyring: Keyring) -> None:
    first, second, person = await administrator(work), await administrator(work), await create_viewer(work)
    email = await prove_address(work, person)
    sent = [await invite(work, viewer=first, email=email, role=role, scope=None) for role in (Role.HOST, Role.EDITOR)]
    tokens = [link_token(keyring, id=one.id, purpose=LinkPurpose.INVITATION) for one in sent]
    await revoke_invitation(work, viewer=second, invitation_id=sent[0].id)
    with pytest.raises(NotFound):
        await revoke_invitation(work, viewer=person, invitation_id=sent[1].id)
    await revoke_role(work, viewer=second, account_id=first.account_id, role=Role.ADMINISTRATOR, scope=None, reason=WHY)
    for token in tokens:
        with pytest.raises(LinkExpired):
            await accept_invitation(work, viewer=person, keyring=keyring, token=token)


async def test_an_invitation_runs_out(work: Work, keyring: Keyring) -> None:
    admin, person = await administrator(work), await create_viewer(work)
    email = await prove_address(work, person)
    invitation = await invite(work, viewer=admin, email=email, role=Role.EDITOR, scope=None)
    await work.connection.execute(
        text("UPDATE email_links SET expires_at = :at WHERE id = :id"),
        {"id": invitation.id, "at": work.now - timedelta(seconds=1)},
    )
    token = link_token(keyring, id=invitation.id, purpose=LinkPurpose.INVITATION)
    with pytest.raises(LinkExpired):
        await accept_invitation(work, viewer=person, keyring=keyring, token=token)


async def test_support_looks_for_a_reason_and_leaves_a_trace(work: Work, reads: Reads) -> None:
    admin, person = await administrator(work), await create_viewer(work)
    support = await create_viewer(work, roles=frozenset({Role.SUPPORT}))
    email = await prove_address(work, person)
    for named in ({"email": email.upper()}, {"account_id": person.account_id}):
        found = await look_up_account(work, viewer=support, reason=WHY, **named)  # type: ignore[arg-type]  # by name
        assert found.id == person.account_id
    assert await deeds(reads, admin) == [("look_up_account", person.account_id, WHY)] * 2
    with pytest.raises(InvalidInput, match="reason"):
        await look_up_account(work, viewer=support, reason="", email=email)
    with pytest.raises(InvalidInput, match="input"):
        await look_up_account(work, viewer=support, reason=WHY)
    with pytest.raises(NotFound):
        await look_up_account(work, viewer=support, reason=WHY, email="nobody@example.com")
    with pytest.raises(Forbidden):
        await look_up_account(work, viewer=person, reason=WHY, email=email)
    with pytest.raises(Forbidden):
        await suspend_account(work, viewer=support, account_id=person.account_id, reason=WHY)


async def test_a_restored_account_signs_in_anew(work: Work, reads: Reads) -> None:
    admin, person = await administrator(work), await create_viewer(work)
    before = await sign_in(work, account_id=person.account_id, device_name="Phone", factors=CONFIRMED)
    await suspend_account(work, viewer=admin, account_id=person.account_id, reason=WHY)
    assert await viewer_by_token(reads, before.token) is None
    await restore_account(work, viewer=admin, account_id=person.account_id, reason=WHY)
    assert await viewer_by_token(reads, before.token) is None
    after = await sign_in(work, account_id=person.account_id, device_name="Phone", factors=CONFIRMED)
    assert await viewer_by_token(reads, after.token) is not None
    with pytest.raises(InvalidInput):
        await suspend_account(work, viewer=admin, account_id=admin.account_id, reason=WHY)


@pytest.mark.parametrize(
    "statement", ["UPDATE staff_log SET reason = 'none'", "DELETE FROM staff_log", "TRUNCATE staff_log"]
)
async def test_what_staff_has_done_stays_written(work: Work, statement: str) -> None:
    admin, person = await administrator(work), await create_viewer(work)
    await suspend_account(work, viewer=admin, account_id=person.account_id, reason=WHY)
    with pytest.raises(DBAPIError, match="append-only"):
        await work.connection.execute(text(statement))


async def test_what_is_kept_of_an_invitation_for_ever_is_no_address(work: Work, keyring: Keyring) -> None:
    admin, person = await administrator(work), await create_viewer(work)
    email = await prove_address(work, person)
    sent = [await invite(work, viewer=admin, email=email, role=Role.EDITOR, scope=None) for _ in range(2)]
    await revoke_invitation(work, viewer=admin, invitation_id=sent[0].id)
    token = link_token(keyring, id=sent[1].id, purpose=LinkPurpose.INVITATION)
    await accept_invitation(work, viewer=person, keyring=keyring, token=token)
    rows = (await work.connection.execute(text("SELECT action, details FROM staff_log ORDER BY number"))).all()
    first, second = (str(one.id) for one in sent)
    assert [tuple(row) for row in rows] == [
        ("invite", {"invitation": first, "role": "EDITOR"}),
        ("invite", {"invitation": second, "role": "EDITOR"}),
        ("revoke_invitation", {"invitation": first}),
        ("accept_invitation", {"invitation": second, "role": "EDITOR"}),
    ]
