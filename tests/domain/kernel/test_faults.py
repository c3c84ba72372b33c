"""Faults: what passes by itself becomes Unavailable, what does not stays itself, and broken connections go."""

import asyncio
import traceback
from collections.abc import Awaitable, Callable

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection
from structlog.testing import capture_logs

from domain.kernel.bus import Bus
from domain.kernel.faults import Unsendable
from domain.kernel.hot import fetch_first
from domain.kernel.refusals import Unavailable
from domain.kernel.work import Database
from tests.addresses import with_option

PID = "SELECT pg_backend_pid() AS pid"
Run = Callable[[AsyncConnection, str], Awaitable[object]]


async def by_driver(connection: AsyncConnection, statement: str) -> object:
    return await fetch_first(connection, statement)


async def by_sqlalchemy(connection: AsyncConnection, statement: str) -> object:
    return await connection.execute(text(statement))


both_ways = pytest.mark.parametrize("run", [by_driver, by_sqlalchemy])


@pytest.fixture
def narrow(database_url: str) -> Database:
    """One connection for works and one for reads, so that the next caller gets what the last one left."""
    return Database.connect(database_url, pool_size=1, read_pool_size=1)


async def pid_of_work(database: Database, bus: Bus) -> int:
    async with database.work(bus=bus) as work:
        return int((await work.connection.execute(text(PID))).scalar_one())


async def pid_of_read(database: Database) -> int:
    async with database.read() as connection:
        return int((await connection.execute(text(PID))).scalar_one())


@both_ways
async def test_a_lock_that_cannot_be_had_is_unavailable_and_keeps_the_connection(
    narrow: Database, database_url: str, bus: Bus, run: Run
) -> None:
    async with narrow.work(bus=bus) as work:
        await work.connection.execute(text("CREATE TABLE lamps (id int)"))
    before = await pid_of_work(narrow, bus)
    other = Database.connect(database_url, pool_size=1)
    async with other.work(bus=bus) as holder:
        await holder.connection.execute(text("LOCK TABLE lamps"))
        with pytest.raises(Unavailable):
            async with narrow.work(bus=bus) as work:
                await run(work.connection, "SET LOCAL lock_timeout = '10ms'")
                await run(work.connection, "SELECT * FROM lamps")
        assert await pid_of_work(narrow, bus) == before
    await other.close()
    await narrow.close()


async def test_the_loser_of_a_deadlock_is_told_to_come_back(database: Database, bus: Bus) -> None:
    async with database.work(bus=bus) as work:
        await work.connection.execute(text("CREATE TABLE lamps AS SELECT n, 0 AS lit FROM generate_series(1, 2) n"))
    both = asyncio.Barrier(2)

    async def light(first: int, second: int) -> str:
        try:
            async with database.work(bus=bus) as work:
                await work.connection.execute(text("SET LOCAL deadlock_timeout = '20ms'"))
                await work.connection.execute(text("UPDATE lamps SET lit = lit + 1 WHERE n = :n"), {"n": first})
                await both.wait()
                await work.connection.execute(text("UPDATE lamps SET lit = lit + 1 WHERE n = :n"), {"n": second})
        except Unavailable:
            return "refused"
        return "lit"

    assert sorted(await asyncio.gather(light(1, 2), light(2, 1))) == ["lit", "refused"]
    async with database.read() as connection:
        assert (await connection.execute(text("SELECT lit FROM lamps"))).scalars().all() == [1, 1]


@pytest.mark.parametrize("fault", [FileNotFoundError("no such film"), TimeoutError("the packager")])
async def test_a_fault_of_something_else_stays_itself(narrow: Database, bus: Bus, fault: Exception) -> None:
    before = await pid_of_work(narrow, bus)
    with pytest.raises(type(fault)) as raised:
        async with narrow.work(bus=bus) as work:
            await work.connection.execute(text("CREATE TABLE left_behind ()"))
            raise fault
    assert raised.value is fault
    assert await pid_of_work(narrow, bus) == before
    async with narrow.read() as connection:
        assert (await connection.execute(text("SELECT to_regclass('left_behind')"))).scalar_one() is None
    await narrow.close()


async def test_a_statement_that_cannot_be_run_is_not_blamed_on_the_database(narrow: Database, bus: Bus) -> None:
    with pytest.raises(asyncpg.InterfaceError):
        async with narrow.read() as connection:
            await fetch_first(connection, "SELECT $1::int", 1, 2)
    with pytest.raises(IntegrityError):
        async with narrow.work(bus=bus) as work:
            await work.connection.execute(text("INSERT INTO profiles (id) VALUES (NULL)"))
    with pytest.raises(DBAPIError):
        async with narrow.read() as connection:
            await connection.execute(text("SELECT no_such_column"))
    assert await pid_of_read(narrow)
    await narrow.close()


async def test_a_connection_that_two_tasks_used_is_not_lent_again(narrow: Database) -> None:
    before = await pid_of_read(narrow)
    with pytest.raises(asyncpg.InterfaceError):
        async with narrow.read() as connection:
            await asyncio.gather(
                fetch_first(connection, "SELECT pg_sleep(0.2)"), fetch_first(connection, "SELECT pg_sleep(0.2)")
            )
    assert await pid_of_read(narrow) != before
    await narrow.close()


@both_ways
async def test_a_silent_server_is_unavailable_and_its_connection_goes(
    database_url: str, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    monkeypatch.setattr("domain.kernel.work.COMMAND_TIMEOUT_S", 0.2)
    database = Database.connect(database_url, read_pool_size=1)
    before = await pid_of_read(database)
    with pytest.raises(Unavailable):
        async with database.read() as connection:
            await run(connection, "SELECT pg_sleep(30)")
    assert await pid_of_read(database) != before
    await database.close()


async def test_a_statement_that_its_caller_gave_up_does_not_stay_with_the_next(narrow: Database) -> None:
    before = await pid_of_read(narrow)
    with pytest.raises(TimeoutError):
        async with narrow.read() as connection:
            async with asyncio.timeout(0.05):
                await fetch_first(connection, "SELECT pg_sleep(30)")
    async with asyncio.timeout(5):
        assert await pid_of_read(narrow) != before
    await narrow.close()


async def test_a_migration_under_a_prepared_statement_passes(narrow: Database, database_url: str, bus: Bus) -> None:
    statement = "SELECT * FROM lamps"
    async with narrow.work(bus=bus) as work:
        await fetch_first(work.connection, "CREATE TABLE lamps (id int)")
    async with narrow.work(bus=bus) as work:
        await fetch_first(work.connection, statement)
    admin = await asyncpg.connect(database_url)
    await admin.execute("ALTER TABLE lamps ADD COLUMN room text")
    await admin.close()

    with pytest.raises(Unavailable):
        async with narrow.work(bus=bus) as work:
            await fetch_first(work.connection, statement)

    async with narrow.work(bus=bus) as work:
        assert await fetch_first(work.connection, statement) is None
    await narrow.close()


async def test_a_value_that_cannot_be_sent_is_not_shown_and_costs_no_connection(narrow: Database) -> None:
    before = await pid_of_read(narrow)
    for run in (
        lambda connection: fetch_first(connection, "SELECT $1::text", "sec\udcffret"),
        lambda connection: connection.execute(text("SELECT CAST(:word AS text)"), {"word": "sec\udcffret"}),
    ):
        with pytest.raises(Unsendable, match=r"query argument \$1.* does not fit its type") as raised:
            async with narrow.read() as connection:
                await run(connection)
        shown = traceback.format_exception(raised.value)
        # The stack quotes the source of this test, where the value stands in words.
        assert not [line for line in shown if "sec" in line and "SELECT" not in line]
    assert await pid_of_read(narrow) == before
    await narrow.close()


async def test_a_server_that_cannot_be_reached_is_unavailable() -> None:
    absent = Database.connect("postgresql://marquee@127.0.0.1:1/marquee")
    with capture_logs() as logged, pytest.raises(Unavailable):
        await pid_of_read(absent)
    assert (logged, absent.readers.lent) == ([], 0)


@pytest.mark.parametrize(
    ("option", "reason"),
    [
        ("sslmode=perhaps", "ClientConfigurationError: `sslmode` parameter must be one of"),
        ("no_such_setting=1", "UndefinedObjectError: unrecognized configuration parameter"),
    ],
)
async def test_an_address_that_the_server_refuses_is_unavailable_and_said_in_the_log(
    database_url: str, option: str, reason: str
) -> None:
    wrong = Database.connect(with_option(database_url, option))
    with capture_logs() as logged, pytest.raises(Unavailable):
        await pid_of_read(wrong)
    (line,) = logged
    assert (line["event"], line["log_level"]) == ("database_refused", "error")
    assert line["reason"].startswith(reason)
    assert wrong.readers.lent == 0


async def test_whoever_comes_when_too_many_wait_is_told_at_once(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("domain.kernel.lending.WAITING_PER_PLACE", 3)
    database = Database.connect(database_url, read_pool_size=1)
    async with database.read():
        waiting = [asyncio.create_task(pid_of_read(database)) for _ in range(3)]
        await asyncio.sleep(0)
        async with asyncio.timeout(0.1):
            with pytest.raises(Unavailable):
                await pid_of_read(database)
        waiting.pop().cancel()
        await asyncio.sleep(0)
        # The place in the line of the one who gave up is free again.
        waiting.append(asyncio.create_task(pid_of_read(database)))
        await asyncio.sleep(0)
    assert len(await asyncio.gather(*waiting)) == 3
    assert database.readers.lent == 0
    await database.close()
