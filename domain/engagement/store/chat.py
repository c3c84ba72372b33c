"""The SQL of chat: rooms, messages, and who may write when."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.engagement.chat import ChatMessage, ChatMessageId, ChatRoom, Moderator
from domain.engagement.store.talk_tables import chat_messages, chat_moderators, chat_rooms, chat_talkers
from domain.entitlements import Plan
from domain.kernel.hot import count_written, fetch_all

# The newest messages of one writer that a time-out takes away: whoever wrote more was not silenced in time anyway.
REMOVED_AT_ONCE = 100

_ROOMS = "SELECT * FROM chat_rooms WHERE stream_id = ANY($1::uuid[])"
_MESSAGES = "SELECT * FROM chat_messages WHERE id = ANY($1::uuid[])"
_SENT = """
    SELECT m.* FROM chat_messages m
    JOIN unnest($2::uuid[], $3::text[]) AS wanted (author_id, client_id) USING (author_id, client_id)
    WHERE m.stream_id = $1
"""
_ADMIT = """
    INSERT INTO chat_talkers AS t (stream_id, account_id, last_sent_at, full_at)
    SELECT $1, account_id, $3, $3::timestamptz + $5::interval FROM unnest($2::uuid[]) AS talker (account_id)
    ORDER BY account_id
    ON CONFLICT (stream_id, account_id) DO UPDATE SET last_sent_at = $3, full_at = greatest(t.full_at, $3) + $5
    WHERE (t.timed_out_until IS NULL OR t.timed_out_until <= $3)
      AND (t.last_sent_at IS NULL OR t.last_sent_at + $4::interval <= $3)
      AND greatest(t.full_at, $3) + $5 <= $3 + $6::interval
    RETURNING account_id
"""
_TALKERS = "SELECT * FROM chat_talkers WHERE stream_id = $1 AND account_id = ANY($2::uuid[])"
_INSERT = """
    INSERT INTO chat_messages
        (id, stream_id, author_id, profile_id, client_id, text, is_by_staff, media_time, sent_at)
    SELECT id, $1, author_id, profile_id, client_id, text, is_by_staff, media_time, $8
    FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::boolean[], $9::timestamptz[])
        AS sent (id, author_id, profile_id, client_id, text, is_by_staff, media_time)
    ON CONFLICT (author_id, stream_id, client_id) DO NOTHING
    RETURNING id
"""
_PRUNE = """
    DELETE FROM chat_messages WHERE id IN (
        SELECT m.id FROM chat_messages m WHERE m.sent_at < $1
          AND NOT EXISTS (SELECT 1 FROM chat_rooms r WHERE r.pinned_message_id = m.id)
        LIMIT $2
    )
"""
_MODERATES = "SELECT account_id FROM chat_moderators WHERE stream_id = $1 AND account_id = ANY($2::uuid[])"


@dataclass(frozen=True)
class Talker:
    """What decides when somebody may write again."""

    account_id: UUID
    last_sent_at: datetime | None
    full_at: datetime
    timed_out_until: datetime | None


async def rooms_of(connection: AsyncConnection, stream_ids: Sequence[UUID]) -> list[ChatRoom]:
    """Return the rules of chats, aligned with `stream_ids`."""
    rows = {row["stream_id"]: row for row in await fetch_all(connection, _ROOMS, list(set(stream_ids)))}
    return [ChatRoom(id) if (row := rows.get(id)) is None else _room(row) for id in stream_ids]


async def hold_room(connection: AsyncConnection, stream_id: UUID) -> ChatRoom:
    """Return the rules of a chat that nobody else changes until the transaction ends."""
    values = {"stream_id": stream_id, "is_open": True, "slow_mode_s": 0, "blocked_words": [], "version": 0}
    await connection.execute(upsert(chat_rooms).values(values).on_conflict_do_nothing())
    held = select(chat_rooms).where(chat_rooms.c.stream_id == stream_id).with_for_update()
    return _room((await connection.execute(held)).mappings().one())


async def update_room(connection: AsyncConnection, room: ChatRoom) -> None:
    """Write the rules of a chat that was held."""
    await connection.execute(update(chat_rooms).where(chat_rooms.c.stream_id == room.stream_id).values(asdict(room)))


async def messages_by_id(connection: AsyncConnection, ids: Sequence[UUID]) -> list[ChatMessage | None]:
    """Return messages aligned with `ids`."""
    rows = {row["id"]: row for row in await fetch_all(connection, _MESSAGES, list(set(ids)))}
    return [None if (row := rows.get(id)) is None else _message(row) for id in ids]


async def hold_message(connection: AsyncConnection, id: UUID) -> ChatMessage | None:
    """Return a message that nobody else changes until the transaction ends."""
    held = select(chat_messages).where(chat_messages.c.id == id).with_for_update()
    row = (await connection.execute(held)).mappings().one_or_none()
    return None if row is None else _message(row)


async def messages_sent(
    connection: AsyncConnection, stream_id: UUID, names: Sequence[tuple[UUID, str]]
) -> dict[tuple[UUID, str], ChatMessage]:
    """Return those of the messages that are there already, by their author and what the author's client calls them."""
    rows = await fetch_all(connection, _SENT, stream_id, [name[0] for name in names], [name[1] for name in names])
    return {(row["author_id"], row["client_id"]): _message(row) for row in rows}


async def admit(
    connection: AsyncConnection,
    stream_id: UUID,
    account_ids: Sequence[UUID],
    *,
    now: datetime,
    pause: timedelta,
    share: timedelta,
    whole: timedelta,
) -> set[UUID]:
    """Count a message for each of these accounts that may send one; return which. Locks their rows.

    `pause` is what slow mode asks for; a bucket fills in `whole`, and a message takes `share` of that.
    """
    rows = await fetch_all(connection, _ADMIT, stream_id, account_ids, now, pause, share, whole)
    return {row["account_id"] for row in rows}


async def talkers(connection: AsyncConnection, stream_id: UUID, account_ids: Sequence[UUID]) -> dict[UUID, Talker]:
    """Return when these accounts may write again."""
    rows = await fetch_all(connection, _TALKERS, stream_id, account_ids)
    return {
        row["account_id"]: Talker(row["account_id"], row["last_sent_at"], row["full_at"], row["timed_out_until"])
        for row in rows
    }


async def insert_messages(
    connection: AsyncConnection, stream_id: UUID, messages: Sequence[ChatMessage], *, client_ids: Sequence[str],
    now: datetime,
) -> set[UUID]:  # fmt: skip
    """Write messages of one chat, but those that are there already; return the ids of those written."""
    rows = await fetch_all(
        connection, _INSERT, stream_id,
        [message.id for message in messages],
        [message.author_id for message in messages],
        [message.profile_id for message in messages],
        client_ids,
        [message.text for message in messages],
        [message.is_by_staff for message in messages],
        now,
        [message.media_time for message in messages],
    )  # fmt: skip
    return {row["id"] for row in rows}


async def remove_message(connection: AsyncConnection, id: UUID, *, by: UUID, now: datetime) -> None:
    """Take a message away, and its text with it."""
    statement = update(chat_messages).where(chat_messages.c.id == id)
    await connection.execute(statement.values(text="", removed_at=now, removed_by=by))


async def remove_messages_of(
    connection: AsyncConnection, stream_id: UUID, author_id: UUID, *, by: UUID, now: datetime
) -> list[UUID]:
    """Take the newest messages of somebody away; return their ids, in order."""
    newest = (
        select(chat_messages.c.id)
        .where(chat_messages.c.stream_id == stream_id, chat_messages.c.author_id == author_id)
        .where(chat_messages.c.removed_at.is_(None))
        .order_by(chat_messages.c.id.desc())
        .limit(REMOVED_AT_ONCE)
    )
    statement = update(chat_messages).where(chat_messages.c.id.in_(newest))
    written = statement.values(text="", removed_at=now, removed_by=by).returning(chat_messages.c.id)
    return sorted((await connection.execute(written)).scalars())


async def time_out(
    connection: AsyncConnection, stream_id: UUID, account_id: UUID, *, until: datetime, by: UUID, now: datetime
) -> None:
    """Silence somebody until an instant; one that is past lets them write again."""
    given = {"timed_out_until": until, "timed_out_by": by}
    row = {"stream_id": stream_id, "account_id": account_id, "full_at": now, **given}
    statement = upsert(chat_talkers).values(row)
    await connection.execute(statement.on_conflict_do_update(index_elements=["stream_id", "account_id"], set_=given))


async def recent_messages(
    connection: AsyncConnection, stream_id: UUID, *, before: UUID | None, limit: int
) -> list[ChatMessage]:
    """Return what was said last, the newest first, without what was removed."""
    statement = select(chat_messages).where(chat_messages.c.stream_id == stream_id)
    statement = statement.where(chat_messages.c.removed_at.is_(None))
    if before is not None:
        statement = statement.where(chat_messages.c.id < before)
    rows = await connection.execute(statement.order_by(chat_messages.c.id.desc()).limit(limit))
    return [_message(row) for row in rows.mappings()]


async def prune_messages(connection: AsyncConnection, *, before: datetime, limit: int) -> int:
    """Delete up to `limit` messages that were sent before an instant, but pinned ones; return how many."""
    return await count_written(connection, _PRUNE, before, limit)


async def moderators_among(connection: AsyncConnection, stream_id: UUID, account_ids: Sequence[UUID]) -> set[UUID]:
    """Return those of the accounts that were let moderate a show."""
    return {row["account_id"] for row in await fetch_all(connection, _MODERATES, stream_id, list(set(account_ids)))}


async def moderators_of(connection: AsyncConnection, stream_id: UUID, *, limit: int) -> list[Moderator]:
    """Return who was let moderate a show, the first appointed first."""
    columns = chat_moderators.c
    statement = select(columns.stream_id, columns.account_id, columns.profile_id, columns.appointed_at)
    statement = statement.where(columns.stream_id == stream_id).order_by(columns.appointed_at, columns.account_id)
    return [Moderator(*row) for row in await connection.execute(statement.limit(limit))]


async def insert_moderator(connection: AsyncConnection, moderator: Moderator, *, by: UUID) -> None:
    """Let somebody moderate a show; once is enough."""
    row = {**asdict(moderator), "appointed_by": by}
    await connection.execute(upsert(chat_moderators).values(row).on_conflict_do_nothing())


async def delete_moderator(connection: AsyncConnection, stream_id: UUID, account_id: UUID) -> None:
    """Let somebody moderate a show no longer."""
    columns = chat_moderators.c
    where = (columns.stream_id == stream_id, columns.account_id == account_id)
    await connection.execute(delete(chat_moderators).where(*where))


def _room(row: Any) -> ChatRoom:
    return ChatRoom(
        stream_id=row["stream_id"],
        is_open=row["is_open"],
        slow_mode_s=row["slow_mode_s"],
        plans=None if row["plans"] is None else tuple(Plan(plan) for plan in row["plans"]),
        blocked_words=tuple(row["blocked_words"]),
        pinned_message_id=row["pinned_message_id"],
        version=row["version"],
    )


def _message(row: Any) -> ChatMessage:
    return ChatMessage(
        id=ChatMessageId(row["id"]),
        stream_id=row["stream_id"],
        author_id=row["author_id"],
        profile_id=row["profile_id"],
        text=row["text"],
        is_by_staff=row["is_by_staff"],
        media_time=row["media_time"],
        sent_at=row["sent_at"],
        removed_at=row["removed_at"],
    )
