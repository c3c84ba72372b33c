"""The authorization server at its own public address, clients that use it, and people who are signed in."""

import html
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import httpx
import pytest

from domain.accounts import Role
from domain.authorization import ClientKind, NewClient, OAuthClient, Scope, register_client
from tests.conftest import ScratchDatabases
from tests.graph_scene import GraphScene, Person, open_scene

REDIRECT = "https://app.example/callback"
# RFC 7636, appendix B.
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
WATCHING = frozenset({Scope.OPENID, Scope.PROFILE, Scope.EMAIL, Scope.WATCH})
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"


@dataclass
class OAuthScene:
    """A running application that clients can find by its issuer."""

    graph: GraphScene
    issuer: str
    browser: httpx.AsyncClient = field(default_factory=httpx.AsyncClient)

    async def client(self, kind: ClientKind = ClientKind.WEB, **changes: Any) -> NewClient:
        """Register a client."""
        given: dict[str, Any] = {
            "id": f"client-{uuid4().hex[:12]}",
            "name": "An app",
            "kind": kind,
            "scopes": WATCHING,
            "redirect_uris": (REDIRECT,) if kind.uses_redirects else (),
            "is_first_party": True,
            **changes,
        }
        async with self.graph.runtime.work() as work:
            return await register_client(work, **given)

    async def service(self, *scopes: Scope) -> NewClient:
        """Register a service that acts as an account of its own."""
        person = await self.graph.person(Role.EDITOR)
        return await self.client(
            ClientKind.SERVICE, account_id=person.viewer.account_id, scopes=frozenset(scopes), is_first_party=False
        )

    def cookies(self, person: Person) -> dict[str, str]:
        """What the browser of somebody signed in sends."""
        return {"cookie": f"marquee={person.token}"}

    def asked(self, client: OAuthClient, **changes: str | None) -> dict[str, str]:
        """Return the parameters of an authorization request; None leaves one out."""
        given: dict[str, str | None] = {
            "response_type": "code",
            "client_id": client.id,
            "redirect_uri": client.redirect_uris[0],
            "scope": "openid watch",
            "state": "a state",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            "nonce": "a nonce",
            **changes,
        }
        return {name: value for name, value in given.items() if value is not None}

    async def authorize(self, parameters: dict[str, str], by: Person | None = None) -> httpx.Response:
        """Open the authorization address as a browser that comes from our own page."""
        return await self.graph.client.get(
            f"{self.issuer}/oauth/authorize",
            params={**parameters, "again": "1"},
            headers=self.cookies(by) if by else {},
        )

    async def decide(self, page: str, by: Person, *, decision: str = "approve", **changes: str) -> httpx.Response:
        """Send the form of a consent page."""
        fields = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page))
        return await self.graph.client.post(
            f"{self.issuer}/oauth/authorize",
            data={**{name: html.unescape(value) for name, value in fields.items()}, "decision": decision, **changes},
            headers={**self.cookies(by), "origin": self.issuer},
        )

    async def code(self, client: OAuthClient, by: Person, **changes: str | None) -> str:
        """Get a code for a client whose requests need no asking."""
        response = await self.authorize(self.asked(client, **changes), by)
        return sent_back(response)["code"]

    async def redeem(self, client: OAuthClient, code: str, /, **changes: str | None) -> httpx.Response:
        """Exchange a code."""
        given: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "client_id": client.id,
            "code": code,
            "redirect_uri": client.redirect_uris[0] if client.redirect_uris else REDIRECT,
            "code_verifier": VERIFIER,
            **changes,
        }
        return await self.token({name: value for name, value in given.items() if value is not None})

    async def refresh(self, client: OAuthClient, refresh_token: str, **changes: str) -> httpx.Response:
        """Exchange a refresh token."""
        given = {"grant_type": "refresh_token", "client_id": client.id, "refresh_token": refresh_token}
        return await self.token({**given, **changes})

    async def token(self, form: dict[str, str], **given: Any) -> httpx.Response:
        """Ask the token door."""
        return await self.graph.client.post(f"{self.issuer}/oauth/token", data=form, **given)

    async def tokens(self, client: OAuthClient, by: Person, **changes: str | None) -> dict[str, Any]:
        """Let a client in and return its tokens."""
        answer = await self.redeem(client, await self.code(client, by, **changes))
        assert answer.status_code == 200, answer.text
        tokens: dict[str, Any] = answer.json()
        return tokens

    async def who(self, access_token: str) -> str | None:
        """Return whom the API sees behind an access token."""
        asked = await self.graph.client.post(
            f"{self.issuer}/graphql",
            json={"query": "{ viewer { id roles } }"},
            headers={"authorization": f"Bearer {access_token}"},
        )
        viewer = asked.json()["data"]["viewer"]
        return None if viewer is None else viewer["id"]

    async def post(self, path: str, body: Any, by: Person | None, **headers: str) -> httpx.Response:
        """Ask a door of our own page."""
        given = {"origin": self.issuer, **(self.cookies(by) if by else {}), **headers}
        return await self.graph.client.post(f"{self.issuer}{path}", json=body, headers=given)


def sent_back(response: httpx.Response) -> dict[str, str]:
    """Return what a redirect tells the client."""
    assert response.status_code == 303, (response.status_code, response.text[:500])
    return {name: values[0] for name, values in parse_qs(urlsplit(response.headers["location"]).query).items()}


@asynccontextmanager
async def open_oauth_scene(url: str, folder: Path, **changes: Any) -> AsyncIterator[OAuthScene]:
    """Serve everything at an address of loopback that is its public one too."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    async with open_scene(url, folder, port=port, public_url=f"http://localhost:{port}", **changes) as graph:
        yield OAuthScene(graph, f"http://localhost:{port}")


@pytest.fixture(scope="module")
async def oauth(
    scratch_databases: ScratchDatabases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[OAuthScene]:
    """An authorization server for the tests of one file; each brings clients and people of its own."""
    async with open_oauth_scene(await scratch_databases.create(), tmp_path_factory.mktemp("oauth")) as opened:
        yield opened


def account_of(person: Person) -> UUID:
    """Return whose account it is."""
    return person.viewer.account_id
