"""The demo's clients: a television and a phone of our own, so that every journey can be tried without registering."""

from domain.authorization import store
from domain.authorization.client import ClientKind, OAuthClient
from domain.authorization.scopes import Scope
from domain.kernel.work import Work

_WATCHING = frozenset({Scope.OPENID, Scope.PROFILE, Scope.WATCH})
DEMO_TV, DEMO_PHONE = "marquee-tv", "marquee-phone"
PHONE_REDIRECT = "example.marquee.phone:/signed-in"


async def ensure_demo_clients(work: Work) -> None:
    """Register the demo's clients, unless they are."""
    clients = (
        OAuthClient(DEMO_TV, "Marquee TV", ClientKind.TV, True, (), _WATCHING, work.now),
        OAuthClient(
            DEMO_PHONE, "Marquee Phone", ClientKind.MOBILE, True, (PHONE_REDIRECT,), _WATCHING, work.now
        ),
    )  # fmt: skip
    for client in clients:
        await store.insert_client(work.connection, client)
