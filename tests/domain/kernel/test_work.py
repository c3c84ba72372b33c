"""A work is one transaction: all of it or nothing, and doorbells only after the commit."""

import asyncio
from dataclasses import dataclass

import pytest
from sqlalchemy import text

from domain.kernel.bus import Bus
from domain.kernel.facts import Fact, LoggedFact, Position, Resync, follow, head, read_facts
from domain.kernel.jobs import JOBS_TOPIC, Job
from domain.kernel.refusals import Unavailable
from domain.kernel.work import Database


@dataclass(frozen=True)
class LampLit(Fact):
    room: str


class Interrupted(Exception):
    pass


async def test_a_work_that_raises_leaves_no_fact(database: Database, bus: Bus) -> None:
    with pytest.raises(Interrupted):
        async with database.work(bus=bus) as work:
            await work.announce("lamps", LampLit("hall"))
            await work.write_facts()
            raise Interrupted

    async with database.read() as connection:
        assert await head(connection, "lamps") is None


async def test_a_work_that_raises_rings_nobody(database: Database, bus: Bus) -> None:
    before = (bus.rings("lamps"), bus.rings(JOBS_TOPIC), bus.rings("hall"))
    with pytest.raises(Interrupted):
        async with database.work(bus=bus) as work:
            await work.announce("lamps", LampLit("hall"))
            await work.enqueue(Job("dust", {}))
            work.ring("hall")
            raise Interrupted
    assert (bus.rings("lamps"), bus.rings(JOBS_TOPIC), bus.rings("hall")) == before

    async with database.work(bus=bus) as work:
        await work.announce("lamps", LampLit("hall"))
        assert bus.rings("lamps") == before[0], "nobody may look before the commit"
    assert bus.rings("lamps") == before[0] + 1


async def test_topics_are_locked_in_one_order_whatever_order_they_were_announced_in(
    database: Database, bus: Bus
) -> None:
    async with database.work(bus=bus) as work:
        for topic in ("attic", "cellar"):
            await work.announce(topic, LampLit(topic))

    async def announce_backwards() -> None:
        async with database.work(bus=bus) as work:
            await work.announce("cellar", LampLit("cellar"))
            await work.announce("attic", LampLit("attic"))

    async with database.work(bus=bus) as holder:
        await holder.connection.execute(text("SELECT 1 FROM fact_topics WHERE topic = 'attic' FOR UPDATE"))
        writing = asyncio.create_task(announce_backwards())
        async with database.read() as connection:
            async with asyncio.timeout(5):
                while not (await connection.execute(text("SELECT 1 FROM pg_locks WHERE NOT granted"))).first():
                    await asyncio.sleep(0.01)
        # It waits for the first topic and holds no later one, so nobody can wait for it in turn.
        await holder.connection.execute(text("SELECT 1 FROM fact_topics WHERE topic = 'cellar' FOR UPDATE NOWAIT"))
    await writing


async def test_facts_are_numbered_from_one_without_gaps_under_concurrent_writers(database: Database, bus: Bus) -> None:
    async def light(number: int) -> None:
        async with database.work(bus=bus) as work:
            await work.announce("lamps", LampLit(str(number)))
            await work.announce(f"lamp:{number % 2}", LampLit(str(number)))

    await asyncio.gather(*(light(number) for number in range(40)))

    async with database.read() as connection:
        facts = await read_facts(connection, "lamps", after=0)
    assert [fact.position.offset for fact in facts] == list(range(1, 41))
    assert sorted(int(str(fact.body["room"])) for fact in facts) == list(range(40))


async def test_a_follower_gets_old_and_new_facts_once_and_in_order(database: Database, bus: Bus) -> None:
    async with database.work(bus=bus) as work:
        await work.announce("lamps", LampLit("hall"))
    async with database.read() as connection:
        newest = await head(connection, "lamps")
    assert newest is not None
    facts = follow(database, bus, "lamps", since=Position(newest.epoch, 0), poll_s=30)

    first = await anext(facts)
    async with database.work(bus=bus) as work:
        await work.announce("lamps", LampLit("attic"))
        await work.announce("lamps", LampLit("cellar"))
    async with asyncio.timeout(5):
        rest = [await anext(facts), await anext(facts)]

    seen = [item for item in (first, *rest) if isinstance(item, LoggedFact)]
    assert [fact.body["room"] for fact in seen] == ["hall", "attic", "cellar"]
    await facts.aclose()  # type: ignore[attr-defined]  # follow is an async generator


async def test_a_follower_of_another_epoch_is_told_to_resync(database: Database, bus: Bus) -> None:
    async with database.work(bus=bus) as work:
        await work.announce("lamps", LampLit("hall"))
        stranger = Position(epoch=work.new_id(), offset=1)

    told = await anext(follow(database, bus, "lamps", since=stranger))

    assert isinstance(told, Resync)
    assert told.position.offset == 1


async def test_a_follower_whose_place_was_trimmed_is_told_to_resync(database: Database, bus: Bus) -> None:
    async with database.work(bus=bus) as work:
        for room in ("hall", "attic", "cellar"):
            await work.announce("lamps", LampLit(room))
    async with database.work(bus=bus) as work:
        await work.connection.execute(text('DELETE FROM facts WHERE "offset" <= 2'))
        epoch = (await work.connection.execute(text("SELECT epoch FROM fact_topics"))).scalar_one()

    told = await anext(follow(database, bus, "lamps", since=Position(epoch, 1)))

    assert told == Resync(Position(epoch, 3))


async def test_a_lost_connection_is_refused_as_unavailable_and_the_next_call_works(
    database: Database, bus: Bus
) -> None:
    with pytest.raises(Unavailable):
        async with database.work(bus=bus) as work:
            await work.connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    async with database.work(bus=bus) as work:
        assert (await work.connection.execute(text("SELECT 1"))).scalar_one() == 1


async def test_a_full_pool_is_refused_as_unavailable(
    database_url: str, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("domain.kernel.work.POOL_WAIT_S", 0.05)
    small = Database.connect(database_url, pool_size=1, read_pool_size=1)
    async with small.read():
        with pytest.raises(Unavailable):
            async with small.read():
                raise AssertionError("a second connection was lent from a pool of one")
    await small.close()
