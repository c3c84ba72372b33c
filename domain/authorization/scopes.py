"""What a client may be allowed: a few words, each of which a person can understand.

Refusal
└── ScopeRefused   a scope that there is not, or that the client may not have
"""

from enum import StrEnum

from domain.kernel.refusals import Refusal

SCOPES_MAX_CHARS = 200


class Scope(StrEnum):
    """One thing that an access token lets its holder do."""

    OPENID = "openid"
    PROFILE = "profile"
    EMAIL = "email"
    WATCH = "watch"
    ACCOUNT = "account"
    STAFF = "staff"
    INTROSPECT = "introspect"


MEANINGS = {
    Scope.OPENID: "Know that it is you",
    Scope.PROFILE: "See your name and language",
    Scope.EMAIL: "See your email address",
    Scope.WATCH: "Browse, watch, and keep your place as you",
    Scope.ACCOUNT: "See and manage your account: its profiles, devices and sign-ins",
    Scope.STAFF: "Do what your roles allow, such as editing the catalog",
    Scope.INTROSPECT: "Ask whether tokens of other clients are good",
}


class ScopeRefused(Refusal):
    """There is no such scope, or not for this client."""

    def __init__(self, scope: str) -> None:
        super().__init__(f"The scope {scope[:40]!r} cannot be had here. Ask for those the client is registered with.")
        self.scope = scope[:40]


def parse_scopes(text: str) -> frozenset[Scope]:
    """Read scopes as they stand in requests: words with blanks between (RFC 6749, section 3.3).

    Raises:
        ScopeRefused.
    """
    if len(text) > SCOPES_MAX_CHARS:
        raise ScopeRefused(text)
    found = set()
    for word in text.split():
        try:
            found.add(Scope(word))
        except ValueError:
            raise ScopeRefused(word) from None
    return frozenset(found)


def scopes_text(scopes: frozenset[Scope]) -> str:
    """Write scopes as they stand in answers, always in one order."""
    return " ".join(scope for scope in Scope if scope in scopes)
