"""Lending: one connection to one task at a time, none left behind in a state that nobody knows."""

import asyncio

import pytest
from sqlalchemy import text

from domain.kernel.bus import Bus
from domain.kernel.hot import fetch_first
from domain.kernel.refusals import NotFound, Unavailable
from domain.kernel.work import Database

PID = "SELECT pg_backend_pid() AS pid"


async def pid_of_next(database: Database) -> int:
    async with database.read() as connection:
        row = await fetch_first(connection, PID)
    assert row is not None
    return int(row["pid"])


async def test_a_connection_is_lent_again(database: Database) -> None:
    assert await pid_of_next(database) == await pid_of_next(database)
    assert database.readers.lent == 0


async def test_two_tasks_never_share_one(database: Database) -> None:
    async def hold(both: asyncio.Barrier) -> int:
        async with database.read() as connection:
            row = await fetch_first(connection, PID)
            await both.wait()
            assert row is not None
            return int(row["pid"])

    both = asyncio.Barrier(2)
    assert len(set(await asyncio.gather(hold(both), hold(both)))) == 2


async def test_a_caller_does_not_wait_for_ever(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("domain.kernel.work.POOL_WAIT_S", 0.05)
    database = Database.connect(database_url, read_pool_size=1)
    async with database.read():
        with pytest.raises(Unavailable):
            await pid_of_next(database)
    # The place of the one who gave up is free again.
    assert await pid_of_next(database)
    await database.close()


async def test_a_refusal_keeps_the_connection(database: Database) -> None:
    before = await pid_of_next(database)
    with pytest.raises(NotFound):
        async with database.read():
            raise NotFound("title", "x")
    assert await pid_of_next(database) == before


async def test_a_cancelled_statement_does_not_stay_with_the_next_caller(database: Database) -> None:
    started = asyncio.Event()

    async def sleep_long() -> None:
        async with database.read() as connection:
            started.set()
            await fetch_first(connection, "SELECT pg_sleep(30)")

    before = await pid_of_next(database)
    task = asyncio.create_task(sleep_long())
    await started.wait()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(5):
        assert await pid_of_next(database) != before
    assert database.readers.lent == 0


async def test_a_connection_that_the_server_closed_is_not_lent(database: Database) -> None:
    gone = await pid_of_next(database)
    async with database.writes.connect() as other:
        await other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": gone})
    async with asyncio.timeout(5):
        while not _is_closed(database):
            await asyncio.sleep(0.005)
    assert await pid_of_next(database) != gone


async def test_what_was_read_through_sqlalchemy_leaves_no_transaction(database: Database) -> None:
    async with database.read() as connection:
        await connection.execute(text("SELECT 1"))
        assert connection.in_transaction()
    async with database.read() as connection:
        assert not connection.in_transaction()


async def test_work_that_raises_leaves_nothing(database: Database, bus: Bus) -> None:
    with pytest.raises(NotFound):
        async with database.work(bus=bus) as work:
            await work.connection.execute(text("CREATE TABLE left_behind ()"))
            raise NotFound("title", "x")
    async with database.work(bus=bus) as work:
        row = await fetch_first(work.connection, "SELECT to_regclass('left_behind') AS name")
    assert row is not None
    assert row["name"] is None


async def test_a_transaction_is_one_whichever_way_its_statements_go(database: Database, bus: Bus) -> None:
    async with database.work(bus=bus) as work:
        await fetch_first(work.connection, "CREATE TABLE mixed (n int)")
        await work.connection.execute(text("INSERT INTO mixed VALUES (1)"))
        await fetch_first(work.connection, "INSERT INTO mixed VALUES (2)")
        row = await fetch_first(work.connection, "SELECT count(*) AS n, pg_current_xact_id() AS xact FROM mixed")
        again = (await work.connection.execute(text("SELECT pg_current_xact_id()"))).scalar_one()
    assert row is not None
    assert (row["n"], str(row["xact"])) == (2, str(again))
    async with database.read() as connection:
        row = await fetch_first(connection, "SELECT count(*) AS n FROM mixed")
    assert row is not None
    assert row["n"] == 2


async def test_a_connection_lent_while_the_database_closes_is_closed_when_it_comes_back(database_url: str) -> None:
    database = Database.connect(database_url)
    async with database.read() as connection:
        await database.close()
        row = await fetch_first(connection, PID)
    assert row is not None
    assert connection.closed


def _is_closed(database: Database) -> bool:
    (idle,) = database.readers._idle
    assert idle.sync_connection is not None
    driver = idle.sync_connection.connection.driver_connection
    return bool(driver is not None and driver.is_closed())
