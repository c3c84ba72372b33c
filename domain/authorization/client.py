"""What a client is: a program that may ask people for access.

What a client is decides what it does: web pages and phone apps send people to the authorization page, televisions and
consoles show a code, services act as an account of their own. A client with a secret is confidential.
"""

import hmac
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlsplit
from uuid import UUID

from domain.accounts import DeviceClass
from domain.authorization.held_secrets import hash_of
from domain.authorization.scopes import Scope

# RFC 8628, section 3.4.
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"


class ClientKind(StrEnum):
    """What sort of program it is."""

    WEB = "WEB"
    MOBILE = "MOBILE"
    TV = "TV"
    CONSOLE = "CONSOLE"
    SERVICE = "SERVICE"

    @property
    def uses_redirects(self) -> bool:
        """Whether it sends people to the authorization page and gets them back."""
        return self in (ClientKind.WEB, ClientKind.MOBILE)

    @property
    def uses_device_codes(self) -> bool:
        """Whether it shows a code that a person enters elsewhere."""
        return self in (ClientKind.TV, ClientKind.CONSOLE)

    @property
    def is_service(self) -> bool:
        """Whether it acts as an account of its own."""
        return self is ClientKind.SERVICE

    @property
    def grant_types(self) -> tuple[str, ...]:
        """How it gets tokens, in the words of the token endpoint."""
        if self.is_service:
            return ("client_credentials",)
        return (DEVICE_CODE if self.uses_device_codes else "authorization_code", "refresh_token")

    @property
    def device_class(self) -> DeviceClass:
        """As what devices it signs in."""
        return DeviceClass.WEB if self is ClientKind.SERVICE else DeviceClass(self.value)


@dataclass(frozen=True)
class OAuthClient:
    """A registered client. `account_id` is the account that a service acts as."""

    id: str
    name: str
    kind: ClientKind
    is_first_party: bool
    redirect_uris: tuple[str, ...]
    scopes: frozenset[Scope]
    created_at: datetime
    account_id: UUID | None = None
    secret_hash: bytes | None = field(default=None, repr=False)

    @property
    def is_confidential(self) -> bool:
        """Whether it can keep a secret, and has one."""
        return self.secret_hash is not None

    def has_secret(self, secret: str) -> bool:
        """Tell whether this is the client's secret."""
        given = hash_of(secret)
        return given is not None and self.secret_hash is not None and hmac.compare_digest(given, self.secret_hash)

    def is_approved_at(self, redirect_uri: str) -> bool:
        """Tell whether people need not be asked: it is ours, and nobody else can receive what is sent there.

        Any app can claim a scheme or a port of the loopback address (RFC 8252, section 8.6).
        """
        return self.is_first_party and urlsplit(redirect_uri).scheme == "https"
