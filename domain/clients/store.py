"""The tables of clients, and all their SQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Row,
    Table,
    Text,
    func,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.kernel.tables import metadata

client_documents = Table(
    "client_documents",
    metadata,
    Column("id", Text, primary_key=True),
    Column("text", Text, nullable=False),
    Column("registered_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("length(id) <= 128", name="id"),
)

client_releases = Table(
    "client_releases",
    metadata,
    Column("client", Text, primary_key=True),
    Column("version", Text, primary_key=True),
    Column("registered_at", DateTime(timezone=True), nullable=False),
    Column("retired_at", DateTime(timezone=True)),
)

release_documents = Table(
    "release_documents",
    metadata,
    Column("client", Text, primary_key=True),
    Column("version", Text, primary_key=True),
    Column("document_id", Text, ForeignKey("client_documents.id"), primary_key=True, index=True),
    ForeignKeyConstraint(
        ["client", "version"],
        ["client_releases.client", "client_releases.version"],
        name="release_documents_release_fkey",
        ondelete="CASCADE",
    ),
)

_IS_OF_RELEASE = (release_documents.c.client == client_releases.c.client) & (
    release_documents.c.version == client_releases.c.version
)


async def insert_documents(connection: AsyncConnection, texts: Mapping[str, str], *, at: datetime) -> int:
    """Insert the documents whose ids are new, and return how many those are.

    In the order of their ids, so that two builds that register at once never wait for each other in a circle.
    """
    rows = [{"id": id, "text": texts[id], "registered_at": at} for id in sorted(texts)]
    inserted = await connection.execute(
        upsert(client_documents).on_conflict_do_nothing().returning(client_documents.c.id), rows
    )
    return len(inserted.all())


async def texts_of(connection: AsyncConnection, ids: Sequence[str]) -> dict[str, str]:
    """Return the texts of documents by their ids."""
    rows = await connection.execute(
        select(client_documents.c.id, client_documents.c.text).where(client_documents.c.id.in_(ids))
    )
    return {row.id: row.text for row in rows}


async def upsert_release(
    connection: AsyncConnection, *, client: str, version: str, ids: Sequence[str], at: datetime
) -> None:
    """Insert a release or let it live again, and add documents to it."""
    await connection.execute(
        upsert(client_releases)
        .values(client=client, version=version, registered_at=at, retired_at=None)
        .on_conflict_do_update(index_elements=["client", "version"], set_={"retired_at": None})
    )
    rows = [{"client": client, "version": version, "document_id": id} for id in ids]
    await connection.execute(upsert(release_documents).on_conflict_do_nothing(), rows)


async def retire(connection: AsyncConnection, *, client: str, version: str, at: datetime) -> bool:
    """Retire a release, once. Returns False when there is none."""
    retired_at = func.coalesce(client_releases.c.retired_at, at)
    changed = await connection.execute(
        update(client_releases)
        .where(client_releases.c.client == client, client_releases.c.version == version)
        .values(retired_at=retired_at)
        .returning(client_releases.c.version)
    )
    return changed.first() is not None


async def retire_all_but(connection: AsyncConnection, *, client: str, keep: int, at: datetime) -> None:
    """Retire the releases of a client that are older than its `keep` newest."""
    is_of_client = client_releases.c.client == client
    kept = (
        select(client_releases.c.version)
        .where(is_of_client, client_releases.c.retired_at.is_(None))
        .order_by(client_releases.c.registered_at.desc(), client_releases.c.version)
        .limit(keep)
    )
    await connection.execute(
        update(client_releases)
        .where(is_of_client, client_releases.c.retired_at.is_(None), client_releases.c.version.not_in(kept))
        .values(retired_at=at)
    )


async def releases(connection: AsyncConnection, *, client: str | None, limit: int) -> Sequence[Row[Any]]:
    """Return the newest releases with the number of their documents."""
    count = (
        select(func.count()).select_from(release_documents).where(_IS_OF_RELEASE).correlate(client_releases)
    ).scalar_subquery()
    statement = select(client_releases, count.label("document_count"))
    if client is not None:
        statement = statement.where(client_releases.c.client == client)
    newest_first = statement.order_by(client_releases.c.registered_at.desc(), client_releases.c.version).limit(limit)
    return (await connection.execute(newest_first)).all()


async def document_text(connection: AsyncConnection, *, id: str, client: str | None, version: str | None) -> str | None:
    """Return the text of a document that a live release holds."""
    holds = select(release_documents.c.document_id).where(
        release_documents.c.document_id == client_documents.c.id,
        _IS_OF_RELEASE,
        client_releases.c.retired_at.is_(None),
    )
    if client is not None:
        holds = holds.where(release_documents.c.client == client)
        if version is not None:
            holds = holds.where(release_documents.c.version == version)
    statement = select(client_documents.c.text).where(client_documents.c.id == id, holds.exists())
    found: str | None = (await connection.execute(statement)).scalar_one_or_none()
    return found
