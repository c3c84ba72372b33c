"""How many are there: each process counts those who follow a stream through it, exactly, and the counts are added up.

A process says what it has when it changes, and every few seconds that it is still there; what a killed one has said
last is forgotten after ten.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from domain.kernel.work import Reads, Work
from domain.live import store

# How often a process says that it is still there, and for how long it is believed.
SAID_EVERY_S = 3.0
BELIEVED_FOR = timedelta(seconds=10)


def presence_topic(stream_id: UUID) -> str:
    """Return the topic that rings when the number of viewers of a stream has changed."""
    return f"presence:{stream_id}"


async def say_present(work: Work, *, process_id: UUID, viewers: Mapping[UUID, int]) -> None:
    """Say how many viewers of each stream this process has now. Streams that are not named any more have none."""
    before = await store.presences_of_process(work.connection, process_id)
    await store.replace_presences(work.connection, process_id, viewers, now=work.now)
    await store.forget_presences(work.connection, before=work.now - 6 * BELIEVED_FOR)
    for stream_id in {*before, *viewers}:
        if before.get(stream_id, 0) != viewers.get(stream_id, 0):
            work.ring(presence_topic(stream_id))


async def viewer_counts(reads: Reads, stream_ids: Sequence[UUID]) -> list[int]:
    """Return how many viewers streams have, aligned."""
    async with reads.connection() as connection:
        return await store.viewer_counts(connection, stream_ids, since=reads.now - BELIEVED_FOR)
