"""What waits for somebody to come back with a secret: links in mails, sign-ups behind them, and challenges."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from domain.accounts.factors import Factor
from domain.accounts.people import DeviceClass, Role, Scope


class LinkPurpose(StrEnum):
    """What following a link does."""

    SIGN_UP = "SIGN_UP"
    RESET = "RESET"
    CHANGE_EMAIL = "CHANGE_EMAIL"
    INVITATION = "INVITATION"


@dataclass(frozen=True)
class EmailLink:
    """A link that was sent to `email`. `account_id` is None while there is no account."""

    id: UUID
    purpose: LinkPurpose
    email: str
    account_id: UUID | None


@dataclass(frozen=True, repr=False)
class PendingSignUp:
    """What somebody told who wants an account. `browser_hash` is of a secret that only their browser has."""

    email: str
    password_hash: str
    display_name: str
    territory: str
    language: str
    browser_hash: bytes


class ChallengeKind(StrEnum):
    """What answering a challenge does."""

    # The first factor is proved; the second one is asked for.
    SECOND_FACTOR = "SECOND_FACTOR"
    # Nobody is known yet: whoever has a passkey.
    PASSKEY = "PASSKEY"
    NEW_PASSKEY = "NEW_PASSKEY"


@dataclass(frozen=True)
class Challenge:
    """A question to somebody, to be answered once. `nonce` is what a passkey signs."""

    id: UUID
    kind: ChallengeKind
    account_id: UUID | None
    sign_in_id: UUID | None
    factors: frozenset[Factor]
    nonce: bytes
    device_name: str | None
    device_class: DeviceClass | None


@dataclass(frozen=True)
class Invitation:
    """An invitation to a role. `id` is that of the link in its mail."""

    id: UUID
    email: str
    role: Role
    scope: Scope | None
    invited_by: UUID
