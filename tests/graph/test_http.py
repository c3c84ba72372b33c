"""The HTTP door: methods, media types, statuses and forgery."""

import socket
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.graph_scene import PUBLIC_URL, GraphScene, Person

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
NOBODY = {"data": {"viewer": None}}


async def post(scene: GraphScene, body: Any, **headers: str) -> httpx.Response:
    return await scene.client.post(f"{scene.url}/graphql", json=body, headers=headers)


async def get(scene: GraphScene, params: dict[str, str], **headers: str) -> httpx.Response:
    return await scene.client.get(f"{scene.url}/graphql", params=params, headers=headers)


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        (JSON, JSON),
        (GRAPHQL, GRAPHQL),
        ("*/*", JSON),
        ("application/*", JSON),
        ("", JSON),
        (f"*/*, {GRAPHQL}", GRAPHQL),
        (f"{GRAPHQL}, {JSON};q=0.9", GRAPHQL),
        (f"{JSON}, {GRAPHQL};q=0", JSON),
    ],
)
async def test_the_answer_has_the_type_asked_for(scene: GraphScene, accept: str, answered: str) -> None:
    response = await post(scene, {"query": "{viewer{id}}"}, accept=accept)
    assert (response.status_code, response.json()) == (200, NOBODY)
    assert response.headers["content-type"] == f"{answered}; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"


async def test_nothing_we_write_is_accepted(scene: GraphScene) -> None:
    response = await post(scene, {"query": "{viewer{id}}"}, accept="application/xml")
    assert response.status_code == 406


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "BAD_REQUEST"),
        ({"query": None}, "BAD_REQUEST"),
        ({"query": ""}, "BAD_REQUEST"),
        ({"query": 5}, "BAD_REQUEST"),
        ({"query": "{viewer{id}}", "variables": []}, "BAD_REQUEST"),
        ({"query": "{viewer{id}}", "operationName": 5}, "BAD_REQUEST"),
        ({"query": "{viewer{id}}", "operationName": 0}, "BAD_REQUEST"),
        ({"query": "{viewer{id}}", "operationName": False}, "BAD_REQUEST"),
        ({"query": "{viewer{id}}", "extensions": "x"}, "BAD_REQUEST"),
        ("text", "BAD_REQUEST"),
        (5, "BAD_REQUEST"),
        ([{"query": "{viewer{id}}"}], "BATCH_REFUSED"),
        ([], "BATCH_REFUSED"),
    ],
)
async def test_what_is_no_request_is_refused(scene: GraphScene, body: Any, code: str) -> None:
    for accept in (JSON, GRAPHQL):
        response = await post(scene, body, accept=accept)
        assert response.status_code == 400
        assert response.json()["errors"][0]["extensions"]["code"] == code


@pytest.mark.parametrize(
    ("query", "code"),
    [("{", "GRAPHQL_PARSE_FAILED"), ("{x}", "GRAPHQL_VALIDATION_FAILED"), ("{viewer}", "GRAPHQL_VALIDATION_FAILED")],
)
async def test_a_wrong_document_has_the_status_its_reader_knows(scene: GraphScene, query: str, code: str) -> None:
    for accept, status in ((JSON, 200), (GRAPHQL, 400)):
        response = await post(scene, {"query": query}, accept=accept)
        assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (status, code)
        assert "data" not in response.json()


async def test_wrong_variables_are_told(scene: GraphScene) -> None:
    response = await post(
        scene, {"query": "query($id: ID!) {title(id: $id) {id}}", "variables": {"id": {"a": 1}}}, accept=GRAPHQL
    )
    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_queries_come_by_get(scene: GraphScene) -> None:
    params = {"query": "query Q($id: ID!) {node(id: $id) {id}}", "variables": '{"id": "x"}', "operationName": "Q"}
    response = await get(scene, params, accept=JSON)
    assert (response.status_code, response.json()) == (200, {"data": {"node": None}})
    broken = await get(scene, {**params, "variables": "{"}, accept=JSON)
    assert broken.status_code == 400


async def test_mutations_do_not_come_by_get(scene: GraphScene) -> None:
    editor = await scene.editor()
    before = await scene.count("titles")
    mutation = 'mutation {createTitle(input: {kind: CLIP, language: "en", name: "Forged"}) {__typename}}'
    for accept in (JSON, GRAPHQL, "text/event-stream"):
        response = await get(scene, {"query": mutation}, accept=accept, **editor.headers)
        assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")
    assert await scene.count("titles") == before


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_other_methods_are_refused(scene: GraphScene, method: str) -> None:
    response = await scene.client.request(method, f"{scene.url}/graphql", json={"query": "{viewer{id}}"})
    assert response.status_code == 405


@pytest.mark.parametrize(
    "content_type",
    [
        "application/x-www-form-urlencoded",
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/graphql",
        "",
        "json",
    ],
)
async def test_types_that_browsers_send_unasked_are_refused(scene: GraphScene, content_type: str) -> None:
    response = await scene.client.post(
        f"{scene.url}/graphql", content=b'{"query": "{viewer{id}}"}', headers={"content-type": content_type}
    )
    assert response.status_code == 415


async def test_subscriptions_want_a_stream(scene: GraphScene) -> None:
    response = await post(scene, {"query": 'subscription {transcodeProgress(assetId: "x") {state}}'}, accept=JSON)
    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["code"] == "STREAM_REQUIRED"


def cookie(person: Person) -> dict[str, str]:
    return {"cookie": f"marquee={person.token}"}


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://marquee.example.evil.example"},
        {"origin": "http://["},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
async def test_a_foreign_page_changes_nothing_with_a_cookie(scene: GraphScene, headers: dict[str, str]) -> None:
    editor, before = await scene.editor(), await scene.count("titles")
    mutation = 'mutation {createTitle(input: {kind: CLIP, language: "en", name: "Forged"}) {__typename}}'
    response = await post(scene, {"query": mutation}, **cookie(editor), **headers)
    assert (response.status_code, response.json()["code"]) == (403, "FOREIGN_ORIGIN")
    assert await scene.count("titles") == before


async def test_our_own_page_changes_things_with_a_cookie(scene: GraphScene) -> None:
    editor = await scene.editor()
    mutation = 'mutation {createTitle(input: {kind: CLIP, language: "en", name: "Own"}) {__typename}}'
    for headers in ({"origin": PUBLIC_URL}, {"origin": scene.url}, {"sec-fetch-site": "same-origin"}, {}):
        response = await post(scene, {"query": mutation}, **cookie(editor), **headers)
        assert response.json() == {"data": {"createTitle": {"__typename": "TitleCreated"}}}


async def test_a_bearer_token_is_sent_on_purpose(scene: GraphScene) -> None:
    person = await scene.person()
    response = await post(scene, {"query": "{viewer{id}}"}, origin="https://tv.example", **person.headers)
    assert response.json() == {"data": {"viewer": {"id": person.id}}}


async def test_a_body_is_bounded_whatever_its_header_says(scene: GraphScene) -> None:
    async def endless() -> Any:
        for _ in range(100):
            yield b" " * 10_000

    large = await post(scene, {"query": "{viewer{id}}", "variables": {"x": "x" * 300_000}})
    assert (large.status_code, large.json()["errors"][0]["extensions"]["code"]) == (413, "BODY_TOO_LONG")
    chunked = await scene.client.post(f"{scene.url}/graphql", content=endless(), headers={"content-type": JSON})
    assert chunked.status_code == 413


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"query": "\\ud800"}'])
async def test_a_body_that_is_no_json_is_refused(scene: GraphScene, body: bytes) -> None:
    response = await scene.client.post(f"{scene.url}/graphql", content=body, headers={"content-type": JSON})
    assert response.status_code == 400


async def test_a_client_that_leaves_in_the_middle_breaks_nothing(scene: GraphScene) -> None:
    address = urlsplit(scene.url)
    for _ in range(3):
        with socket.create_connection((address.hostname, address.port)) as sent:
            sent.sendall(
                b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"
            )
    assert await scene.data("{viewer{id}}") == {"viewer": None}


async def test_a_browser_finds_the_workbench(scene: GraphScene) -> None:
    response = await scene.client.get(f"{scene.url}/graphql", headers={"accept": "text/html,*/*;q=0.8"})
    # Built or not, it is our own page: nothing on it comes from elsewhere.
    assert response.status_code in (200, 503)
    assert "https://" not in response.text


async def test_production_has_no_workbench_and_no_introspection(production: GraphScene) -> None:
    page = await production.client.get(f"{production.url}/graphql", headers={"accept": "text/html"})
    assert page.status_code == 406
    answer = await production.ask("{__schema {queryType {name}}}")
    assert answer["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("application/graphql-response+json, application/json, text/event-stream", GRAPHQL),
        ("application/json, text/event-stream;q=0.1", JSON),
        ("text/event-stream", "text/event-stream"),
        ("text/event-stream, application/json;q=0.5", "text/event-stream"),
        ("*/*", JSON),
    ],
)
async def test_a_stream_is_sent_to_whom_would_rather_have_one(scene: GraphScene, accept: str, expected: str) -> None:
    response = await get(scene, {"query": "{ viewer { id } }"}, accept=accept)
    assert response.headers["content-type"].startswith(expected)
