"""Who there is: accounts, profiles, devices, roles, and the viewer that acts."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from domain.accounts.avatars import Avatar
from domain.accounts.factors import Factor, is_confirmed
from domain.kernel.refusals import Refusal, SignInRequired

AccountId = NewType("AccountId", UUID)
ProfileId = NewType("ProfileId", UUID)
DeviceId = NewType("DeviceId", UUID)
SignInId = NewType("SignInId", UUID)

# A profile that may watch nothing above this age is a child's.
KIDS_MAX_AGE = 12


class Role(StrEnum):
    """What a person may do beyond watching."""

    VIEWER = "VIEWER"
    HOST = "HOST"
    MERCHANT_OWNER = "MERCHANT_OWNER"
    MERCHANT_STAFF = "MERCHANT_STAFF"
    AD_OPERATIONS = "AD_OPERATIONS"
    EDITOR = "EDITOR"
    SUPPORT = "SUPPORT"
    ADMINISTRATOR = "ADMINISTRATOR"


class ScopeKind(StrEnum):
    """What a role can be limited to."""

    MERCHANT = "MERCHANT"
    CHANNEL = "CHANNEL"


# The roles that can be held within a scope, and the kind of it.
SCOPED_ROLES = {
    Role.HOST: ScopeKind.CHANNEL,
    Role.EDITOR: ScopeKind.CHANNEL,
    Role.MERCHANT_OWNER: ScopeKind.MERCHANT,
    Role.MERCHANT_STAFF: ScopeKind.MERCHANT,
}


class AccountKind(StrEnum):
    """Who is behind an account."""

    PERSON = "PERSON"
    SERVICE = "SERVICE"


class DeviceClass(StrEnum):
    """What sort of device it is. Rights to show titles can be bought for some of them only."""

    WEB = "WEB"
    MOBILE = "MOBILE"
    TV = "TV"
    CONSOLE = "CONSOLE"


@dataclass(frozen=True)
class Scope:
    """The merchant, or the title of the channel, that a role is limited to."""

    kind: ScopeKind
    id: UUID


@dataclass(frozen=True)
class Account:
    """The account of a person, or of a service, which has no address. `territory` is an ISO 3166-1 alpha-2 country."""

    id: AccountId
    email: str | None
    display_name: str
    territory: str
    roles: frozenset[Role]
    suspended_at: datetime | None
    created_at: datetime
    kind: AccountKind = AccountKind.PERSON
    # When its owner agreed to be told of offers; None is no.
    marketing_consent_at: datetime | None = None
    version: int = 1
    erased_at: datetime | None = None


@dataclass(frozen=True)
class Profile:
    """One person of a household. `maturity_limit` is the highest age rating it may watch, in years.

    A kids profile has a limit of at most `KIDS_MAX_AGE`, and a PIN to leave it by.
    """

    id: ProfileId
    account_id: AccountId
    name: str
    language: str
    maturity_limit: int
    avatar: Avatar = Avatar.FOX
    is_kids: bool = False
    autoplay: bool = True
    # Whether there is a PIN; what it is, nobody knows.
    has_pin: bool = False
    version: int = 1


@dataclass(frozen=True)
class Device:
    """A browser, phone or television that has signed in."""

    id: DeviceId
    account_id: AccountId
    name: str
    last_seen_at: datetime
    device_class: DeviceClass = DeviceClass.WEB


@dataclass(frozen=True)
class SignIn:
    """One session on a device, until it ends or runs out."""

    id: SignInId
    account_id: AccountId
    device_id: DeviceId
    profile_id: ProfileId
    created_at: datetime
    expires_at: datetime


class ExportState(StrEnum):
    """How far an export is."""

    RUNNING = "RUNNING"
    READY = "READY"
    FAILED = "FAILED"


@dataclass(frozen=True)
class DataExport:
    """A file of everything that is kept about an account, until it expires."""

    id: UUID
    account_id: AccountId
    state: ExportState
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class Viewer:
    """The person acting, with everything a decision needs to know about them."""

    account_id: AccountId
    profile_id: ProfileId
    device_id: DeviceId
    sign_in_id: SignInId
    roles: frozenset[Role]
    territory: str
    maturity_limit: int
    language: str
    device_class: DeviceClass = DeviceClass.WEB
    # Roles held within a merchant or channel only, by its id.
    scoped_roles: frozenset[tuple[Role, UUID]] = frozenset()
    # By what, and when last, this was proved to be them. Without a time they cannot prove it here.
    factors: frozenset[Factor] = frozenset()
    auth_time: datetime | None = None
    # Whether the account has roles beyond watching that only a second factor gives.
    needs_second_factor: bool = False
    # Whether this may be told the account's address: not every client that acts for somebody may.
    knows_address: bool = True
    # Whether this may manage the account: profiles, devices, sign-ins. A client that was let in to watch may not.
    manages_account: bool = True
    # Changes whenever what the viewer may see or do does; what is open under another one is out of date.
    standing: int = field(default=0, compare=False)

    @property
    def is_confirmed(self) -> bool:
        """Whether this was proved by more than one factor. Whoever is not has no roles beyond watching."""
        return is_confirmed(self.factors)

    def holds(self, role: Role, *, within: UUID | None = None) -> bool:
        """Tell whether the viewer holds a role, everywhere or `within` a scope; an administrator holds all of them."""
        if role in self.roles or Role.ADMINISTRATOR in self.roles:
            return True
        return within is not None and (role, within) in self.scoped_roles


class AccountScopeRequired(Refusal):
    """A client acts for somebody who let it in to watch, and not to manage the account."""

    def __init__(self) -> None:
        super().__init__("This client was not let in to manage the account. It has to ask for the scope `account`.")


def require_manager(viewer: Viewer | None) -> Viewer:
    """Return the viewer if it may manage its account.

    Raises:
        SignInRequired: nobody is signed in.
        AccountScopeRequired: it is a client that was not let in to do so.
    """
    viewer = require_viewer(viewer)
    if not viewer.manages_account:
        raise AccountScopeRequired
    return viewer


def require_viewer(viewer: Viewer | None) -> Viewer:
    """Return the viewer.

    Raises:
        SignInRequired: nobody is signed in.
    """
    if viewer is None:
        raise SignInRequired
    return viewer
