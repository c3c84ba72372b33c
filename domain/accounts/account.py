"""Creating, suspending and looking up accounts, profiles and devices.

Refusal
└── EmailTaken   another account has this address
"""

import re
from collections.abc import Sequence
from uuid import UUID

from domain.accounts import store
from domain.accounts.emails import prepared_email
from domain.accounts.people import (
    Account,
    AccountId,
    Device,
    Profile,
    ProfileId,
    Role,
    Viewer,
    require_manager,
)
from domain.accounts.policy import ACCOUNTS, AccountsAct
from domain.accounts.staff_log import checked_reason, record_deed
from domain.kernel.refusals import InvalidInput, NotFound, Refusal
from domain.kernel.work import Reads, Work

NAME_MAX_CHARS = 80
MATURITY_MAX_AGE = 21
LANGUAGE_MAX_CHARS = 35
_TERRITORY = re.compile(r"[A-Z]{2}")


class EmailTaken(Refusal):
    """Another account has this address."""

    def __init__(self, email: str) -> None:
        super().__init__(f"There is already an account for {email}. Sign in, or use another address.")
        self.email = email


async def create_account(
    work: Work,
    *,
    email: str,
    display_name: str,
    territory: str,
    roles: frozenset[Role] = frozenset({Role.VIEWER}),
    language: str = "en",
    maturity_limit: int = 18,
) -> Account:
    """Create an account with one profile named after it.

    Raises:
        InvalidInput: an address, a name, a territory or a limit that cannot be used.
        EmailTaken: another account has this address.
    """
    email = prepared_email(email)
    display_name, territory = checked_name(display_name), checked_territory(territory)
    if not 0 <= maturity_limit <= MATURITY_MAX_AGE:
        raise InvalidInput("maturityLimit", f"Use an age from 0 to {MATURITY_MAX_AGE}.")
    account = Account(
        id=AccountId(work.new_id()),
        email=email,
        display_name=display_name,
        territory=territory,
        roles=roles | {Role.VIEWER},
        suspended_at=None,
        created_at=work.now,
    )
    if not await store.insert_account(work.connection, account):
        raise EmailTaken(email)
    profile = Profile(ProfileId(work.new_id()), account.id, display_name, language, maturity_limit)
    await store.insert_profile(work.connection, profile, pin_hash=None, at=work.now)
    return account


async def suspend_account(work: Work, *, viewer: Viewer | None, account_id: UUID, reason: str) -> None:
    """Suspend an account: its sign-ins end at once, and what it plays ends with its lease. Administrators only.

    Raises:
        SignInRequired, Forbidden, NotFound.
        InvalidInput: no reason, or one's own account.
    """
    viewer = ACCOUNTS.require(viewer, AccountsAct.SUSPEND)
    reason = checked_reason(reason)
    if account_id == viewer.account_id:
        raise InvalidInput("accountId", "Somebody else has to suspend you.")
    if not await store.suspend(work.connection, account_id, at=work.now):
        raise NotFound("account", account_id)
    await record_deed(work, viewer=viewer, action="suspend_account", subject_id=account_id, reason=reason)


async def restore_account(work: Work, *, viewer: Viewer | None, account_id: UUID, reason: str) -> None:
    """Let a suspended account sign in again; what was signed in before stays out. Administrators only.

    Raises:
        SignInRequired, Forbidden, InvalidInput, NotFound.
    """
    viewer = ACCOUNTS.require(viewer, AccountsAct.SUSPEND)
    reason = checked_reason(reason)
    (account,) = await store.accounts_by_id(work.connection, [account_id])
    if account is None or account.erased_at is not None:
        raise NotFound("account", account_id)
    if account.suspended_at is not None:
        await store.end_sign_ins(work.connection, account_id, at=work.now, but=None)
        await store.restore(work.connection, account_id)
    await record_deed(work, viewer=viewer, action="restore_account", subject_id=account_id, reason=reason)


async def remove_device(work: Work, *, viewer: Viewer | None, device_id: UUID) -> None:
    """Remove a device of the viewer's account: its sign-ins end at once, and what it plays ends with its lease.

    Raises:
        SignInRequired, AccountScopeRequired.
        NotFound: no such device of this account, or it was removed before.
    """
    viewer = require_manager(viewer)
    if not await store.remove_device(work.connection, device_id, account_id=viewer.account_id, at=work.now):
        raise NotFound("device", device_id)


async def account_by_email(work: Work, *, email: str) -> UUID | None:
    """Return the account with an address. Operators ask; nobody else learns whether there is one."""
    return await store.account_id_by_email(work.connection, email)


async def accounts_by_id(reads: Reads, keys: Sequence[UUID]) -> list[Account | None]:
    """Return the accounts of these ids, None where there is none."""
    async with reads.connection() as connection:
        return await store.accounts_by_id(connection, keys)


async def profiles_by_id(reads: Reads, keys: Sequence[UUID]) -> list[Profile | None]:
    """Return the profiles of these ids, None where there is none."""
    async with reads.connection() as connection:
        return await store.profiles_by_id(connection, keys)


async def profiles_of(reads: Reads, account_ids: Sequence[UUID]) -> list[list[Profile]]:
    """Return every account's profiles, oldest first."""
    async with reads.connection() as connection:
        return await store.profiles_of(connection, account_ids)


async def devices_by_id(reads: Reads, keys: Sequence[UUID]) -> list[Device | None]:
    """Return the devices of these ids, None where there is none."""
    async with reads.connection() as connection:
        return await store.devices_by_id(connection, keys)


async def devices_of(reads: Reads, account_ids: Sequence[UUID]) -> list[list[Device]]:
    """Return every account's devices, the last seen first, and of very many only those."""
    async with reads.connection() as connection:
        return await store.devices_of(connection, account_ids)


def checked_name(display_name: str, *, field: str = "displayName") -> str:
    """Return what a person is called, without blanks around it. `field` is what the caller calls it.

    Raises:
        InvalidInput.
    """
    display_name = display_name.strip()
    if not 1 <= len(display_name) <= NAME_MAX_CHARS or not display_name.isprintable():
        raise InvalidInput(field, f"Use 1 to {NAME_MAX_CHARS} printable characters.")
    return display_name


def checked_territory(territory: str) -> str:
    """Return a territory that looks like one.

    Raises:
        InvalidInput.
    """
    if not _TERRITORY.fullmatch(territory):
        raise InvalidInput("territory", "Use an ISO 3166-1 alpha-2 code such as DE.")
    return territory


def checked_language(language: str) -> str:
    """Return a language that looks like one.

    Raises:
        InvalidInput.
    """
    if not (1 <= len(language) <= LANGUAGE_MAX_CHARS and language.isascii() and language.replace("-", "").isalnum()):
        raise InvalidInput("language", "Use a BCP 47 tag such as en or pt-BR.")
    return language
