"""What people change of their own account: its devices and sign-ins, its country, and what they agree to."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from domain.accounts import store
from domain.accounts.account import checked_name, checked_territory
from domain.accounts.confirmation import require_recent
from domain.accounts.people import Account, Device, SignIn, Viewer, require_manager, require_viewer
from domain.kernel.refusals import NotFound, StaleVersion
from domain.kernel.work import Reads, Work


@dataclass(frozen=True)
class AccountChange:
    """What is to be different of an account; None is what stays."""

    display_name: str | None = None
    territory: str | None = None
    marketing_consent: bool | None = None


async def update_account(work: Work, *, viewer: Viewer | None, expected_version: int, change: AccountChange) -> Account:
    """Change the viewer's own account. Another country changes what it may watch, so that takes a recent proof.

    Raises:
        SignInRequired, AccountScopeRequired, InvalidInput, StaleVersion.
        ConfirmationRequired: for another country.
    """
    viewer = require_manager(viewer)
    (before,) = await store.hold_accounts(work.connection, [viewer.account_id])
    if before.version != expected_version:
        raise StaleVersion(expected_version, before.version)
    after = replace(before, version=before.version + 1)
    if change.display_name is not None:
        after = replace(after, display_name=checked_name(change.display_name))
    if change.territory is not None and checked_territory(change.territory) != before.territory:
        require_recent(viewer, now=work.now)
        after = replace(after, territory=change.territory)
    if change.marketing_consent is not None:
        # An agreement stays as old as it is.
        since = (before.marketing_consent_at or work.now) if change.marketing_consent else None
        after = replace(after, marketing_consent_at=since)
    await store.update_account(work.connection, after)
    return after


async def rename_device(work: Work, *, viewer: Viewer | None, device_id: UUID, name: str) -> Device:
    """Name a device of the viewer's account; it keeps that name when it signs in again.

    Raises:
        SignInRequired, AccountScopeRequired, InvalidInput, NotFound.
    """
    viewer, name = require_manager(viewer), checked_name(name, field="name")
    renamed = await store.rename_device(work.connection, device_id, account_id=viewer.account_id, label=name)
    if renamed is None:
        raise NotFound("device", device_id)
    return renamed


async def end_sign_in(work: Work, *, viewer: Viewer | None, sign_in_id: UUID) -> None:
    """End a sign-in of the viewer's account; also the one that asks.

    Raises:
        SignInRequired.
        AccountScopeRequired: a client asks, and it is not its own.
        NotFound: no such sign-in of this account, or it is over.
    """
    viewer = require_viewer(viewer)
    if sign_in_id != viewer.sign_in_id:
        require_manager(viewer)
    if not await store.end_own_sign_in(work.connection, sign_in_id, account_id=viewer.account_id, at=work.now):
        raise NotFound("sign in", sign_in_id)


async def sign_out_everywhere(work: Work, *, viewer: Viewer | None, keeps_this: bool) -> None:
    """End all sign-ins of the viewer's account, the one that asks excepted if it `keeps_this`.

    Raises:
        SignInRequired, AccountScopeRequired.
    """
    viewer = require_manager(viewer)
    # Whoever is signing in meanwhile is seen, and ended too.
    await store.hold_accounts(work.connection, [viewer.account_id])
    but = viewer.sign_in_id if keeps_this else None
    await store.end_sign_ins(work.connection, viewer.account_id, at=work.now, but=but)


async def sign_ins_of(reads: Reads, account_ids: Sequence[UUID]) -> list[list[SignIn]]:
    """Return every account's sign-ins that still count, the newest first, and of very many only those."""
    async with reads.connection() as connection:
        return await store.sign_ins_of(connection, account_ids, now=reads.now)


async def sign_ins_by_id(reads: Reads, keys: Sequence[UUID]) -> list[SignIn | None]:
    """Return the sign-ins of these ids that still count, None where there is none."""
    async with reads.connection() as connection:
        return await store.sign_ins_by_id(connection, keys, now=reads.now)
