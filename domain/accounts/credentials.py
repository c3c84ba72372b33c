"""What an account can prove itself with, as far as it is stored."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

PasskeyId = NewType("PasskeyId", UUID)


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


@dataclass(frozen=True, repr=False)
class Totp:
    """A sealed secret for time codes. It counts once it is confirmed."""

    sealed: bytes
    confirmed_at: datetime | None
    last_step: int


@dataclass(frozen=True, repr=False)
class Passkey:
    """A credential that an authenticator keeps, and the public key it signs with."""

    id: PasskeyId
    account_id: UUID
    credential_id: bytes
    public_key: bytes
    sign_count: int
    name: str
    created_at: datetime
    last_used_at: datetime | None


class Method(StrEnum):
    """A second factor that an account can be asked for."""

    TOTP = "TOTP"
    PASSKEY = "PASSKEY"
    RECOVERY_CODE = "RECOVERY_CODE"


@dataclass(frozen=True)
class Credentials:
    """What an account can prove itself with, for its owner to look at."""

    account_id: UUID
    has_password: bool
    totp_since: datetime | None
    recovery_codes_left: int
    has_passkeys: bool

    @property
    def has_second_factor(self) -> bool:
        """Whether more than the first factor is asked for. Recovery codes stand in for one and are none."""
        return self.totp_since is not None or self.has_passkeys

    @property
    def methods(self) -> tuple[Method, ...]:
        """What can be given as a second factor."""
        if not self.has_second_factor:
            return ()
        there = {
            Method.TOTP: self.totp_since is not None,
            Method.PASSKEY: self.has_passkeys,
            Method.RECOVERY_CODE: self.recovery_codes_left > 0,
        }
        return tuple(method for method, is_there in there.items() if is_there)
