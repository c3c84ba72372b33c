"""Authorization: letting programs in on behalf of people, as OAuth 2.1 and OpenID Connect have it.

A client gets a grant, which is a sign-in that it holds; access tokens name it, refresh tokens renew them. How requests
look on the wire is the edge's business.
"""

from domain.authorization.client import ClientKind, OAuthClient
from domain.authorization.clients import (
    ClientTaken,
    NewClient,
    RedirectRefused,
    find_client,
    list_clients,
    register_client,
    remove_client,
)
from domain.authorization.codes import find_code, issue_code, redeem_code
from domain.authorization.demo import ensure_demo_clients
from domain.authorization.devices import (
    DeviceCodes,
    PollRefused,
    approve_device,
    count_start,
    count_try,
    deny_device,
    look_at_device,
    parse_user_code,
    poll_device,
    shown,
    start_device,
)
from domain.authorization.grant import Approval, AuthorizationCode, DeviceCode, Grant
from domain.authorization.granting import GrantRefused, end_grant, living_grant
from domain.authorization.pruning import prune_codes, prune_refresh_tokens
from domain.authorization.refreshing import (
    Refreshed,
    first_refresh_token,
    grant_of_refresh_token,
    is_unused,
    refresh,
)
from domain.authorization.scopes import MEANINGS, Scope, ScopeRefused, parse_scopes, scopes_text
from domain.authorization.services import service_grant
from domain.authorization.signing_keys import (
    PublishedKey,
    SigningKey,
    published_keys,
    rewrap_signing_keys,
    rotate_due_keys,
    rotate_keys,
    signing_key,
)
from domain.authorization.tokens import (
    ACCESS_TOKEN_LASTS_S,
    AccessToken,
    AccessTokens,
    sign_access_token,
    sign_id_token,
)

__all__ = [
    "ACCESS_TOKEN_LASTS_S",
    "MEANINGS",
    "AccessToken",
    "AccessTokens",
    "Approval",
    "AuthorizationCode",
    "ClientKind",
    "ClientTaken",
    "DeviceCode",
    "DeviceCodes",
    "Grant",
    "GrantRefused",
    "NewClient",
    "OAuthClient",
    "PollRefused",
    "PublishedKey",
    "RedirectRefused",
    "Refreshed",
    "Scope",
    "ScopeRefused",
    "SigningKey",
    "approve_device",
    "count_start",
    "count_try",
    "deny_device",
    "end_grant",
    "ensure_demo_clients",
    "find_client",
    "find_code",
    "first_refresh_token",
    "grant_of_refresh_token",
    "is_unused",
    "issue_code",
    "list_clients",
    "living_grant",
    "look_at_device",
    "parse_scopes",
    "parse_user_code",
    "poll_device",
    "prune_codes",
    "prune_refresh_tokens",
    "published_keys",
    "redeem_code",
    "refresh",
    "register_client",
    "remove_client",
    "rewrap_signing_keys",
    "rotate_due_keys",
    "rotate_keys",
    "scopes_text",
    "service_grant",
    "shown",
    "sign_access_token",
    "sign_id_token",
    "signing_key",
    "start_device",
]
