"""What is given to clients: codes that stand for an approval, and grants, which are sign-ins that a client holds."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from domain.accounts import Factor, SignInId
from domain.authorization.client import ClientKind
from domain.authorization.scopes import Scope

# After so long somebody has to sign in again, however often the tokens were renewed.
GRANT_LASTS = {
    ClientKind.WEB: timedelta(days=30),
    ClientKind.MOBILE: timedelta(days=180),
    ClientKind.TV: timedelta(days=365),
    ClientKind.CONSOLE: timedelta(days=365),
    ClientKind.SERVICE: timedelta(days=1),
}


@dataclass(frozen=True)
class Approval:
    """Who let a client in: the account, as which profile or as its first, and how and when it had proved itself.

    `approved_by` is the sign-in it happened on, None for a service: what is not redeemed when it ends counts no more.
    """

    account_id: UUID
    profile_id: UUID | None
    auth_time: datetime
    factors: frozenset[Factor]
    approved_by: SignInId | None = None


@dataclass(frozen=True)
class Grant:
    """A sign-in that a client holds."""

    sign_in_id: SignInId
    client_id: str
    account_id: UUID
    scopes: frozenset[Scope]
    auth_time: datetime
    expires_at: datetime


@dataclass(frozen=True)
class AuthorizationCode:
    """A code that was sent to a redirect. `grant_id` is what it was redeemed for."""

    code_hash: bytes
    client_id: str
    redirect_uri: str
    scopes: frozenset[Scope]
    code_challenge: str
    nonce: str | None
    expires_at: datetime
    approval: Approval
    grant_id: UUID | None = None


class DeviceCodeState(StrEnum):
    """What became of a code that a device shows."""

    PENDING = "PENDING"
    APPROVED = "APPROVED"
    DENIED = "DENIED"
    USED = "USED"


@dataclass(frozen=True)
class DeviceCode:
    """A code that a device shows, and how often it may ask, in seconds. `network` is where the device is."""

    code_hash: bytes
    user_code: str
    client_id: str
    scopes: frozenset[Scope]
    network: str
    state: DeviceCodeState
    interval_s: int
    looks: int
    created_at: datetime
    expires_at: datetime
    polled_at: datetime | None = None
    approval: Approval | None = None


@dataclass(frozen=True)
class RefreshToken:
    """A refresh token as it is kept. `successor_hash` is what it was exchanged for."""

    token_hash: bytes
    grant_id: UUID
    issued_at: datetime
    used_at: datetime | None
    successor_hash: bytes | None
    is_successor_used: bool
