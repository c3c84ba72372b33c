"""Programs' accounts and their keys: shown once, rotated with an overlap, revoked at once."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from domain.accounts import (
    Account,
    Role,
    TooManyKeys,
    Viewer,
    create_api_key,
    create_service_account,
    grant_role,
    keys_of,
    note_key_use,
    revoke_api_key,
    rotate_api_key,
    service_accounts,
    suspend_account,
    viewer_by_token,
)
from domain.accounts.services import KEYS_MAX
from domain.kernel.refusals import Forbidden, InvalidInput, NotFound, SignInRequired
from domain.kernel.work import Reads, Work
from tests.arrange import create_viewer


async def administrator(work: Work) -> Viewer:
    return await create_viewer(work, roles=frozenset({Role.ADMINISTRATOR}))


async def robot(work: Work, admin: Viewer) -> Account:
    return await create_service_account(work, viewer=admin, name="Robot", roles=frozenset({Role.EDITOR}))


def later(reads: Reads, **ahead: float) -> Reads:
    return Reads(reads.database, now=reads.now + timedelta(**ahead))


async def test_a_key_acts_for_its_service_until_it_runs_out(work: Work, reads: Reads) -> None:
    admin = await administrator(work)
    service = await robot(work, admin)
    made = await create_api_key(work, viewer=admin, account_id=service.id, name="CI", lasts_days=2)
    acting = await viewer_by_token(reads, made.secret)
    assert acting is not None
    assert (made.secret[:3], acting.account_id, acting.roles) == ("mk_", service.id, {Role.VIEWER, Role.EDITOR})
    assert await viewer_by_token(later(reads, days=1.99), made.secret) is not None
    assert await viewer_by_token(later(reads, days=2), made.secret) is None
    assert await keys_of(reads, [service.id]) == [[made.key]]
    await note_key_use(work, sign_in_id=acting.sign_in_id)
    ((key,),) = await keys_of(reads, [service.id])
    assert key.last_used_at == work.now


async def test_the_key_itself_is_kept_nowhere(work: Work) -> None:
    admin = await administrator(work)
    made = await create_api_key(work, viewer=admin, account_id=(await robot(work, admin)).id, name="CI", lasts_days=2)
    secret = made.secret.removeprefix("mk_")
    for table in ("sign_ins", "api_keys", "staff_log", "accounts"):
        rows = (await work.connection.execute(text(f"SELECT t::text FROM {table} t"))).scalars().all()
        assert not any(secret in row for row in rows)
    assert secret not in repr(made)


async def test_a_rotated_key_works_through_the_overlap(work: Work, reads: Reads) -> None:
    admin = await administrator(work)
    service = await robot(work, admin)
    old = await create_api_key(work, viewer=admin, account_id=service.id, name="CI", lasts_days=30)
    new = await rotate_api_key(work, viewer=admin, key_id=old.key.id, overlap_hours=2)
    assert (new.key.name, new.key.expires_at) == ("CI", work.now + timedelta(days=30))
    for hours, works in ((0, True), (1.9, True), (2, False)):
        assert (await viewer_by_token(later(reads, hours=hours), old.secret) is not None) is works
    assert await viewer_by_token(later(reads, days=29), new.secret) is not None
    at_once = await rotate_api_key(work, viewer=admin, key_id=new.key.id, overlap_hours=0)
    assert await viewer_by_token(reads, new.secret) is None
    assert await viewer_by_token(reads, at_once.secret) is not None


async def test_an_overlap_never_lengthens_a_key(work: Work, reads: Reads) -> None:
    admin = await administrator(work)
    old = await create_api_key(work, viewer=admin, account_id=(await robot(work, admin)).id, name="CI", lasts_days=1)
    await rotate_api_key(work, viewer=admin, key_id=old.key.id, overlap_hours=168)
    assert await viewer_by_token(later(reads, hours=24), old.secret) is None


async def test_a_revoked_key_is_nobodys_at_once(work: Work, reads: Reads) -> None:
    admin = await administrator(work)
    service = await robot(work, admin)
    made = await create_api_key(work, viewer=admin, account_id=service.id, name="CI", lasts_days=30)
    await revoke_api_key(work, viewer=admin, key_id=made.key.id)
    assert await viewer_by_token(reads, made.secret) is None
    assert await keys_of(reads, [service.id]) == [[]]
    for again in (revoke_api_key(work, viewer=admin, key_id=made.key.id),
                  rotate_api_key(work, viewer=admin, key_id=made.key.id, overlap_hours=1),
                  revoke_api_key(work, viewer=admin, key_id=uuid4())):  # fmt: skip
        with pytest.raises(NotFound):
            await again


async def test_a_suspended_service_acts_no_more(work: Work, reads: Reads) -> None:
    admin = await administrator(work)
    service = await robot(work, admin)
    made = await create_api_key(work, viewer=admin, account_id=service.id, name="CI", lasts_days=30)
    await suspend_account(work, viewer=admin, account_id=service.id, reason="It ran amok")
    assert await viewer_by_token(reads, made.secret) is None
    with pytest.raises(NotFound):
        await create_api_key(work, viewer=admin, account_id=service.id, name="CI", lasts_days=30)


async def test_a_service_has_a_bounded_number_of_keys(work: Work, reads: Reads) -> None:
    admin = await administrator(work)
    service = await robot(work, admin)
    for _ in range(KEYS_MAX):
        made = await create_api_key(work, viewer=admin, account_id=service.id, name="CI", lasts_days=30)
    with pytest.raises(TooManyKeys):
        await create_api_key(work, viewer=admin, account_id=service.id, name="CI", lasts_days=30)
    await revoke_api_key(work, viewer=admin, key_id=made.key.id)
    await create_api_key(work, viewer=admin, account_id=service.id, name="CI", lasts_days=30)
    assert [len(keys) for keys in await keys_of(reads, [service.id])] == [KEYS_MAX]


async def test_services_are_made_by_administrators_and_never_are_any(work: Work, reads: Reads) -> None:
    admin = await administrator(work)
    service, everything_else = await robot(work, admin), frozenset(Role) - {Role.ADMINISTRATOR}
    almost = await create_viewer(work, roles=everything_else)
    for by, refusal in ((None, SignInRequired), (almost, Forbidden)):
        with pytest.raises(refusal):
            await create_service_account(work, viewer=by, name="Robot", roles=frozenset())
        with pytest.raises(refusal):
            await create_api_key(work, viewer=by, account_id=service.id, name="CI", lasts_days=1)
        with pytest.raises(refusal):
            await service_accounts(reads, viewer=by)
    with pytest.raises(InvalidInput, match="roles"):
        await create_service_account(work, viewer=admin, name="Robot", roles=frozenset({Role.ADMINISTRATOR}))
    with pytest.raises(InvalidInput, match="role"):
        await grant_role(
            work, viewer=admin, account_id=service.id, role=Role.ADMINISTRATOR, scope=None, reason="Please do"
        )
    assert [one.id for one in await service_accounts(reads, viewer=admin)] == [service.id]


@pytest.mark.parametrize(
    ("name", "days", "field"), [("", 1, "name"), ("x\ny", 1, "name"), ("CI", 0, "lastsDays"), ("CI", 366, "lastsDays")]
)
async def test_keys_that_cannot_be_are_refused(work: Work, name: str, days: int, field: str) -> None:
    admin = await administrator(work)
    service = await robot(work, admin)
    with pytest.raises(InvalidInput) as refused:
        await create_api_key(work, viewer=admin, account_id=service.id, name=name, lasts_days=days)
    assert refused.value.field == field


async def test_a_persons_account_gets_no_keys(work: Work) -> None:
    admin, person = await administrator(work), await create_viewer(work)
    with pytest.raises(NotFound):
        await create_api_key(work, viewer=admin, account_id=person.account_id, name="CI", lasts_days=1)


async def test_what_a_service_may_do_is_written_down_with_it(work: Work) -> None:
    admin = await administrator(work)
    service = await robot(work, admin)
    asked = text("SELECT details FROM staff_log WHERE subject_id = :id")
    details = (await work.connection.execute(asked, {"id": service.id})).scalar_one()
    assert details == {"name": "Robot", "roles": "EDITOR VIEWER"}
