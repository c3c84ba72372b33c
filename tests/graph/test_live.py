"""Streams in the graph."""

from domain.catalog import TitleKind
from graph.global_ids import Kind, global_id
from tests.graph.asking import change
from tests.graph_scene import GraphScene

PREPARE = change("prepareStream", "StreamPrepared", "stream { id state version titleId maxLatencySeconds }")
START = change("startStream", "StreamStarted", "stream { state version wentLiveAt }")
END = change("endStream", "StreamEnded", "stream { state endedAt }")
ON_AIR = "query($id: ID!) { liveStreamOf(titleId: $id) { id name state } }"


async def test_a_show_is_prepared_goes_live_and_ends(scene: GraphScene) -> None:
    editor, made = await scene.editor(), await scene.playable(kind=TitleKind.LIVE_EVENT)
    title_id, asset_id = global_id(Kind.TITLE, made.title_id), global_id(Kind.ASSET, made.asset_id)
    values = {"titleId": title_id, "assetId": asset_id, "name": "Final", "maxLatencySeconds": 45}
    prepared = (await scene.data(PREPARE, {"input": values}, by=editor))["prepareStream"]["stream"]
    stream_id = prepared.pop("id")
    assert prepared == {"state": "PREPARED", "version": 1, "titleId": title_id, "maxLatencySeconds": 45}
    assert (await scene.data(ON_AIR, {"id": title_id}))["liveStreamOf"] is None
    again = {"input": {"streamId": stream_id, "expectedVersion": 1}}
    assert (await scene.data(START, again, by=editor))["startStream"]["stream"]["state"] == "LIVE"
    assert (await scene.data(START, again, by=editor))["startStream"]["code"] == "STALE_VERSION"
    on_air = (await scene.data(ON_AIR, {"id": title_id}))["liveStreamOf"]
    assert on_air == {"id": stream_id, "name": "Final", "state": "LIVE"}
    listed = "query($id: ID!) { streamsOfTitle(titleId: $id) { id } }"
    assert (await scene.data(listed, {"id": title_id}, by=editor))["streamsOfTitle"] == [{"id": stream_id}]
    ending = {"input": {"streamId": stream_id, "expectedVersion": 2}}
    assert (await scene.data(END, ending, by=editor))["endStream"]["stream"]["state"] == "ENDED"
    assert (await scene.data(END, ending, by=editor))["endStream"]["code"] == "STALE_VERSION"


async def test_a_film_never_goes_live(scene: GraphScene) -> None:
    editor, made = await scene.editor(), await scene.playable()
    values = {
        "titleId": global_id(Kind.TITLE, made.title_id), "assetId": global_id(Kind.ASSET, made.asset_id), "name": "No",
    }  # fmt: skip
    assert (await scene.data(PREPARE, {"input": values}, by=editor))["prepareStream"]["code"] == "NOT_A_SHOW"
