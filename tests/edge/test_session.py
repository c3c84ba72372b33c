"""Signing in as somebody of the demo, and out."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from domain.settings import Settings
from edge.identity import cookie_name
from edge.session import demo_attempts
from graph.global_ids import Kind, global_id, parse_global_id
from graph.rates import Buckets
from tests.graph_scene import PUBLIC_URL, GraphScene

VIEWER = "{ viewer { displayName territory roles } }"


async def sign_in(scene: GraphScene, body: Any, **headers: str) -> httpx.Response:
    return await scene.client.post(f"{scene.url}/session/demo", json=body, headers=headers)


@pytest.fixture(autouse=True)
def no_cookies(scene: GraphScene) -> None:
    """Every test is a browser of its own."""
    scene.client.cookies.clear()


@pytest.mark.parametrize(
    ("persona", "territory", "roles", "streams"),
    [
        ("VIEWER", "DE", ["VIEWER"], 3),
        ("BASIC", "DE", ["VIEWER"], 1),
        ("EDITOR", "DE", ["EDITOR", "VIEWER"], 3),
        ("ABROAD", "JP", ["VIEWER"], 3),
    ],
)
async def test_each_persona_signs_in_with_its_plan(
    scene: GraphScene, persona: str, territory: str, roles: list[str], streams: int
) -> None:
    response = await sign_in(scene, {"persona": persona, "deviceName": "Sofa"})
    assert (response.status_code, response.headers["cache-control"]) == (200, "no-store")
    body = response.json()
    parsed = parse_global_id(body["viewer"]["id"])
    assert parsed is not None
    assert parsed[0] is Kind.VIEWER
    assert body["viewer"] == {"id": body["viewer"]["id"], "territory": territory, "language": "en", "roles": roles}
    lasts = datetime.fromisoformat(body["expiresAt"]) - datetime.now(UTC)
    assert timedelta(hours=11, minutes=59) < lasts <= timedelta(hours=12)
    by_token = await scene.client.post(
        f"{scene.url}/graphql", json={"query": VIEWER}, headers={"authorization": f"Bearer {body['token']}"}
    )
    assert by_token.json()["data"]["viewer"]["roles"] == roles
    made = await scene.playable()
    query = """query($t: ID!) {
      explainPlayback(input: {titleId: $t}) {... on PlaybackExplanation {decision {concurrentStreams}}}
    }"""
    explained = await scene.client.post(
        f"{scene.url}/graphql",
        json={"query": query, "variables": {"t": global_id(Kind.TITLE, made.title_id)}},
        headers={"authorization": f"Bearer {body['token']}"},
    )
    assert explained.json()["data"]["explainPlayback"]["decision"]["concurrentStreams"] == streams


async def test_the_cookie_signs_in_and_is_cleared_by_signing_out(scene: GraphScene) -> None:
    response = await sign_in(scene, {"persona": "VIEWER"}, origin=PUBLIC_URL)
    written, device = response.headers.get_list("set-cookie")
    assert written.startswith("marquee=")
    assert {"HttpOnly", "Path=/", "SameSite=strict"} <= set(written.split("; "))
    assert device.startswith("marquee-devices=")
    assert {"HttpOnly", "Path=/session", "SameSite=strict"} <= set(device.split("; "))
    assert "Secure" not in written
    token = response.json()["token"]
    known = {"cookie": f"marquee={token}", "origin": PUBLIC_URL}

    async def who() -> Any:
        asked = await scene.client.post(f"{scene.url}/graphql", json={"query": VIEWER}, headers=known)
        return asked.json()["data"]["viewer"]

    assert (await who())["displayName"] == "Vera Viewer"
    out = await scene.client.delete(f"{scene.url}/session", headers=known)
    assert out.status_code == 204
    assert 'marquee=""' in out.headers["set-cookie"]
    assert await who() is None
    assert (await scene.client.delete(f"{scene.url}/session", headers=known)).status_code == 204


def test_over_https_the_cookie_is_bound_to_the_host() -> None:
    assert cookie_name(Settings(public_url="https://marquee.example")) == "__Host-marquee"


async def test_signing_in_again_keeps_the_account(scene: GraphScene) -> None:
    ids = {(await sign_in(scene, {"persona": "BASIC"})).json()["viewer"]["id"] for _ in range(2)}
    assert len(ids) == 1


async def test_a_browser_that_comes_back_is_the_device_it_was(scene: GraphScene) -> None:
    def asked(persona: str) -> Any:
        return sign_in(scene, {"persona": persona, "deviceName": f"Sofa of {persona}"})

    before = await scene.count("devices")
    for persona in ("VIEWER", "BASIC", "VIEWER", "BASIC", "VIEWER"):
        assert (await asked(persona)).status_code == 200
    assert await scene.count("devices") == before + 2
    scene.client.cookies.set("marquee-devices", "not-an-id", path="/session")
    assert (await asked("VIEWER")).status_code == 200


async def test_sign_ins_of_one_address_are_counted(scene: GraphScene) -> None:
    scene.app.state.demo_sign_ins = Buckets(per_s=1, monotonic=lambda: 0.0)
    statuses = [(await sign_in(scene, {"persona": "VIEWER"})).status_code for _ in range(11)]
    before = await scene.count("sign_ins")
    refused = await sign_in(scene, {"persona": "VIEWER"})
    scene.app.state.demo_sign_ins = demo_attempts()
    assert statuses == [200] * 10 + [429]
    assert (refused.status_code, refused.json()["code"], refused.headers["retry-after"]) == (429, "RATE_LIMITED", "1")
    assert await scene.count("sign_ins") == before


@pytest.mark.parametrize("agent", [b"TV\xa0Browser\x85", b"\xc2\xad"])
async def test_a_browser_with_an_odd_name_signs_in_as_an_unknown_device(scene: GraphScene, agent: bytes) -> None:
    response = await scene.client.post(
        f"{scene.url}/session/demo", json={"persona": "VIEWER"}, headers={b"user-agent": agent}
    )
    assert response.status_code == 200
    headers = {"authorization": f"Bearer {response.json()['token']}"}
    asked = await scene.client.post(
        f"{scene.url}/graphql", json={"query": "{ viewer { devices { name } } }"}, headers=headers
    )
    assert asked.json()["data"]["viewer"]["devices"][0]["name"] == "Unknown device"


@pytest.mark.parametrize("name", [0, 1, [], {}, True, "\u0007", "a\u00a0b"])
async def test_a_device_name_that_cannot_be_shown_is_refused(scene: GraphScene, name: object) -> None:
    before = await scene.count("devices")
    response = await sign_in(scene, {"persona": "VIEWER", "deviceName": name})
    assert (response.status_code, response.json()["code"]) == (400, "INVALID_INPUT")
    assert await scene.count("devices") == before


@pytest.mark.parametrize(
    "body", [{}, {"persona": "ADMINISTRATOR"}, {"persona": None}, [], "VIEWER", None, {"persona": []}]
)
async def test_a_persona_nobody_plays_is_refused(scene: GraphScene, body: Any) -> None:
    before = await scene.count("sign_ins")
    response = await sign_in(scene, body)
    assert (response.status_code, response.json()["code"]) == (400, "INVALID_INPUT")
    assert await scene.count("sign_ins") == before


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b'{"persona": "VIEWER"}', "text/plain"),
        (b"persona=VIEWER", "application/x-www-form-urlencoded"),
        (b"{", "application/json"),
        (b" " * 10_000, "application/json"),
    ],
)
async def test_a_body_that_a_form_could_send_is_refused(scene: GraphScene, content: bytes, content_type: str) -> None:
    response = await scene.client.post(
        f"{scene.url}/session/demo", content=content, headers={"content-type": content_type}
    )
    assert response.status_code == 400
    assert "set-cookie" not in response.headers


async def test_a_foreign_page_signs_nobody_in_or_out(scene: GraphScene) -> None:
    response = await sign_in(scene, {"persona": "VIEWER"}, origin="https://evil.example")
    assert (response.status_code, response.json()["code"]) == (403, "FOREIGN_ORIGIN")
    person = await scene.person()
    headers = {"cookie": f"marquee={person.token}", "origin": "https://evil.example"}
    assert (await scene.client.delete(f"{scene.url}/session", headers=headers)).status_code == 403
    assert (await scene.data(VIEWER, by=person))["viewer"] is not None


async def test_a_foreign_name_that_resolves_to_this_machine_is_a_foreign_page(scene: GraphScene) -> None:
    port = scene.url.rpartition(":")[2]

    async def from_page_at(name: str) -> int:
        """Sign in from a page that a browser loaded under this name, as in DNS rebinding."""
        headers = {"host": f"{name}:{port}", "origin": f"http://{name}:{port}"}
        return (await sign_in(scene, {"persona": "VIEWER"}, **headers)).status_code

    assert await from_page_at("rebound.example") == 403
    assert await from_page_at("localhost.evil.example") == 403
    assert await from_page_at("localhost") == 200
    assert await from_page_at("127.0.0.1") == 200
    mixed = {"host": f"localhost:{port}", "origin": "http://localhost:1"}
    assert (await sign_in(scene, {"persona": "VIEWER"}, **mixed)).status_code == 403


async def test_production_has_no_demo(production: GraphScene) -> None:
    response = await sign_in(production, {"persona": "EDITOR"})
    assert response.status_code == 404
    assert await production.count("accounts") == 0
