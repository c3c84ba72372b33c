"""Services, revocation, introspection, and what clients may be registered as."""

from typing import Any

import httpx
import pytest

from domain.authorization import (
    ClientKind,
    ClientTaken,
    NewClient,
    RedirectRefused,
    Scope,
    list_clients,
    register_client,
    remove_client,
)
from domain.kernel.refusals import InvalidInput, NotFound
from domain.kernel.work import Work
from tests.oauth_scene import OAuthScene


def proof(made: NewClient) -> tuple[str, str]:
    assert made.secret is not None
    return made.client.id, made.secret


async def ask(oauth: OAuthScene, door: str, form: dict[str, str], **given: Any) -> httpx.Response:
    return await oauth.graph.client.post(f"{oauth.issuer}/oauth/{door}", data=form, **given)


async def test_a_service_acts_as_its_own_account(oauth: OAuthScene) -> None:
    service = await oauth.service(Scope.WATCH, Scope.STAFF)
    first = await oauth.token({"grant_type": "client_credentials"}, auth=proof(service))
    assert first.status_code == 200
    assert set(first.json()) == {"access_token", "token_type", "expires_in", "scope"}
    assert await oauth.who(first.json()["access_token"]) is not None
    before = await oauth.graph.count("sign_ins")
    for _ in range(3):
        more = await oauth.token({"grant_type": "client_credentials", "scope": "watch"}, auth=proof(service))
        assert more.json()["scope"] == "watch"
    # Tokens are signed, not kept: they share the sign-in of the day.
    assert await oauth.graph.count("sign_ins") == before


async def test_a_service_needs_its_secret_and_nobody_else_gets_tokens_that_way(oauth: OAuthScene) -> None:
    service, web = await oauth.service(Scope.WATCH), await oauth.client(is_confidential=True)
    form = {"grant_type": "client_credentials"}
    assert (await oauth.token({**form, "client_id": service.client.id})).json()["error"] == "invalid_client"
    wrong = await oauth.token(form, auth=(service.client.id, "A" * 43))
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
    assert wrong.headers["www-authenticate"].startswith("Basic")
    assert (await oauth.token(form, auth=proof(web))).json()["error"] == "unauthorized_client"
    beyond = await oauth.token({**form, "scope": "staff"}, auth=proof(service))
    assert beyond.json()["error"] == "invalid_scope"


async def test_revoking_either_token_ends_both(oauth: OAuthScene) -> None:
    person, client = await oauth.graph.person(), (await oauth.client()).client
    for name in ("access_token", "refresh_token"):
        tokens = await oauth.tokens(client, person)
        done = await ask(oauth, "revoke", {"client_id": client.id, "token": tokens[name]})
        assert done.status_code == 200
        assert await oauth.who(tokens["access_token"]) is None
        assert (await oauth.refresh(client, tokens["refresh_token"])).json()["error"] == "invalid_grant"
        again = await ask(oauth, "revoke", {"client_id": client.id, "token": tokens[name]})
        assert again.status_code == 200


async def test_a_client_revokes_only_what_is_its_own(oauth: OAuthScene) -> None:
    person = await oauth.graph.person()
    client, other = (await oauth.client()).client, (await oauth.client()).client
    tokens = await oauth.tokens(client, person)
    for token in (tokens["access_token"], tokens["refresh_token"], "nothing", "a.b.c"):
        assert (await ask(oauth, "revoke", {"client_id": other.id, "token": token})).status_code == 200
    assert await oauth.who(tokens["access_token"]) is not None
    assert (await ask(oauth, "revoke", {"client_id": client.id})).json()["error"] == "invalid_request"
    assert (await ask(oauth, "revoke", {"token": tokens["access_token"]})).json()["error"] == "invalid_client"


async def test_a_client_with_a_secret_learns_whether_a_token_is_good(oauth: OAuthScene) -> None:
    person = await oauth.graph.person()
    mine = await oauth.client(is_confidential=True)
    looker = await oauth.client(is_confidential=True, scopes=frozenset({Scope.INTROSPECT, Scope.WATCH}))
    stranger = await oauth.client(is_confidential=True)
    code = await oauth.code(mine.client, person)
    assert mine.secret is not None
    tokens = (await oauth.redeem(mine.client, code, client_secret=mine.secret)).json()

    async def said(by: NewClient, token: str) -> dict[str, Any]:
        answer = await ask(oauth, "introspect", {"token": token}, auth=proof(by))
        assert answer.status_code == 200
        found: dict[str, Any] = answer.json()
        return found

    for by in (mine, looker):
        access = await said(by, tokens["access_token"])
        assert (access["active"], access["client_id"], access["scope"]) == (True, mine.client.id, "openid watch")
        assert (access["sub"], access["aud"]) == (str(person.viewer.account_id), oauth.issuer)
        assert (await said(by, tokens["refresh_token"]))["active"] is True
    assert await said(stranger, tokens["access_token"]) == {"active": False}
    assert await said(looker, "nothing") == {"active": False}
    renewed = await oauth.refresh(mine.client, tokens["refresh_token"], client_secret=mine.secret)
    assert await said(mine, tokens["refresh_token"]) == {"active": False}
    await ask(oauth, "revoke", {"token": renewed.json()["access_token"]}, auth=proof(mine))
    for token in (tokens["access_token"], renewed.json()["refresh_token"]):
        assert await said(mine, token) == {"active": False}


async def test_a_client_without_a_secret_learns_nothing(oauth: OAuthScene) -> None:
    person, client = await oauth.graph.person(), (await oauth.client()).client
    tokens = await oauth.tokens(client, person)
    refused = await ask(oauth, "introspect", {"client_id": client.id, "token": tokens["access_token"]})
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    assert "access-control-allow-origin" not in refused.headers


async def test_userinfo_tells_what_the_scopes_allow(oauth: OAuthScene) -> None:
    person, client = await oauth.graph.person(language="de"), (await oauth.client()).client

    async def told(access_token: str | None) -> httpx.Response:
        headers = {} if access_token is None else {"authorization": f"Bearer {access_token}"}
        return await oauth.graph.client.get(f"{oauth.issuer}/oauth/userinfo", headers=headers)

    tokens = await oauth.tokens(client, person, scope="openid profile email watch")
    body = (await told(tokens["access_token"])).json()
    assert {**body, "email": ""} == {"sub": str(person.viewer.account_id), "name": "Ada", "locale": "de", "email": ""}
    assert body["email"].endswith("@example.com")
    without = await oauth.tokens(client, person, scope="watch")
    assert (await told(without["access_token"])).status_code == 403
    assert "id_token" not in without
    for token in (None, "nothing", person.token, tokens["id_token"]):
        refused = await told(token)
        assert (refused.status_code, refused.headers["www-authenticate"].split(" ")[0]) == (401, "Bearer")


async def test_removing_a_client_signs_everybody_out_of_it(oauth: OAuthScene) -> None:
    person, client, kept = await oauth.graph.person(), (await oauth.client()).client, (await oauth.client()).client
    tokens, others = await oauth.tokens(client, person), await oauth.tokens(kept, person)
    async with oauth.graph.runtime.work() as work:
        assert await remove_client(work, id=client.id) == 1
    assert await oauth.who(tokens["access_token"]) is None
    assert (await oauth.refresh(client, tokens["refresh_token"])).json()["error"] == "invalid_client"
    assert await oauth.who(others["access_token"]) is not None
    async with oauth.graph.runtime.work() as work:
        with pytest.raises(NotFound):
            await remove_client(work, id=client.id)


@pytest.mark.parametrize(
    "redirect_uri",
    [
        "http://app.example/in",
        "https://user@app.example/in",
        "https://app.example/in#here",
        "https://app.example/*",
        "https://*.app.example/in",
        "https:///in",
        "https://app.example/a b",
        "https://app.example/\\in",
        "https://app.example:port/in",
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "app:/in",
        "com.example.app:in",
        "",
        "https://app.example/" + "a" * 500,
        "https://äpp.example/in",
    ],
)
async def test_a_redirect_that_codes_could_leak_through_is_not_registered(work: Work, redirect_uri: str) -> None:
    with pytest.raises(RedirectRefused):
        await register_client(
            work, id="web", name="Web", kind=ClientKind.WEB, scopes=frozenset(), redirect_uris=[redirect_uri]
        )
    assert await list_clients(work.reads()) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"id": ""},
        {"id": "Web"},
        {"id": "-web"},
        {"id": "a" * 65},
        {"name": ""},
        {"name": "\u202e"},
        {"redirect_uris": []},
        {"redirect_uris": ["https://app.example/in"] * 11},
        {"kind": ClientKind.TV},
        {"kind": ClientKind.SERVICE, "redirect_uris": []},
        {"scopes": frozenset({Scope.STAFF})},
        {"scopes": frozenset({Scope.INTROSPECT})},
    ],
)
async def test_a_client_that_does_not_fit_what_it_is_is_not_registered(work: Work, changes: dict[str, Any]) -> None:
    given: dict[str, Any] = {
        "id": "web", "name": "Web", "kind": ClientKind.WEB, "scopes": frozenset({Scope.WATCH}),
        "redirect_uris": ["https://app.example/in"], **changes,
    }  # fmt: skip
    with pytest.raises(InvalidInput):
        await register_client(work, **given)
    assert await list_clients(work.reads()) == []


async def test_an_id_is_given_to_one_client_and_only_its_hash_is_kept_of_a_secret(work: Work) -> None:
    made = await register_client(
        work, id="web", name="Web", kind=ClientKind.WEB, scopes=frozenset({Scope.WATCH}),
        redirect_uris=["http://127.0.0.1:9/in", "com.example.app:/in"], is_confidential=True,
    )  # fmt: skip
    assert made.secret is not None
    (kept,) = await list_clients(work.reads())
    assert kept == made.client
    assert made.secret not in repr(made) + repr(kept)
    assert (kept.has_secret(made.secret), kept.has_secret(made.secret[:-1] + "~")) == (True, False)
    with pytest.raises(ClientTaken):
        await register_client(work, id="web", name="Other", kind=ClientKind.TV, scopes=frozenset({Scope.WATCH}))
