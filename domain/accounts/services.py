"""Service accounts: programs that act by API keys. A key is a sign-in that lasts, and revoking it ends that.

What a service may do are the roles of its account. A key is shown once; only its hash is kept. It begins with `mk_`, so
that scanners of source code find one that got out.

Refusal
└── TooManyKeys   old keys have to go first
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from domain.accounts import store
from domain.accounts.factors import Factor
from domain.accounts.people import Account, AccountId, AccountKind, Profile, ProfileId, Role, SignInId, Viewer
from domain.accounts.policy import ACCOUNTS, AccountsAct
from domain.accounts.sign_in import SERVICE_KEY_PREFIX, sign_in
from domain.accounts.staff_log import record_deed
from domain.kernel.refusals import InvalidInput, NotFound, Refusal
from domain.kernel.work import Reads, Work

NAME_MAX_CHARS = 80
KEY_MAX_DAYS = 365
OVERLAP_MAX_HOURS = 7 * 24
KEYS_MAX = 10
SERVICES_SHOWN_MAX = 100
# A service belongs nowhere; where something asks, it is where users' ids begin (ISO 3166-1, user-assigned).
NOWHERE = "ZZ"


class TooManyKeys(Refusal):
    """A service account has as many keys that work as it may."""

    def __init__(self) -> None:
        super().__init__(f"A service has up to {KEYS_MAX} keys. Revoke one first.")
        self.max = KEYS_MAX


@dataclass(frozen=True)
class ApiKey:
    """A key of a service account. `expires_at` is when it stops, or stopped, to work."""

    id: UUID
    account_id: UUID
    name: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, repr=False)
class NewApiKey:
    """A fresh key. `secret` is shown this once and never again."""

    key: ApiKey
    secret: str


async def create_service_account(work: Work, *, viewer: Viewer | None, name: str, roles: frozenset[Role]) -> Account:
    """Make an account for a program, with these roles. Administrators only.

    Raises:
        SignInRequired, Forbidden.
        InvalidInput: a name that cannot be shown, or the role of an administrator.
    """
    viewer = ACCOUNTS.require(viewer, AccountsAct.MANAGE_SERVICES)
    name = _checked_name(name)
    if Role.ADMINISTRATOR in roles:
        raise InvalidInput("roles", "A service cannot administrate: nobody could be asked why it did.")
    id = AccountId(work.new_id())
    account = Account(
        id=id,
        email=None,
        display_name=name,
        territory=NOWHERE,
        roles=roles | {Role.VIEWER},
        suspended_at=None,
        created_at=work.now,
        kind=AccountKind.SERVICE,
    )
    is_new = await store.insert_account(work.connection, account)
    assert is_new, "an account without an address collides with none"
    profile = Profile(ProfileId(work.new_id()), id, name, "en", 21)
    await store.insert_profile(work.connection, profile, pin_hash=None, at=work.now)
    details = {"name": name, "roles": " ".join(sorted(account.roles))}
    await record_deed(work, viewer=viewer, action="create_service_account", subject_id=id, **details)
    return account


async def create_api_key(
    work: Work, *, viewer: Viewer | None, account_id: UUID, name: str, lasts_days: int
) -> NewApiKey:
    """Make a key for a service account. Administrators only.

    Raises:
        SignInRequired, Forbidden, InvalidInput, TooManyKeys.
        NotFound: no such service account.
    """
    viewer = ACCOUNTS.require(viewer, AccountsAct.MANAGE_SERVICES)
    if not 1 <= lasts_days <= KEY_MAX_DAYS:
        raise InvalidInput("lastsDays", f"Use 1 to {KEY_MAX_DAYS} days.")
    name = _checked_name(name)
    if not await store.hold_service(work.connection, account_id):
        raise NotFound("service account", account_id)
    made = await _new_key(work, viewer, account_id, name, timedelta(days=lasts_days))
    await record_deed(work, viewer=viewer, action="create_api_key", subject_id=account_id, key=str(made.key.id))
    return made


async def rotate_api_key(work: Work, *, viewer: Viewer | None, key_id: UUID, overlap_hours: int) -> NewApiKey:
    """Make a key that follows another, for as long again. The old one works for `overlap_hours` more at most.

    Administrators only. Raises:
        SignInRequired, Forbidden, InvalidInput, TooManyKeys.
        NotFound: no such key, or one that does not work any more.
    """
    viewer = ACCOUNTS.require(viewer, AccountsAct.MANAGE_SERVICES)
    if not 0 <= overlap_hours <= OVERLAP_MAX_HOURS:
        raise InvalidInput("overlapHours", f"Use 0 to {OVERLAP_MAX_HOURS} hours.")
    old = await _held_key(work, key_id)
    made = await _new_key(work, viewer, old.account_id, old.name, old.expires_at - old.created_at)
    ends_at = work.now + timedelta(hours=overlap_hours)
    await store.end_key(work.connection, old.id, at=min(ends_at, old.expires_at))
    details = {"old": str(old.id), "new": str(made.key.id)}
    await record_deed(work, viewer=viewer, action="rotate_api_key", subject_id=old.account_id, **details)
    return made


async def revoke_api_key(work: Work, *, viewer: Viewer | None, key_id: UUID) -> ApiKey:
    """Let a key stop working at once. Administrators only.

    Raises:
        SignInRequired, Forbidden.
        NotFound: no such key, or one that does not work any more.
    """
    viewer = ACCOUNTS.require(viewer, AccountsAct.MANAGE_SERVICES)
    key = await _held_key(work, key_id)
    await store.end_key(work.connection, key.id, at=work.now)
    await record_deed(work, viewer=viewer, action="revoke_api_key", subject_id=key.account_id, key=str(key.id))
    return key


async def service_accounts(reads: Reads, *, viewer: Viewer | None, limit: int = SERVICES_SHOWN_MAX) -> list[Account]:
    """Return up to `limit` service accounts, the newest first. Administrators only.

    Raises:
        SignInRequired, Forbidden, InvalidInput.
    """
    ACCOUNTS.require(viewer, AccountsAct.MANAGE_SERVICES)
    if not 1 <= limit <= SERVICES_SHOWN_MAX:
        raise InvalidInput("first", f"Ask for 1 to {SERVICES_SHOWN_MAX} services.")
    async with reads.connection() as connection:
        return await store.newest_services(connection, limit=limit)


async def keys_of(reads: Reads, account_ids: Sequence[UUID]) -> list[list[ApiKey]]:
    """Return the keys of each service account that still work, the newest first."""
    async with reads.connection() as connection:
        rows = await store.living_keys(connection, account_ids, now=reads.now)
    return [[ApiKey(**row) for row in rows if row["account_id"] == account_id] for account_id in account_ids]


async def note_key_use(work: Work, *, sign_in_id: SignInId) -> None:
    """Keep that a key was used now."""
    await store.note_key_use(work.connection, sign_in_id, at=work.now)


async def _new_key(work: Work, viewer: Viewer, account_id: UUID, name: str, lasts: timedelta) -> NewApiKey:
    if len(await store.living_keys(work.connection, [account_id], now=work.now)) >= KEYS_MAX:
        raise TooManyKeys
    signed_in = await sign_in(
        work,
        account_id=account_id,
        device_name=name,
        factors=frozenset({Factor.KEY}),
        confirmable=False,
        lasts=lasts,
    )
    key = ApiKey(work.new_id(), account_id, name, work.now, signed_in.expires_at, None)
    await store.insert_key(
        work.connection,
        id=key.id,
        account_id=account_id,
        sign_in_id=signed_in.viewer.sign_in_id,
        name=name,
        created_by=viewer.account_id,
        created_at=work.now,
    )
    return NewApiKey(key, SERVICE_KEY_PREFIX + signed_in.token)


async def _held_key(work: Work, key_id: UUID) -> ApiKey:
    row = await store.hold_key(work.connection, key_id, now=work.now)
    if row is None:
        raise NotFound("API key", key_id)
    return ApiKey(**row)


def _checked_name(name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= NAME_MAX_CHARS or not name.isprintable():
        raise InvalidInput("name", f"Use 1 to {NAME_MAX_CHARS} printable characters.")
    return name
