"""What waits for somebody to come back with a secret: links in mails, and sign-ups behind them."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class LinkPurpose(StrEnum):
    """What following a link does."""

    SIGN_UP = "SIGN_UP"
    RESET = "RESET"
    CHANGE_EMAIL = "CHANGE_EMAIL"


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
