"""Imports and editors at the same channel at once: every slot is accounted for, and none overlaps another."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text

from domain.catalog import TitleKind, create_title
from domain.guide import (
    Counts,
    ImportState,
    Programme,
    SlotOverlaps,
    SlotText,
    import_listings,
    imports_by_id,
    link_channel,
    place_slot,
)
from domain.guide.importing import finish_import, take_in
from domain.guide.store import slots as store
from domain.kernel.bus import Bus
from domain.kernel.work import Database, Reads
from tests.arrange import complete_upload, create_editor
from tests.domain.guide.listings_files import listings, programme, read

OVERLAPPING = """
    SELECT count(*) FROM schedule_slots a JOIN schedule_slots b
    ON a.channel_id = b.channel_id AND a.id < b.id AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at
"""


class Feeds:
    """Two channels in listings, and files that shift their programmes by some minutes."""

    def __init__(self, database: Database, bus: Bus, folder: Path) -> None:
        self.database, self.bus, self.folder = database, bus, folder
        self.base = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)

    async def open(self) -> None:
        async with self.database.work(bus=self.bus) as work:
            self.editor = await create_editor(work)
            self.channels: list[UUID] = []
            for name in ("one", "two"):
                title = await create_title(work, viewer=self.editor, kind=TitleKind.CHANNEL, language="en", name=name)
                await link_channel(work, viewer=self.editor, channel_id=title.id, listings_id=name)
                self.channels.append(title.id)

    async def take(self, shift: int, *, batch: int) -> Counts:
        """Import two days of half hours, beginning some minutes late; each file begins with another channel."""
        names = ("one", "two") if shift % 2 else ("two", "one")
        lines = [
            programme(_written(starts), _written(starts + timedelta(minutes=30)), channel=name)
            for name in names
            for starts in (self.base + timedelta(minutes=30 * number + shift) for number in range(96))
        ]
        outcomes, failed = read(self.folder / f"listings{shift}", listings(*lines))
        assert failed is None
        async with self.database.work(bus=self.bus) as work:
            upload_id, _ = await complete_upload(work, viewer=self.editor, size_bytes=10)
            begun = await import_listings(work, viewer=self.editor, upload_id=upload_id)
        for taken in range(0, len(outcomes), batch):
            async with self.database.work(bus=self.bus) as work:
                piece = outcomes[taken : taken + batch]
                assert await take_in(work, import_id=begun.id, taken=taken, outcomes=piece)
        async with self.database.work(bus=self.bus) as work:
            await finish_import(work, import_id=begun.id)
        (done,) = await imports_by_id(Reads(self.database, now=self.base), [begun.id])
        assert done is not None
        assert (done.state, done.counts.programmes) == (ImportState.DONE, 192)
        return done.counts

    async def place(self, number: int) -> bool:
        starts = self.base + timedelta(minutes=47 * number)
        try:
            async with self.database.work(bus=self.bus) as work:
                await place_slot(
                    work, viewer=self.editor, channel_id=self.channels[number % 2], starts_at=starts,
                    ends_at=starts + timedelta(minutes=20), programme=Programme((SlotText("en", "By hand"),)),
                )  # fmt: skip
        except SlotOverlaps:
            return False
        return True

    async def count(self, statement: str) -> int:
        async with self.database.read() as connection:
            return int((await connection.execute(text(statement))).scalar_one())


async def test_imports_and_editors_at_once_leave_every_slot_accounted_for(
    database: Database, bus: Bus, tmp_path: Path
) -> None:
    feeds = Feeds(database, bus, tmp_path)
    await feeds.open()
    imports = [feeds.take(shift, batch=17 + shift) for shift in (0, 7, 15, 22)]
    *counts, placed = await asyncio.gather(*imports, asyncio.gather(*(feeds.place(number) for number in range(20))))
    slots = await feeds.count("SELECT count(*) FROM schedule_slots")
    assert slots == sum(one.added - one.removed for one in counts) + sum(placed)
    assert await feeds.count("SELECT count(*) FROM schedule_slots WHERE origin = 'EDITOR'") == sum(placed)
    assert await feeds.count(OVERLAPPING) == 0
    assert await feeds.count("SELECT count(DISTINCT slot_id) FROM schedule_slot_texts") == slots


async def test_without_the_channels_lock_the_same_race_is_lost(
    database: Database, bus: Bus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lock_nothing(*_arguments: object) -> None:
        return

    monkeypatch.setattr(store, "lock_channels", lock_nothing)
    feeds = Feeds(database, bus, tmp_path)
    await feeds.open()
    imports = [feeds.take(shift, batch=17 + shift) for shift in (0, 7, 15, 22)]
    results = await asyncio.gather(*imports, return_exceptions=True)
    counts = [one for one in results if isinstance(one, Counts)]
    slots = await feeds.count("SELECT count(*) FROM schedule_slots")
    assert len(counts) < len(imports) or slots != sum(one.added - one.removed for one in counts)
    # Whoever forgets the lock meets the constraint.
    assert await feeds.count(OVERLAPPING) == 0


def _written(at: datetime) -> str:
    return f"{at:%Y%m%d%H%M%S} +0000"
