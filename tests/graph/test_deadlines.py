"""One timer for many time limits: each block is cut off when its own time is up, and no other."""

import asyncio
import time

import pytest

from graph.deadlines import Deadlines

LIMIT_S = 0.05


async def test_a_block_that_takes_too_long_ends_with_a_timeout() -> None:
    deadlines = Deadlines(limit_s=LIMIT_S)
    began = time.monotonic()
    with pytest.raises(TimeoutError), deadlines.limited():
        await asyncio.sleep(60)
    assert time.monotonic() - began >= LIMIT_S
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_a_block_in_time_is_left_alone() -> None:
    deadlines = Deadlines(limit_s=60)
    with deadlines.limited():
        await asyncio.sleep(0)
    assert deadlines._running == {}


async def test_each_has_its_own_time() -> None:
    deadlines = Deadlines(limit_s=LIMIT_S)
    ended: list[str] = []

    async def block(name: str, *, after_s: float) -> None:
        await asyncio.sleep(after_s)
        began = time.monotonic()
        try:
            with deadlines.limited():
                await asyncio.sleep(60)
        except TimeoutError:
            assert time.monotonic() - began >= LIMIT_S
            ended.append(name)

    await asyncio.gather(block("last", after_s=0.06), block("first", after_s=0), block("second", after_s=0.02))
    assert ended == ["first", "second", "last"]
    assert deadlines._running == {}


async def test_who_cancels_from_outside_is_not_answered_with_a_timeout() -> None:
    deadlines = Deadlines(limit_s=60)

    async def block() -> None:
        with deadlines.limited():
            await asyncio.sleep(60)

    task = asyncio.create_task(block())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert deadlines._running == {}


async def test_its_own_errors_come_through() -> None:
    deadlines = Deadlines(limit_s=60)
    with pytest.raises(ValueError, match="mine"), deadlines.limited():
        raise ValueError("mine")
