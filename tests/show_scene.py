"""Shows with people in them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from domain.accounts import Role, Viewer
from domain.drm import choose_provider
from domain.engagement.chat import ChatMessage
from domain.engagement.chatting import send_message
from domain.entitlements import Plan, grant_access
from domain.kernel.bus import Bus
from domain.kernel.crypto import Keyring
from domain.kernel.facts import LoggedFact, read_facts
from domain.kernel.work import Database
from domain.live import Stream
from domain.media.object_store import ObjectStore
from domain.runtime import Runtime
from domain.settings import Settings
from tests.arrange import create_viewer
from tests.conftest import SettableClock
from tests.live_streams import create_live_stream


@dataclass
class Show:
    """A stream that is live, over a database of the test's own, with its editor."""

    runtime: Runtime
    clock: SettableClock
    stream: Stream
    host: Viewer

    async def viewer(self, *roles: Role, plan: Plan | None = None) -> Viewer:
        """Sign a new person in."""
        async with self.runtime.work() as work:
            viewer = await create_viewer(work, roles=frozenset({Role.VIEWER, *roles}))
            if plan is not None:
                await grant_access(work, account_id=viewer.account_id, plan=plan, source="test")
        return viewer

    async def say(self, viewer: Viewer, text: str, client_id: str = "") -> ChatMessage:
        """Send a message."""
        name = client_id or text.encode().hex()[:64]
        return await send_message(self.runtime, viewer=viewer, stream_id=self.stream.id, text=text, client_id=name)

    async def facts(self, topic: str) -> list[LoggedFact]:
        """Return what was announced on a topic."""
        async with self.runtime.database.read() as connection:
            return await read_facts(connection, topic, after=0)

    async def count(self, query: str) -> int:
        """Return a number from the database."""
        async with self.runtime.database.read() as connection:
            return int((await connection.exec_driver_sql(query)).scalar_one())


@pytest.fixture
async def show(database_url: str, tmp_path: Path, clock: SettableClock, keyring: Keyring) -> AsyncIterator[Show]:
    """A show on air."""
    database, settings = Database.connect(database_url), Settings(data_dir=tmp_path, database_url=database_url)
    async with Bus.open(database_url) as bus:
        runtime = Runtime(
            settings=settings,
            database=database,
            bus=bus,
            objects=ObjectStore.open((tmp_path / "media").as_uri()),
            keyring=keyring,
            tools=None,  # type: ignore[arg-type]  # nothing here runs a program
            licences=choose_provider(name="clearkey", public_url=settings.public_url, keyring=keyring),
            clock=clock,
        )
        async with runtime.work() as work:
            stream, host = await create_live_stream(work)
        yield Show(runtime, clock, stream, host)
        await runtime.commits.close()
    await database.close()
