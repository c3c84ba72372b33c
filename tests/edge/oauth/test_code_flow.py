"""Authorization codes with proof keys: the whole way, and everything that bends it."""

import asyncio
from urllib.parse import quote, urlencode

import httpx
import pytest

from domain.authorization import ClientKind, Scope
from graph.global_ids import Kind, global_id
from tests.oauth_scene import CHALLENGE, REDIRECT, VERIFIER, OAuthScene, sent_back


async def test_a_client_of_ours_is_let_in_without_asking_and_acts_for_who_is_signed_in(oauth: OAuthScene) -> None:
    person, client = await oauth.graph.person(), (await oauth.client()).client
    response = await oauth.authorize(oauth.asked(client), person)
    assert response.headers["location"].startswith(f"{REDIRECT}?")
    back = sent_back(response)
    assert {**back, "code": ""} == {"code": "", "state": "a state", "iss": oauth.issuer}
    answer = await oauth.redeem(client, back["code"])
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    tokens = answer.json()
    assert set(tokens) == {"access_token", "token_type", "expires_in", "refresh_token", "scope", "id_token"}
    assert (tokens["token_type"], tokens["expires_in"], tokens["scope"]) == ("Bearer", 600, "openid watch")
    assert await oauth.who(tokens["access_token"]) == global_id(Kind.VIEWER, person.viewer.account_id)


async def test_a_foreign_client_is_let_in_by_the_person_and_by_nobody_else(oauth: OAuthScene) -> None:
    person, other = await oauth.graph.person(), await oauth.graph.person()
    client = (await oauth.client(is_first_party=False, name="<b>Evil</b>")).client
    page = await oauth.authorize(oauth.asked(client), person)
    assert page.status_code == 200
    assert "&lt;b&gt;Evil&lt;/b&gt;" in page.text
    assert "<b>" not in page.text
    policy = page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self' https://app.example" in policy
    assert page.headers["x-frame-options"] == "DENY"
    # The page was made for one person and one request.
    for by, changes in (
        (other, {}),
        (person, {"sealed": "0" * 64}),
        (person, {"scope": "openid email watch"}),
        (person, {"state": "another"}),
        (person, {"code_challenge": "A" * 43}),
    ):
        assert (await oauth.decide(page.text, by, **changes)).status_code == 400
    no = sent_back(await oauth.decide(page.text, person, decision="deny"))
    assert (no["error"], no["state"], no["iss"]) == ("access_denied", "a state", oauth.issuer)
    assert await oauth.graph.count(f"authorization_codes WHERE client_id = '{client.id}'") == 0
    yes = sent_back(await oauth.decide(page.text, person))
    assert (await oauth.redeem(client, yes["code"])).status_code == 200


async def test_a_page_of_another_site_decides_nothing(oauth: OAuthScene) -> None:
    person, client = await oauth.graph.person(), (await oauth.client(is_first_party=False)).client
    page = await oauth.authorize(oauth.asked(client), person)
    sealed = page.text.partition('name="sealed" value="')[2].partition('"')[0]
    form = {**oauth.asked(client), "sealed": sealed, "decision": "approve"}
    for origin in ("https://evil.example", "null"):
        response = await oauth.graph.client.post(
            f"{oauth.issuer}/oauth/authorize", data=form, headers={**oauth.cookies(person), "origin": origin}
        )
        assert (response.status_code, response.json()["code"]) == (403, "FOREIGN_ORIGIN")


async def test_a_link_from_another_site_comes_again_from_ours_and_then_leads_to_signing_in(oauth: OAuthScene) -> None:
    client = (await oauth.client()).client
    first = await oauth.graph.client.get(f"{oauth.issuer}/oauth/authorize", params=oauth.asked(client))
    assert first.status_code == 200
    assert 'http-equiv="refresh"' in first.text
    assert "&amp;again=1" in first.text
    second = await oauth.authorize(oauth.asked(client))
    assert second.headers["location"].startswith("/sign-in?next=%2Foauth%2Fauthorize%3F")
    silent = sent_back(await oauth.authorize(oauth.asked(client, prompt="none")))
    assert (silent["error"], silent["state"]) == ("login_required", "a state")


async def test_a_bearer_token_lets_no_other_client_in(oauth: OAuthScene) -> None:
    person, client = await oauth.graph.person(), (await oauth.client()).client
    tokens = await oauth.tokens(client, person)
    for headers in (
        {"authorization": f"Bearer {tokens['access_token']}"},
        {"authorization": f"Bearer {person.token}"},
        {"cookie": f"marquee={tokens['access_token']}"},
    ):
        response = await oauth.graph.client.get(
            f"{oauth.issuer}/oauth/authorize", params={**oauth.asked(client), "again": "1"}, headers=headers
        )
        assert response.headers["location"].startswith("/sign-in?")


async def test_an_app_with_a_scheme_of_its_own_is_asked_about_although_it_is_ours(oauth: OAuthScene) -> None:
    person = await oauth.graph.person()
    client = (await oauth.client(ClientKind.MOBILE, redirect_uris=("example.app.phone:/in",))).client
    page = await oauth.authorize(oauth.asked(client), person)
    assert "form-action 'self' example.app.phone:" in page.headers["content-security-policy"]
    back = await oauth.decide(page.text, person)
    assert back.headers["location"].startswith("example.app.phone:/in?code=")
    silent = sent_back(await oauth.authorize(oauth.asked(client, prompt="none"), person))
    assert silent["error"] == "consent_required"


@pytest.mark.parametrize(
    "redirect_uri",
    [
        None,
        f"{REDIRECT}/",
        f"{REDIRECT}/more",
        f"{REDIRECT}?x=1",
        f"{REDIRECT}#fragment",
        f"{REDIRECT}%2F..%2Fevil",
        "https://app.example/call%62ack",
        "https://app.example/Callback",
        "https://APP.example/callback",
        "http://app.example/callback",
        "https://app.example:443/callback",
        "https://app.example:8443/callback",
        "https://app.example.evil.example/callback",
        "https://app.example@evil.example/callback",
        "https://evil.example@app.example/callback",
        "https://app.example./callback",
        "https://app.example/callback ",
        "https://app.example\\@evil.example/callback",
        "//app.example/callback",
        "javascript:alert(1)",
        "data:text/html,hello",
    ],
)
async def test_only_the_registered_redirect_is_gone_to(oauth: OAuthScene, redirect_uri: str | None) -> None:
    person, client = await oauth.graph.person(), (await oauth.client()).client
    for by in (person, None):
        response = await oauth.authorize(oauth.asked(client, redirect_uri=redirect_uri), by)
        assert response.status_code == 400
        assert "location" not in response.headers
        assert "evil" not in response.text
    assert await oauth.graph.count(f"authorization_codes WHERE client_id = '{client.id}'") == 0


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain", "code_challenge": VERIFIER}, "invalid_request"),
        ({"code_challenge_method": "s256"}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge": "+" * 43}, "invalid_request"),
        ({"code_challenge": "A" * 128}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_type": 'co"de'}, "unsupported_response_type"),
        ({"response_type": None}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"response_mode": "form_post"}, "invalid_request"),
        ({"request": "eyJhbGciOiJub25lIn0.e30."}, "request_not_supported"),
        ({"request_uri": "https://evil.example/request"}, "request_not_supported"),
        ({"scope": "openid everything"}, "invalid_scope"),
        ({"scope": "watch staff"}, "invalid_scope"),
        ({"max_age": "-1"}, "invalid_request"),
    ],
)
async def test_a_request_that_is_weaker_than_it_must_be_is_refused(
    oauth: OAuthScene, changes: dict[str, str | None], error: str
) -> None:
    person, client = await oauth.graph.person(), (await oauth.client()).client
    back = sent_back(await oauth.authorize(oauth.asked(client, **changes), person))
    assert (back["error"], back["state"], back["iss"]) == (error, "a state", oauth.issuer)
    assert await oauth.graph.count(f"authorization_codes WHERE client_id = '{client.id}'") == 0


@pytest.mark.parametrize(
    "query",
    [
        "client_id=nobody",
        "",
        "client_id=%00",
        "client_id=%F0%9F%8E%AC",
        "client_id=" + "a" * 10_000,
        "&".join(f"a{number}=1" for number in range(60)),
    ],
)
async def test_an_unknown_client_gets_nobody_sent_anywhere(oauth: OAuthScene, query: str) -> None:
    response = await oauth.graph.client.get(
        f"{oauth.issuer}/oauth/authorize?{query}&redirect_uri={quote(REDIRECT, safe='')}"
    )
    assert response.status_code == 400
    assert "location" not in response.headers


async def test_a_parameter_given_twice_is_refused(oauth: OAuthScene) -> None:
    client = (await oauth.client()).client
    query = urlencode([*oauth.asked(client).items(), ("redirect_uri", "https://evil.example")])
    response = await oauth.graph.client.get(f"{oauth.issuer}/oauth/authorize?{query}")
    assert response.status_code == 400


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_verifier": None}, "invalid_request"),
        ({"code_verifier": "A" * 43}, "invalid_grant"),
        ({"code_verifier": CHALLENGE}, "invalid_grant"),
        ({"code_verifier": "short"}, "invalid_request"),
        ({"redirect_uri": None}, "invalid_grant"),
        ({"redirect_uri": f"{REDIRECT}/"}, "invalid_grant"),
        ({"code": "A" * 43}, "invalid_grant"),
        ({"code": None}, "invalid_request"),
        ({"client_id": None}, "invalid_client"),
        ({"client_id": "nobody"}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "implicit"}, "unsupported_grant_type"),
        ({"grant_type": None}, "unsupported_grant_type"),
    ],
)
async def test_a_code_needs_its_verifier_its_redirect_and_its_client(
    oauth: OAuthScene, changes: dict[str, str | None], error: str
) -> None:
    person, client = await oauth.graph.person(), (await oauth.client()).client
    code = await oauth.code(client, person)
    refused = await oauth.redeem(client, code, **changes)
    assert refused.status_code in (400, 401)
    assert refused.json()["error"] == error
    assert "access_token" not in refused.text
    # Nothing of it used the code up.
    assert (await oauth.redeem(client, code)).status_code == 200


async def test_another_client_can_do_nothing_with_a_code(oauth: OAuthScene) -> None:
    person = await oauth.graph.person()
    client, other = (await oauth.client()).client, (await oauth.client()).client
    code = await oauth.code(client, person)
    assert (await oauth.redeem(other, code)).json()["error"] == "invalid_grant"
    tokens = (await oauth.redeem(client, code)).json()
    # Nor does it end what the right one got.
    assert (await oauth.redeem(other, code)).json()["error"] == "invalid_grant"
    assert await oauth.who(tokens["access_token"]) is not None


async def test_a_code_that_comes_again_ends_what_it_was_redeemed_for(oauth: OAuthScene) -> None:
    person, client = await oauth.graph.person(), (await oauth.client()).client
    code = await oauth.code(client, person)
    tokens = (await oauth.redeem(client, code)).json()
    renewed = (await oauth.refresh(client, tokens["refresh_token"])).json()
    replayed = await oauth.redeem(client, code)
    assert (replayed.status_code, replayed.json()["error"]) == (400, "invalid_grant")
    assert await oauth.who(tokens["access_token"]) is None
    assert await oauth.who(renewed["access_token"]) is None
    assert (await oauth.refresh(client, renewed["refresh_token"])).json()["error"] == "invalid_grant"


async def test_of_two_who_redeem_a_code_at_once_one_gets_tokens_and_they_end(oauth: OAuthScene) -> None:
    person, client = await oauth.graph.person(), (await oauth.client()).client
    for _ in range(5):
        code = await oauth.code(client, person)
        answers = await asyncio.gather(*(oauth.redeem(client, code) for _ in range(4)))
        assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400]
        got = next(answer.json() for answer in answers if answer.status_code == 200)
        assert await oauth.who(got["access_token"]) is None


async def test_a_code_runs_out_after_a_minute(oauth: OAuthScene) -> None:
    person, client = await oauth.graph.person(), (await oauth.client()).client
    code = await oauth.code(client, person)
    oauth.graph.clock.advance(61)
    assert (await oauth.redeem(client, code)).json()["error"] == "invalid_grant"


async def test_a_client_with_a_secret_needs_it(oauth: OAuthScene) -> None:
    person, made = await oauth.graph.person(), await oauth.client(is_confidential=True)
    assert made.secret is not None
    code = await oauth.code(made.client, person)
    assert (await oauth.redeem(made.client, code)).json()["error"] == "invalid_client"
    wrong = await oauth.redeem(made.client, code, client_secret="A" * 43)
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
    form = {
        "grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, "code_verifier": VERIFIER
    }  # fmt: skip
    both = await oauth.token({**form, "client_secret": made.secret}, auth=(made.client.id, made.secret))
    assert both.json()["error"] == "invalid_request"
    for broken in ("Basic", "Basic %%%", "Basic /w==", "Basic " + "A" * 5000):
        refused = await oauth.token(form, headers={"authorization": broken})
        assert refused.status_code in (400, 401), broken
    assert (await oauth.token(form, auth=(made.client.id, made.secret))).status_code == 200


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b'{"grant_type": "authorization_code"}', "application/json"),
        (b"grant_type=authorization_code", "text/plain"),
        (b"grant_type=a&grant_type=b", "application/x-www-form-urlencoded"),
        (b"grant_type=%00", "application/x-www-form-urlencoded"),
        (b"grant_type=\xff", "application/x-www-form-urlencoded"),
        (b"grant_type=%ff", "application/x-www-form-urlencoded"),
        (b"a=" + b"b" * 20_000, "application/x-www-form-urlencoded"),
        (b"&".join(b"a%d=1" % number for number in range(100)), "application/x-www-form-urlencoded"),
    ],
)
async def test_a_body_that_is_no_form_of_a_client_is_refused(
    oauth: OAuthScene, content: bytes, content_type: str
) -> None:
    for door in ("token", "device", "revoke", "introspect"):
        response = await oauth.graph.client.post(
            f"{oauth.issuer}/oauth/{door}", content=content, headers={"content-type": content_type}
        )
        assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


async def test_pages_of_other_sites_may_ask_for_tokens_and_never_for_what_cookies_open(oauth: OAuthScene) -> None:
    async def asked(method: str, path: str) -> httpx.Response:
        headers = {
            "origin": "https://app.example", "access-control-request-method": "POST",
            "access-control-request-headers": "authorization",
        }  # fmt: skip
        return await oauth.graph.client.request(method, f"{oauth.issuer}{path}", headers=headers)

    for path in ("/oauth/token", "/oauth/revoke", "/oauth/device", "/oauth/userinfo"):
        answer = await asked("OPTIONS", path)
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "authorization" in answer.headers["access-control-allow-headers"].lower()
        assert "access-control-allow-credentials" not in answer.headers
    for path in ("/oauth/authorize", "/oauth/introspect", "/oauth/device/approve"):
        assert "access-control-allow-origin" not in (await asked("OPTIONS", path)).headers
    for path in ("/oauth/jwks", "/.well-known/openid-configuration"):
        assert (await asked("GET", path)).headers["access-control-allow-origin"] == "*"


async def test_roles_stay_out_of_reach_without_their_scope(oauth: OAuthScene) -> None:
    editor = await oauth.graph.editor()
    watching = (await oauth.client()).client
    working = (await oauth.client(scopes=frozenset({Scope.WATCH, Scope.STAFF}))).client

    async def may_edit(access_token: str) -> bool:
        asked = await oauth.graph.client.post(
            f"{oauth.issuer}/graphql",
            json={"query": "{ auditLog(first: 1) { nodes { at } } }"},
            headers={"authorization": f"Bearer {access_token}"},
        )
        return "errors" not in asked.json()

    plain = await oauth.tokens(watching, editor)
    assert not await may_edit(plain["access_token"])
    full = await oauth.tokens(working, editor, scope="watch staff")
    assert await may_edit(full["access_token"])
    less = await oauth.refresh(working, full["refresh_token"], scope="watch")
    assert (less.json()["scope"], await may_edit(less.json()["access_token"])) == ("watch", False)
    more = await oauth.refresh(working, less.json()["refresh_token"], scope="watch openid")
    assert more.json()["error"] == "invalid_scope"


async def test_a_token_that_only_tells_who_it_is_opens_no_api(oauth: OAuthScene) -> None:
    person, client = await oauth.graph.person(), (await oauth.client()).client
    tokens = await oauth.tokens(client, person, scope="openid")
    assert await oauth.who(tokens["access_token"]) is None
    told = await oauth.graph.client.get(
        f"{oauth.issuer}/oauth/userinfo", headers={"authorization": f"Bearer {tokens['access_token']}"}
    )
    assert told.json() == {"sub": str(person.viewer.account_id)}
