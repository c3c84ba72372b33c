"""Webhooks in the graph."""

from typing import Any
from uuid import uuid4

import pytest

from domain.accounts import Role
from domain.live import start_stream
from domain.webhooks.sender import Sender
from graph.global_ids import Kind, global_id
from tests.graph.asking import change
from tests.graph_scene import GraphScene, Person
from tests.live_streams import create_stream
from workers.webhooks import Courier

ENDPOINT = "endpoint { id titleId url eventTypes isEnabled disabledReason version }"
CREATE = change("createWebhookEndpoint", "WebhookEndpointCreated", f"{ENDPOINT} secret")
UPDATE = change("updateWebhookEndpoint", "WebhookEndpointUpdated", ENDPOINT)
ROTATE = change("rotateWebhookSecret", "WebhookSecretRotated", "endpoint { version rotatesUntil } secret")
REMOVE = change("removeWebhookEndpoint", "WebhookEndpointRemoved", "webhookEndpointId")
REPLAY_ONE = change("replayWebhookDelivery", "WebhookDeliveryReplayed", "delivery { id state }")
REPLAY = change("replayWebhooks", "WebhooksReplayed", "count")
DELIVERIES = """query($id: ID!) {
  webhookDeliveries(webhookEndpointId: $id, first: 5) {
    nodes { id eventId eventType state lastStatus nextAttemptAt attempts { number status error } }
  }
}"""


async def does(scene: GraphScene, operation: str, by: Person, **input: Any) -> Any:
    (answer,) = (await scene.data(operation, {"input": input}, by=by)).values()
    return answer


async def test_a_host_registers_an_endpoint_and_sees_what_became_of_deliveries(scene: GraphScene) -> None:
    async with scene.runtime.work() as work:
        stream, _ = await create_stream(work)
    editor, title_id = await scene.editor(), global_id(Kind.TITLE, stream.title_id)
    url = "https://hooks.example.com/marquee"
    types = ["STREAM_STARTED", "POLL_OPENED"]
    made = await does(scene, CREATE, editor, titleId=title_id, url=url, eventTypes=types)
    endpoint, secret = made["endpoint"], made["secret"]
    id = endpoint.pop("id")
    assert endpoint == {
        "titleId": title_id, "url": url, "eventTypes": types, "isEnabled": True, "disabledReason": None, "version": 1,
    }  # fmt: skip
    listed = "query($id: ID!) { webhookEndpoints(titleId: $id) { id } }"
    assert (await scene.data(listed, {"id": title_id}, by=editor))["webhookEndpoints"] == [{"id": id}]
    rotated = await does(scene, ROTATE, editor, webhookEndpointId=id, expectedVersion=1)
    assert (rotated["endpoint"]["version"], rotated["secret"] != secret) == (2, True)
    async with scene.runtime.work() as work:
        await start_stream(work, viewer=editor.viewer, stream_id=stream.id, expected_version=1)

    async def nowhere(_host: str, _port: int) -> list[str]:
        return []

    async with Sender(resolve=nowhere) as sender:
        courier = Courier(scene.runtime, sender, lambda kind, of: global_id(Kind[kind], of))
        await courier.follow()
        await courier.send()
        await courier.settled()
    (delivery,) = (await scene.data(DELIVERIES, {"id": id}, by=editor))["webhookDeliveries"]["nodes"]
    assert (delivery["eventType"], delivery["state"], delivery["lastStatus"]) == ("stream.started", "PENDING", None)
    assert [(one["number"], one["status"]) for one in delivery["attempts"]] == [(1, None)]
    disabled = await does(scene, UPDATE, editor, webhookEndpointId=id, expectedVersion=2, isEnabled=False)
    assert disabled["endpoint"]["disabledReason"] == "BY_HOST"
    named = {"webhookDeliveryId": delivery["id"]}
    assert (await does(scene, REPLAY_ONE, editor, **named))["code"] == "ENDPOINT_DISABLED"
    await does(scene, UPDATE, editor, webhookEndpointId=id, expectedVersion=3, isEnabled=True)
    time = {"webhookEndpointId": id, "since": "2020-01-01T00:00:00Z", "until": "2090-01-01T00:00:00Z"}
    assert (await does(scene, REPLAY, editor, **time))["count"] == 1
    assert (await does(scene, REPLAY_ONE, editor, **named))["delivery"]["state"] == "PENDING"
    found = await scene.data("query($id: ID!) { node(id: $id) { __typename } }", {"id": delivery["id"]}, by=editor)
    assert found["node"] == {"__typename": "WebhookDelivery"}
    assert (await does(scene, REMOVE, editor, webhookEndpointId=id))["webhookEndpointId"] == id
    assert (await does(scene, REMOVE, editor, webhookEndpointId=id))["code"] == "NOT_FOUND"


async def test_endpoints_of_other_titles_look_like_none(scene: GraphScene) -> None:
    async with scene.runtime.work() as work:
        stream, _ = await create_stream(work)
    editor, viewer = await scene.editor(), await scene.person(Role.VIEWER)
    title_id = global_id(Kind.TITLE, stream.title_id)
    given = {"titleId": title_id, "url": "https://hooks.example.com/", "eventTypes": ["POLL_OPENED"]}
    id = (await does(scene, CREATE, editor, **given))["endpoint"]["id"]
    assert (await does(scene, CREATE, viewer, **given))["code"] == "FORBIDDEN"
    for one in (id, global_id(Kind.WEBHOOK_ENDPOINT, uuid4()), "garbage"):
        for operation, more in (
            (UPDATE, {"expectedVersion": 1}), (ROTATE, {"expectedVersion": 1}), (REMOVE, {}),
            (REPLAY, {"since": "2020-01-01T00:00:00Z", "until": "2090-01-01T00:00:00Z"}),
        ):  # fmt: skip
            assert (await does(scene, operation, viewer, webhookEndpointId=one, **more))["code"] == "NOT_FOUND"
        answer = await scene.ask(DELIVERIES, {"id": one}, by=viewer)
        assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    found = await scene.data("query($id: ID!) { node(id: $id) { __typename } }", {"id": id}, by=viewer)
    assert found["node"] is None


@pytest.mark.parametrize(
    "url", ["http://hooks.example.com/", "https://127.0.0.1/", "https://[::ffff:7f00:1]/", "", "x"]
)
async def test_addresses_of_ours_are_refused(scene: GraphScene, url: str) -> None:
    async with scene.runtime.work() as work:
        stream, _ = await create_stream(work)
    title_id = global_id(Kind.TITLE, stream.title_id)
    made = await does(scene, CREATE, await scene.editor(), titleId=title_id, url=url, eventTypes=["POLL_OPENED"])
    assert made["code"] == "INVALID_INPUT"
    assert await scene.count("webhook_endpoints WHERE url LIKE '%7f00%' OR url LIKE '%127%'") == 0
