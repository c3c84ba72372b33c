"""Accounts: the people, their profiles and devices, how they sign in, and what roles they hold.

A `Viewer` is the person acting, as every other context sees it. Sign-ins are opaque tokens of which only the hash is
kept; ending one takes effect at the next request.
"""

from domain.accounts.account import (
    EmailTaken,
    accounts_by_id,
    create_account,
    devices_by_id,
    devices_of,
    profiles_by_id,
    profiles_of,
    remove_device,
    suspend_account,
)
from domain.accounts.demo import Persona, sign_in_demo
from domain.accounts.people import (
    Account,
    AccountId,
    Device,
    DeviceClass,
    DeviceId,
    Profile,
    ProfileId,
    Role,
    SignInId,
    Viewer,
    require_role,
    require_viewer,
)
from domain.accounts.pruning import forget_devices, idle_devices, prune_sign_ins
from domain.accounts.sign_in import SignedIn, living_sign_ins, sign_in, sign_out, viewer_by_token

__all__ = [
    "Account",
    "AccountId",
    "Device",
    "DeviceClass",
    "DeviceId",
    "EmailTaken",
    "Persona",
    "Profile",
    "ProfileId",
    "Role",
    "SignInId",
    "SignedIn",
    "Viewer",
    "accounts_by_id",
    "create_account",
    "devices_by_id",
    "devices_of",
    "forget_devices",
    "idle_devices",
    "living_sign_ins",
    "profiles_by_id",
    "profiles_of",
    "prune_sign_ins",
    "remove_device",
    "require_role",
    "require_viewer",
    "sign_in",
    "sign_in_demo",
    "sign_out",
    "suspend_account",
    "viewer_by_token",
]
