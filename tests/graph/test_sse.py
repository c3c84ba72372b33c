"""Streams over HTTP: the distinct-connections mode of GraphQL over SSE."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest

from domain.media.asset import AssetState
from graph import measures
from graph.global_ids import Kind, global_id, parse_global_id
from graph.transports import sse
from tests.graph.test_media import CREATE_ASSET, begin
from tests.graph_scene import GraphScene, Person

PROGRESS = "subscription($id: ID!) { transcodeProgress(assetId: $id) { assetId state fraction chunksDone } }"
WAIT_S = 10.0
Event = tuple[str, Any]


async def an_asset(scene: GraphScene, editor: Person) -> tuple[str, UUID]:
    """Begin an asset; return its id as clients and as rows have it."""
    made = await scene.data(CREATE_ASSET, {"input": await begin(scene, editor)}, by=editor)
    id: str = made["createAsset"]["asset"]["id"]
    parsed = parse_global_id(id)
    assert parsed is not None
    return id, parsed[1]


@asynccontextmanager
async def stream(
    scene: GraphScene, query: str, variables: dict[str, Any], *, by: Person | None = None, method: str = "POST"
) -> AsyncIterator[AsyncIterator[Event]]:
    """Open a stream and yield its events as (name, payload); comments come as ("", text)."""
    body: dict[str, Any] = {"query": query, "variables": variables}
    if method == "GET":
        sent: dict[str, Any] = {"params": {"query": query, "variables": json.dumps(variables)}}
    else:
        sent = {"json": body}
    headers = {"accept": "text/event-stream", **(by.headers if by else {})}
    async with scene.client.stream(method, f"{scene.url}/graphql", headers=headers, **sent) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        yield _events(response.aiter_lines())


async def _events(lines: AsyncIterator[str]) -> AsyncIterator[Event]:
    name = ""
    async for line in lines:
        if line.startswith(":"):
            yield "", line
        elif line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data:"):
            text = line.removeprefix("data:").strip()
            yield name, json.loads(text) if text else None


async def next_of(events: AsyncIterator[Event]) -> Event:
    async with asyncio.timeout(WAIT_S):
        return await anext(events)


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_progress_is_told_at_once_at_every_change_and_until_the_end(scene: GraphScene, method: str) -> None:
    editor = await scene.editor()
    id, asset_id = await an_asset(scene, editor)
    async with stream(scene, PROGRESS, {"id": id}, by=editor, method=method) as events:
        name, payload = await next_of(events)
        assert (name, payload) == (
            "next",
            {"data": {"transcodeProgress": {"assetId": id, "state": "PROBING", "fraction": 0.0, "chunksDone": 0}}},
        )
        await scene.set_asset(asset_id, AssetState.PACKAGING, packaging_fraction=0.5, plan="{}", duration_s=1.0)
        _, payload = await next_of(events)
        assert payload["data"]["transcodeProgress"]["state"] == "PACKAGING"
        await scene.set_asset(asset_id, AssetState.FAILED, failure="broke")
        _, payload = await next_of(events)
        assert payload["data"]["transcodeProgress"]["state"] == "FAILED"
        assert await next_of(events) == ("complete", None)
        with pytest.raises(StopAsyncIteration):
            await anext(events)


async def test_queries_and_mutations_come_as_one_event(scene: GraphScene) -> None:
    editor = await scene.editor()
    async with stream(scene, "{viewer{id}}", {}, by=editor) as events:
        assert [event async for event in events] == [
            ("next", {"data": {"viewer": {"id": editor.id}}}),
            ("complete", None),
        ]
    create = 'mutation {createTitle(input: {kind: CLIP, language: "en", name: "S"}) {__typename}}'
    async with stream(scene, create, {}, by=editor) as events:
        _, payload = await next_of(events)
        assert payload == {"data": {"createTitle": {"__typename": "TitleCreated"}}}


async def test_wrong_documents_are_told_in_the_stream(scene: GraphScene) -> None:
    for query, code in (("{", "GRAPHQL_PARSE_FAILED"), ("subscription {x}", "GRAPHQL_VALIDATION_FAILED")):
        async with stream(scene, query, {}) as events:
            (name, payload), end = [event async for event in events]
            assert (name, payload["errors"][0]["extensions"]["code"], end) == ("next", code, ("complete", None))


async def test_wrong_variables_are_told_in_the_stream(scene: GraphScene) -> None:
    async with stream(scene, PROGRESS, {"id": None}) as events:
        (_, payload), _ = [event async for event in events]
        assert payload["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_another_ones_asset_looks_absent(scene: GraphScene) -> None:
    id, _ = await an_asset(scene, await scene.editor())
    absent = global_id(Kind.ASSET, UUID(int=7))
    for by in (None, await scene.person(), await scene.editor()):
        for asked in (id, absent, "garbage"):
            async with stream(scene, PROGRESS, {"id": asked}, by=by) as events:
                (_, payload), end = [event async for event in events]
            assert payload["errors"][0]["extensions"]["code"] == "NOT_FOUND"
            assert "data" not in payload
            assert end == ("complete", None)


async def test_a_quiet_stream_is_kept_alive(scene: GraphScene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "KEEP_ALIVE_S", 0.02)
    editor = await scene.editor()
    id, _ = await an_asset(scene, editor)
    async with stream(scene, PROGRESS, {"id": id}, by=editor) as events:
        assert (await next_of(events))[0] == "next"
        assert await next_of(events) == ("", ":")


async def test_a_viewer_who_leaves_ends_its_subscription(scene: GraphScene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "KEEP_ALIVE_S", 0.02)
    editor = await scene.editor()
    id, _ = await an_asset(scene, editor)
    before = measures.subscriptions_open._value.get()
    async with stream(scene, PROGRESS, {"id": id}, by=editor) as events:
        await next_of(events)
        assert measures.subscriptions_open._value.get() == before + 1
    async with asyncio.timeout(WAIT_S):
        while measures.subscriptions_open._value.get() > before:
            await asyncio.sleep(0.01)


async def test_a_shutdown_ends_streams_without_saying_they_are_complete(fresh_scene: GraphScene) -> None:
    editor = await fresh_scene.editor()
    id, _ = await an_asset(fresh_scene, editor)
    async with stream(fresh_scene, PROGRESS, {"id": id}, by=editor) as events:
        await next_of(events)
        fresh_scene.app.state.streams.close_all()
        async with asyncio.timeout(WAIT_S):
            assert [event async for event in events] == []
    # What opens after that ends at once too.
    async with stream(fresh_scene, PROGRESS, {"id": id}, by=editor) as events:
        async with asyncio.timeout(WAIT_S):
            assert ("complete", None) not in [event async for event in events]
