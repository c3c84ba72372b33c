"""Writes of many callers go together, and each caller gets its own outcome."""

import asyncio
from collections.abc import Sequence

import pytest

from domain.kernel import group_commit as module
from domain.kernel.group_commit import OF_KEY_MAX, GroupCommits, GroupCommitter
from domain.kernel.refusals import InvalidInput, RateLimited, Refusal, Unavailable


class Table:
    """What is written to: each flush waits until it may end, and the outcome of an item is its length."""

    def __init__(self) -> None:
        self.flushed: list[list[str]] = []
        self.may_end = asyncio.Event()
        self.fault: Exception | None = None

    async def flush(self, items: Sequence[str]) -> list[int | Refusal]:
        self.flushed.append(list(items))
        await self.may_end.wait()
        if self.fault is not None:
            raise self.fault
        return [InvalidInput("item", item) if item.startswith("bad") else len(item) for item in items]


def committing(table: Table, **bounds: int) -> GroupCommitter[str, int]:
    return GroupCommitter(table.flush, key=lambda item: item, **bounds)


def submitting(committer: GroupCommitter[str, int], *items: str) -> "list[asyncio.Task[int]]":
    return [asyncio.create_task(committer.submit(item)) for item in items]


async def begun(table: Table, count: int) -> None:
    async with asyncio.timeout(5):
        while len(table.flushed) < count:
            await asyncio.sleep(0)


async def test_who_comes_during_a_flush_goes_with_the_next() -> None:
    table = Table()
    committer = committing(table)
    first = submitting(committer, "a")
    await begun(table, 1)
    later = submitting(committer, "bb", "bad", "ccc")
    await asyncio.sleep(0)
    assert table.flushed == [["a"]]
    table.may_end.set()
    assert await asyncio.gather(*first, *later, return_exceptions=True) == [1, 2, later[1].exception(), 3]
    assert isinstance(later[1].exception(), InvalidInput)
    assert table.flushed == [["a"], ["bb", "bad", "ccc"]]


async def test_nobody_is_answered_before_the_flush_has_ended() -> None:
    table = Table()
    (task,) = submitting(committing(table), "a")
    await begun(table, 1)
    assert not task.done()
    table.may_end.set()
    assert await task == 1


async def test_groups_have_a_size_and_the_queue_an_end() -> None:
    table = Table()
    committer = committing(table, flush_max=2, waiting_max=3)
    first = submitting(committer, "a")
    await begun(table, 1)
    waiting = submitting(committer, "b", "c", "d", "e")
    await asyncio.sleep(0)
    with pytest.raises(Unavailable) as refused:
        await waiting[3]
    assert refused.value.retry_after_s == module.RETRY_AFTER_S
    table.may_end.set()
    await asyncio.gather(*first, *waiting[:3])
    assert table.flushed == [["a"], ["b", "c"], ["d"]]


async def test_items_of_one_key_go_one_to_a_flush_and_few_of_them_wait() -> None:
    table = Table()
    committer = committing(table)
    same = submitting(committer, *["a"] * (OF_KEY_MAX + 1), "b", "c")
    await begun(table, 1)
    with pytest.raises(RateLimited):
        await same[OF_KEY_MAX]
    table.may_end.set()
    await asyncio.gather(*same[:OF_KEY_MAX], *same[OF_KEY_MAX + 1 :])
    assert table.flushed == [["a", "b", "c"], *[["a"]] * (OF_KEY_MAX - 1)]
    assert committer._behind == {}
    assert await committer.submit("a") == 1


async def test_a_second_group_goes_beside_the_first_when_it_is_full() -> None:
    table = Table()
    committer = committing(table, flush_max=2, at_once=2)
    tasks = submitting(committer, "a")
    await begun(table, 1)
    tasks += submitting(committer, "b")
    await asyncio.sleep(0)
    assert table.flushed == [["a"]]
    # The one of the key that is on its way waits for it, and is none of the full group.
    tasks += submitting(committer, "a", "c", "d", "e", "f", "g")
    await begun(table, 2)
    await asyncio.sleep(0)
    assert table.flushed == [["a"], ["b", "c"]]
    table.may_end.set()
    await asyncio.gather(*tasks)
    assert sorted(item for group in table.flushed for item in group) == ["a", "a", "b", "c", "d", "e", "f", "g"]
    assert committer._behind == {}


async def test_a_failed_flush_fails_its_callers_and_no_others() -> None:
    table = Table()
    committer = committing(table)
    table.fault = Unavailable(3)
    failed = submitting(committer, "a", "b")
    await begun(table, 1)
    table.may_end.set()
    found = await asyncio.gather(*failed, return_exceptions=True)
    assert [(type(one), one.retry_after_s) for one in found if isinstance(one, Unavailable)] == [(Unavailable, 3)] * 2
    assert found[0] is not found[1]
    table.fault = ValueError("a mistake")
    with pytest.raises(ValueError, match="a mistake"):
        await committer.submit("c")
    table.fault = None
    assert await committer.submit("dd") == 2
    assert table.flushed == [["a", "b"], ["c"], ["dd"]]


async def test_a_caller_that_leaves_harms_nobody() -> None:
    table = Table()
    committer = committing(table)
    flushing = submitting(committer, "a", "b")
    await begun(table, 1)
    waiting = submitting(committer, "c", "d")
    await asyncio.sleep(0)
    flushing[0].cancel()
    waiting[0].cancel()
    await asyncio.sleep(0)
    table.may_end.set()
    assert await asyncio.gather(flushing[1], waiting[1]) == [1, 1]
    # What is on its way is written; who left before is not.
    assert table.flushed == [["a", "b"], ["d"]]
    assert await committer.submit("a") == 1


async def test_at_the_end_what_waits_is_written_and_nothing_new_is_taken() -> None:
    table, commits = Table(), GroupCommits()
    committer = commits.of("table", lambda: committing(table))
    assert commits.of("table", lambda: committing(Table())) is committer
    tasks = submitting(committer, "a")
    await begun(table, 1)
    tasks += submitting(committer, "b")
    await asyncio.sleep(0)
    closing = asyncio.create_task(commits.close())
    # A step for the registry, and one for the committer.
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await committer.submit("c")
    table.may_end.set()
    await closing
    assert await asyncio.gather(*tasks) == [1, 1]
    assert table.flushed == [["a"], ["b"]]


async def test_a_flush_that_never_ends_is_given_up_at_the_end() -> None:
    table = Table()
    committer = committing(table, flush_max=1)
    tasks = submitting(committer, "a", "b")
    await begun(table, 1)
    await committer.close(timeout_s=0)
    for task in tasks:
        with pytest.raises(Unavailable):
            await task
