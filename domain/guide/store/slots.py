"""Channels, their slots, and the texts of slots."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    any_,
    bindparam,
    delete,
    exists,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.guide.slot import SLOT_MAX, SLOTS_SHOWN_MAX, NowAndNext, Programme, Slot, SlotId, SlotOrigin, SlotText
from domain.kernel.hot import fetch_all
from domain.kernel.tables import metadata

channels = Table(
    "channels",
    metadata,
    Column("title_id", Uuid, ForeignKey("titles.id", ondelete="CASCADE"), primary_key=True),
    Column("listings_id", Text, unique=True),
    CheckConstraint("length(listings_id) BETWEEN 1 AND 200", name="listings_id"),
)

# The migration adds what no two slots of a channel may do: overlap.
slots = Table(
    "schedule_slots",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("channel_id", Uuid, ForeignKey("channels.title_id", ondelete="CASCADE"), nullable=False),
    Column("starts_at", DateTime(timezone=True), nullable=False),
    Column("ends_at", DateTime(timezone=True), nullable=False, index=True),
    Column("title_id", Uuid, ForeignKey("titles.id", ondelete="SET NULL"), index=True),
    Column("season_number", SmallInteger),
    Column("episode_number", SmallInteger),
    Column("production_year", SmallInteger),
    Column("is_premiere", Boolean, nullable=False),
    Column("is_repeat", Boolean, nullable=False),
    Column("origin", Text, nullable=False),
    Column("version", Integer, nullable=False),
    CheckConstraint("season_number BETWEEN 1 AND 9999", name="season_number"),
    CheckConstraint("episode_number BETWEEN 1 AND 9999", name="episode_number"),
    CheckConstraint("production_year BETWEEN 1878 AND 2200", name="production_year"),
    CheckConstraint("origin IN ('EDITOR', 'IMPORT')", name="origin"),
    CheckConstraint("version >= 1", name="version"),
    CheckConstraint("ends_at > starts_at AND ends_at - starts_at <= interval '24 hours'", name="time"),
    UniqueConstraint("channel_id", "starts_at"),
)

slot_texts = Table(
    "schedule_slot_texts",
    metadata,
    Column("slot_id", Uuid, ForeignKey("schedule_slots.id", ondelete="CASCADE"), primary_key=True),
    Column("language", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("subtitle", Text, nullable=False),
    Column("synopsis", Text, nullable=False),
    CheckConstraint("language ~ '^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$'", name="language"),
    CheckConstraint("length(name) BETWEEN 1 AND 200", name="name"),
    CheckConstraint("length(subtitle) <= 200", name="subtitle"),
    CheckConstraint("length(synopsis) <= 5000", name="synopsis"),
)


async def add_channel(connection: AsyncConnection, channel_id: UUID) -> None:
    """Give a title a schedule, if it has none."""
    await connection.execute(upsert(channels).values(title_id=channel_id).on_conflict_do_nothing())


async def lock_channels(connection: AsyncConnection, channel_ids: Iterable[UUID]) -> None:
    """Lock channels until the work ends: whoever puts slots on a channel holds it. Always in one order."""
    wanted = select(channels.c.title_id).where(channels.c.title_id.in_(list(channel_ids)))
    await connection.execute(wanted.order_by(channels.c.title_id).with_for_update(key_share=True))


async def link_channel(connection: AsyncConnection, channel_id: UUID, listings_id: str | None) -> bool:
    """Set what a locked channel is called in listings. False when another one is called so."""
    statement = update(channels).where(channels.c.title_id == channel_id).values(listings_id=listings_id)
    if listings_id is not None:
        taken = exists().where(channels.c.listings_id == listings_id, channels.c.title_id != channel_id)
        statement = statement.where(~taken.correlate(None))
    return (await connection.execute(statement.returning(channels.c.title_id))).first() is not None


async def lock_links(connection: AsyncConnection) -> None:
    """Let nobody else link channels until the work ends."""
    await connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('guide.links', 0))"))


async def channels_by_listings_id(connection: AsyncConnection, listings_ids: Sequence[str]) -> dict[str, UUID]:
    """Return which channels are called so in listings."""
    wanted = channels.c.listings_id == any_(bindparam("ids", type_=ARRAY(Text)))
    named = select(channels.c.listings_id, channels.c.title_id).where(wanted)
    return {row.listings_id: row.title_id for row in await connection.execute(named, {"ids": listings_ids})}


async def listings_ids(connection: AsyncConnection, channel_ids: Sequence[UUID]) -> list[str | None]:
    """Return what channels are called in listings, aligned."""
    rows = await connection.execute(select(channels).where(channels.c.title_id.in_(channel_ids)))
    found = {row.title_id: row.listings_id for row in rows}
    return [found.get(id) for id in channel_ids]


async def insert_slots(connection: AsyncConnection, new: Sequence[Slot]) -> None:
    """Insert slots and their texts; the caller holds the channels and has made room."""
    if new:
        await connection.execute(insert(slots), [{"id": slot.id, "version": 1, **_columns(slot)} for slot in new])
        await _insert_texts(connection, new)


async def change_slots(connection: AsyncConnection, changed: Sequence[Slot]) -> None:
    """Write slots over those with their ids, and move these to their next version."""
    if changed:
        values = [{"slot": slot.id, **_columns(slot)} for slot in changed]
        statement = update(slots).where(slots.c.id == bindparam("slot")).values(version=slots.c.version + 1)
        await connection.execute(
            statement.values({name: bindparam(name) for name in values[0] if name != "slot"}), values
        )
        await connection.execute(delete(slot_texts).where(slot_texts.c.slot_id.in_([slot.id for slot in changed])))
        await _insert_texts(connection, changed)


async def delete_slots(connection: AsyncConnection, ids: Sequence[UUID]) -> None:
    """Delete slots with their texts."""
    if ids:
        await connection.execute(delete(slots).where(slots.c.id.in_(ids)))


async def prune_slots(connection: AsyncConnection, *, before: datetime, limit: int) -> int:
    """Delete up to `limit` slots that were over before an instant; return how many."""
    over = select(slots.c.id).where(slots.c.ends_at < before).order_by(slots.c.ends_at).limit(limit)
    return (await connection.execute(delete(slots).where(slots.c.id.in_(over)))).rowcount


async def slots_by_id(connection: AsyncConnection, ids: Sequence[UUID]) -> list[Slot | None]:
    """Return slots aligned with `ids`."""
    rows = (await connection.execute(select(slots).where(slots.c.id.in_(ids)))).mappings().all()
    found = {slot.id: slot for slot in await _with_texts(connection, rows)}
    return [found.get(SlotId(id)) for id in ids]


# Slots of one channel do not overlap and last at most a day: those that end after an instant start at most a day
# before it, which is what makes an index on their starts enough.
_TOUCHING = """
    SELECT DISTINCT s.* FROM unnest(CAST($1 AS uuid[]), CAST($2 AS timestamptz[]), CAST($3 AS timestamptz[]))
        AS w (channel_id, starts_at, ends_at)
    JOIN schedule_slots s ON s.channel_id = w.channel_id AND s.starts_at < w.ends_at AND s.ends_at > w.starts_at
        AND s.starts_at > w.starts_at - CAST($4 AS interval)
    ORDER BY s.channel_id, s.starts_at
"""


async def touching(connection: AsyncConnection, windows: Sequence[tuple[UUID, datetime, datetime]]) -> list[Slot]:
    """Return the slots that share an instant with any of these times of channels, by channel and start."""
    if not windows:
        return []
    rows = await fetch_all(connection, _TOUCHING, *(list(column) for column in zip(*windows, strict=True)), SLOT_MAX)
    return await _with_texts(connection, rows)


# For each channel by itself: a week of one must not crowd out the others.
_SHOWN = """
    SELECT s.* FROM unnest(CAST($1 AS uuid[])) AS c (channel_id) CROSS JOIN LATERAL (
        SELECT * FROM schedule_slots
        WHERE channel_id = c.channel_id AND starts_at < $3 AND ends_at > $2
            AND starts_at > CAST($2 AS timestamptz) - CAST($4 AS interval)
        ORDER BY starts_at LIMIT $5
    ) s
"""


async def schedules(
    connection: AsyncConnection, channel_ids: Sequence[UUID], *, opens_at: datetime, closes_at: datetime
) -> list[list[Slot]]:
    """Return what channels show between two instants, in order, without texts; aligned."""
    rows = await fetch_all(connection, _SHOWN, list(channel_ids), opens_at, closes_at, SLOT_MAX, SLOTS_SHOWN_MAX)
    found: dict[UUID, list[Slot]] = {}
    for row in rows:
        found.setdefault(row["channel_id"], []).append(_slot(row, ()))
    return [found.get(id, []) for id in channel_ids]


_NOW_AND_NEXT = """
    SELECT s.* FROM unnest(CAST($1 AS uuid[])) AS c (channel_id) CROSS JOIN LATERAL (
        SELECT * FROM schedule_slots
        WHERE channel_id = c.channel_id AND ends_at > $2
            AND starts_at > CAST($2 AS timestamptz) - CAST($3 AS interval)
        ORDER BY starts_at LIMIT 2
    ) s
"""


async def now_and_next(connection: AsyncConnection, channel_ids: Sequence[UUID], *, now: datetime) -> list[NowAndNext]:
    """Return what channels show and will show next, without texts; aligned."""
    found: dict[UUID, list[Slot]] = {}
    for row in await fetch_all(connection, _NOW_AND_NEXT, list(channel_ids), now, SLOT_MAX):
        found.setdefault(row["channel_id"], []).append(_slot(row, ()))
    return [_now_and_next(found.get(id, []), now) for id in channel_ids]


_TEXTS = """
    SELECT t.slot_id, t.language, t.name, t.subtitle, t.synopsis, c.default_language
    FROM schedule_slot_texts t JOIN schedule_slots s ON s.id = t.slot_id JOIN titles c ON c.id = s.channel_id
    WHERE t.slot_id = ANY ($1) ORDER BY t.slot_id, t.language COLLATE "C"
"""


async def texts_of(connection: AsyncConnection, slot_ids: Sequence[UUID]) -> list[tuple[str, list[SlotText]]]:
    """Return (default language of the channel, texts by language) of each slot, aligned; ("", []) for a missing one."""
    found: dict[UUID, tuple[str, list[SlotText]]] = {}
    for slot_id, *text_values, default_language in await fetch_all(connection, _TEXTS, list(slot_ids)):
        found.setdefault(slot_id, (default_language, []))[1].append(SlotText(*text_values))
    return [found.get(id, ("", [])) for id in slot_ids]


def _now_and_next(coming: Sequence[Slot], now: datetime) -> NowAndNext:
    if coming and coming[0].starts_at <= now:
        return NowAndNext(coming[0], next(iter(coming[1:]), None))
    return NowAndNext(None, next(iter(coming), None))


async def _with_texts(connection: AsyncConnection, rows: Sequence[Any]) -> list[Slot]:
    if not rows:
        return []
    texts = await texts_of(connection, [row["id"] for row in rows])
    return [_slot(row, found) for row, (_, found) in zip(rows, texts, strict=True)]


async def _insert_texts(connection: AsyncConnection, written: Sequence[Slot]) -> None:
    values = [{"slot_id": slot.id, **one._asdict()} for slot in written for one in slot.programme.texts]
    await connection.execute(insert(slot_texts), values)


def _columns(slot: Slot) -> dict[str, object]:
    shown = slot.programme
    return {
        "channel_id": slot.channel_id,
        "starts_at": slot.starts_at,
        "ends_at": slot.ends_at,
        "title_id": shown.title_id,
        "season_number": shown.season_number,
        "episode_number": shown.episode_number,
        "production_year": shown.production_year,
        "is_premiere": shown.is_premiere,
        "is_repeat": shown.is_repeat,
        "origin": slot.origin.value,
    }


def _slot(row: Any, texts: Sequence[SlotText]) -> Slot:
    programme = Programme(
        texts=tuple(texts),
        title_id=row["title_id"],
        season_number=row["season_number"],
        episode_number=row["episode_number"],
        production_year=row["production_year"],
        is_premiere=row["is_premiere"],
        is_repeat=row["is_repeat"],
    )
    return Slot(
        id=SlotId(row["id"]),
        channel_id=row["channel_id"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        programme=programme,
        origin=SlotOrigin(row["origin"]),
        version=row["version"],
    )
