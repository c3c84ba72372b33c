"""Authlib's authorization server over one unit of work: what it asks for is answered by the verbs of the domain.

Authlib's core is synchronous. A request runs inside SQLAlchemy's `run_sync`, and where Authlib wants an answer from the
database, the greenlet waits for the verb on the event loop (`await_only`). An error that Authlib turns into an answer
lets the work commit: a replayed code or token has to end its grant although the request is refused.
"""

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import AuthorizationServer, OAuth2Payload, OAuth2Request
from sqlalchemy.util import await_only

from domain.authorization import (
    ACCESS_TOKEN_LASTS_S,
    AccessTokens,
    Approval,
    Grant,
    OAuthClient,
    Scope,
    ScopeRefused,
    find_client,
    first_refresh_token,
    parse_scopes,
    scopes_text,
    sign_access_token,
    sign_id_token,
    signing_key,
)
from domain.kernel.crypto import Keyring
from domain.kernel.work import Work

T = TypeVar("T")


@dataclass(frozen=True)
class Answer:
    """What a door answers: a JSON object, or a place to go to."""

    status: int
    body: Mapping[str, object]
    headers: Mapping[str, str]

    @property
    def location(self) -> str | None:
        """Where the browser is sent."""
        return self.headers.get("Location")


@dataclass(frozen=True)
class Exchange:
    """What one request has at hand. `network` is what counts as one client, `approval` who let it in."""

    work: Work
    keyring: Keyring
    issuer: str
    access_tokens: AccessTokens
    network: str = ""
    approval: Approval | None = None


@dataclass
class Issued:
    """What is about to be answered with tokens."""

    grant: Grant
    refresh_token: str | None = None
    nonce: str | None = None


def wait_for(awaitable: Awaitable[T]) -> T:
    """Wait for a verb from within Authlib, which runs in a greenlet of `run_sync`."""
    answer: T = await_only(awaitable)
    return answer


class ClientModel:
    """A client as Authlib asks about it."""

    def __init__(self, client: OAuthClient) -> None:
        self.client = client

    def get_client_id(self) -> str:
        return self.client.id

    def get_default_redirect_uri(self) -> None:
        # OAuth 2.1 wants it said with every request.
        return None

    def get_allowed_scope(self, scope: str | None) -> str:
        return scopes_text(wanted_scopes(self.client, scope))

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri in self.client.redirect_uris

    def check_client_secret(self, client_secret: str) -> bool:
        return self.client.has_secret(client_secret)

    def check_endpoint_auth_method(self, method: str, _endpoint: str) -> bool:
        return (method != "none") == self.client.is_confidential

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code" and self.client.kind.uses_redirects

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in self.client.kind.grant_types


class FormPayload(OAuth2Payload):  # type: ignore[misc]  # Authlib is not typed
    """The parameters of a request, each of which was there once."""

    def __init__(self, parameters: Mapping[str, str]) -> None:
        self._data = dict(parameters)

    @property
    def data(self) -> dict[str, str]:
        return self._data

    @property
    def datalist(self) -> dict[str, list[str]]:
        return {name: [value] for name, value in self._data.items()}


class FormRequest(OAuth2Request):  # type: ignore[misc]  # Authlib is not typed
    """A request as Authlib reads it. `url` is under the public address, whatever proxies stand before us."""

    def __init__(
        self, method: str, url: str, parameters: Mapping[str, str], headers: Mapping[str, str] | None = None
    ) -> None:
        authorization = {} if headers is None else {"Authorization": headers.get("authorization", "")}
        super().__init__(method, url, headers=authorization)
        self.payload = FormPayload(parameters)

    @property
    def args(self) -> dict[str, str]:
        return self.payload.data if self.method == "GET" else {}

    @property
    def form(self) -> dict[str, str]:
        return self.payload.data if self.method == "POST" else {}


class Server(AuthorizationServer):  # type: ignore[misc]  # Authlib is not typed
    """Authlib's server for one exchange."""

    def __init__(self, exchange: Exchange) -> None:
        super().__init__()
        self.exchange = exchange

    def query_client(self, client_id: str) -> ClientModel | None:
        client = wait_for(find_client(self.exchange.work, id=client_id))
        return None if client is None else ClientModel(client)

    def save_token(self, _token: object, _request: object) -> None:
        """Everything was saved by the verbs."""

    def send_signal(self, *_args: object, **_kwargs: object) -> None:
        """Nobody listens."""

    def create_oauth2_request(self, request: FormRequest) -> FormRequest:
        return request

    def handle_response(self, status: int, body: object, headers: list[tuple[str, str]]) -> Answer:
        return Answer(status, dict(body) if isinstance(body, dict) else {}, dict(headers))

    def generate_token(
        self,
        grant_type: str,
        client: ClientModel,
        user: Issued,
        scope: str | None = None,
        expires_in: int | None = None,
        include_refresh_token: bool = True,
    ) -> dict[str, object]:
        """Return the tokens for what was just granted; Authlib calls the holder of a grant its user."""
        return wait_for(self._tokens(client.client, user, scope, with_refresh_token=include_refresh_token))

    async def _tokens(
        self, client: OAuthClient, issued: Issued, scope: str | None, *, with_refresh_token: bool
    ) -> dict[str, object]:
        work, issuer = self.exchange.work, self.exchange.issuer
        scopes = issued.grant.scopes if scope is None else wanted_scopes(client, scope) & issued.grant.scopes
        key = await signing_key(work, keyring=self.exchange.keyring)
        access_token = sign_access_token(issued.grant, issuer=issuer, key=key, now=work.now, scopes=scopes)
        answer: dict[str, object] = {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": ACCESS_TOKEN_LASTS_S,
            "scope": scopes_text(scopes),
        }
        if with_refresh_token:
            answer["refresh_token"] = issued.refresh_token or await first_refresh_token(work, grant=issued.grant)
        if Scope.OPENID in scopes and not client.kind.is_service:
            answer["id_token"] = sign_id_token(
                issued.grant, issuer=issuer, key=key, now=work.now, nonce=issued.nonce, access_token=access_token
            )
        return answer


def wanted_scopes(client: OAuthClient, scope: str | None) -> frozenset[Scope]:
    """Return what a client asks for; all it may have when it does not say.

    Raises:
        OAuth2Error: not for this client.
    """
    try:
        asked = parse_scopes(scope or "")
        if beyond := asked - client.scopes:
            raise ScopeRefused(min(beyond))
    except ScopeRefused:
        raise OAuth2Error(error="invalid_scope", description="The client may not have such a scope.") from None
    return asked or client.scopes


def error_answer(error: str, description: str, *, status: int = 400) -> Answer:
    """Return an error as RFC 6749, section 5.2 writes it."""
    return Answer(status, {"error": error, "error_description": description}, {})
