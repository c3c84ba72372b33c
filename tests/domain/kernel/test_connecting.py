"""Addresses of the database as operators and vendors write them, with options behind the `?`."""

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from domain.kernel.bus import Bus
from domain.kernel.work import Database
from migrations import upgrade
from tests.addresses import with_option


@pytest.mark.parametrize("option", ["sslmode=disable", "sslmode=prefer", "target_session_attrs=any"])
async def test_an_option_of_the_address_is_the_drivers_to_read(database_url: str, option: str) -> None:
    url = with_option(database_url, option)
    database = Database.connect(url)
    async with Bus.open(url) as bus:
        async with database.work(bus=bus) as work:
            assert (await work.connection.execute(text("SELECT 1"))).scalar_one() == 1
        async with database.read() as connection:
            assert (await connection.execute(text("SELECT 2"))).scalar_one() == 2
        assert await bus.ready(10)
    await database.close()


async def test_a_setting_in_the_address_has_the_last_word(database_url: str) -> None:
    database = Database.connect(with_option(database_url, "application_name=berlin-2"))
    async with database.read() as connection:
        shown = [await connection.execute(text(f"SHOW {name}")) for name in ("application_name", "lock_timeout")]
    assert [row.scalar_one() for row in shown] == ["berlin-2", "5s"]
    await database.close()


async def test_migrations_take_the_same_addresses(server_url: str) -> None:
    admin = await asyncpg.connect(server_url)
    await admin.execute("CREATE DATABASE migrated_by_an_address_with_options")
    name = await admin.fetchval("SELECT current_database()")
    await admin.close()
    url = server_url.replace(f"/{name}", "/migrated_by_an_address_with_options", 1)

    await upgrade(with_option(url, "sslmode=prefer&application_name=release"))

    migrated = await asyncpg.connect(url)
    assert await migrated.fetchval("SELECT to_regclass('facts') IS NOT NULL")
    await migrated.close()


async def test_of_several_hosts_the_one_that_answers_is_taken(database_url: str) -> None:
    given = make_url(database_url)
    host, port = given.query.get("host", given.host), given.query.get("port", given.port or 5432)
    several = given.set(host=None, port=None).update_query_dict({"host": f"127.0.0.1,{host}", "port": f"1,{port}"})
    database = Database.connect(several.render_as_string(hide_password=False))
    async with database.read() as connection:
        assert (await connection.execute(text("SELECT 1"))).scalar_one() == 1
    await database.close()
