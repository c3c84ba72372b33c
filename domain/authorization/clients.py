"""Registering clients, which only operators do, and removing them.

Refusal
├── ClientTaken      the id is in use
└── RedirectRefused  the address cannot be one to send codes to
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

from domain.accounts import end_held_sign_ins
from domain.authorization import store
from domain.authorization.client import ClientKind, OAuthClient
from domain.authorization.held_secrets import hash_of, new_secret
from domain.authorization.scopes import Scope
from domain.kernel.refusals import InvalidInput, NotFound, Refusal
from domain.kernel.work import Reads, Work

NAME_MAX_CHARS = 60
REDIRECTS_MAX = 10
REDIRECT_MAX_CHARS = 500
_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
# The scheme of an app is a domain name turned round (RFC 8252, section 7.1), so it has a dot; `javascript` has none.
_APP_SCHEME = re.compile(r"[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+")
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class ClientTaken(Refusal):
    """Another client has this id."""

    def __init__(self, client_id: str) -> None:
        super().__init__(f"There is already a client {client_id}. Choose another id, or remove it first.")
        self.client_id = client_id


class RedirectRefused(Refusal):
    """Codes are sent to https addresses, to this machine, or to an app's own scheme, without a fragment."""

    def __init__(self, redirect_uri: str) -> None:
        super().__init__(
            f"{redirect_uri[:100]!r} cannot be a redirect. Use https, http on 127.0.0.1, or com.example.app:/path,"
            " without user names and fragments."
        )
        self.redirect_uri = redirect_uri[:100]


@dataclass(frozen=True, repr=False)
class NewClient:
    """A client that was just registered. `secret` is shown this once; None for a public client."""

    client: OAuthClient
    secret: str | None


async def register_client(
    work: Work,
    *,
    id: str,
    name: str,
    kind: ClientKind,
    scopes: frozenset[Scope],
    redirect_uris: Sequence[str] = (),
    is_first_party: bool = False,
    is_confidential: bool = False,
    account_id: UUID | None = None,
) -> NewClient:
    """Register a client. A service gets a secret and needs the account that it acts as.

    Raises:
        InvalidInput: an id, a name, scopes or redirects that do not fit what the client is.
        RedirectRefused, ClientTaken.
    """
    is_service = kind is ClientKind.SERVICE
    _check(id=id, name=name, kind=kind, redirect_uris=redirect_uris)
    if is_service != (account_id is not None):
        raise InvalidInput("account", "A service, and nothing else, needs the account it acts as.")
    if Scope.STAFF in scopes and not (is_first_party or is_service):
        raise InvalidInput("scopes", "Only our own clients and services may act by roles.")
    if Scope.INTROSPECT in scopes and not (is_confidential or is_service):
        raise InvalidInput("scopes", "Only a client with a secret may ask about tokens.")
    secret = new_secret() if is_confidential or is_service else None
    client = OAuthClient(
        id=id, name=name.strip(), kind=kind, is_first_party=is_first_party, redirect_uris=tuple(redirect_uris),
        scopes=scopes, created_at=work.now, account_id=account_id,
        secret_hash=None if secret is None else hash_of(secret),
    )  # fmt: skip
    if not await store.insert_client(work.connection, client):
        raise ClientTaken(id)
    return NewClient(client, secret)


async def find_client(work: Work, *, id: str) -> OAuthClient | None:
    """Return the client with this id."""
    return await store.client_by_id(work.connection, id) if _ID.fullmatch(id) else None


async def list_clients(reads: Reads) -> list[OAuthClient]:
    """Return all clients, by id."""
    async with reads.connection() as connection:
        return await store.all_clients(connection)


async def remove_client(work: Work, *, id: str) -> int:
    """Remove a client and end every sign-in it holds. Returns how many ended.

    Raises:
        NotFound.
    """
    if await find_client(work, id=id) is None:
        raise NotFound("client", id)
    ended = await end_held_sign_ins(work, sign_in_ids=await store.grant_ids_of_client(work.connection, id))
    await store.delete_client(work.connection, id)
    return ended


def _check(*, id: str, name: str, kind: ClientKind, redirect_uris: Sequence[str]) -> None:
    if not _ID.fullmatch(id):
        raise InvalidInput("id", "Use 1 to 64 of a-z, 0-9, dot, dash and underscore.")
    if not 1 <= len(name.strip()) <= NAME_MAX_CHARS or not name.isprintable():
        raise InvalidInput("name", f"Use 1 to {NAME_MAX_CHARS} printable characters.")
    if kind.uses_redirects != bool(redirect_uris) or len(redirect_uris) > REDIRECTS_MAX:
        raise InvalidInput("redirects", f"Web and phone clients, and no others, need 1 to {REDIRECTS_MAX}.")
    for redirect_uri in redirect_uris:
        _check_redirect(redirect_uri)


def _check_redirect(redirect_uri: str) -> None:
    try:
        parts = urlsplit(redirect_uri)
        hostname, _ = parts.hostname, parts.port
    except ValueError:
        raise RedirectRefused(redirect_uri) from None
    is_plain = redirect_uri.isascii() and redirect_uri.isprintable() and not set(redirect_uri) & set(' "<>\\^`{|}#*')
    is_web = parts.scheme == "https" or (parts.scheme == "http" and hostname in _LOOPBACK)
    is_app = _APP_SCHEME.fullmatch(parts.scheme) is not None and parts.path.startswith("/")
    has_user = "@" in parts.netloc
    if not (is_plain and len(redirect_uri) <= REDIRECT_MAX_CHARS and ((is_web and hostname) or is_app)) or has_user:
        raise RedirectRefused(redirect_uri)
