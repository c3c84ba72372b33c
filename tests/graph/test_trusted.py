"""Trusted documents: by id over every transport, kept by caches, and the only ones answered where that is asked for."""

import json
from collections.abc import AsyncIterator, Callable
from hashlib import sha256
from typing import Any
from uuid import uuid4

import httpx
import pytest
from starlette.applications import Starlette
from websockets.asyncio.client import connect

from domain.clients import ClientDocument, register_release, retire_release
from graph.trusted import KEPT_FOR_S, ClientProgram, TrustedDocuments
from tests.conftest import ScratchDatabases
from tests.graph_scene import GraphScene, Person, open_scene

GRAPHQL = "application/graphql-response+json"
NOBODY = {"data": {"viewer": None}}
MUTATION = 'mutation Make { createTitle(input: {kind: CLIP, language: "en", name: "By id"}) { __typename } }'
SUBSCRIPTION = "subscription Follow($id: ID!) { transcodeProgress(assetId: $id) { state } }"


def hash_of(text: str) -> str:
    return sha256(text.encode()).hexdigest()


@pytest.fixture(scope="module")
async def strict(
    scratch_databases: ScratchDatabases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[GraphScene]:
    """An application that answers registered documents only."""
    folder = tmp_path_factory.mktemp("strict")
    async with open_scene(await scratch_databases.create(), folder, graphql_trusted_only=True) as opened:
        yield opened


async def register(scene: GraphScene, text: str, *, client: str = "tv", version: str = "1.0") -> str:
    """Register a document under its hash and return that."""
    async with scene.runtime.work() as work:
        await register_release(work, client=client, version=version, documents=[ClientDocument(hash_of(text), text)])
    return hash_of(text)


def new_query() -> str:
    """A query that no other test has."""
    return f"query Q{uuid4().hex} {{ viewer {{ id }} }}"


async def post(scene: GraphScene, body: Any, **headers: str) -> httpx.Response:
    return await scene.client.post(f"{scene.url}/graphql", json=body, headers=headers)


async def get(scene: GraphScene, params: dict[str, str], **headers: str) -> httpx.Response:
    return await scene.client.get(f"{scene.url}/graphql", params=params, headers={"accept": GRAPHQL, **headers})


def code_of(response: httpx.Response) -> str:
    code: str = response.json()["errors"][0]["extensions"]["code"]
    return code


@pytest.mark.parametrize("name", ["documentId", "doc_id", "id"])
async def test_a_registered_document_is_answered_by_its_id(scene: GraphScene, name: str) -> None:
    id = await register(scene, new_query())
    for given in (id, f"sha256:{id}"):
        assert (await post(scene, {name: given})).json() == NOBODY
        assert (await get(scene, {name: given})).json() == NOBODY


async def test_variables_and_the_name_of_the_operation_come_with_the_id(scene: GraphScene) -> None:
    text = f"query A($id: ID!) {{ node(id: $id) {{ id }} }} query B{uuid4().hex} {{ viewer {{ id }} }}"
    id, person = await register(scene, text), await scene.person()
    given = {"documentId": id, "operationName": "A", "variables": {"id": person.id}}
    assert (await post(scene, given, **person.headers)).json() == {"data": {"node": {"id": person.id}}}
    by_get = {**given, "variables": json.dumps(given["variables"])}
    assert (await get(scene, by_get, **person.headers)).json() == {"data": {"node": {"id": person.id}}}
    assert code_of(await post(scene, {"documentId": id})) == "OPERATION_UNKNOWN"


async def test_the_hash_of_a_registered_document_is_its_id(scene: GraphScene) -> None:
    id = await register(scene, new_query())
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": id}}
    assert (await post(scene, {"extensions": extensions})).json() == NOBODY
    assert (await get(scene, {"extensions": json.dumps(extensions)})).json() == NOBODY


@pytest.mark.parametrize("id", ["unknown", "0" * 64, "sha256:" + "0" * 64, "sha256:", "../x", "ü", "'", "\x00"])
async def test_an_unknown_id_is_refused(scene: GraphScene, id: str) -> None:
    for accept, status in ((GRAPHQL, 400), ("application/json", 200)):
        for response in (
            await post(scene, {"documentId": id}, accept=accept),
            await get(scene, {"documentId": id}, accept=accept),
        ):
            assert (response.status_code, code_of(response)) == (status, "DOCUMENT_UNKNOWN")
            assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "body",
    [
        {"documentId": 5},
        {"documentId": ["a"]},
        {"documentId": "x" * 300},
        {"documentId": "a", "query": "{viewer{id}}"},
        {"documentId": "a", "extensions": {"persistedQuery": {"version": 1, "sha256Hash": "a"}}},
        {"extensions": {"persistedQuery": {"version": 2, "sha256Hash": "a"}}},
        {"extensions": {"persistedQuery": {"version": 1}}},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": 5}}},
        {"extensions": {"persistedQuery": "a"}},
    ],
)
async def test_a_document_is_named_once_and_properly(scene: GraphScene, body: Any) -> None:
    response = await post(scene, body)
    assert (response.status_code, code_of(response)) == (400, "BAD_REQUEST")


@pytest.mark.parametrize("prefix", ["graphql-client", "x-graphql-client", "apollographql-client"])
async def test_a_client_finds_only_what_its_own_release_has_registered(scene: GraphScene, prefix: str) -> None:
    id = await register(scene, new_query(), client="phone", version="2.1")
    named = {f"{prefix}-name": "phone", f"{prefix}-version": "2.1"}
    assert (await post(scene, {"documentId": id}, **named)).json() == NOBODY
    assert (await post(scene, {"documentId": id}, **{f"{prefix}-name": "phone"})).json() == NOBODY
    for other in ({**named, f"{prefix}-version": "2.0"}, {f"{prefix}-name": "tv"}):
        assert code_of(await post(scene, {"documentId": id}, **other)) == "DOCUMENT_UNKNOWN"


async def test_mutations_by_id_come_by_post_only(scene: GraphScene) -> None:
    id, editor, before = await register(scene, MUTATION), await scene.editor(), await scene.count("titles")
    refused = await get(scene, {"documentId": id}, **editor.headers)
    assert (refused.status_code, code_of(refused)) == (405, "METHOD_NOT_ALLOWED")
    assert await scene.count("titles") == before
    made = await post(scene, {"documentId": id}, **editor.headers)
    assert made.json() == {"data": {"createTitle": {"__typename": "TitleCreated"}}}


async def test_a_stranger_s_answer_may_be_kept_by_caches(scene: GraphScene) -> None:
    id = await register(scene, new_query())
    first = await get(scene, {"documentId": id})
    assert first.headers["cache-control"] == "public, max-age=0, s-maxage=60, must-revalidate"
    assert {"Authorization", "Cookie", "Accept-Language"} <= set(first.headers["vary"].split(", "))
    for tag in (first.headers["etag"], f'"other", W/{first.headers["etag"]}', "*"):
        again = await get(scene, {"documentId": id}, **{"if-none-match": tag})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
        assert again.headers["cache-control"] == first.headers["cache-control"]
    changed = await get(scene, {"documentId": id}, **{"if-none-match": '"other"'})
    assert (changed.status_code, changed.json()) == (200, NOBODY)
    other_type = await get(scene, {"documentId": id}, accept="application/json")
    assert other_type.headers["etag"] != first.headers["etag"]


def bearer(person: Person) -> dict[str, str]:
    return person.headers


def cookie(person: Person) -> dict[str, str]:
    return {"cookie": f"marquee={person.token}"}


@pytest.mark.parametrize("credential", [bearer, cookie])
async def test_a_viewer_s_answer_is_kept_by_the_browser_alone(
    scene: GraphScene, credential: Callable[[Person], dict[str, str]]
) -> None:
    id, one, other = await register(scene, new_query()), await scene.person(), await scene.person()
    answer = await get(scene, {"documentId": id}, **credential(one))
    assert answer.headers["cache-control"] == "private, no-cache"
    tag = {"if-none-match": answer.headers["etag"]}
    assert (await get(scene, {"documentId": id}, **credential(one), **tag)).status_code == 304
    others = await get(scene, {"documentId": id}, **credential(other), **tag)
    assert (others.status_code, others.json()) == (200, {"data": {"viewer": {"id": other.id}}})


async def test_what_went_wrong_and_what_has_a_long_address_is_kept_by_nobody(scene: GraphScene) -> None:
    text = f"query E{uuid4().hex} {{ titles(first: -1) {{ nodes {{ id }} }} }}"
    failed = await get(scene, {"documentId": await register(scene, text)})
    assert "errors" in failed.json()
    by_text = await get(scene, {"query": "{viewer{id}}"})
    by_post = await post(scene, {"documentId": await register(scene, new_query())})
    for response in (failed, by_text, by_post):
        assert response.headers["cache-control"] == "no-store"
        assert "etag" not in response.headers


async def test_a_document_is_streamed_by_its_id(scene: GraphScene) -> None:
    id, editor = await register(scene, SUBSCRIPTION), await scene.editor()
    body = {"documentId": id, "variables": {"id": "unknown"}}
    for method in ("POST", "GET"):
        sent: dict[str, Any] = (
            {"json": body}
            if method == "POST"
            else {"params": {"documentId": id, "variables": json.dumps(body["variables"])}}
        )
        headers = {"accept": "text/event-stream", **editor.headers}
        async with scene.client.stream(method, f"{scene.url}/graphql", headers=headers, **sent) as stream:
            lines = [line async for line in stream.aiter_lines()]
        assert lines[0] == "event: next"
        assert json.loads(lines[1].removeprefix("data: "))["errors"][0]["extensions"]["code"] == "NOT_FOUND"
        assert "event: complete" in lines


async def ask_by_socket(scene: GraphScene, payload: Any, credentials: Any = None) -> Any:
    """Send one operation over a socket and return the first message that comes back."""
    url = f"{scene.url.replace('http', 'ws')}/graphql"
    async with connect(url, subprotocols=["graphql-transport-ws"]) as socket:  # type: ignore[list-item]  # a name
        await socket.send(json.dumps({"type": "connection_init", "payload": credentials or {}}))
        assert json.loads(await socket.recv())["type"] == "connection_ack"
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
        return json.loads(await socket.recv())


async def test_a_document_is_answered_over_a_socket_by_its_id(scene: GraphScene) -> None:
    id = await register(scene, new_query(), client="console", version="7")
    answered = {"id": "1", "type": "next", "payload": NOBODY}
    # The message type of the protocol has a text always; an empty one is none.
    assert await ask_by_socket(scene, {"documentId": id, "query": ""}) == answered
    named = {"graphql-client-name": "console", "graphql-client-version": "7"}
    assert await ask_by_socket(scene, {"documentId": id}, named) == answered
    refused = await ask_by_socket(scene, {"documentId": id}, {**named, "graphql-client-version": "8"})
    assert refused["type"] == "error"
    assert refused["payload"][0]["extensions"] == {"code": "DOCUMENT_UNKNOWN"}


async def test_an_automatic_query_is_asked_for_once(scene: GraphScene) -> None:
    text = new_query()
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": hash_of(text)}}
    unknown = (await post(scene, {"extensions": extensions}, accept="application/json")).json()["errors"][0]
    assert (unknown["message"], unknown["extensions"]["code"]) == (
        "PersistedQueryNotFound",
        "PERSISTED_QUERY_NOT_FOUND",
    )
    assert (await post(scene, {"query": text, "extensions": extensions})).json() == NOBODY
    assert (await post(scene, {"extensions": extensions})).json() == NOBODY
    by_get = await get(scene, {"extensions": json.dumps(extensions)})
    assert by_get.json() == NOBODY
    assert "s-maxage" in by_get.headers["cache-control"]


async def test_a_hash_of_another_text_keeps_nothing(scene: GraphScene) -> None:
    text, other = new_query(), new_query()
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": hash_of(text)}}
    assert code_of(await post(scene, {"query": other, "extensions": extensions})) == "PERSISTED_QUERY_HASH_MISMATCH"
    assert code_of(await post(scene, {"extensions": extensions})) == "PERSISTED_QUERY_NOT_FOUND"


async def test_a_wrong_text_is_not_kept(scene: GraphScene) -> None:
    text = "{ nothing }"
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": hash_of(text)}}
    assert code_of(await post(scene, {"query": text, "extensions": extensions})) == "GRAPHQL_VALIDATION_FAILED"
    assert code_of(await post(scene, {"extensions": extensions})) == "PERSISTED_QUERY_NOT_FOUND"


async def test_only_registered_documents_are_answered_where_that_is_asked_for(strict: GraphScene) -> None:
    known, unknown = new_query(), new_query()
    id = await register(strict, known)
    assert (await post(strict, {"documentId": id})).json() == NOBODY
    assert (await get(strict, {"documentId": id})).json() == NOBODY

    def hashed(text: str) -> dict[str, Any]:
        return {"persistedQuery": {"version": 1, "sha256Hash": hash_of(text)}}

    assert (await post(strict, {"extensions": hashed(known)})).json() == NOBODY
    # A client that sends the text along may go on doing so, as long as it is the registered one.
    assert (await post(strict, {"query": known, "extensions": hashed(known)})).json() == NOBODY
    for body, code in (
        ({"query": known}, "DOCUMENT_NOT_TRUSTED"),
        ({"query": "{ __schema { types { name } } }"}, "DOCUMENT_NOT_TRUSTED"),
        ({"query": "{" * 10_000}, "DOCUMENT_NOT_TRUSTED"),
        ({"query": unknown, "extensions": hashed(unknown)}, "DOCUMENT_UNKNOWN"),
        ({"query": unknown, "extensions": hashed(known)}, "DOCUMENT_UNKNOWN"),
        ({"extensions": hashed(unknown)}, "DOCUMENT_UNKNOWN"),
        ({"documentId": "unknown"}, "DOCUMENT_UNKNOWN"),
    ):
        response = await post(strict, body, accept=GRAPHQL)
        assert (response.status_code, code_of(response)) == (400, code)
        message = await ask_by_socket(strict, body)
        assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", code)
        assert code_of(await post(strict, {"extensions": hashed(unknown)})) == "DOCUMENT_UNKNOWN"


async def test_a_retired_release_is_answered_a_little_longer_and_then_no_more(scene: GraphScene) -> None:
    now = 0.0
    trusted = TrustedDocuments(scene.runtime, monotonic=lambda: now)
    text, program = new_query(), ClientProgram("radio", "1")
    id = await register(scene, text, client="radio", version="1")
    assert await trusted.text_of(id, program) == text
    async with scene.runtime.work() as work:
        await retire_release(work, client="radio", version="1")
    now = KEPT_FOR_S - 1
    assert await trusted.text_of(id, program) == text
    now = KEPT_FOR_S
    assert await trusted.text_of(id, program) is None


async def test_what_a_process_keeps_is_bounded(scene: GraphScene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graph.trusted.KEPT_MAX", 3)
    trusted = TrustedDocuments(scene.runtime)
    ids = [await register(scene, new_query()) for _ in range(5)]
    for id in ids:
        await trusted.text_of(id, ClientProgram())
    assert [key[1] for key in trusted._kept] == ids[-3:]


async def test_the_same_text_is_handed_out_so_that_it_is_parsed_once(scene: GraphScene) -> None:
    app: Starlette = scene.app
    documents = app.state.http_door.admission.graph.documents
    id = await register(scene, new_query())
    await post(scene, {"documentId": id})
    before = len(documents._kept)
    await get(scene, {"documentId": id})
    await post(scene, {"doc_id": id})
    assert len(documents._kept) == before


@pytest.mark.parametrize("transport", ["POST", "GET", "SSE", "WS"])
async def test_the_cost_is_told_to_whom_asks_for_it(scene: GraphScene, transport: str) -> None:
    text = "{ titles(first: 7) { nodes { id } } }"
    body = {"query": text, "extensions": {"cost": True}}
    if transport == "WS":
        answer = (await ask_by_socket(scene, body))["payload"]
    elif transport == "GET":
        answer = (await get(scene, {"query": text, "extensions": '{"cost": true}'})).json()
    elif transport == "SSE":
        lines = (await post(scene, body, accept="text/event-stream")).text.splitlines()
        answer = json.loads(lines[1].removeprefix("data: "))
    else:
        answer = (await post(scene, body)).json()
    assert answer["extensions"] == {"cost": {"requested": 1 + 1 + 7 * 2, "max": 20_000}}
    assert "extensions" not in (await post(scene, {"query": text})).json()


async def test_what_costs_too_much_says_how_much(scene: GraphScene) -> None:
    text = "{titles(first: 100) {nodes {assets {tracks {label codec width height language kind}}}}}"
    error = (await post(scene, {"query": text})).json()["errors"][0]
    assert error["extensions"]["code"] == "TOO_COSTLY"
    assert error["extensions"]["cost"]["requested"] > error["extensions"]["cost"]["max"] == 20_000
