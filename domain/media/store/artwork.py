"""The tables of artwork and of the files made of it, and all SQL about them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Row,
    SmallInteger,
    Table,
    Text,
    Uuid,
    delete,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.kernel.tables import metadata
from domain.media.artwork import (
    Artwork,
    ArtworkFailure,
    ArtworkId,
    ArtworkKind,
    ArtworkState,
    ImageFormat,
    Picture,
    Rendition,
)

artworks = Table(
    "artworks",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("title_id", Uuid, ForeignKey("titles.id", ondelete="CASCADE"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("language", Text),
    Column("upload_id", Uuid, ForeignKey("uploads.id"), nullable=False, index=True),
    Column("state", Text, nullable=False),
    Column("failure", Text),
    Column("width", Integer),
    Column("height", Integer),
    Column("dominant_color", Text),
    Column("blur_hash", Text),
    Column("created_by", Uuid, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("created_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("kind IN ('POSTER', 'BACKDROP', 'LOGO', 'STILL')", name="kind"),
    CheckConstraint("state IN ('PROCESSING', 'READY', 'FAILED', 'REPLACED')", name="state"),
    CheckConstraint("(state = 'FAILED') = (failure IS NOT NULL)", name="failure"),
    CheckConstraint("language ~ '^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$'", name="language"),
    CheckConstraint(
        "state <> 'READY' OR (width > 0 AND height > 0 AND dominant_color IS NOT NULL AND blur_hash IS NOT NULL)",
        name="ready",
    ),
)
Index("artworks_title_id_idx", artworks.c.title_id, artworks.c.id)
# One picture is shown at each place, whoever finishes when.
Index(
    "artworks_place_key",
    artworks.c.title_id,
    artworks.c.kind,
    artworks.c.language,
    unique=True,
    postgresql_nulls_not_distinct=True,
    postgresql_where=artworks.c.state == "READY",
)

artwork_renditions = Table(
    "artwork_renditions",
    metadata,
    Column("artwork_id", Uuid, ForeignKey("artworks.id", ondelete="CASCADE"), primary_key=True),
    Column("format", Text, primary_key=True),
    Column("width", SmallInteger, primary_key=True),
    Column("height", Integer, nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("name", Text, nullable=False, index=True),
    CheckConstraint("format IN ('JPEG', 'PNG', 'WEBP', 'AVIF')", name="format"),
    CheckConstraint("width > 0 AND height > 0 AND size_bytes > 0", name="size"),
)


class ArtworkTitleAbsent(Exception):
    """There is no such title."""


async def insert_artwork(connection: AsyncConnection, artwork: Artwork) -> None:
    """Insert a picture of which nothing is made yet.

    Raises:
        ArtworkTitleAbsent.
    """
    values = {
        "id": artwork.id,
        "title_id": artwork.title_id,
        "kind": artwork.kind.value,
        "language": artwork.language,
        "upload_id": artwork.upload_id,
        "state": artwork.state.value,
        "created_by": artwork.created_by,
        "created_at": artwork.created_at,
    }
    try:
        async with connection.begin_nested():
            await connection.execute(insert(artworks).values(values))
    except IntegrityError as refused:
        if "artworks_title_id_fkey" in str(refused.orig):
            raise ArtworkTitleAbsent from refused
        raise


async def count_of_title(connection: AsyncConnection, title_id: UUID) -> int:
    """Count the pictures of a title that are shown or may be."""
    counted = select(func.count()).where(artworks.c.title_id == title_id, artworks.c.state.in_(["PROCESSING", "READY"]))
    return (await connection.execute(counted)).scalar_one()


async def lock_artwork(connection: AsyncConnection, id: UUID) -> Artwork | None:
    """Return a picture without its files and lock its row."""
    row = (await connection.execute(select(artworks).where(artworks.c.id == id).with_for_update())).first()
    return None if row is None else _artwork(row, ())


async def source_key_of(connection: AsyncConnection, id: UUID) -> str | None:
    """Return where the upload of a picture is, or None when it is gone."""
    statement = text("SELECT u.object_key FROM artworks a JOIN uploads u ON u.id = a.upload_id WHERE a.id = :id")
    found: str | None = (await connection.execute(statement, {"id": id})).scalar_one_or_none()
    return found


async def lock_names(connection: AsyncConnection) -> None:
    """Let nobody else name or remove files until the transaction ends."""
    await connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('media.artwork_names', 0))"))


async def put_renditions(connection: AsyncConnection, id: UUID, renditions: Sequence[Rendition]) -> None:
    """Replace the files of a picture. The caller holds the lock on names."""
    await connection.execute(delete(artwork_renditions).where(artwork_renditions.c.artwork_id == id))
    await connection.execute(
        insert(artwork_renditions),
        [
            {
                "artwork_id": id,
                "format": file.format.value,
                "width": file.width,
                "height": file.height,
                "size_bytes": file.size_bytes,
                "name": file.name,
            }
            for file in renditions
        ],
    )


async def take_place(connection: AsyncConnection, artwork: Artwork) -> tuple[bool, list[str]]:
    """Make room for a finished picture: return whether it is the newest of its place, and the names of files let go.

    Older ones are REPLACED. The row of the title is locked, so that two that finish together see each other.
    """
    await connection.execute(text("SELECT 1 FROM titles WHERE id = :id FOR UPDATE"), {"id": artwork.title_id})
    place = (
        artworks.c.title_id == artwork.title_id,
        artworks.c.kind == artwork.kind.value,
        artworks.c.language.is_not_distinct_from(artwork.language),
        artworks.c.state == "READY",
    )
    newer = select(artworks.c.id).where(*place, artworks.c.id > artwork.id)
    if (await connection.execute(newer)).first() is not None:
        return False, await drop_renditions(connection, [artwork.id])
    older = update(artworks).where(*place).values(state="REPLACED").returning(artworks.c.id)
    return True, await drop_renditions(connection, list((await connection.execute(older)).scalars()))


async def drop_renditions(connection: AsyncConnection, ids: Sequence[UUID]) -> list[str]:
    """Forget the files of pictures and return their names."""
    statement = delete(artwork_renditions).where(artwork_renditions.c.artwork_id.in_(ids))
    return list((await connection.execute(statement.returning(artwork_renditions.c.name))).scalars())


async def settle(
    connection: AsyncConnection,
    id: UUID,
    *,
    state: ArtworkState,
    failure: ArtworkFailure | None = None,
    picture: Picture | None = None,
) -> bool:
    """Move a picture on from PROCESSING; False when it was moved already."""
    values: dict[str, object] = {"state": state.value, "failure": None if failure is None else failure.value}
    if picture is not None:
        values |= {
            "width": picture.width,
            "height": picture.height,
            "dominant_color": picture.dominant_color,
            "blur_hash": picture.blur_hash,
        }
    guarded = update(artworks).where(artworks.c.id == id, artworks.c.state == "PROCESSING").values(values)
    return (await connection.execute(guarded.returning(artworks.c.id))).first() is not None


async def delete_artwork(connection: AsyncConnection, id: UUID) -> None:
    """Delete a picture whose files are forgotten."""
    await connection.execute(delete(artworks).where(artworks.c.id == id))


async def unused_names(connection: AsyncConnection, names: Sequence[str]) -> list[str]:
    """Return those of the names that no picture has. The caller holds the lock on names."""
    rows = await connection.execute(select(artwork_renditions.c.name).where(artwork_renditions.c.name.in_(names)))
    used = set(rows.scalars())
    return sorted(set(names) - used)


async def of_titles(connection: AsyncConnection, title_ids: Sequence[UUID], *, limit: int) -> list[list[Artwork]]:
    """Return the pictures of titles, whatever their state, the newest `limit` of each, the newest first, aligned."""
    number = func.row_number().over(partition_by=artworks.c.title_id, order_by=artworks.c.id.desc())
    numbered = select(artworks, number.label("number")).where(artworks.c.title_id.in_(title_ids)).subquery()
    statement = select(numbered).where(numbered.c.number <= limit).order_by(numbered.c.id.desc())
    return await _by_title(connection, statement, title_ids)


async def artworks_by_id(connection: AsyncConnection, ids: Sequence[UUID]) -> list[Artwork | None]:
    """Return pictures aligned with `ids`."""
    rows = (await connection.execute(select(artworks).where(artworks.c.id.in_(ids)))).all()
    files = await _files_of(connection, [row.id for row in rows])
    found = {row.id: _artwork(row, files.get(row.id, ())) for row in rows}
    return [found.get(id) for id in ids]


async def _by_title(connection: AsyncConnection, statement: Any, title_ids: Sequence[UUID]) -> list[list[Artwork]]:
    rows = (await connection.execute(statement)).all()
    files = await _files_of(connection, [row.id for row in rows])
    found: dict[UUID, list[Artwork]] = {}
    for row in rows:
        found.setdefault(row.title_id, []).append(_artwork(row, files.get(row.id, ())))
    return [found.get(id, []) for id in title_ids]


async def _files_of(connection: AsyncConnection, ids: Sequence[UUID]) -> dict[UUID, list[Rendition]]:
    if not ids:
        return {}
    statement = (
        select(artwork_renditions)
        .where(artwork_renditions.c.artwork_id.in_(ids))
        .order_by(artwork_renditions.c.format, artwork_renditions.c.width)
    )
    found: dict[UUID, list[Rendition]] = {}
    for row in await connection.execute(statement):
        file = Rendition(ImageFormat(row.format), row.width, row.height, row.size_bytes, row.name)
        found.setdefault(row.artwork_id, []).append(file)
    return found


def _artwork(row: Row[Any], files: Sequence[Rendition]) -> Artwork:
    state = ArtworkState(row.state)
    picture = None
    if state is ArtworkState.READY:
        picture = Picture(row.width, row.height, row.dominant_color, row.blur_hash, tuple(files))
    return Artwork(
        id=ArtworkId(row.id),
        title_id=row.title_id,
        kind=ArtworkKind(row.kind),
        language=row.language,
        upload_id=row.upload_id,
        state=state,
        failure=None if row.failure is None else ArtworkFailure(row.failure),
        created_by=row.created_by,
        created_at=row.created_at,
        picture=picture,
    )
