"""Streams and sockets end with the sign-in they were opened under, and each viewer and address has only so many."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from starlette.types import Message, Scope

from domain.accounts import Role, Viewer, revoke_role, sign_in, sign_out, suspend_account, viewer_by_token
from domain.kernel.refusals import Unavailable
from domain.kernel.work import Reads
from graph.answering import Answer
from graph.context import Caller
from graph.global_ids import Kind, global_id
from graph.transports import revocation
from graph.transports.sse import EventStream
from graph.transports.streams import OpenStreams
from tests.conftest import ScratchDatabases
from tests.graph.asking import change
from tests.graph.test_sse import PROGRESS, an_asset, next_of, stream
from tests.graph.test_websocket import PROTOCOL, talk, token
from tests.graph_scene import GraphScene, Person, open_scene

pytestmark = pytest.mark.compiled_only
BITES_WITHIN_S = 5.0
LIMIT = 3
REMOVE = "mutation($id: ID!) { removeDevice(input: {deviceId: $id}) { __typename ... on Problem { code } } }"


async def signed_out(scene: GraphScene, person: Person) -> None:
    async with scene.runtime.work() as work:
        await sign_out(work, viewer=person.viewer)


async def suspended(scene: GraphScene, person: Person) -> None:
    administrator = await scene.person(Role.ADMINISTRATOR)
    async with scene.runtime.work() as work:
        await suspend_account(work, viewer=administrator.viewer, account_id=person.viewer.account_id, reason="A test")


async def device_removed(scene: GraphScene, person: Person) -> None:
    elsewhere = await scene.again(person)
    id = global_id(Kind.DEVICE, person.viewer.device_id)
    removed = await scene.data(REMOVE, {"id": id}, by=elsewhere)
    assert removed["removeDevice"]["__typename"] == "DeviceRemoved"


async def ran_out(scene: GraphScene, _: Person) -> None:
    scene.clock.advance(12 * 3600 + 1)


Revoke = Callable[[GraphScene, Person], Awaitable[None]]
REVOCATIONS: list[Revoke] = [signed_out, suspended, device_removed]


@pytest.mark.parametrize("revoke", [*REVOCATIONS, ran_out])
async def test_open_streams_and_sockets_end_within_seconds_and_others_go_on(
    fresh_scene: GraphScene, revoke: Revoke
) -> None:
    scene = fresh_scene
    editor, other = await scene.editor(), await scene.editor()
    (id, _), (others, _) = await an_asset(scene, editor), await an_asset(scene, other)
    async with (
        stream(scene, PROGRESS, {"id": id}, by=editor) as events,
        stream(scene, PROGRESS, {"id": others}, by=other) as going_on,
        talk(scene) as socket,
        talk(scene) as anonymous,
    ):
        await socket.open(**token(editor))
        await anonymous.open()
        await socket.subscribe("1", PROGRESS, id=id)
        assert (await socket.hear())["type"] == "next"
        assert (await next_of(events))[0] == (await next_of(going_on))[0] == "next"

        await revoke(scene, editor)
        began = time.monotonic()
        assert await next_of(events) == (
            "next",
            {"errors": [{"message": "The sign-in has ended.", "extensions": {"code": "SIGN_IN_ENDED"}}]},
        )
        assert await next_of(events) == ("complete", None)
        assert (await socket.closed(), socket.socket.close_reason) == (4403, "The sign-in has ended")
        assert time.monotonic() - began < BITES_WITHIN_S
        await anonymous.subscribe("1", "{viewer{id}}")
        assert (await anonymous.hear())["type"] == "next"
        if revoke is not ran_out:
            assert len(scene.app.state.streams.sign_ins()) == 1
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await anext(going_on)


async def role_revoked(scene: GraphScene, person: Person) -> None:
    administrator = await scene.person(Role.ADMINISTRATOR)
    async with scene.runtime.work() as work:
        await revoke_role(
            work, viewer=administrator.viewer, account_id=person.viewer.account_id, role=Role.EDITOR, scope=None,
            reason="A test",
        )  # fmt: skip


async def profile_chosen(scene: GraphScene, person: Person) -> None:
    asked = change("createProfile", "ProfileCreated", "profile { id }")
    values = {"name": "Kit", "isKids": True, "newPin": "2468"}
    made = (await scene.data(asked, {"input": values}, by=person))["createProfile"]["profile"]
    choose = "mutation($id: ID!) { chooseProfile(input: {profileId: $id}) { __typename } }"
    chosen = await scene.data(choose, {"id": made["id"]}, by=person)
    assert chosen["chooseProfile"]["__typename"] == "ProfileChosen"


@pytest.mark.parametrize("revise", [role_revoked, profile_chosen])
async def test_what_is_open_ends_within_seconds_when_its_viewer_may_see_other_things(
    fresh_scene: GraphScene, revise: Revoke
) -> None:
    scene = fresh_scene
    editor, other = await scene.editor(), await scene.editor()
    id, _ = await an_asset(scene, editor)
    async with (
        stream(scene, PROGRESS, {"id": id}, by=editor) as events,
        talk(scene) as socket,
        talk(scene) as going_on,
    ):
        await socket.open(**token(editor))
        await going_on.open(**token(other))
        await socket.subscribe("1", PROGRESS, id=id)
        assert (await socket.hear())["type"] == "next"
        assert (await next_of(events))[0] == "next"

        await revise(scene, editor)
        began = time.monotonic()
        with pytest.raises(StopAsyncIteration):
            await next_of(events)
        # To be opened again: it is still the same sign-in.
        assert await socket.closed() == 1012
        assert time.monotonic() - began < BITES_WITHIN_S
        await going_on.subscribe("1", "{viewer{id}}")
        assert (await going_on.hear())["payload"] == {"data": {"viewer": {"id": other.id}}}
        answer = await scene.data("{ viewer { id } }", by=editor)
        assert answer == {"viewer": {"id": editor.id}}


async def test_a_client_that_does_not_read_holds_no_stream_open(scene: GraphScene) -> None:
    viewer = (await scene.person()).viewer
    streams = OpenStreams()
    unread = asyncio.Event()

    async def answers() -> AsyncGenerator[Answer, None]:
        yield Answer({"data": {}})

    async def receive() -> Message:
        return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]  # it never comes

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            unread.set()
            await asyncio.get_running_loop().create_future()

    scope: Scope = {
        "type": "http",
        "method": "POST",
        "path": "/graphql",
        "headers": [],
        "asgi": {"spec_version": "2.3"},
    }
    stream = EventStream(answers(), streams, Caller(viewer=viewer, address="192.0.2.1"))
    sending = asyncio.create_task(stream(scope, receive, send))
    await unread.wait()
    streams.end_outdated({viewer.sign_in_id}, {})
    async with asyncio.timeout(BITES_WITHIN_S):
        await sending
    assert streams.sign_ins() == set()


async def test_a_database_that_was_away_delays_a_revocation_and_ends_nobody_else(
    fresh_scene: GraphScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene, asked = fresh_scene, asyncio.Event()
    person, other = await scene.person(), await scene.person()
    look = revocation.viewers_now

    async def away(reads: Reads, keys: Sequence[UUID]) -> dict[UUID, Viewer]:
        asked.set()
        raise Unavailable

    monkeypatch.setattr(revocation, "CHECK_EVERY_S", 0.01)
    monkeypatch.setattr(revocation, "viewers_now", away)
    async with talk(scene) as socket, talk(scene) as going_on:
        await socket.open(**token(person))
        await going_on.open(**token(other))
        await signed_out(scene, person)
        await asked.wait()
        monkeypatch.setattr(revocation, "viewers_now", look)
        assert await socket.closed() == 4403
        await going_on.subscribe("1", "{viewer{id}}")
        assert (await going_on.hear())["payload"] == {"data": {"viewer": {"id": other.id}}}


async def test_a_removed_device_is_gone_and_signs_in_as_a_new_one(scene: GraphScene) -> None:
    person, stranger = await scene.person(), await scene.person()
    id = global_id(Kind.DEVICE, person.viewer.device_id)
    foreign = await scene.data(REMOVE, {"id": id}, by=stranger)
    assert foreign["removeDevice"] == {"__typename": "NotFound", "code": "NOT_FOUND"}
    assert await viewer_by_token(scene.runtime.reads(), person.token) == person.viewer

    elsewhere = await scene.again(person)
    await scene.data(REMOVE, {"id": id}, by=elsewhere)
    assert await viewer_by_token(scene.runtime.reads(), person.token) is None
    shown = await scene.data("{ viewer { devices { name } } }", by=elsewhere)
    assert [device["name"] for device in shown["viewer"]["devices"]] == ["Phone"]
    assert (await scene.data("query($id: ID!) { node(id: $id) { id } }", {"id": id}, by=elsewhere))["node"] is None
    again = await scene.data(REMOVE, {"id": id}, by=elsewhere)
    assert again["removeDevice"]["code"] == "NOT_FOUND"
    async with scene.runtime.work() as work:
        back = await sign_in(
            work, account_id=person.viewer.account_id, device_name="Television", device_id=person.viewer.device_id
        )
    assert back.viewer.device_id != person.viewer.device_id


async def test_a_sign_in_on_a_device_that_is_just_removed_does_not_survive_it(scene: GraphScene) -> None:
    person = await scene.person()
    elsewhere = await scene.again(person)
    id = global_id(Kind.DEVICE, person.viewer.device_id)
    async with scene.runtime.work() as work:
        signing_in = await sign_in(
            work, account_id=person.viewer.account_id, device_name="TV", device_id=person.viewer.device_id
        )
        removing = asyncio.create_task(scene.data(REMOVE, {"id": id}, by=elsewhere))
        done, _ = await asyncio.wait({removing}, timeout=0.2)
        assert not done
    await removing
    assert await viewer_by_token(scene.runtime.reads(), signing_in.token) is None


@asynccontextmanager
async def limited(databases: ScratchDatabases, folder: Path, **limits: int) -> AsyncIterator[GraphScene]:
    async with open_scene(await databases.create(), folder, **limits) as scene:
        yield scene


async def open_streams(scene: GraphScene, opened: AsyncExitStack, person: Person, count: int) -> None:
    """Open sockets and event streams in turn, and keep them."""
    id, _ = await an_asset(scene, person)
    for number in range(count):
        if number % 2:
            events = await opened.enter_async_context(stream(scene, PROGRESS, {"id": id}, by=person))
            assert (await next_of(events))[0] == "next"
            # An iterator that nobody holds any more closes its response.
            opened.callback(events.__aiter__)
        else:
            socket = await opened.enter_async_context(talk(scene))
            await socket.open(**token(person))


async def asked(scene: GraphScene, person: Person) -> httpx.Response:
    """Ask for one more event stream."""
    headers = {"accept": "text/event-stream", **person.headers}
    return await scene.client.post(f"{scene.url}/graphql", json={"query": "{viewer{id}}"}, headers=headers)


async def test_a_viewer_has_only_so_many_streams_on_all_devices(
    scratch_databases: ScratchDatabases, tmp_path: Path
) -> None:
    async with limited(scratch_databases, tmp_path, graphql_streams_viewer=LIMIT) as scene:
        person, other = await scene.editor(), await scene.editor()
        phone = await scene.again(person)
        async with AsyncExitStack() as opened:
            await open_streams(scene, opened, person, LIMIT)
            async with talk(scene) as socket:
                await socket.say(type="connection_init", payload=token(phone))
                assert await socket.closed() == 4420
                assert "3 streams" in (socket.socket.close_reason or "")
            refused = await asked(scene, phone)
            assert (refused.status_code, refused.json()["errors"][0]["extensions"]) == (
                429,
                {"code": "TOO_MANY_STREAMS", "limit": LIMIT},
            )
            assert (await asked(scene, other)).status_code == 200
            # Plain answers hold nothing open.
            assert (await scene.data("{viewer{id}}", by=phone))["viewer"] == {"id": person.id}
        await until_free(scene, phone)


async def test_an_address_has_only_so_many_streams(scratch_databases: ScratchDatabases, tmp_path: Path) -> None:
    async with limited(scratch_databases, tmp_path, graphql_streams_address=LIMIT) as scene:
        first, second = await scene.editor(), await scene.person()
        async with AsyncExitStack() as opened:
            await open_streams(scene, opened, first, LIMIT)
            async with talk(scene) as socket:
                assert socket.socket.subprotocol == PROTOCOL
                assert await socket.closed() == 4420
            assert (await asked(scene, second)).status_code == 429
        await until_free(scene, second)


async def until_free(scene: GraphScene, person: Person) -> None:
    """Return once one more stream may be open; a server learns a moment later that its clients left."""
    async with asyncio.timeout(10):
        while (await asked(scene, person)).status_code != 200:
            pass
