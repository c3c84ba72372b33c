"""One PostgreSQL server per test process, one migrated template database, and rolled-back work for each test.

`TEST_DATABASE_URL` names a server to use instead of the embedded one; it must allow CREATE DATABASE.
"""

import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from domain.kernel.bus import Bus
from domain.kernel.crypto import Keyring
from domain.kernel.work import Database, Reads, Work
from edge.local.postgres import LocalPostgres
from migrations import upgrade

TEMPLATE = "marquee_template"


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """The address of a running PostgreSQL server."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="marquee-test-", ignore_cleanup_errors=True) as folder:
        server = LocalPostgres.start(Path(folder) / "postgres", durable=False)
        try:
            yield server.url
        finally:
            server.stop()


def _database_url(server_url: str, name: str) -> str:
    return make_url(server_url).set(database=name).render_as_string(hide_password=False)


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture(scope="session")
async def template(server_url: str) -> str:
    """The name of a migrated database that others are copied from."""
    name = f"{TEMPLATE}_{uuid4().hex[:8]}"
    await _execute(server_url, f'CREATE DATABASE "{name}"')
    await upgrade(_database_url(server_url, name))
    return name


@dataclass
class ScratchDatabases:
    """Makes migrated databases that nobody else uses."""

    server_url: str
    template: str

    async def create(self) -> str:
        """Return the address of a new, migrated, empty database."""
        name = f"t_{uuid4().hex[:12]}"
        # Without fsync, copying the template's files is quicker than writing them to the log.
        await _execute(self.server_url, f'CREATE DATABASE "{name}" TEMPLATE "{self.template}" STRATEGY FILE_COPY')
        return _database_url(self.server_url, name)

    async def drop(self, url: str) -> None:
        """Remove a database: thousands of them would fill the disk."""
        await _execute(self.server_url, f'DROP DATABASE IF EXISTS "{make_url(url).database}" WITH (FORCE)')


@pytest.fixture(scope="session")
def scratch_databases(server_url: str, template: str) -> ScratchDatabases:
    """Where a test gets a database of its own."""
    return ScratchDatabases(server_url, template)


@pytest.fixture(scope="session")
async def shared_url(scratch_databases: ScratchDatabases) -> str:
    """A database shared by all tests that roll back."""
    return await scratch_databases.create()


@pytest.fixture
async def database_url(scratch_databases: ScratchDatabases) -> AsyncIterator[str]:
    """A fresh database for a test that commits."""
    url = await scratch_databases.create()
    yield url
    await scratch_databases.drop(url)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Both pools on a fresh database, for a test that commits."""
    database = Database.connect(database_url)
    yield database
    await database.close()


@pytest.fixture(scope="session")
async def shared_database(shared_url: str) -> AsyncIterator[Database]:
    """Both pools on the shared database; commit nothing there."""
    database = Database.connect(shared_url)
    yield database
    await database.close()


@dataclass
class SettableClock:
    """A clock that moves when told to."""

    instant: datetime = field(default_factory=lambda: datetime(2030, 1, 1, 12, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.instant

    def advance(self, seconds: float) -> None:
        """Move forward."""
        self.instant += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> SettableClock:
    """Noon of the first day of 2030, until told otherwise."""
    return SettableClock()


@pytest.fixture
async def bus(database_url: str) -> AsyncIterator[Bus]:
    """A doorbell line over the test's own database."""
    async with Bus.open(database_url) as bus:
        assert await bus.ready(10)
        yield bus


@pytest.fixture
async def work(shared_database: Database, clock: SettableClock) -> AsyncIterator[Work]:
    """Open work at the clock's instant, rolled back when the test ends."""
    async with shared_database.writes.connect() as connection:
        transaction = await connection.begin()
        yield Work(connection, now=clock())
        await transaction.rollback()


@pytest.fixture
def reads(work: Work) -> Reads:
    """Reads that see what `work` wrote but has not committed."""
    return work.reads()


@pytest.fixture(scope="session")
def keyring() -> Keyring:
    """A keyring with one fixed master key."""
    return Keyring({"test": bytes(range(32))})
