"""Devices that show a code: the whole way, impatient devices, and people who guess."""

import asyncio
from typing import Any

import httpx
import pytest

from domain.authorization import ClientKind, OAuthClient
from graph.global_ids import Kind, global_id
from tests.graph_scene import Person
from tests.oauth_scene import DEVICE_CODE, OAuthScene


async def television(oauth: OAuthScene, **changes: Any) -> OAuthClient:
    return (await oauth.client(ClientKind.TV, name="A television", **changes)).client


async def start(oauth: OAuthScene, client: OAuthClient, **changes: str) -> httpx.Response:
    form = {"client_id": client.id, "scope": "openid watch", **changes}
    # Each test is a household of its own.
    return await oauth.graph.client.post(f"{oauth.issuer}/oauth/device", data=form)


async def poll(oauth: OAuthScene, client: OAuthClient, codes: dict[str, Any]) -> httpx.Response:
    return await oauth.token({"grant_type": DEVICE_CODE, "client_id": client.id, "device_code": codes["device_code"]})


async def enter(oauth: OAuthScene, door: str, user_code: str, by: Person | None) -> httpx.Response:
    return await oauth.post(f"/oauth/device/{door}", {"userCode": user_code}, by)


@pytest.fixture(autouse=True)
async def no_attempts(oauth: OAuthScene) -> None:
    """All tests come from one address; what each of them tried is not to be held against the next."""
    from sqlalchemy import text

    async with oauth.graph.runtime.work() as work:
        await work.connection.execute(text("DELETE FROM attempts"))


async def test_a_television_is_let_in_by_somebody_signed_in_elsewhere(oauth: OAuthScene) -> None:
    person, client = await oauth.graph.person(), await television(oauth)
    codes = (await start(oauth, client)).json()
    shown = codes["user_code"]
    assert (len(shown), shown[4], set(shown) & set("AEIOUY0123456789")) == (9, "-", set())
    assert codes["verification_uri"] == f"{oauth.issuer}/activate"
    assert codes["verification_uri_complete"] == f"{oauth.issuer}/activate?user_code={shown}"
    assert (codes["expires_in"], codes["interval"]) == (600, 5)
    assert (await poll(oauth, client, codes)).json()["error"] == "authorization_pending"
    typed = shown.replace("-", " ").lower()
    seen = (await enter(oauth, "lookup", typed, person)).json()
    assert seen["client"] == {"name": "A television", "isFirstParty": True, "kind": "TV"}
    assert seen["allows"] == ["Know that it is you", "Browse, watch, and keep your place as you"]
    assert (seen["userCode"], seen["isSameNetwork"]) == (shown, True)
    assert (await enter(oauth, "approve", typed, person)).status_code == 204
    tokens = (await poll(oauth, client, codes)).json()
    assert await oauth.who(tokens["access_token"]) == global_id(Kind.VIEWER, person.viewer.account_id)
    assert (await oauth.refresh(client, tokens["refresh_token"])).status_code == 200
    # It is listed among the person's devices, as what it is.
    devices = await oauth.graph.data("{ viewer { devices { name } } }", by=person)
    assert "A television" in [device["name"] for device in devices["viewer"]["devices"]]
    assert (await poll(oauth, client, codes)).json()["error"] == "invalid_grant"
    assert await oauth.who(tokens["access_token"]) is not None


async def test_a_television_that_is_refused_is_told_so(oauth: OAuthScene) -> None:
    person, client = await oauth.graph.person(), await television(oauth)
    codes = (await start(oauth, client)).json()
    assert (await enter(oauth, "deny", codes["user_code"], person)).status_code == 204
    assert (await poll(oauth, client, codes)).json()["error"] == "access_denied"
    assert (await enter(oauth, "approve", codes["user_code"], person)).status_code == 404
    assert (await poll(oauth, client, codes)).json()["error"] == "access_denied"


async def test_a_code_that_ran_out_lets_nobody_in(oauth: OAuthScene) -> None:
    person, client = await oauth.graph.person(), await television(oauth)
    codes = (await start(oauth, client)).json()
    oauth.graph.clock.advance(601)
    assert (await enter(oauth, "approve", codes["user_code"], person)).status_code == 404
    assert (await poll(oauth, client, codes)).json()["error"] == "expired_token"


async def test_a_television_that_asks_too_often_has_to_wait_longer_and_longer(oauth: OAuthScene) -> None:
    person, client = await oauth.graph.person(), await television(oauth)
    codes = (await start(oauth, client)).json()

    async def told_after(seconds: float) -> str:
        oauth.graph.clock.advance(seconds)
        error: str = (await poll(oauth, client, codes)).json()["error"]
        return error

    assert await told_after(0) == "authorization_pending"
    assert await told_after(1) == "slow_down"
    # Ten seconds from here on.
    assert await told_after(6) == "slow_down"
    # Fifteen.
    assert await told_after(15) == "authorization_pending"
    assert await told_after(13) == "slow_down"
    assert (await enter(oauth, "approve", codes["user_code"], person)).status_code == 204
    assert (await poll(oauth, client, codes)).status_code == 200


async def test_a_poll_that_travelled_a_little_faster_than_the_one_before_is_in_time(oauth: OAuthScene) -> None:
    client = await television(oauth)
    codes = (await start(oauth, client)).json()
    for _ in range(4):
        assert (await poll(oauth, client, codes)).json()["error"] == "authorization_pending"
        oauth.graph.clock.advance(4.5)


async def test_another_client_gets_nothing_for_a_device_code(oauth: OAuthScene) -> None:
    person, client, other = await oauth.graph.person(), await television(oauth), await television(oauth)
    codes = (await start(oauth, client)).json()
    await enter(oauth, "approve", codes["user_code"], person)
    assert (await poll(oauth, other, codes)).json()["error"] == "invalid_grant"
    assert (await poll(oauth, other, {"device_code": "A" * 43})).json()["error"] == "invalid_grant"
    assert (await poll(oauth, client, codes)).status_code == 200


async def test_of_many_polls_at_once_one_gets_tokens(oauth: OAuthScene) -> None:
    person, client = await oauth.graph.person(), await television(oauth)
    codes = (await start(oauth, client)).json()
    await enter(oauth, "approve", codes["user_code"], person)
    answers = await asyncio.gather(*(poll(oauth, client, codes) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400, 400, 400]


async def test_a_person_gets_few_tries_and_so_does_an_address(oauth: OAuthScene) -> None:
    person, other = await oauth.graph.person(), await oauth.graph.person()
    client = await television(oauth)
    codes = (await start(oauth, client)).json()
    wrong = [await enter(oauth, door, "BCDF-GHJK", person) for door in ("lookup", "approve", "deny") * 6]
    assert {answer.status_code for answer in wrong} == {404}
    assert [(await enter(oauth, "lookup", "XXXXXXXX", person)).status_code for _ in range(2)] == [404, 404]
    refused = await enter(oauth, "approve", codes["user_code"], person)
    assert (refused.status_code, refused.json()["code"]) == (429, "TOO_MANY_ATTEMPTS")
    assert int(refused.headers["retry-after"]) > 0
    assert (await poll(oauth, client, codes)).json()["error"] == "authorization_pending"
    for _ in range(2):
        guesser = await oauth.graph.person()
        for _ in range(20):
            assert (await enter(oauth, "lookup", "BCDF-GHJK", guesser)).status_code == 404
    assert (await enter(oauth, "lookup", codes["user_code"], other)).status_code == 429


async def test_a_code_that_is_looked_at_too_often_is_given_up(oauth: OAuthScene) -> None:
    person, client = await oauth.graph.person(), await television(oauth)
    codes = (await start(oauth, client)).json()
    seen = [(await enter(oauth, "lookup", codes["user_code"], person)).status_code for _ in range(11)]
    assert seen == [200] * 10 + [404]


async def test_an_address_gets_so_many_codes(oauth: OAuthScene) -> None:
    client = await television(oauth)
    statuses = [(await start(oauth, client)).status_code for _ in range(61)]
    assert statuses == [200] * 60 + [429]


@pytest.mark.parametrize(
    "user_code", ["", "BCDF", "BCDFGHJKL", "AEIO-UAEI", "ÄÖÜ", "B" * 40, "BCDF\u0000HJK", 7, None, []]
)
async def test_letters_that_are_no_code_are_refused(oauth: OAuthScene, user_code: object) -> None:
    person = await oauth.graph.person()
    for door in ("lookup", "approve", "deny"):
        answer = await oauth.post(f"/oauth/device/{door}", {"userCode": user_code}, person)
        assert answer.status_code in (400, 404)


async def test_only_our_page_with_somebody_signed_in_decides(oauth: OAuthScene) -> None:
    person, client = await oauth.graph.person(), await television(oauth)
    codes = (await start(oauth, client)).json()
    tokens = await oauth.tokens((await oauth.client()).client, person)
    body = {"userCode": codes["user_code"]}
    foreign = await oauth.post("/oauth/device/approve", body, person, origin="https://evil.example")
    assert (foreign.status_code, foreign.json()["code"]) == (403, "FOREIGN_ORIGIN")
    assert (await oauth.post("/oauth/device/approve", body, None)).status_code == 401
    for token in (tokens["access_token"], person.token):
        by_token = await oauth.post("/oauth/device/approve", body, None, authorization=f"Bearer {token}")
        assert by_token.status_code == 401
    form = await oauth.graph.client.post(
        f"{oauth.issuer}/oauth/device/approve", data=body, headers={**oauth.cookies(person), "origin": oauth.issuer}
    )
    assert form.status_code == 400
    assert (await poll(oauth, client, codes)).json()["error"] == "authorization_pending"


async def test_clients_that_show_no_codes_get_none_and_televisions_no_redirects(oauth: OAuthScene) -> None:
    web, tv = (await oauth.client()).client, await television(oauth)
    assert (await start(oauth, web)).json()["error"] == "unauthorized_client"
    assert (await start(oauth, tv, scope="staff")).json()["error"] == "invalid_scope"
    assert (await poll(oauth, web, {"device_code": "A" * 43})).json()["error"] == "unauthorized_client"
    refused = await oauth.redeem(tv, "A" * 43)
    assert refused.json()["error"] == "unauthorized_client"
    nobody = await oauth.graph.client.post(f"{oauth.issuer}/oauth/device", data={"client_id": "nobody"})
    assert nobody.json()["error"] == "invalid_client"


async def test_a_phone_reads_the_address_off_a_picture(oauth: OAuthScene) -> None:
    for kind, begins in (("svg", b"<?xml"), ("png", b"\x89PNG")):
        picture = await oauth.graph.client.get(
            f"{oauth.issuer}/oauth/device/qr", params={"user_code": "BCDF-GHJK", "format": kind}
        )
        assert picture.status_code == 200
        assert picture.content.startswith(begins)
    for params in ({"user_code": "<script>"}, {"user_code": "BCDF-GHJK", "format": "pdf"}, {}):
        assert (await oauth.graph.client.get(f"{oauth.issuer}/oauth/device/qr", params=params)).status_code == 404


async def test_a_person_who_is_suspended_meanwhile_lets_nobody_in(oauth: OAuthScene) -> None:
    from sqlalchemy import text

    person, client = await oauth.graph.person(), await television(oauth)
    codes = (await start(oauth, client)).json()
    await enter(oauth, "approve", codes["user_code"], person)
    async with oauth.graph.runtime.work() as work:
        await work.connection.execute(
            text("UPDATE accounts SET suspended_at = now() WHERE id = :id"), {"id": person.viewer.account_id}
        )
    assert (await poll(oauth, client, codes)).json()["error"] == "invalid_grant"
