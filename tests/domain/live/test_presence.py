"""Viewers are counted by process and added up; what a process that is gone has said is forgotten."""

from datetime import timedelta
from uuid import uuid4

from domain.kernel.work import Reads, Work
from domain.live import presence_topic, say_present, viewer_counts


async def test_counts_of_processes_add_up_and_a_process_replaces_its_own(work: Work) -> None:
    first, second, here, there = uuid4(), uuid4(), uuid4(), uuid4()
    await say_present(work, process_id=here, viewers={first: 3, second: 1})
    await say_present(work, process_id=there, viewers={first: 4})
    assert await viewer_counts(work.reads(), [first, second, uuid4()]) == [7, 1, 0]
    await say_present(work, process_id=here, viewers={first: 5})
    assert await viewer_counts(work.reads(), [second, first]) == [0, 9]


async def test_only_what_has_changed_rings(work: Work) -> None:
    first, second, here = uuid4(), uuid4(), uuid4()
    await say_present(work, process_id=here, viewers={first: 3, second: 1})
    assert work.rung == {presence_topic(first), presence_topic(second)}
    again = Work(work.connection, now=work.now)
    await say_present(again, process_id=here, viewers={first: 3})
    assert again.rung == {presence_topic(second)}


async def test_a_process_that_says_nothing_any_more_is_not_believed(work: Work) -> None:
    stream, gone, here = uuid4(), uuid4(), uuid4()
    await say_present(work, process_id=gone, viewers={stream: 3})
    later = Work(work.connection, now=work.now + timedelta(seconds=11))
    await say_present(later, process_id=here, viewers={stream: 2})
    assert await viewer_counts(Reads(work.lent, now=later.now), [stream]) == [2]
