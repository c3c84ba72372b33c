"""Links to overlays: good for one stream, for reading, and for their time."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from domain.kernel.crypto import Keyring
from domain.live.overlay import OverlayRefused, make_token, read_token
from graph.global_ids import Kind, global_id
from tests.graph.asking import change
from tests.graph_scene import GraphScene, fresh_scene, scene
from tests.live_streams import create_live_stream

__all__ = ["fresh_scene", "scene"]

CREATE = change("createOverlayLink", "OverlayLinkCreated", "url expiresAt")
NOW = datetime(2030, 1, 1, tzinfo=UTC)


async def a_link(scene: GraphScene, *, territory: str = "*") -> str:
    """Put a stream on air and return the token of a link to its overlay."""
    async with scene.runtime.work() as work:
        stream, _ = await create_live_stream(work, territory=territory)
    values = {"streamId": global_id(Kind.STREAM, stream.id), "lastsHours": 1}
    made = (await scene.data(CREATE, {"input": values}, by=await scene.editor()))["createOverlayLink"]
    token: str = made["url"].partition("/overlay#")[2]
    return token


async def first_lines(scene: GraphScene, token: str) -> list[str]:
    async with scene.client.stream("GET", f"{scene.url}/overlay/events", params={"token": token}) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        found = []
        async for line in response.aiter_lines():
            found.append(line)
            if line.startswith("data:"):
                return found
    raise AssertionError("nothing was told")


async def test_whoever_has_the_link_reads_along_although_the_stream_is_hidden_from_strangers(scene: GraphScene) -> None:
    token = await a_link(scene, territory="FR")
    told = await first_lines(scene, token)
    assert '"StreamSnapshot"' in told[-1]
    assert "Friday night" in told[-1]


async def test_a_link_that_is_none_opens_nothing(scene: GraphScene) -> None:
    token = await a_link(scene)
    for wrong in ("", "x", "A" * 48, token[:-4] + "AAAA", "ä" * 48, token + "A"):
        answer = await scene.client.get(f"{scene.url}/overlay/events", params={"token": wrong})
        assert (answer.status_code, answer.json()["code"]) == (403, "OVERLAY_REFUSED")


async def test_a_link_ends_at_its_time(fresh_scene: GraphScene) -> None:
    token = await a_link(fresh_scene)
    fresh_scene.clock.advance(3601)
    answer = await fresh_scene.client.get(f"{fresh_scene.url}/overlay/events", params={"token": token})
    assert answer.status_code == 403


async def test_what_is_open_ends_with_the_link(fresh_scene: GraphScene) -> None:
    token = await a_link(fresh_scene)
    fresh_scene.clock.advance(3598.5)
    url = f"{fresh_scene.url}/overlay/events"
    async with fresh_scene.client.stream("GET", url, params={"token": token}, timeout=10) as response:
        lines = [line async for line in response.aiter_lines()]
    assert any("StreamSnapshot" in line for line in lines)
    assert "event: complete" not in lines


async def test_only_hosts_make_links(scene: GraphScene) -> None:
    async with scene.runtime.work() as work:
        stream, _ = await create_live_stream(work)
    values = {"streamId": global_id(Kind.STREAM, stream.id)}
    answer = (await scene.data(CREATE, {"input": values}, by=await scene.person()))["createOverlayLink"]
    assert answer["code"] == "FORBIDDEN"
    for hours in (0, 169):
        long = {"input": {**values, "lastsHours": hours}}
        assert (await scene.data(CREATE, long, by=await scene.editor()))["createOverlayLink"]["code"] == "INVALID_INPUT"


def test_a_token_is_read_under_the_key_it_was_made_with_and_no_other(keyring: Keyring) -> None:
    stream_id, ends = uuid4(), NOW + timedelta(hours=1)
    token = make_token(keyring, stream_id=stream_id, expires_at=ends)
    assert read_token(keyring, token, now=NOW) == (stream_id, ends)
    with pytest.raises(OverlayRefused):
        read_token(Keyring({"other": bytes(32)}), token, now=NOW)
    with pytest.raises(OverlayRefused):
        read_token(keyring, token, now=ends)
