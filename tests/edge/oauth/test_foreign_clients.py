"""Clients that others wrote: npm's openid-client and Authlib's own, through every way to get tokens."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from authlib.integrations.httpx_client import AsyncOAuth2Client

from domain.authorization import ClientKind, NewClient, Scope
from tests.graph import npm_packages
from tests.graph_scene import Person
from tests.oauth_scene import REDIRECT, VERIFIER, WATCHING, OAuthScene

NPM = Path(__file__).parents[1] / "npm"
ANSWER_TIMEOUT_S = 30.0


class Talk:
    """What is said to a foreign client, and what it says."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self._in, self._out, self._faults = process.stdin, process.stdout, process.stderr

    async def hear(self) -> dict[str, Any]:
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            line = await self._out.readline()
            assert line, (await self._faults.read()).decode()
        said: dict[str, Any] = json.loads(line)
        return said

    async def say(self, said: dict[str, Any]) -> None:
        self._in.write(json.dumps(said).encode() + b"\n")
        await self._in.drain()


@pytest.fixture(scope="module", autouse=True)
def installed() -> None:
    npm_packages.install(NPM)


@asynccontextmanager
async def foreign_client(oauth: OAuthScene, flow: str, made: NewClient) -> AsyncIterator[Talk]:
    process = await npm_packages.start(
        "openid-client.mjs", oauth.issuer, flow, made.client.id, made.secret or "", REDIRECT, here=NPM
    )
    try:
        yield Talk(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def back_from(oauth: OAuthScene, address: str, by: Person) -> str:
    """Open an authorization address in somebody's browser, and return where it is sent back to."""
    response = await oauth.graph.client.get(address, headers=oauth.cookies(by))
    return str(response.headers["location"])


def check_outcome(done: dict[str, Any], person: Person, *, active: bool | None) -> None:
    assert done["sub"] == str(person.viewer.account_id)
    assert (done["name"], done["active"], done["after"]) == ("Ada", active, "invalid_grant")


@pytest.mark.parametrize("is_confidential", [False, True])
async def test_openid_client_goes_the_whole_way_with_a_code(oauth: OAuthScene, is_confidential: bool) -> None:
    person, made = await oauth.graph.person(), await oauth.client(is_confidential=is_confidential)
    async with foreign_client(oauth, "code", made) as talk:
        await talk.say({"back": await back_from(oauth, (await talk.hear())["open"], person)})
        done = (await talk.hear())["done"]
    check_outcome(done, person, active=True if is_confidential else None)
    assert done["mixUp"] == "OAUTH_INVALID_RESPONSE"
    assert await oauth.who(done["renewed"]) is None


async def test_openid_client_polls_for_a_television_as_rfc_8628_says(oauth: OAuthScene) -> None:
    person, made = await oauth.graph.person(), await oauth.client(ClientKind.TV)
    async with foreign_client(oauth, "device", made) as talk:
        asked = await talk.hear()
        assert asked["at"] == f"{oauth.issuer}/activate?user_code={asked['enter']}"
        assert asked["interval"] == 5
        approved = await oauth.post("/oauth/device/approve", {"userCode": asked["enter"]}, person)
        assert approved.status_code == 204
        done = (await talk.hear())["done"]
    check_outcome(done, person, active=None)


async def test_openid_client_is_a_service(oauth: OAuthScene) -> None:
    async with foreign_client(oauth, "service", await oauth.service(Scope.WATCH)) as talk:
        assert (await talk.hear())["done"] == {"active": True, "scope": "watch"}


async def test_authlibs_own_client_gets_tokens_renews_and_revokes_them(oauth: OAuthScene) -> None:
    person, made = await oauth.graph.person(), await oauth.client(is_confidential=True, scopes=WATCHING)
    found = await oauth.graph.client.get(f"{oauth.issuer}/.well-known/oauth-authorization-server")
    metadata = found.json()
    async with AsyncOAuth2Client(
        made.client.id, made.secret, scope="openid watch", redirect_uri=REDIRECT, code_challenge_method="S256",
        token_endpoint_auth_method="client_secret_post",
    ) as client:  # fmt: skip
        address, state = client.create_authorization_url(metadata["authorization_endpoint"], code_verifier=VERIFIER)
        back = await back_from(oauth, address, person)
        tokens = await client.fetch_token(
            metadata["token_endpoint"], authorization_response=back, state=state, code_verifier=VERIFIER
        )
        assert await oauth.who(tokens["access_token"]) is not None
        renewed = await client.refresh_token(metadata["token_endpoint"])
        assert renewed["refresh_token"] != tokens["refresh_token"]
        said = await client.introspect_token(metadata["introspection_endpoint"], renewed["access_token"])
        assert said.json()["active"] is True
        revoked = await client.revoke_token(metadata["revocation_endpoint"], renewed["refresh_token"])
        assert revoked.status_code == 200
    assert await oauth.who(renewed["access_token"]) is None
