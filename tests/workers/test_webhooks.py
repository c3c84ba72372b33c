"""Webhooks: everything that happens in a show, told once and in order, whatever receivers and processes do."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from domain.accounts import Viewer
from domain.engagement.question import QuestionState
from domain.engagement.questions import ask_question, moderate_question
from domain.kernel.facts import begin_epochs
from domain.kernel.paging import PageRequest
from domain.kernel.refusals import Forbidden, InvalidInput, NotFound, SignInRequired, StaleVersion
from domain.live import Stream, end_stream, prepare_stream, start_stream
from domain.runtime import Runtime
from domain.webhooks import (
    DeliveryState,
    Endpoint,
    EndpointDisabled,
    EventType,
    TooManyEndpoints,
    attempts_of,
    create_endpoint,
    deliveries_of,
    endpoint_by_id,
    endpoints_of_title,
    prune_deliveries,
    remove_endpoint,
    replay_delivery,
    replay_range,
    rotate_secret,
    update_endpoint,
)
from domain.webhooks import delivering as domain_delivering
from domain.webhooks.delivery import RETRIES, Delivery
from domain.webhooks.endpoint import ENDPOINTS_MAX, DisabledReason
from domain.webhooks.endpoints import EndpointChange
from domain.webhooks.sender import Sender
from graph.global_ids import Kind, global_id
from tests.arrange import create_viewer
from tests.conftest import ScratchDatabases
from tests.graph_scene import GraphScene, MovableClock, open_scene
from tests.live_streams import create_stream
from tests.receivers import Receiver, receiving
from workers.webhooks import Courier

ALL = tuple(EventType)


def write_id(kind: str, id: UUID) -> str:
    return global_id(Kind[kind], id)


@dataclass
class Hooks:
    """A show, its host, and a courier that works when it is told to."""

    runtime: Runtime
    clock: MovableClock
    stream: Stream
    host: Viewer
    sender: Sender
    courier: Courier = field(init=False)

    def __post_init__(self) -> None:
        self.courier = self.new_courier()

    def new_courier(self) -> Courier:
        return Courier(self.runtime, self.sender, write_id)

    async def register(self, url: str, *types: EventType) -> tuple[Endpoint, str]:
        async with self.runtime.work() as work:
            made = await create_endpoint(
                work, viewer=self.host, keyring=self.runtime.keyring, title_id=self.stream.title_id, url=url,
                event_types=types or ALL, allows_loopback=True,
            )  # fmt: skip
        return made.endpoint, made.secret

    async def change(self, endpoint: Endpoint, **change: Any) -> Endpoint:
        async with self.runtime.work() as work:
            current = await self.endpoint(endpoint)
            return await update_endpoint(
                work, viewer=self.host, endpoint_id=endpoint.id, expected_version=current.version,
                change=EndpointChange(**change), allows_loopback=True,
            )  # fmt: skip

    async def endpoint(self, endpoint: Endpoint) -> Endpoint:
        (found,) = await endpoint_by_id(self.runtime.reads(), [endpoint.id], viewer=self.host)
        assert found is not None
        return found

    async def goes_live(self) -> None:
        async with self.runtime.work() as work:
            self.stream = await start_stream(
                work, viewer=self.host, stream_id=self.stream.id, expected_version=self.stream.version
            )

    async def ends(self) -> None:
        async with self.runtime.work() as work:
            self.stream = await end_stream(
                work, viewer=self.host, stream_id=self.stream.id, expected_version=self.stream.version
            )

    async def carries(self, courier: Courier | None = None) -> None:
        """Tell everything that is due."""
        courier = courier or self.courier
        await courier.follow()
        while True:
            await courier.send()
            if not courier._running:
                return
            await courier.settled()

    async def deliveries(self, endpoint: Endpoint) -> list[Delivery]:
        page = await deliveries_of(self.runtime.reads(), endpoint.id, viewer=self.host, request=PageRequest(limit=100))
        return list(page.items)[::-1]


@pytest.fixture(scope="module")
async def scene(
    scratch_databases: ScratchDatabases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[GraphScene]:
    async with open_scene(await scratch_databases.create(), tmp_path_factory.mktemp("hooks")) as opened:
        yield opened


@pytest.fixture
async def hooks(scene: GraphScene) -> AsyncIterator[Hooks]:
    async with scene.runtime.work() as work:
        stream, host = await create_stream(work)
    scene.clock.ahead = timedelta(0)
    async with Sender(allows_loopback=True, timeout_s=1, clock=scene.clock) as sender:
        yield Hooks(scene.runtime, scene.clock, stream, host, sender)
    async with scene.runtime.work() as work:
        await work.connection.execute(text("DELETE FROM webhook_endpoints"))


@asynccontextmanager
async def told(hooks: Hooks, *types: EventType, **given: Any) -> AsyncIterator[tuple[Receiver, Endpoint, str]]:
    """Register a receiver."""
    async with receiving(**given) as receiver:
        endpoint, secret = await hooks.register(receiver.url, *types)
        yield receiver, endpoint, secret


async def test_what_happens_in_a_show_is_told_signed_and_in_order(hooks: Hooks) -> None:
    async with told(hooks) as (receiver, endpoint, secret):
        await hooks.goes_live()
        async with hooks.runtime.work() as work:
            asked = await ask_question(work, viewer=hooks.host, stream_id=hooks.stream.id, text="Why?", client_id="one")
            await moderate_question(
                work, viewer=hooks.host, question_id=asked.id, expected_version=1, state=QuestionState.APPROVED
            )
        await hooks.ends()
        await hooks.carries()
        ids = {
            "streamId": global_id(Kind.STREAM, hooks.stream.id),
            "titleId": global_id(Kind.TITLE, hooks.stream.title_id),
        }
        bodies = sorted((one.verified(secret) for one in receiver.received), key=lambda body: body["timestamp"])
        assert [(body["type"], body["data"]) for body in bodies] == [
            ("stream.started", ids),
            ("question.approved", {**ids, "questionId": global_id(Kind.QUESTION, asked.id)}),
            ("stream.ended", ids),
        ]
        # What was prepared before the endpoint was registered is not told.
        deliveries = await hooks.deliveries(endpoint)
        assert [one.event_type for one in deliveries] == ["stream.started", "question.approved", "stream.ended"]
        assert {one.state for one in deliveries} == {DeliveryState.DELIVERED}
        assert {one.headers["webhook-id"] for one in receiver.received} == {one.event_id for one in deliveries}
        await hooks.carries()
        assert len(receiver.received) == 3


async def test_streams_that_come_later_are_told_from_their_beginning(hooks: Hooks) -> None:
    async with told(hooks, EventType.STREAM_PREPARED, EventType.STREAM_ENDED) as (receiver, _, _):
        async with hooks.runtime.work() as work:
            await prepare_stream(
                work, viewer=hooks.host, title_id=hooks.stream.title_id, asset_id=hooks.stream.asset_id, name="Next"
            )
        await hooks.goes_live()
        await hooks.carries()
        assert receiver.types() == ["stream.prepared"]


async def test_each_title_is_told_of_its_own_shows_only(hooks: Hooks, scene: GraphScene) -> None:
    async with scene.runtime.work() as work:
        other, host = await create_stream(work)
    async with told(hooks) as (receiver, _, _):
        async with scene.runtime.work() as work:
            await start_stream(work, viewer=host, stream_id=other.id, expected_version=1)
        await hooks.carries()
        assert receiver.received == []


async def test_what_is_refused_is_tried_again_and_nothing_overtakes_it(hooks: Hooks) -> None:
    async with told(hooks, status=500) as (receiver, endpoint, _):
        await hooks.goes_live()
        await hooks.ends()
        await hooks.carries()
        assert receiver.types() == ["stream.started"]
        await hooks.carries()
        assert len(receiver.received) == 1, "it is not time yet"
        receiver.status = 503
        hooks.clock.advance(RETRIES[0].total_seconds() * 1.2)
        await hooks.carries()
        assert receiver.types() == ["stream.started"] * 2
        receiver.status = 204
        hooks.clock.advance(RETRIES[1].total_seconds() * 1.2)
        await hooks.carries()
        assert receiver.types() == ["stream.started"] * 3 + ["stream.ended"]
        assert len({one.headers["webhook-id"] for one in receiver.received[:3]}) == 1
        first, last = await hooks.deliveries(endpoint)
        assert [one.status for one in (await attempts_of(hooks.runtime.reads(), [first.id]))[0]] == [500, 503, 204]
        assert (last.attempts, last.state, last.last_status) == (1, DeliveryState.DELIVERED, 204)
        assert (await hooks.endpoint(endpoint)).failing_since is None


async def test_what_is_about_other_things_does_not_wait(hooks: Hooks) -> None:
    async with told(hooks, status=500) as (receiver, _, _):
        await hooks.goes_live()
        await hooks.carries()
        receiver.status = 200
        async with hooks.runtime.work() as work:
            asked = await ask_question(work, viewer=hooks.host, stream_id=hooks.stream.id, text="Why?", client_id="two")
            await moderate_question(
                work, viewer=hooks.host, question_id=asked.id, expected_version=1, state=QuestionState.APPROVED
            )
        await hooks.ends()
        await hooks.carries()
        assert receiver.types() == ["stream.started", "question.approved"]


async def test_a_receiver_that_hangs_or_restarts_is_told_everything_in_the_end(hooks: Hooks) -> None:
    async with told(hooks, status=None) as (receiver, endpoint, _):
        await hooks.goes_live()
        await hooks.carries()
        await receiver.stop()
        hooks.clock.advance(RETRIES[0].total_seconds() * 1.2)
        await hooks.carries()
        receiver.status = 200
        await receiver.start()
        await hooks.ends()
        hooks.clock.advance(RETRIES[1].total_seconds() * 1.2)
        await hooks.carries()
        assert receiver.types() == ["stream.started", "stream.started", "stream.ended"]
        first = (await hooks.deliveries(endpoint))[0]
        (attempts,) = await attempts_of(hooks.runtime.reads(), [first.id])
        assert [(one.status, (one.error or "").partition(":")[0]) for one in attempts] == [
            (None, "there was no answer in time"), (None, "ConnectError"), (200, ""),
        ]  # fmt: skip


@pytest.mark.parametrize("is_broken", [False, True])
async def test_what_one_courier_has_claimed_is_not_claimed_by_another(
    hooks: Hooks, is_broken: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if is_broken:
        # A claim that has run out as soon as it is made.
        monkeypatch.setattr(domain_delivering, "LEASE", timedelta(0))

    async def claims() -> int:
        async with hooks.runtime.work() as work:
            return len(await domain_delivering.claim_due(work, busy=[], limit=5))

    async with told(hooks):
        await hooks.goes_live()
        await hooks.courier.follow()
        claimed = sum(await asyncio.gather(*(claims() for _ in range(6)))) + await claims()
        assert (claimed == 1) is not is_broken


async def test_many_couriers_tell_everything_once(hooks: Hooks) -> None:
    async with told(hooks, EventType.STREAM_PREPARED) as (receiver, endpoint, _):
        async with hooks.runtime.work() as work:
            for number in range(30):
                await prepare_stream(
                    work, viewer=hooks.host, title_id=hooks.stream.title_id, asset_id=hooks.stream.asset_id,
                    name=f"{number}",
                )  # fmt: skip
        await asyncio.gather(*(hooks.carries(hooks.new_courier()) for _ in range(4)))
        await hooks.carries()
        assert len(receiver.received) == 30
        assert len({one.headers["webhook-id"] for one in receiver.received}) == 30
        assert len(await hooks.deliveries(endpoint)) == 30


async def test_a_courier_that_dies_after_sending_is_followed_by_one_that_sends_the_same_id(
    hooks: Hooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def dies(*_: Any, **__: Any) -> None:
        raise asyncio.CancelledError

    async with told(hooks) as (receiver, _, _):
        await hooks.goes_live()
        with monkeypatch.context() as broken:
            broken.setattr(domain_delivering, "record", dies)
            await hooks.courier.follow()
            await hooks.courier.send()
            while hooks.courier._running:
                await asyncio.wait(hooks.courier._running)
        await hooks.carries()
        assert len(receiver.received) == 1, "the claim has not run out"
        hooks.clock.advance(domain_delivering.LEASE.total_seconds())
        await hooks.carries()
        assert len(receiver.received) == 2
        assert len({one.headers["webhook-id"] for one in receiver.received}) == 1


async def test_what_a_dead_courier_claimed_cannot_be_settled_by_it_later(hooks: Hooks) -> None:
    async with told(hooks, status=500) as (_, endpoint, _):
        await hooks.goes_live()
        await hooks.courier.follow()
        async with hooks.runtime.work() as work:
            (zombie,) = await domain_delivering.claim_due(work, busy=[], limit=5)
        hooks.clock.advance(domain_delivering.LEASE.total_seconds())
        async with hooks.runtime.work() as work:
            (claimed,) = await domain_delivering.claim_due(work, busy=[], limit=5)
            outcome = domain_delivering.Outcome(200, None, 1)
            await domain_delivering.record(work, claimed=zombie, outcome=outcome)
        (delivery,) = await hooks.deliveries(endpoint)
        assert (delivery.state, delivery.attempts) == (DeliveryState.PENDING, claimed.attempts)


async def test_two_secrets_sign_while_one_follows_the_other(hooks: Hooks) -> None:
    async with told(hooks) as (receiver, endpoint, old):
        async with hooks.runtime.work() as work:
            rotated = await rotate_secret(
                work, viewer=hooks.host, keyring=hooks.runtime.keyring, endpoint_id=endpoint.id, expected_version=1
            )
        await hooks.goes_live()
        await hooks.carries()
        for secret in (old, rotated.secret):
            assert receiver.received[0].verified(secret)["type"] == "stream.started"
        hooks.clock.advance(timedelta(days=1).total_seconds())
        await hooks.ends()
        await hooks.carries()
        signatures = receiver.received[1].headers["webhook-signature"].split(" ")
        assert len(signatures) == 1


async def test_no_table_holds_a_secret_that_can_be_read(hooks: Hooks) -> None:
    _, secret = await hooks.register("https://hooks.example.com/")
    async with hooks.runtime.database.read() as connection:
        rows = (await connection.execute(text("SELECT sealed_secret FROM webhook_endpoints"))).scalars().all()
    assert rows
    assert not [row for row in rows if secret.removeprefix("whsec_")[:10].encode() in row]


async def test_an_endpoint_that_fails_for_days_is_disabled_with_a_mail_and_replayed_when_well(
    hooks: Hooks,
) -> None:
    async with told(hooks, status=500) as (receiver, endpoint, _):
        begun = hooks.clock()
        await hooks.goes_live()
        for _ in range(len(RETRIES) + 1):
            await hooks.carries()
            hooks.clock.advance(timedelta(days=1, hours=5).total_seconds())
        disabled = await hooks.endpoint(endpoint)
        assert (disabled.is_enabled, disabled.disabled_reason) == (False, DisabledReason.FAILED_FOR_LONG)
        async with hooks.runtime.database.read() as connection:
            queued = "SELECT count(*) FROM pgqueuer WHERE entrypoint = 'accounts.send_mail' AND payload LIKE :url"
            mails = await connection.execute(text(queued), {"url": f"%{receiver.port}%".encode()})
        assert mails.scalar_one() == 1
        tried = len(receiver.received)
        await hooks.ends()
        await hooks.carries()
        assert len(receiver.received) == tried
        assert [one.state for one in await hooks.deliveries(endpoint)] == [DeliveryState.HELD] * 2
        with pytest.raises(EndpointDisabled):
            async with hooks.runtime.work() as work:
                await replay_range(work, viewer=hooks.host, endpoint_id=endpoint.id, since=begun, until=hooks.clock())
        receiver.status = 200
        await hooks.change(endpoint, is_enabled=True)
        async with hooks.runtime.work() as work:
            again = await replay_range(
                work, viewer=hooks.host, endpoint_id=endpoint.id, since=begun,
                until=hooks.clock() + timedelta(seconds=1),
            )  # fmt: skip
        assert again == 2
        await hooks.carries()
        assert receiver.types()[tried:] == ["stream.started", "stream.ended"]


async def test_a_receiver_that_is_gone_is_not_asked_again(hooks: Hooks) -> None:
    async with told(hooks, status=410) as (receiver, endpoint, _):
        await hooks.goes_live()
        await hooks.carries()
        assert (await hooks.endpoint(endpoint)).disabled_reason is DisabledReason.GONE
        hooks.clock.advance(timedelta(days=1).total_seconds())
        await hooks.carries()
        assert len(receiver.received) == 1


async def test_one_delivery_is_sent_again_with_the_same_id(hooks: Hooks) -> None:
    async with told(hooks) as (receiver, endpoint, _):
        await hooks.goes_live()
        await hooks.carries()
        (delivery,) = await hooks.deliveries(endpoint)
        async with hooks.runtime.work() as work:
            replayed = await replay_delivery(work, viewer=hooks.host, delivery_id=delivery.id)
        assert replayed.state is DeliveryState.PENDING
        await hooks.carries()
        assert [one.headers["webhook-id"] for one in receiver.received] == [delivery.event_id] * 2
        (again,) = await hooks.deliveries(endpoint)
        assert (again.state, again.attempts) == (DeliveryState.DELIVERED, 2)
        with pytest.raises(InvalidInput):
            async with hooks.runtime.work() as work:
                now = hooks.clock()
                await replay_range(work, viewer=hooks.host, endpoint_id=endpoint.id, since=now, until=now)


async def test_a_disabled_endpoint_is_told_nothing_and_keeps_what_happened(hooks: Hooks) -> None:
    async with told(hooks, status=500) as (receiver, endpoint, _):
        await hooks.goes_live()
        await hooks.carries()
        await hooks.change(endpoint, is_enabled=False)
        await hooks.ends()
        hooks.clock.advance(3_600)
        await hooks.carries()
        assert len(receiver.received) == 1
        assert [one.state for one in await hooks.deliveries(endpoint)] == [DeliveryState.HELD] * 2


async def test_a_log_that_begins_anew_is_followed_from_there(hooks: Hooks) -> None:
    async with told(hooks) as (receiver, _, _):
        await hooks.goes_live()
        await hooks.carries()
        async with hooks.runtime.work() as work:
            await begin_epochs(work.connection, limit=100_000)
        await hooks.carries()
        await hooks.ends()
        await hooks.carries()
        assert receiver.types() == ["stream.started", "stream.ended"]


async def test_only_those_who_run_the_shows_of_a_title_manage_its_webhooks(hooks: Hooks) -> None:
    url, keyring = "https://hooks.example.com/", hooks.runtime.keyring
    async with hooks.runtime.work() as work:
        viewer = await create_viewer(work)
    for one, refusal in ((None, SignInRequired), (viewer, Forbidden)):
        with pytest.raises(refusal):
            async with hooks.runtime.work() as work:
                await create_endpoint(
                    work, viewer=one, keyring=keyring, title_id=hooks.stream.title_id, url=url, event_types=ALL
                )
        with pytest.raises(refusal):
            await endpoints_of_title(hooks.runtime.reads(), hooks.stream.title_id, viewer=one)
    endpoint, _ = await hooks.register(url)
    for id in (endpoint.id, UUID(int=0)):
        with pytest.raises(NotFound):
            async with hooks.runtime.work() as work:
                await remove_endpoint(work, viewer=viewer, endpoint_id=id)
        with pytest.raises(NotFound):
            await deliveries_of(hooks.runtime.reads(), id, viewer=viewer, request=PageRequest(limit=1))
        with pytest.raises(NotFound):
            async with hooks.runtime.work() as work:
                await replay_delivery(work, viewer=viewer, delivery_id=id)
    assert await endpoints_of_title(hooks.runtime.reads(), hooks.stream.title_id, viewer=hooks.host) == [endpoint]


async def test_endpoints_are_bounded_and_checked(hooks: Hooks) -> None:
    for url in ("http://hooks.example.com/", "https://127.0.0.2/", "https://10.0.0.1/"):
        with pytest.raises(InvalidInput):
            await hooks.register(url)
    endpoints = [(await hooks.register("https://hooks.example.com/"))[0] for _ in range(ENDPOINTS_MAX)]
    with pytest.raises(TooManyEndpoints):
        await hooks.register("https://hooks.example.com/")
    for change in ({"event_types": []}, {"description": "a\x00"}, {"description": "a" * 201}, {"url": "x"}):
        with pytest.raises(InvalidInput):
            await hooks.change(endpoints[0], **change)
    with pytest.raises(StaleVersion):
        async with hooks.runtime.work() as work:
            await update_endpoint(
                work, viewer=hooks.host, endpoint_id=endpoints[0].id, expected_version=9, change=EndpointChange()
            )
    assert replace(await hooks.endpoint(endpoints[0]), version=1) == endpoints[0]
    async with hooks.runtime.work() as work:
        await remove_endpoint(work, viewer=hooks.host, endpoint_id=endpoints[0].id)
    assert len(await endpoints_of_title(hooks.runtime.reads(), hooks.stream.title_id, viewer=hooks.host)) == 9


async def test_old_deliveries_are_pruned_with_their_attempts(hooks: Hooks) -> None:
    async with told(hooks) as (_, endpoint, _):
        await hooks.goes_live()
        await hooks.carries()
        hooks.clock.advance(100)
        async with hooks.runtime.work() as work:
            assert await prune_deliveries(work, kept=timedelta(seconds=200), limit=10) == 0
            assert await prune_deliveries(work, kept=timedelta(seconds=50), limit=10) == 1
        assert await hooks.deliveries(endpoint) == []


async def test_a_courier_runs_by_itself_until_it_is_stopped(hooks: Hooks) -> None:
    stop = asyncio.Event()
    async with told(hooks) as (receiver, _, _):
        courier = hooks.new_courier()
        courier.look_every_s = 0.02
        running = asyncio.create_task(courier.run(stop))
        await hooks.goes_live()
        await hooks.ends()
        async with asyncio.timeout(10):
            while len(receiver.received) < 2:
                await asyncio.sleep(0.02)
            stop.set()
            await running
        assert receiver.types() == ["stream.started", "stream.ended"]
