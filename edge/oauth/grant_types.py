"""The ways to get tokens: a code from a redirect, a refresh token, a device code, or a service's own secret."""

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import AuthorizationCodeGrant, ClientCredentialsGrant, RefreshTokenGrant
from authlib.oauth2.rfc6749.errors import InvalidGrantError, InvalidRequestError
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc8628 import DeviceCodeGrant

from domain.authorization import (
    AuthorizationCode,
    Grant,
    GrantRefused,
    PollRefused,
    find_code,
    grant_of_refresh_token,
    issue_code,
    poll_device,
    redeem_code,
    refresh,
    scopes_text,
    service_grant,
)
from edge.oauth.protocol import ClientModel, Exchange, FormRequest, Issued, Server, wait_for, wanted_scopes

PUBLIC_OR_CONFIDENTIAL = ["none", "client_secret_basic", "client_secret_post"]
CONFIDENTIAL = ["client_secret_basic", "client_secret_post"]
# The base64url of a SHA-256, without padding.
CHALLENGE_CHARS = 43


class CodeModel:
    """An authorization code as Authlib asks about it."""

    code_challenge_method = "S256"

    def __init__(self, code: AuthorizationCode) -> None:
        self.code = code
        self.code_challenge = code.code_challenge

    def get_redirect_uri(self) -> str:
        return self.code.redirect_uri

    def get_scope(self) -> str:
        return scopes_text(self.code.scopes)


class GrantModel:
    """A refresh token or a device code as Authlib asks about it."""

    def __init__(self, grant: Grant | None, client_id: str) -> None:
        self.grant = grant
        self.client_id = client_id

    def check_client(self, client: ClientModel) -> bool:
        return self.client_id == client.client.id

    def get_client_id(self) -> str:
        return self.client_id

    def get_scope(self) -> str | None:
        return None if self.grant is None else scopes_text(self.grant.scopes)


class S256(CodeChallenge):  # type: ignore[misc]  # Authlib is not typed
    """Proof keys (RFC 7636) for every client, and by SHA-256 only: without a method `plain` would be meant."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)

    def validate_code_challenge(self, grant: AuthorizationCodeGrant, redirect_uri: str) -> None:
        asked = grant.request.payload.data
        if asked.get("code_challenge_method") != "S256":
            raise InvalidRequestError("Send a code_challenge_method of S256.")
        if len(asked.get("code_challenge", "")) != CHALLENGE_CHARS:
            raise InvalidRequestError("Send a code_challenge of 43 characters.")
        super().validate_code_challenge(grant, redirect_uri)


class ByCode(AuthorizationCodeGrant):  # type: ignore[misc]  # Authlib is not typed
    """Authorization codes."""

    TOKEN_ENDPOINT_AUTH_METHODS = PUBLIC_OR_CONFIDENTIAL
    server: Server
    request: FormRequest

    def generate_authorization_code(self) -> str:
        exchange, asked = self.server.exchange, self.request.payload.data
        assert exchange.approval is not None, "only who let the client in gets here"
        client = self.request.client.client
        return wait_for(
            issue_code(
                exchange.work,
                client=client,
                approval=exchange.approval,
                redirect_uri=asked["redirect_uri"],
                scopes=wanted_scopes(client, asked.get("scope")),
                code_challenge=asked["code_challenge"],
                nonce=asked.get("nonce"),
            )
        )

    def query_authorization_code(self, code: str, client: ClientModel) -> CodeModel | None:
        found = wait_for(find_code(self.server.exchange.work, client=client.client, code=code))
        return None if found is None else CodeModel(found)

    def authenticate_user(self, authorization_code: CodeModel) -> Issued:
        code = authorization_code.code
        try:
            grant = wait_for(redeem_code(self.server.exchange.work, client=self.request.client.client, code=code))
        except GrantRefused:
            raise InvalidGrantError from None
        return Issued(grant, nonce=code.nonce)

    def delete_authorization_code(self, authorization_code: CodeModel) -> None:
        """It is kept, to be known when it comes again."""


class ByRefreshToken(RefreshTokenGrant):  # type: ignore[misc]  # Authlib is not typed
    """Refresh tokens: looked at first, and exchanged once everything else about the request is right."""

    TOKEN_ENDPOINT_AUTH_METHODS = PUBLIC_OR_CONFIDENTIAL
    INCLUDE_NEW_REFRESH_TOKEN = True
    server: Server
    request: FormRequest

    def authenticate_refresh_token(self, refresh_token: str) -> GrantModel | None:
        grant = wait_for(grant_of_refresh_token(self.server.exchange.work, token=refresh_token))
        return None if grant is None else GrantModel(grant, grant.client_id)

    def authenticate_user(self, refresh_token: GrantModel) -> Issued:
        exchange: Exchange = self.server.exchange
        refreshed = wait_for(
            refresh(
                exchange.work,
                keyring=exchange.keyring,
                client=self.request.client.client,
                token=self.request.form["refresh_token"],
            )
        )
        if refreshed is None:
            raise InvalidGrantError
        return Issued(refreshed.grant, refresh_token=refreshed.refresh_token)

    def revoke_old_credential(self, refresh_token: GrantModel) -> None:
        """It was marked as used."""


class ByDeviceCode(DeviceCodeGrant):  # type: ignore[misc]  # Authlib is not typed
    """Device codes."""

    TOKEN_ENDPOINT_AUTH_METHODS = PUBLIC_OR_CONFIDENTIAL
    server: Server
    request: FormRequest

    def query_device_credential(self, device_code: str) -> GrantModel:
        # Whose it is comes out with the poll, which looks once and holds the row.
        return GrantModel(None, self._client_id())

    def validate_device_credential(self, credential: GrantModel) -> Issued:
        exchange, client = self.server.exchange, self.server.query_client(credential.client_id)
        assert client is not None, "it was just authenticated"
        device_code = self.request.payload.data["device_code"]
        try:
            grant = wait_for(poll_device(exchange.work, client=client.client, device_code=device_code))
        except GrantRefused:
            raise InvalidGrantError from None
        except PollRefused as refused:
            raise OAuth2Error(error=refused.answer.value) from None
        credential.grant = grant
        return Issued(grant)

    def authenticate_token_endpoint_client(self) -> ClientModel:
        client: ClientModel = super().authenticate_token_endpoint_client()
        self._authenticated = client
        return client

    def _client_id(self) -> str:
        return self._authenticated.client.id


class ByOwnSecret(ClientCredentialsGrant):  # type: ignore[misc]  # Authlib is not typed
    """Services, which act as an account of their own."""

    TOKEN_ENDPOINT_AUTH_METHODS = CONFIDENTIAL
    server: Server
    request: FormRequest

    def validate_requested_scope(self) -> None:
        wanted_scopes(self.request.client.client, self.request.payload.scope)

    def generate_token(self, scope: str | None = None, include_refresh_token: bool = False) -> dict[str, object]:
        client: ClientModel = self.request.client
        try:
            grant = wait_for(service_grant(self.server.exchange.work, client=client.client))
        except GrantRefused:
            raise InvalidGrantError from None
        return self.server.generate_token(
            self.GRANT_TYPE, client, Issued(grant), scope=scope, include_refresh_token=include_refresh_token
        )


def server_for(exchange: Exchange) -> Server:
    """Return a server that knows every way."""
    server = Server(exchange)
    server.register_grant(ByCode, [S256(required=True)])
    server.register_grant(ByRefreshToken)
    server.register_grant(ByDeviceCode)
    server.register_grant(ByOwnSecret)
    return server
