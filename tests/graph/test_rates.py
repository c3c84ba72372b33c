"""How much a viewer and an address may ask for: enough for everybody who means well, and an end for the others."""

import json
from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from domain.kernel.refusals import RateLimited
from graph.context import Caller
from graph.rates import ATTEMPT_COST, BURST_S, REFUSED_COST, Buckets, Rates, network_of
from tests.conftest import ScratchDatabases
from tests.graph_scene import GraphScene, open_scene

PER_S = 100


class Seconds:
    """A clock for buckets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_runs_dry_and_fills_again() -> None:
    seconds = Seconds()
    buckets = Buckets(per_s=PER_S, monotonic=seconds)
    for _ in range(int(BURST_S)):
        buckets.take("a", PER_S)
    with pytest.raises(RateLimited) as limited:
        buckets.take("a", 1)
    assert limited.value.retry_after_s == 1.0
    buckets.take("b", 1)
    seconds.now = 0.5
    buckets.take("a", PER_S * 2)
    with pytest.raises(RateLimited) as limited:
        buckets.take("a", 1)
    # What was taken beyond the bottom has to flow in first.
    assert limited.value.retry_after_s == pytest.approx(2.5)
    seconds.now = 1_000
    for _ in range(int(BURST_S)):
        buckets.take("a", PER_S)
    with pytest.raises(RateLimited):
        buckets.take("a", 1)


def test_no_limit_counts_nothing() -> None:
    buckets = Buckets(per_s=0)
    for _ in range(1_000):
        buckets.take("a", 10**9)
    assert not buckets._buckets


def test_buckets_are_bounded_and_forgetting_one_is_no_penalty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graph.rates.BUCKETS_MAX", 100)
    buckets = Buckets(per_s=PER_S, monotonic=Seconds())
    for number in range(10_000):
        buckets.take(str(number), PER_S * BURST_S)
    assert len(buckets._buckets) == 100
    buckets.take("0", 1)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "20010db800010002".lstrip("0")),
        ("2001:db8:1:2:ffff::1", "20010db800010002".lstrip("0")),
        ("fe80::1%eth0", "fe80000000000000"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("", ""),
        ("unix", "unix"),
    ],
)
def test_an_address_counts_as_the_network_that_one_customer_has(address: str, network: str) -> None:
    assert network_of(address) == network


def test_strangers_are_counted_by_address_and_refused_documents_cost_more() -> None:
    rates = Rates.of(viewer_per_s=PER_S, address_per_s=PER_S)
    allowed = 0
    with pytest.raises(RateLimited):
        while True:
            rates.attempt("192.0.2.1")
            rates.refused("192.0.2.1")
            allowed += 1
    assert allowed <= PER_S * BURST_S / REFUSED_COST + 1
    rates.attempt("192.0.2.2")
    with pytest.raises(RateLimited):
        rates.operation(Caller(address="192.0.2.1"), 1)


@pytest.fixture
async def tight(
    scratch_databases: ScratchDatabases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[GraphScene]:
    """An application that lets little through: about a hundred attempts from one address."""
    folder = tmp_path_factory.mktemp("tight")
    changes = {"graphql_rate_viewer": 3, "graphql_rate_address": ATTEMPT_COST * 10}
    async with open_scene(await scratch_databases.create(), folder, **changes) as opened:
        yield opened


async def test_a_viewer_who_asks_too_much_is_told_when_to_come_back(tight: GraphScene) -> None:
    one, other = await tight.person(), await tight.person()
    body = {"query": "{ viewer { id displayName } }"}
    statuses = []
    for _ in range(10):
        response = await tight.client.post(f"{tight.url}/graphql", json=body, headers=one.headers)
        statuses.append(response.status_code)
    assert statuses[0] == 200
    assert response.status_code == 429
    error = response.json()["errors"][0]
    assert error["extensions"]["code"] == "RATE_LIMITED"
    assert 0 < error["extensions"]["retryAfterSeconds"] <= int(response.headers["retry-after"])
    assert response.headers["cache-control"] == "no-store"
    # The same address, somebody else.
    assert (await tight.client.post(f"{tight.url}/graphql", json=body, headers=other.headers)).status_code == 200
    stream = await tight.client.post(
        f"{tight.url}/graphql", json=body, headers={**one.headers, "accept": "text/event-stream"}
    )
    assert (stream.status_code, stream.json()["errors"][0]["extensions"]["code"]) == (429, "RATE_LIMITED")


async def test_wrong_documents_use_up_an_address_and_run_nothing(tight: GraphScene) -> None:
    statuses = []
    for _ in range(12):
        response = await tight.client.post(f"{tight.url}/graphql", json={"query": "{ nothing }"})
        statuses.append(response.status_code)
    assert statuses.count(429) >= 8
    assert response.json()["errors"][0]["extensions"]["code"] == "RATE_LIMITED"


async def test_a_socket_is_held_to_the_same_limits(tight: GraphScene) -> None:
    person = await tight.person()
    url = f"{tight.url.replace('http', 'ws')}/graphql"
    async with connect(url, subprotocols=["graphql-transport-ws"]) as socket:  # type: ignore[list-item]  # a name
        await socket.send(json.dumps({"type": "connection_init", "payload": {"token": person.token}}))
        assert json.loads(await socket.recv())["type"] == "connection_ack"
        codes = []
        for number in range(12):
            payload = {"query": "{ viewer { id displayName } }"}
            await socket.send(json.dumps({"id": str(number), "type": "subscribe", "payload": payload}))
            message = json.loads(await socket.recv())
            if message["type"] == "error":
                codes.append(message["payload"][0]["extensions"]["code"])
            else:
                assert json.loads(await socket.recv())["type"] == "complete"
    assert len(codes) >= 2
    assert set(codes) == {"RATE_LIMITED"}


async def test_opening_sockets_again_and_again_is_an_attempt_each(tight: GraphScene) -> None:
    url = f"{tight.url.replace('http', 'ws')}/graphql"
    closed = None
    for _ in range(150):
        async with connect(url, subprotocols=["graphql-transport-ws"]) as socket:  # type: ignore[list-item]  # a name
            await socket.send(json.dumps({"type": "connection_init"}))
            try:
                await socket.recv()
            except ConnectionClosed as ended:
                closed = ended.rcvd
                break
    assert closed is not None
    assert (closed.code, closed.reason) == (1013, "RATE_LIMITED")
