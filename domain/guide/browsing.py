"""What viewers see of schedules, as batch reads. Whether a channel may be seen is the caller's question."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from domain.catalog import best_text
from domain.guide.slot import NowAndNext, Slot, SlotText, checked_window
from domain.guide.store import slots as store
from domain.kernel.work import Reads


async def schedules_of(
    reads: Reads, channel_ids: Sequence[UUID], *, opens_at: datetime, closes_at: datetime
) -> list[list[Slot]]:
    """Return what is on channels between two instants, in order, aligned; slots come without their texts.

    Raises:
        InvalidInput: the window ends before it begins, or is longer than 8 days.
    """
    opens_at, closes_at = checked_window(opens_at, closes_at)
    async with reads.connection() as connection:
        return await store.schedules(connection, channel_ids, opens_at=opens_at, closes_at=closes_at)


async def now_and_next(reads: Reads, channel_ids: Sequence[UUID]) -> list[NowAndNext]:
    """Return what is on channels at the instant of the reads, and what comes next, aligned; without their texts."""
    async with reads.connection() as connection:
        return await store.now_and_next(connection, channel_ids, now=reads.now)


async def slots_by_id(reads: Reads, ids: Sequence[UUID]) -> list[Slot | None]:
    """Return slots aligned with `ids`."""
    async with reads.connection() as connection:
        return await store.slots_by_id(connection, ids)


async def slot_texts(reads: Reads, slot_ids: Sequence[UUID], *, languages: Sequence[str]) -> list[SlotText | None]:
    """Return every slot's best text for these languages, the first one wanted most; then the channel's language."""
    async with reads.connection() as connection:
        found = await store.texts_of(connection, slot_ids)
    return [best_text(texts, wanted=languages, default=default) for default, texts in found]


async def slot_translations(reads: Reads, slot_ids: Sequence[UUID]) -> list[list[SlotText]]:
    """Return every slot's texts in all languages, by language."""
    async with reads.connection() as connection:
        return [texts for _, texts in await store.texts_of(connection, slot_ids)]


async def listings_ids(reads: Reads, channel_ids: Sequence[UUID]) -> list[str | None]:
    """Return what channels are called in listings, aligned; for editors."""
    async with reads.connection() as connection:
        return await store.listings_ids(connection, channel_ids)
