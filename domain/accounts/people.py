"""Who there is: accounts, profiles, devices, roles, and the viewer that acts."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from domain.accounts.factors import Factor, is_confirmed
from domain.kernel.refusals import Forbidden, SignInRequired

AccountId = NewType("AccountId", UUID)
ProfileId = NewType("ProfileId", UUID)
DeviceId = NewType("DeviceId", UUID)
SignInId = NewType("SignInId", UUID)


class Role(StrEnum):
    """What a person may do beyond watching."""

    VIEWER = "VIEWER"
    EDITOR = "EDITOR"
    ADMINISTRATOR = "ADMINISTRATOR"


class DeviceClass(StrEnum):
    """What sort of device it is. Rights to show titles can be bought for some of them only."""

    WEB = "WEB"
    MOBILE = "MOBILE"
    TV = "TV"
    CONSOLE = "CONSOLE"


@dataclass(frozen=True)
class Account:
    """A person's account. `territory` is an ISO 3166-1 alpha-2 country."""

    id: AccountId
    email: str
    display_name: str
    territory: str
    roles: frozenset[Role]
    suspended_at: datetime | None
    created_at: datetime


@dataclass(frozen=True)
class Profile:
    """One person of a household. `maturity_limit` is the highest age rating it may watch, in years."""

    id: ProfileId
    account_id: AccountId
    name: str
    language: str
    maturity_limit: int


@dataclass(frozen=True)
class Device:
    """A browser, phone or television that has signed in."""

    id: DeviceId
    account_id: AccountId
    name: str
    last_seen_at: datetime
    device_class: DeviceClass = DeviceClass.WEB


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
    # By what, and when last, this was proved to be them. Without a time they cannot prove it here.
    factors: frozenset[Factor] = frozenset()
    auth_time: datetime | None = None
    # Whether the account has roles beyond watching that only a second factor gives.
    needs_second_factor: bool = False

    @property
    def is_confirmed(self) -> bool:
        """Whether this was proved by more than one factor. Whoever is not has no roles beyond watching."""
        return is_confirmed(self.factors)

    def has_role(self, role: Role) -> bool:
        """Tell whether the viewer holds a role; an administrator holds all of them."""
        return role in self.roles or Role.ADMINISTRATOR in self.roles


def require_viewer(viewer: Viewer | None) -> Viewer:
    """Return the viewer.

    Raises:
        SignInRequired: nobody is signed in.
    """
    if viewer is None:
        raise SignInRequired
    return viewer


def require_role(viewer: Viewer | None, role: Role) -> Viewer:
    """Return the viewer if it holds `role`.

    Raises:
        SignInRequired: nobody is signed in.
        Forbidden: the role is missing.
    """
    viewer = require_viewer(viewer)
    if not viewer.has_role(role):
        raise Forbidden(f"act as {role.value.lower()}")
    return viewer
