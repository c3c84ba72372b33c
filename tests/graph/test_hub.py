"""What many follow: executed once, each fact told to each, and nothing lost when a line breaks."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from domain.live import Stream, StreamChanged, end_stream, start_stream, stream_topic
from graph import measures
from graph.answering import GraphQLRequest
from graph.context import Caller, Context
from graph.global_ids import Kind, global_id
from graph.live.events import ChangedRow, SnapshotRow, ViewersRow
from graph.transports.hub import broadcast, hub
from tests.graph.differential import compare, written
from tests.graph.test_sse import Event, next_of, stream
from tests.graph.test_websocket import Talk, talk, token
from tests.graph_scene import GraphScene, Person
from tests.live_streams import create_stream

# Things change between an execution and the one it would be compared with; see the test of both executors below.
pytestmark = pytest.mark.compiled_only

# Of no log.
NO_EPOCH = "4e55f8f0-b873-4a1f-bb6c-a098ba4d21fc"

EVENTS = """
subscription Show($id: ID!, $since: String) {
  streamEvents(streamId: $id, since: $since) {
    __typename
    ... on StreamSnapshot { stream { id state } }
    ... on StreamUpdate { stream { id state version } }
  }
}
"""


async def a_stream(scene: GraphScene, *, territory: str = "*") -> tuple[Stream, Person, str]:
    """Prepare a stream; return it with an editor and its id as clients have it."""
    async with scene.runtime.work() as work:
        made, _ = await create_stream(work, territory=territory)
    return made, await scene.editor(), global_id(Kind.STREAM, made.id)


async def starts(scene: GraphScene, made: Stream, editor: Person) -> None:
    async with scene.runtime.work() as work:
        await start_stream(work, viewer=editor.viewer, stream_id=made.id, expected_version=1)


async def ends(scene: GraphScene, made: Stream, editor: Person) -> None:
    async with scene.runtime.work() as work:
        await end_stream(work, viewer=editor.viewer, stream_id=made.id, expected_version=2)


def event_of(payload: dict[str, Any]) -> tuple[str, str]:
    event = payload["data"]["streamEvents"]
    return event["__typename"], event["stream"]["state"]


async def heard(socket: Talk) -> dict[str, Any]:
    """The next event of the stream itself, past those of who is there."""
    while True:
        message = await socket.hear()
        assert message["type"] == "next", message
        payload: dict[str, Any] = message["payload"]
        if "stream" in payload["data"]["streamEvents"]:
            return payload


async def read(events: AsyncIterator[Event]) -> dict[str, Any]:
    while True:
        name, payload = await next_of(events)
        assert name == "next"
        if "stream" in payload["data"]["streamEvents"]:
            found: dict[str, Any] = payload
            return found


async def test_a_follower_begins_with_how_things_are_and_is_told_every_fact(scene: GraphScene) -> None:
    made, editor, id = await a_stream(scene)
    async with talk(scene) as socket, stream(scene, EVENTS, {"id": id}) as events:
        await socket.open()
        await socket.subscribe('it\'s "1"', EVENTS, id=id)
        assert event_of(await heard(socket)) == ("StreamSnapshot", "PREPARED")
        assert event_of(await read(events)) == ("StreamSnapshot", "PREPARED")
        await starts(scene, made, editor)
        await ends(scene, made, editor)
        for next_event in (lambda: heard(socket), lambda: read(events)):
            told = [await next_event(), await next_event()]
            assert [event_of(one) for one in told] in (
                [("StreamUpdate", "LIVE"), ("StreamUpdate", "ENDED")],
                # The second was there when the first was told: a fact says that something changed, not to what.
                [("StreamUpdate", "ENDED"), ("StreamUpdate", "ENDED")],
            )


async def test_thousands_cost_one_execution(scene: GraphScene) -> None:
    made, editor, id = await a_stream(scene)
    async with talk(scene) as first, talk(scene) as second:
        for socket in (first, second):
            await socket.open()
            for number in range(20):
                await socket.subscribe(str(number), EVENTS, id=id)
                assert event_of(await heard(socket)) == ("StreamSnapshot", "PREPARED")
        before = measures.hub_deliveries_total._value.get() - 40 * measures.hub_frames_total._value.get()
        await starts(scene, made, editor)
        told = [str(await heard(socket)) for socket in (first, second) for _ in range(20)]
        assert len(set(told)) == 1
        # Each frame, also of who is there, was made once and told forty times.
        assert measures.hub_deliveries_total._value.get() - 40 * measures.hub_frames_total._value.get() == before


async def test_whoever_comes_back_is_told_exactly_what_it_missed(scene: GraphScene) -> None:
    made, editor, id = await a_stream(scene)
    async with talk(scene) as socket:
        await socket.open()
        await socket.subscribe("1", EVENTS, id=id)
        since = (await heard(socket))["extensions"]["position"]
    await starts(scene, made, editor)
    await ends(scene, made, editor)
    async with talk(scene) as socket:
        await socket.open()
        await socket.subscribe("1", EVENTS, id=id, since=since)
        told = [await heard(socket), await heard(socket)]
        assert [event_of(one)[0] for one in told] == ["StreamUpdate", "StreamUpdate"]
        assert [one["extensions"] for one in told] == [
            {"position": f"{since.partition(':')[0]}:{number}"} for number in (2, 3)
        ]
        await socket.subscribe("2", EVENTS, id=id, since=told[-1]["extensions"]["position"])
        await socket.subscribe("3", "{viewer{id}}")
        while (message := await socket.hear())["id"] != "3":
            assert "stream" not in message["payload"]["data"]["streamEvents"], "nothing was missed"


async def test_what_is_not_in_memory_is_read_from_the_log(scene: GraphScene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broadcast, "KEPT_MAX", 0)
    made, editor, id = await a_stream(scene)
    async with talk(scene) as socket:
        await socket.open()
        await socket.subscribe("1", EVENTS, id=id)
        since = (await heard(socket))["extensions"]["position"]
        await starts(scene, made, editor)
        await heard(socket)
        for number in ("2", "3"):
            await socket.subscribe(number, EVENTS, id=id, since=since)
            assert event_of(await heard(socket)) == ("StreamUpdate", "LIVE")


@pytest.mark.parametrize(
    "since", ["", "garbage", "1:1", f"{NO_EPOCH}:1", f"{NO_EPOCH}:-1", f"{NO_EPOCH}:1e9", "x" * 5000, "\x00:1", ":"]
)
async def test_a_place_that_is_none_begins_anew_and_says_so(scene: GraphScene, since: str) -> None:
    _, _, id = await a_stream(scene)
    async with talk(scene) as socket:
        await socket.open()
        await socket.subscribe("1", EVENTS, id=id, since=since)
        payload = await heard(socket)
        assert event_of(payload) == ("StreamSnapshot", "PREPARED")
        assert payload["extensions"].get("recovered") is (False if since else None)


async def test_a_browser_goes_on_by_its_last_event_id(scene: GraphScene) -> None:
    made, editor, id = await a_stream(scene)
    headers = {"accept": "text/event-stream"}
    sent = {"json": {"query": EVENTS, "variables": {"id": id}}}
    async with scene.client.stream("POST", f"{scene.url}/graphql", headers=headers, **sent) as response:
        lines = response.aiter_lines()
        assert 100 <= int((await anext(lines)).removeprefix("retry: ")) <= 1_100
        assert await anext(lines) == ""
        place = (await anext(lines)).removeprefix("id: ")
    await starts(scene, made, editor)
    headers["last-event-id"] = place
    async with scene.client.stream("POST", f"{scene.url}/graphql", headers=headers, **sent) as response:
        lines = response.aiter_lines()
        while not (line := await anext(lines)).startswith("id:"):
            assert "StreamUpdate" not in line, "only who is there has no place"
        assert line == f"id: {place.partition(':')[0]}:2"
        assert (await anext(lines)) == "event: next"
        assert "StreamUpdate" in await anext(lines)


async def test_a_stream_of_a_hidden_title_looks_like_none(scene: GraphScene) -> None:
    _, _, hidden = await a_stream(scene, territory="FR")
    german = await scene.person(territory="DE")
    for id in (hidden, global_id(Kind.STREAM, uuid4()), "garbage", global_id(Kind.TITLE, uuid4())):
        async with talk(scene) as socket:
            await socket.open(**token(german))
            await socket.subscribe("1", EVENTS, id=id)
            message = await socket.hear()
            assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "NOT_FOUND")
        async with stream(scene, EVENTS, {"id": id}, by=german) as events:
            name, payload = await next_of(events)
            assert (name, payload["errors"][0]["extensions"]["code"]) == ("next", "NOT_FOUND")
            assert await next_of(events) == ("complete", None)


async def test_whoever_may_not_follow_any_more_is_shown_out(scene: GraphScene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "SWEEP_EVERY_S", 0.05)
    monkeypatch.setattr(hub, "GATE_EVERY_S", 0.05)
    made, editor, id = await a_stream(scene, territory="FR")
    french = await scene.person(territory="FR")
    async with talk(scene) as socket, talk(scene) as staff:
        await socket.open(**token(french))
        await staff.open(**token(editor))
        for one in (socket, staff):
            await one.subscribe("1", EVENTS, id=id)
            await heard(one)
        async with scene.runtime.work() as work:
            await work.connection.execute(text("DELETE FROM title_rights WHERE title_id = :id"), {"id": made.title_id})
        while (message := await socket.hear())["type"] == "next":
            assert "stream" not in message["payload"]["data"]["streamEvents"]
        assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "NOT_FOUND")
        await starts(scene, made, editor)
        assert event_of(await heard(staff)) == ("StreamUpdate", "LIVE")


async def test_viewers_are_counted_once_each_and_leave_when_they_go(scene: GraphScene) -> None:
    _, _, id = await a_stream(scene)
    query = "subscription($id: ID!) { streamEvents(streamId: $id) { ... on ViewerCount { viewers } } }"
    person = await scene.person()

    async def count(socket: Talk, wanted: int) -> None:
        event: dict[str, Any] = {}
        while event != {"viewers": wanted}:
            message = await socket.hear()
            event = message["payload"]["data"]["streamEvents"] if message["id"] == "1" else {}

    async with talk(scene) as stranger:
        await stranger.open()
        for number in ("1", "2"):
            await stranger.subscribe(number, query, id=id)
        await count(stranger, 1)
        async with talk(scene) as first, talk(scene) as second:
            for socket in (first, second):
                await socket.open(**token(person))
                await socket.subscribe("1", query, id=id)
            await count(stranger, 2)
            asked = await scene.data("query($id: ID!) { liveStream(id: $id) { viewers } }", {"id": id})
            assert asked == {"liveStream": {"viewers": 2}}
        await count(stranger, 1)


async def test_two_streams_share_nothing_and_neither_do_other_languages(scene: GraphScene) -> None:
    first, editor, first_id = await a_stream(scene)
    _, _, second_id = await a_stream(scene)
    async with talk(scene) as here, talk(scene, **{"accept-language": "fr"}) as there:
        for socket, id in ((here, first_id), (there, second_id)):
            await socket.open()
            await socket.subscribe("1", EVENTS, id=id)
            assert (await heard(socket))["data"]["streamEvents"]["stream"]["id"] == id
        await there.subscribe("2", EVENTS, id=first_id)
        assert (await heard(there))["data"]["streamEvents"]["stream"]["id"] == first_id
        await starts(scene, first, editor)
        assert event_of(await heard(here)) == event_of(await heard(there)) == ("StreamUpdate", "LIVE")
    followed = [key for key in scene.app.state.socket_door.hub._followed if key[0] == EVENTS]
    assert len({(variables, languages) for _, _, variables, languages in followed}) == len(followed) >= 3


async def test_a_socket_follows_so_much_and_no_more(scene: GraphScene) -> None:
    _, _, id = await a_stream(scene)
    async with talk(scene) as socket:
        await socket.open()
        for number in range(51):
            await socket.subscribe(str(number), EVENTS, id=id)
        while (message := await socket.hear())["type"] == "next":
            assert message["id"] != "50"
        assert (message["id"], message["payload"][0]["extensions"]["code"]) == ("50", "TOO_MANY_OPERATIONS")
        await socket.say(type="complete", id="0")
        await socket.subscribe("51", EVENTS, id=id)
        while (message := await socket.hear())["id"] != "51":
            assert message["type"] == "next"
        assert message["type"] == "next"


async def test_who_has_left_is_told_nothing_more_and_counted_no_more(scene: GraphScene) -> None:
    made, editor, id = await a_stream(scene)
    followed = measures.subscriptions_open._value.get()
    async with talk(scene) as socket:
        await socket.open()
        for number in ("1", "2"):
            await socket.subscribe(number, EVENTS, id=id)
            await heard(socket)
        assert measures.subscriptions_open._value.get() == followed + 2
        await socket.say(type="complete", id="1")
        await starts(scene, made, editor)
        ids = set()
        while "2" not in ids:
            message = await socket.hear()
            if "StreamUpdate" in str(message):
                ids.add(message["id"])
        assert ids == {"2"}
    async with asyncio.timeout(10):
        while measures.subscriptions_open._value.get() != followed:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("keeps", [broadcast.KEPT_MAX, 0])
async def test_whoever_missed_much_is_told_all_of_it_at_its_own_pace(
    scene: GraphScene, monkeypatch: pytest.MonkeyPatch, keeps: int
) -> None:
    monkeypatch.setattr(broadcast, "KEPT_MAX", keeps)
    made, _, id = await a_stream(scene)
    wide = EVENTS.replace(
        "{ id state version }", "{ " + " ".join(f"{'x' * 200}{n}: id" for n in range(20)) + " state }"
    )
    async with talk(scene) as socket:
        await socket.open()
        await socket.subscribe("1", wide, id=id)
        since = (await heard(socket))["extensions"]["position"]
        async with scene.runtime.work() as work:
            for _ in range(250):
                await work.announce(stream_topic(made.id), StreamChanged(made.id, "PREPARED"))
        # The hub has come to the end too: with nothing kept, whoever comes while it still reads gets a snapshot.
        for _ in range(250):
            await heard(socket)
    async with talk(scene) as socket:
        await socket.open()
        await socket.subscribe("1", wide, id=id, since=since)
        told = [(await heard(socket))["extensions"]["position"] for _ in range(250)]
    assert [int(place.rpartition(":")[2]) for place in told] == list(range(2, 252))


async def test_both_executors_answer_events_alike(scene: GraphScene) -> None:
    made, _, id = await a_stream(scene)
    graph = scene.app.state.socket_door.admission.graph
    request = GraphQLRequest(
        EVENTS.replace("__typename", "__typename ... on ViewerCount { viewers }"), None, {"id": id}
    )
    operation = graph.prepare(request)
    for row in (SnapshotRow(made.id), ChangedRow(made.id), ChangedRow(uuid4()), ViewersRow(3)):
        context = Context.of(scene.runtime, Caller(), operation_id="1")
        compiled, interpreted = await compare(graph, operation, request, context, row)
        assert interpreted is not None
        assert written(compiled) == written(interpreted)
