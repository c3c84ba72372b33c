"""The SQL of questions and their upvotes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.engagement.question import SHOWN, Question, QuestionId, QuestionState
from domain.engagement.store.talk_tables import chat_talkers, question_upvotes, questions
from domain.kernel.hot import count_written, fetch_all

_BY_ID = "SELECT * FROM questions WHERE id = ANY($1::uuid[])"
# In one order everywhere, so that two flushes never wait for each other in a circle.
_HOLD = "SELECT id, state FROM questions WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE"
_UPVOTE = """
    INSERT INTO question_upvotes (question_id, account_id, at)
    SELECT question_id, account_id, $3 FROM unnest($1::uuid[], $2::uuid[]) AS cast_ (question_id, account_id)
    ORDER BY question_id, account_id
    ON CONFLICT DO NOTHING
"""
_WITHDRAW = """
    DELETE FROM question_upvotes WHERE (question_id, account_id) IN (SELECT * FROM unnest($1::uuid[], $2::uuid[]))
"""


@dataclass(frozen=True)
class Ranking:
    """Where a question stands among others: pinned before not, more upvotes before fewer, older before newer."""

    is_pinned: bool
    upvotes: int
    id: UUID


async def questions_by_id(connection: AsyncConnection, ids: Sequence[UUID]) -> list[Question | None]:
    """Return questions aligned with `ids`."""
    rows = {row["id"]: row for row in await fetch_all(connection, _BY_ID, list(set(ids)))}
    return [None if (row := rows.get(id)) is None else _question(row) for id in ids]


async def hold_shown(connection: AsyncConnection, ids: Sequence[UUID]) -> set[UUID]:
    """Return those of the questions that everybody sees; nobody else counts or moves any until the transaction ends."""
    return {row["id"] for row in await fetch_all(connection, _HOLD, ids) if row["state"] in SHOWN}


async def hold_author(
    connection: AsyncConnection, stream_id: UUID, account_id: UUID, *, now: datetime
) -> datetime | None:
    """Let nobody else write as this account in this show until the transaction ends; return until when it is silent."""
    row = {"stream_id": stream_id, "account_id": account_id, "full_at": now}
    await connection.execute(upsert(chat_talkers).values(row).on_conflict_do_nothing())
    columns = chat_talkers.c
    held = select(columns.timed_out_until).where(columns.stream_id == stream_id, columns.account_id == account_id)
    until: datetime | None = (await connection.execute(held.with_for_update())).scalar_one()
    return until


async def question_asked(
    connection: AsyncConnection, stream_id: UUID, author_id: UUID, client_id: str
) -> Question | None:
    """Return the question that its author's client calls so."""
    columns = questions.c
    of_author = (columns.author_id == author_id, columns.stream_id == stream_id, columns.client_id == client_id)
    row = (await connection.execute(select(questions).where(*of_author))).mappings().one_or_none()
    return None if row is None else _question(row)


async def counts_of(connection: AsyncConnection, stream_id: UUID, author_id: UUID) -> tuple[int, int]:
    """Return how many questions of somebody wait in a show, and how many there are."""
    columns = questions.c
    waiting = func.count().filter(columns.state == QuestionState.PENDING)
    statement = select(waiting, func.count()).where(columns.author_id == author_id, columns.stream_id == stream_id)
    row = (await connection.execute(statement)).one()
    return int(row[0]), int(row[1])


async def insert_question(connection: AsyncConnection, question: Question, *, client_id: str) -> None:
    """Write a new question."""
    await connection.execute(questions.insert().values(**vars(question), client_id=client_id))


async def hold_question(connection: AsyncConnection, id: UUID) -> Question | None:
    """Return a question that nobody else changes until the transaction ends."""
    held = select(questions).where(questions.c.id == id).with_for_update()
    row = (await connection.execute(held)).mappings().one_or_none()
    return None if row is None else _question(row)


async def update_question(connection: AsyncConnection, question: Question, *, by: UUID, now: datetime) -> None:
    """Write what a moderator made of a question that was held."""
    statement = update(questions).where(questions.c.id == question.id)
    values = {"state": question.state, "is_pinned": question.is_pinned, "version": question.version}
    await connection.execute(statement.values(**values, moderated_by=by, moderated_at=now))


async def unpin(connection: AsyncConnection, stream_id: UUID, *, but: UUID) -> None:
    """Unpin whichever other question of a show is pinned."""
    columns = questions.c
    statement = update(questions).where(columns.stream_id == stream_id, columns.is_pinned, columns.id != but)
    await connection.execute(statement.values(is_pinned=False, version=columns.version + 1))


async def ranked(
    connection: AsyncConnection,
    stream_id: UUID,
    *,
    states: Sequence[QuestionState],
    after: Ranking | None,
    limit: int,
) -> list[Question]:
    """Return questions of a show in these states, the best ranked first."""
    columns = questions.c
    statement = select(questions).where(columns.stream_id == stream_id, columns.state.in_(states))
    if after is not None:
        fewer = or_(columns.upvotes < after.upvotes, and_(columns.upvotes == after.upvotes, columns.id > after.id))
        lower = ~columns.is_pinned if after.is_pinned else None
        behind = and_(columns.is_pinned == after.is_pinned, fewer)
        statement = statement.where(behind if lower is None else or_(lower, behind))
    order = columns.is_pinned.desc(), columns.upvotes.desc(), columns.id
    return [_question(row) for row in (await connection.execute(statement.order_by(*order).limit(limit))).mappings()]


async def questions_of(connection: AsyncConnection, stream_id: UUID, author_id: UUID, *, limit: int) -> list[Question]:
    """Return what somebody asked in a show, the newest first."""
    columns = questions.c
    statement = select(questions).where(columns.author_id == author_id, columns.stream_id == stream_id)
    rows = await connection.execute(statement.order_by(columns.id.desc()).limit(limit))
    return [_question(row) for row in rows.mappings()]


async def upvoted(connection: AsyncConnection, account_id: UUID, stream_id: UUID, *, limit: int) -> list[UUID]:
    """Return the questions of a show that somebody has upvoted."""
    votes = question_upvotes.c
    statement = select(votes.question_id).join(questions, questions.c.id == votes.question_id)
    statement = statement.where(votes.account_id == account_id, questions.c.stream_id == stream_id)
    return list((await connection.execute(statement.order_by(votes.question_id).limit(limit))).scalars())


async def upvote(connection: AsyncConnection, pairs: Sequence[tuple[UUID, UUID]], *, now: datetime) -> None:
    """Write upvotes as (question, account), but those that are there already. Triggers count them."""
    await count_written(connection, _UPVOTE, [pair[0] for pair in pairs], [pair[1] for pair in pairs], now)


async def withdraw(connection: AsyncConnection, pairs: Sequence[tuple[UUID, UUID]]) -> None:
    """Delete upvotes as (question, account). Triggers count them."""
    await count_written(connection, _WITHDRAW, [pair[0] for pair in pairs], [pair[1] for pair in pairs])


def _question(row: Any) -> Question:
    return Question(
        id=QuestionId(row["id"]),
        stream_id=row["stream_id"],
        author_id=row["author_id"],
        profile_id=row["profile_id"],
        text=row["text"],
        state=QuestionState(row["state"]),
        is_pinned=row["is_pinned"],
        upvotes=row["upvotes"],
        asked_at=row["asked_at"],
        version=row["version"],
    )
