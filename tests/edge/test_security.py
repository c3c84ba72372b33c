"""What every answer tells browsers, and who may change things with a cookie."""

import pytest

from domain.settings import Settings
from edge.security import page_policy
from tests.graph_scene import GraphScene


async def test_every_answer_is_read_as_what_it_says_it_is(scene: GraphScene) -> None:
    for path in ("/graphql", "/healthz", "/metrics", "/play/x/manifest.mpd", "/", "/posters/x/1.jpg", "/nowhere.txt"):
        response = await scene.client.get(scene.url + path)
        assert response.headers["x-content-type-options"] == "nosniff", path
        assert "strict-transport-security" not in response.headers


async def test_pages_may_load_only_what_is_ours(fresh_scene: GraphScene) -> None:
    response = await fresh_scene.client.get(f"{fresh_scene.url}/", headers={"accept": "text/html"})
    if response.status_code == 503:
        # The page is not built here; what it would be served with is the next test's.
        return
    policy = response.headers["content-security-policy"]
    assert policy == page_policy(fresh_scene.runtime.settings)
    assert response.headers["x-frame-options"] == "DENY"


def directives(policy: str) -> dict[str, str]:
    return {part.partition(" ")[0]: part.partition(" ")[2] for part in policy.split("; ")}


def test_the_policy_lets_the_player_play_and_nothing_else_in() -> None:
    policy = directives(page_policy(Settings(public_url="https://marquee.example")))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["style-src"] == "'self'"
    assert policy["media-src"] == "'self' blob: https://marquee.example"
    assert policy["worker-src"] == "'self' blob:"
    assert policy["connect-src"] == "'self' https://marquee.example wss://marquee.example"
    assert policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in page_policy(Settings())


def test_licence_servers_may_be_asked() -> None:
    settings = Settings(public_url="https://marquee.example", axinom_widevine_url="https://drm.example/widevine?x=1")
    assert directives(page_policy(settings))["connect-src"].endswith(" https://drm.example")


async def test_every_door_refuses_changes_from_foreign_pages_with_a_cookie(scene: GraphScene) -> None:
    person = await scene.editor()
    headers = {"cookie": f"marquee={person.token}", "origin": "https://evil.example", "tus-resumable": "1.0.0"}
    before = await scene.count("uploads")
    for method, path in (("POST", "/uploads"), ("DELETE", "/session"), ("POST", "/graphql"), ("PATCH", "/uploads/x")):
        response = await scene.client.request(method, scene.url + path, headers={**headers, "upload-length": "5"})
        assert (response.status_code, response.json()["code"]) == (403, "FOREIGN_ORIGIN"), path
    assert await scene.count("uploads") == before


@pytest.mark.parametrize("path", ["/../etc/passwd", "/%2e%2e/etc/passwd", "/assets/../../pyproject.toml", "/x\x00y"])
async def test_nothing_outside_is_served(scene: GraphScene, path: str) -> None:
    response = await scene.client.get(scene.url + path.replace("\x00", "%00"))
    assert "root:" not in response.text
    assert "build-system" not in response.text
