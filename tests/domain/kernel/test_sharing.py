"""What requests share: one load for all who come together, dropped by a ring or by time."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from domain.kernel.sharing import Shared

NOW = datetime(2030, 1, 1, tzinfo=UTC)


class Counted:
    """A load that counts its runs, and waits where told to."""

    def __init__(self) -> None:
        self.runs = 0
        self.may_end = asyncio.Event()
        self.may_end.set()

    async def __call__(self) -> int:
        self.runs += 1
        run = self.runs
        await self.may_end.wait()
        return run


async def test_a_value_is_kept_until_a_ring_or_its_time() -> None:
    shared, load = Shared(kept_for=timedelta(seconds=5)), Counted()

    async def at(seconds: float, rings: int) -> int:
        return await shared.get("key", load, rings=rings, now=NOW + timedelta(seconds=seconds))

    assert [await at(0, 0), await at(4.9, 0), await at(5, 0), await at(5, 1), await at(0, 1)] == [1, 1, 2, 3, 4]


async def test_callers_that_come_together_share_one_load_and_one_that_leaves_does_not_end_it() -> None:
    shared, load = Shared(), Counted()
    load.may_end.clear()
    waiting = [asyncio.create_task(shared.get("key", load, rings=0, now=NOW)) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    load.may_end.set()
    assert await asyncio.gather(*waiting[1:]) == [1, 1]
    assert waiting[0].cancelled()


async def test_what_failed_is_tried_again() -> None:
    shared, load = Shared(), Counted()

    async def fail() -> int:
        raise OSError("away")

    with pytest.raises(OSError, match="away"):
        await shared.get("key", fail, rings=0, now=NOW)
    assert await shared.get("key", load, rings=0, now=NOW) == 1


async def test_no_more_is_kept_than_there_is_room_for() -> None:
    shared, load = Shared(size=2), Counted()
    for key in ("a", "b", "a", "c", "a", "b"):
        await shared.get(key, load, rings=0, now=NOW)
    assert load.runs == 4
