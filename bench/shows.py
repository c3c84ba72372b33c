"""A stream for benches, and somebody who makes things happen in it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from domain.catalog import TitleKind
from domain.kernel.bus import Bus
from domain.kernel.work import Database
from domain.live import StreamChanged, prepare_stream, start_stream, stream_topic
from graph.global_ids import Kind, global_id
from tests.playable import create_playable

# Makes an answer with the usual fields about 400 bytes long.
NAME = "Friday night, live from the big hall: the final round of all " * 3


@dataclass(frozen=True)
class Show:
    """A stream that is on air."""

    stream_id: UUID
    id: str
    title_id: str
    name: str
    database: Database
    bus: Bus

    async def publish(self, count: int) -> None:
        """Tell its followers something, `count` times."""
        async with self.database.work(bus=self.bus) as work:
            for _ in range(count):
                await work.announce(stream_topic(self.stream_id), StreamChanged(self.stream_id, "LIVE"))


@asynccontextmanager
async def open_show(url: str) -> AsyncIterator[Show]:
    """Start a stream of a new channel."""
    database = Database.connect(url)
    try:
        async with Bus.open(url) as bus:
            assert await bus.ready(10)
            async with database.work(bus=bus) as work:
                made = await create_playable(work, kind=TitleKind.CHANNEL)
                stream = await prepare_stream(
                    work, viewer=made.editor, title_id=made.title_id, asset_id=made.asset_id, name=NAME
                )
                await start_stream(work, viewer=made.editor, stream_id=stream.id, expected_version=1)
            id, title_id = global_id(Kind.STREAM, stream.id), global_id(Kind.TITLE, stream.title_id)
            yield Show(stream.id, id, title_id, stream.name, database, bus)
    finally:
        await database.close()
