"""`marquee resync`: after a restore, nobody takes new facts for those that were lost."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from domain.kernel.bus import Bus
from domain.kernel.facts import Fact, Position, Resync, begin_epochs, follow, head
from domain.kernel.work import Database

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class LampLit(Fact):
    number: int


def run_resync(database_url: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run `marquee resync` as an operator would."""
    return subprocess.run(
        [sys.executable, "-m", "edge", "resync"],
        env=os.environ | {"DATABASE_URL": database_url, "DATA_DIR": str(folder)},
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


async def announce(database: Database, bus: Bus, topic: str, numbers: range) -> Position:
    async with database.work(bus=bus) as work:
        for number in numbers:
            await work.announce(topic, LampLit(number))
    async with database.read() as connection:
        position = await head(connection, topic)
    assert position is not None
    return position


async def test_a_follower_of_facts_that_a_restore_lost_is_told_to_resync(
    database: Database, bus: Bus, database_url: str, tmp_path: Path
) -> None:
    seen = await announce(database, bus, "lamps", range(5))
    other = await announce(database, bus, "doors", range(2))
    async with database.work(bus=bus) as work:
        # As a backup has it that was made after the second fact.
        await work.connection.execute(text("DELETE FROM facts WHERE topic = 'lamps' AND \"offset\" > 2"))
        await work.connection.execute(text("UPDATE fact_topics SET head = 2 WHERE topic = 'lamps'"))

    done = run_resync(database_url, tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (
        0, "2 topics began a new epoch. Their subscribers resync within seconds.\n", "",
    )  # fmt: skip

    newest = await announce(database, bus, "lamps", range(100, 104))
    assert (seen.offset, newest.offset) == (5, 6)
    assert await anext(follow(database, bus, "lamps", since=seen)) == Resync(newest)
    async with database.read() as connection:
        unchanged = await head(connection, "doors")
    assert unchanged is not None
    assert (unchanged.offset, unchanged.epoch == other.epoch) == (2, False)


async def test_epochs_begin_a_batch_at_a_time(database: Database, bus: Bus) -> None:
    before = {topic: (await announce(database, bus, topic, range(1))).epoch for topic in ("a", "B", "c", "d", "é")}
    after: str | None = ""
    batches = []
    while after is not None:
        async with database.work(bus=bus) as work:
            renewed = await begin_epochs(work.connection, after=after, limit=2)
        batches.append(renewed.topics)
        after = renewed.next_after
    assert batches == [2, 2, 1]
    async with database.read() as connection:
        heads = {topic: await head(connection, topic) for topic in before}
    assert not [topic for topic, now in heads.items() if now is None or now.epoch == before[topic]]
