"""Operations over a WebSocket, with a foreign client."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from domain.media.asset import AssetState
from graph.transports import websocket
from tests.graph.test_sse import PROGRESS, an_asset
from tests.graph_scene import PUBLIC_URL, GraphScene, Person

PROTOCOL = "graphql-transport-ws"
WAIT_S = 10.0


class Talk:
    """One socket, spoken to in messages."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def say(self, **message: Any) -> None:
        await self.socket.send(json.dumps(message))

    async def hear(self) -> dict[str, Any]:
        async with asyncio.timeout(WAIT_S):
            heard = await self.socket.recv()
        assert isinstance(heard, str), "clients of this protocol refuse binary frames"
        message: dict[str, Any] = json.loads(heard)
        return message

    async def open(self, **payload: Any) -> None:
        await self.say(type="connection_init", payload=payload)
        acknowledged = await self.hear()
        assert acknowledged["type"] == "connection_ack"
        assert 100 <= acknowledged["payload"]["retryAfterMs"] <= 1_100

    async def subscribe(self, id: str, query: str, /, **variables: Any) -> None:
        await self.say(type="subscribe", id=id, payload={"query": query, "variables": variables})

    async def closed(self) -> int:
        """Wait until the server closes, and return its code."""
        with pytest.raises(ConnectionClosed):
            while True:
                await self.hear()
        assert self.socket.close_code is not None
        return self.socket.close_code


@asynccontextmanager
async def talk(
    scene: GraphScene, *, subprotocols: tuple[str, ...] = (PROTOCOL,), **headers: str
) -> AsyncIterator[Talk]:
    url = scene.url.replace("http", "ws") + "/graphql"
    names = {"origin": headers.pop("origin", None)}
    async with connect(url, subprotocols=subprotocols, additional_headers=headers, **names) as socket:  # type: ignore[arg-type]  # protocol names
        yield Talk(socket)


def token(person: Person) -> dict[str, str]:
    return {"authorization": f"Bearer {person.token}"}


async def test_queries_mutations_and_subscriptions_share_a_socket(scene: GraphScene) -> None:
    editor = await scene.editor()
    id, asset_id = await an_asset(scene, editor)
    async with talk(scene) as socket:
        await socket.open(**token(editor))
        await socket.subscribe("progress", PROGRESS, id=id)
        first = await socket.hear()
        assert (first["id"], first["type"]) == ("progress", "next")
        assert first["payload"]["data"]["transcodeProgress"]["state"] == "PROBING"
        await socket.subscribe("query", "{viewer{id}}")
        assert await socket.hear() == {
            "id": "query",
            "type": "next",
            "payload": {"data": {"viewer": {"id": editor.id}}},
        }
        assert await socket.hear() == {"id": "query", "type": "complete"}
        create = 'mutation {createTitle(input: {kind: CLIP, language: "en", name: "S"}) {__typename}}'
        await socket.subscribe("mutation", create)
        assert (await socket.hear())["payload"] == {"data": {"createTitle": {"__typename": "TitleCreated"}}}
        assert await socket.hear() == {"id": "mutation", "type": "complete"}
        await scene.set_asset(asset_id, AssetState.FAILED, failure="broke")
        assert (await socket.hear())["payload"]["data"]["transcodeProgress"]["state"] == "FAILED"
        assert await socket.hear() == {"id": "progress", "type": "complete"}
        # An id is free again once its operation is over.
        await socket.subscribe("progress", "{viewer{id}}")
        assert (await socket.hear())["id"] == "progress"


@pytest.mark.parametrize("given", ["authorization", "token", "cookie", "header"])
async def test_the_viewer_is_known_by_its_token_or_its_cookie(scene: GraphScene, given: str) -> None:
    person = await scene.person()
    headers = {"cookie": {"cookie": f"marquee={person.token}"}, "header": person.headers}.get(given, {})
    payload = {"authorization": token(person), "token": {"token": person.token}}.get(given, {})
    async with talk(scene, **headers) as socket:
        await socket.open(**payload)
        await socket.subscribe("1", "{viewer{id}}")
        assert (await socket.hear())["payload"] == {"data": {"viewer": {"id": person.id}}}


async def test_a_wrong_token_is_refused_and_none_is_nobody(scene: GraphScene) -> None:
    async with talk(scene) as socket:
        await socket.say(type="connection_init", payload={"authorization": "Bearer wrong"})
        assert await socket.closed() == 4403
    async with talk(scene) as socket:
        await socket.open()
        await socket.subscribe("1", "{viewer{id}}")
        assert (await socket.hear())["payload"] == {"data": {"viewer": None}}


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://marquee.example.evil.example"])
async def test_a_foreign_page_opens_no_socket(scene: GraphScene, origin: str) -> None:
    person = await scene.person()
    with pytest.raises(InvalidStatus) as refused:
        async with talk(scene, origin=origin, cookie=f"marquee={person.token}"):
            pass
    assert refused.value.response.status_code == 403


async def test_our_own_page_opens_sockets(scene: GraphScene) -> None:
    for origin in (PUBLIC_URL, scene.url):
        async with talk(scene, origin=origin) as socket:
            await socket.open()


@pytest.mark.parametrize("subprotocols", [("graphql-ws",), ("nonsense",), ()])
async def test_other_subprotocols_are_not_spoken(scene: GraphScene, subprotocols: tuple[str, ...]) -> None:
    url = scene.url.replace("http", "ws") + "/graphql"
    async with connect(url, subprotocols=subprotocols or None) as socket:  # type: ignore[arg-type]  # protocol names
        assert socket.subprotocol is None
        assert await Talk(socket).closed() == 4406


async def test_nothing_is_done_before_the_handshake_of_the_protocol(scene: GraphScene) -> None:
    async with talk(scene) as socket:
        await socket.subscribe("1", "{viewer{id}}")
        assert await socket.closed() == 4401


async def test_a_silent_client_is_sent_away(fresh_scene: GraphScene) -> None:
    door = fresh_scene.app.state.socket_door
    fresh_scene.app.state.socket_door = replace(door, init_timeout_s=0.05)
    async with talk(fresh_scene) as socket:
        assert await socket.closed() == 4408
    async with talk(fresh_scene) as socket:
        await socket.say(type="ping")
        assert await socket.closed() == 4408


async def test_a_second_init_ends_it(scene: GraphScene) -> None:
    async with talk(scene) as socket:
        await socket.open()
        await socket.say(type="connection_init")
        assert await socket.closed() == 4429


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "{",
        "[]",
        "5",
        "null",
        b"\x00\x01",
        '{"type": "nonsense"}',
        "{}",
        '{"type": "subscribe", "payload": {"query": "{viewer{id}}"}}',
        '{"type": "subscribe", "id": 5, "payload": {"query": "{viewer{id}}"}}',
        '{"type": "subscribe", "id": "' + "x" * 200 + '", "payload": {"query": "{viewer{id}}"}}',
        '{"type": "complete"}',
        '{"type": "ping", "padding": "' + "x" * 300_000 + '"}',
        "[" * 50_000,
    ],
)
async def test_a_message_of_no_protocol_ends_it(scene: GraphScene, raw: str | bytes) -> None:
    async with talk(scene) as socket:
        await socket.open()
        await socket.socket.send(raw)
        assert await socket.closed() == 4400


async def test_an_id_in_use_ends_it(scene: GraphScene) -> None:
    editor = await scene.editor()
    id, _ = await an_asset(scene, editor)
    async with talk(scene) as socket:
        await socket.open(**token(editor))
        await socket.subscribe("1", PROGRESS, id=id)
        await socket.hear()
        await socket.subscribe("1", PROGRESS, id=id)
        assert await socket.closed() == 4409


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"query": "{"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "{x}"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "{" + "viewer{id}" * 100 + "}"}, "TOO_MANY_REPEATS"),
        ({"query": PROGRESS}, "BAD_USER_INPUT"),
        ({}, "BAD_REQUEST"),
        (None, "BAD_REQUEST"),
        ([{"query": "{viewer{id}}"}], "BATCH_REFUSED"),
    ],
)
async def test_a_wrong_operation_is_an_error_and_the_socket_goes_on(scene: GraphScene, payload: Any, code: str) -> None:
    async with talk(scene) as socket:
        await socket.open()
        await socket.say(type="subscribe", id="1", payload=payload)
        message = await socket.hear()
        assert (message["id"], message["type"], message["payload"][0]["extensions"]["code"]) == ("1", "error", code)
        await socket.subscribe("1", "{viewer{id}}")
        assert (await socket.hear())["type"] == "next"


async def test_pings_are_answered(scene: GraphScene) -> None:
    async with talk(scene) as socket:
        await socket.open()
        await socket.say(type="pong")
        await socket.say(type="ping", payload={"x": 1})
        assert await socket.hear() == {"type": "pong"}


async def test_a_completed_subscription_is_over(scene: GraphScene) -> None:
    editor = await scene.editor()
    id, asset_id = await an_asset(scene, editor)
    async with talk(scene) as socket:
        await socket.open(**token(editor))
        await socket.subscribe("1", PROGRESS, id=id)
        await socket.hear()
        await socket.say(type="complete", id="1")
        await socket.say(type="complete", id="unknown")
        await scene.set_asset(asset_id, AssetState.FAILED, failure="broke")
        await socket.say(type="ping")
        assert await socket.hear() == {"type": "pong"}


async def test_only_so_many_operations_run_on_a_socket(scene: GraphScene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "OPERATIONS_MAX", 2)
    editor = await scene.editor()
    id, _ = await an_asset(scene, editor)
    async with talk(scene) as socket:
        await socket.open(**token(editor))
        for number in "12":
            await socket.subscribe(number, PROGRESS, id=id)
            await socket.hear()
        await socket.subscribe("3", PROGRESS, id=id)
        refused = await socket.hear()
        assert (refused["id"], refused["payload"][0]["extensions"]["code"]) == ("3", "TOO_MANY_OPERATIONS")


async def test_a_restart_asks_clients_to_come_back(fresh_scene: GraphScene) -> None:
    editor = await fresh_scene.editor()
    id, _ = await an_asset(fresh_scene, editor)
    async with talk(fresh_scene) as socket:
        await socket.open(**token(editor))
        await socket.subscribe("1", PROGRESS, id=id)
        await socket.hear()
        fresh_scene.app.state.streams.close_all()
        assert await socket.closed() == 1012


async def test_a_client_that_vanishes_leaves_nothing_running(scene: GraphScene) -> None:
    from graph import measures

    editor = await scene.editor()
    id, _ = await an_asset(scene, editor)
    before = measures.subscriptions_open._value.get()
    async with talk(scene) as socket:
        await socket.open(**token(editor))
        await socket.subscribe("1", PROGRESS, id=id)
        await socket.hear()
        assert measures.subscriptions_open._value.get() == before + 1
        socket.socket.transport.abort()
    async with asyncio.timeout(WAIT_S):
        while measures.subscriptions_open._value.get() > before:
            await asyncio.sleep(0.01)


async def test_an_id_used_again_at_once_leaves_no_stream_behind(scene: GraphScene) -> None:
    editor = await scene.editor()
    id, _ = await an_asset(scene, editor)
    async with talk(scene) as socket:
        await socket.open(**token(editor))
        for _ in range(200):
            await socket.subscribe("again", PROGRESS, id=id)
            await socket.say(type="complete", id="again")
        await socket.subscribe("last", "{ viewer { id } }")
        while (await socket.hear()).get("id") != "last":
            continue
    async with asyncio.timeout(WAIT_S):
        while await open_streams(scene):
            await asyncio.sleep(0.02)


async def test_who_signed_out_starts_nothing_on_an_open_socket(scene: GraphScene) -> None:
    editor = await scene.editor()
    async with talk(scene) as socket:
        await socket.open(**token(editor))
        await scene.client.delete(f"{scene.url}/session", headers=token(editor))
        await socket.subscribe("late", "{ viewer { id } }")
        assert await socket.closed() == 4403


async def open_streams(scene: GraphScene) -> float:
    """Return how many subscriptions the server runs, as its metrics say."""
    lines = (await scene.client.get(f"{scene.url}/metrics")).text.splitlines()
    (value,) = (line.split()[-1] for line in lines if re.match(r"\w*subscriptions_open ", line))
    return float(value)
