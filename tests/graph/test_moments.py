"""Moments in the graph: announced at the desk, told to followers, read live and on demand."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

from domain.engagement.presenting import whole_milliseconds
from graph.global_ids import Kind, global_id
from tests.graph.asking import change
from tests.graph.test_polls import Desk
from tests.graph.test_websocket import Talk, talk
from tests.graph_scene import GraphScene
from tests.live_streams import create_live_stream

ANNOUNCE = change("announceMoment", "MomentMade", "moment { id kind presentAt until text texts { language text } }")
REVOKE = change("revokeMoment", "MomentTakenBack", "momentId")
LIST = """query($id: ID!, $from: DateTime!, $to: DateTime!, $after: String) {
  moments(streamId: $id, from: $from, to: $to, first: 1, after: $after) {
    nodes { id kind pollId } pageInfo { hasNextPage endCursor }
  }
}"""
LIVE = """query($id: ID!, $from: DateTime!, $to: DateTime!, $at: DateTime!) {
  liveStream(id: $id) {
    moments(from: $from, to: $to) { id text }
    onAir(at: $at) { at chapter { text } shoutOutIds polls { pollId kind } }
  }
}"""
ON_DEMAND = """query($recording: RecordingInput!, $from: Float!, $to: Float!) {
  momentsOnDemand(recording: $recording, fromSeconds: $from, toSeconds: $to) {
    nodes { positionSeconds moment { kind text } }
  }
}"""
EVENTS = """subscription($id: ID!) { streamEvents(streamId: $id) {
  __typename
  ... on MomentAnnounced { moment { id text } }
  ... on MomentRevoked { momentId }
} }"""


async def desk_of(scene: GraphScene, *, territory: str = "*") -> Desk:
    async with scene.runtime.work() as work:
        stream, _ = await create_live_stream(work, territory=territory)
    return Desk(scene, stream, await scene.editor())


async def announced(desk: Desk, **given: Any) -> dict[str, Any]:
    values = {
        "streamId": desk.stream_id,
        "kind": "CHAPTER",
        "text": [{"language": "en", "text": "Act one"}, {"language": "de", "text": "Erster Akt"}],
        "idempotencyKey": uuid4().hex,
        **given,
    }
    answer: dict[str, Any] = (await desk.scene.data(ANNOUNCE, {"input": values}, by=desk.host))["announceMoment"]
    return answer


def span(desk: Desk, seconds: float = 3600) -> dict[str, Any]:
    assert desk.stream.went_live_at is not None
    return {
        "id": desk.stream_id,
        "from": desk.stream.went_live_at.isoformat(),
        "to": (desk.stream.went_live_at + timedelta(seconds=seconds)).isoformat(),
    }


async def test_a_moment_is_announced_read_and_taken_back(scene: GraphScene) -> None:
    desk = await desk_of(scene)
    moment = (await announced(desk))["moment"]
    assert (moment["kind"], moment["text"], moment["until"]) == ("CHAPTER", "Act one", None)
    assert [text["language"] for text in moment["texts"]] == ["en", "de"]
    at = moment["presentAt"]
    found = (await scene.data(LIVE, {**span(desk), "at": at}))["liveStream"]
    assert found["moments"] == [{"id": moment["id"], "text": "Act one"}]
    assert found["onAir"]["chapter"] == {"text": "Act one"}
    taken = await scene.data(REVOKE, {"input": {"momentId": moment["id"]}}, by=desk.host)
    assert taken["revokeMoment"] == {"__typename": "MomentTakenBack", "momentId": moment["id"]}
    found = (await scene.data(LIVE, {**span(desk), "at": at}))["liveStream"]
    assert (found["moments"], found["onAir"]["chapter"]) == ([], None)


async def test_the_log_is_paged_and_names_polls(scene: GraphScene) -> None:
    desk = await desk_of(scene)
    poll = await desk.create()
    await desk.act("openPoll", poll)
    await announced(desk)
    seen: list[dict[str, Any]] = []
    after = None
    while True:
        page = (await scene.data(LIST, {**span(desk), "after": after}))["moments"]
        seen += page["nodes"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert [(one["kind"], one["pollId"]) for one in seen] == [("POLL_OPENED", poll["id"]), ("CHAPTER", None)]


async def test_a_stretch_in_the_wrong_order_is_refused(scene: GraphScene) -> None:
    desk = await desk_of(scene)
    wrong = {**span(desk, -1), "after": None}
    assert (await scene.ask(LIST, wrong))["errors"][0]["extensions"]["code"] == "INVALID_INPUT"
    answer = await scene.ask(LIVE, {**span(desk, -1), "at": wrong["from"]})
    assert answer["errors"][0]["extensions"]["code"] == "INVALID_INPUT"


async def test_a_recording_has_its_moments_at_their_positions(scene: GraphScene) -> None:
    desk = await desk_of(scene)
    assert desk.stream.went_live_at is not None
    at = (scene.clock() + timedelta(seconds=90)).replace(microsecond=250_000)
    await announced(desk, presentAt=at.isoformat())
    position = (at - whole_milliseconds(desk.stream.went_live_at)).total_seconds()
    expected = [{"positionSeconds": position, "moment": {"kind": "CHAPTER", "text": "Act one"}}]
    for recording in (
        {"streamId": desk.stream_id},
        {"assetId": global_id(Kind.ASSET, desk.stream.asset_id)},
    ):
        asked = {"recording": recording, "from": 0, "to": 500}
        assert (await scene.data(ON_DEMAND, asked))["momentsOnDemand"]["nodes"] == expected
        asked |= {"from": position + 0.001}
        assert (await scene.data(ON_DEMAND, asked))["momentsOnDemand"]["nodes"] == []
    for bad in ({"from": 5, "to": 4}, {"from": -1, "to": 4}, {"from": 0, "to": 1e12}):
        answer = await scene.ask(ON_DEMAND, {"recording": {"streamId": desk.stream_id}, **bad})
        assert answer["errors"][0]["extensions"]["code"] == "INVALID_INPUT"


async def test_who_may_not_find_the_show_learns_no_more_than_of_none(scene: GraphScene) -> None:
    desk = await desk_of(scene, territory="FR")
    await announced(desk)
    stranger = await scene.person()
    absent = {"id": global_id(Kind.STREAM, uuid4()), "asset": global_id(Kind.ASSET, uuid4())}
    hidden = {"id": desk.stream_id, "asset": global_id(Kind.ASSET, desk.stream.asset_id)}
    answers = []
    for ids in (absent, hidden):
        listed = await scene.ask(LIST, {**span(desk), "id": ids["id"]}, by=stranger)
        recorded = [
            await scene.ask(ON_DEMAND, {"recording": recording, "from": 0, "to": 9}, by=stranger)
            for recording in ({"streamId": ids["id"]}, {"assetId": ids["asset"]})
        ]
        answers.append([answer["errors"][0]["extensions"]["code"] for answer in (listed, *recorded)])
    assert answers == [["NOT_FOUND"] * 3] * 2


async def test_followers_are_told_of_moments(scene: GraphScene) -> None:
    desk = await desk_of(scene)
    async with talk(scene) as socket:
        await socket.open()
        await socket.subscribe("1", EVENTS, id=desk.stream_id)
        assert await told(socket) == {"__typename": "StreamSnapshot"}
        moment = (await announced(desk))["moment"]
        assert await told(socket) == {
            "__typename": "MomentAnnounced", "moment": {"id": moment["id"], "text": "Act one"},
        }  # fmt: skip
        await scene.data(REVOKE, {"input": {"momentId": moment["id"]}}, by=desk.host)
        assert await told(socket) == {"__typename": "MomentRevoked", "momentId": moment["id"]}


ITEM = "itemId kind pollId texts { text } durationSeconds firedAt momentId"
EDITED = f"runOfShow {{ version items {{ {ITEM} }} }}"


async def test_a_run_of_show_is_prepared_and_fired(scene: GraphScene) -> None:
    desk = await desk_of(scene)
    poll = await desk.create()

    async def did(name: str, payload: str, fields: str, **given: Any) -> dict[str, Any]:
        answer: dict[str, Any] = (await scene.data(change(name, payload, fields), {"input": given}, by=desk.host))[name]
        return answer

    async def edited(name: str, **given: Any) -> dict[str, Any]:
        return await did(name, "RunOfShowEdited", EDITED, **given)

    of = {"streamId": desk.stream_id}
    await edited("addRunItem", **of, expectedVersion=1, kind="POLL", pollId=poll["id"])
    text = [{"language": "en", "text": "Hello"}]
    made = await edited("addRunItem", **of, expectedVersion=2, kind="SHOUT_OUT", text=text, position=0)
    shout_out, asked = made["runOfShow"]["items"]
    assert (shout_out["texts"], shout_out["durationSeconds"], asked["pollId"]) == ([{"text": "Hello"}], 15, poll["id"])
    stale = await edited("moveRunItem", itemId=asked["itemId"], expectedVersion=1, position=0)
    assert stale["code"] == "STALE_VERSION"
    moved = await edited("moveRunItem", itemId=asked["itemId"], expectedVersion=3, position=0)
    assert [item["kind"] for item in moved["runOfShow"]["items"]] == ["POLL", "SHOUT_OUT"]
    for _ in range(2):
        fired = await did("fireRunItem", "RunItemFired", f"item {{ {ITEM} }}", itemId=shout_out["itemId"])
        assert fired["item"]["firedAt"] is not None
    found = (await scene.data(LIST, {**span(desk), "after": None}))["moments"]["nodes"]
    assert [moment["id"] for moment in found] == [fired["item"]["momentId"]]
    taken = await did("unfireRunItem", "RunItemUnfired", f"item {{ {ITEM} }}", itemId=shout_out["itemId"])
    assert taken["item"]["firedAt"] is None
    assert (await scene.data(LIST, {**span(desk), "after": None}))["moments"]["nodes"] == []
    left = await edited("removeRunItem", itemId=shout_out["itemId"], expectedVersion=4)
    assert [item["kind"] for item in left["runOfShow"]["items"]] == ["POLL"]
    read = "query($id: ID!) { runOfShow(streamId: $id) { version items { kind } } }"
    shown = (await scene.data(read, {"id": desk.stream_id}, by=desk.host))["runOfShow"]
    assert shown == {"version": 5, "items": [{"kind": "POLL"}]}
    refused = await scene.ask(read, {"id": desk.stream_id}, by=await scene.person())
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def told(socket: Talk) -> dict[str, Any]:
    """Hear the next thing that is no count."""
    while True:
        event: dict[str, Any] = (await asyncio.wait_for(socket.hear(), 10))["payload"]["data"]["streamEvents"]
        if event["__typename"] not in ("ViewerCount", "ReactionRates"):
            return event
