"""What an account can prove itself with, as far as it is stored."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, repr=False)
class PasswordCredential:
    """An account that is found by an address, with what its password hashes to, if it has one."""

    account_id: UUID
    password_hash: str | None


@dataclass(frozen=True)
class Reachable:
    """An account, and the address it gets mail at."""

    id: UUID
    email: str
