"""The tables of uploads and of the parts they have received so far, and all SQL about them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Row,
    Table,
    Text,
    Update,
    Uuid,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.kernel.tables import metadata
from domain.media.upload import Part, Upload, UploadId, UploadState

OPEN_STATES = (UploadState.CREATED, UploadState.RECEIVING)

uploads = Table(
    "uploads",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("account_id", Uuid, ForeignKey("accounts.id"), nullable=False),
    Column("state", Text, nullable=False),
    # Unknown while the client defers it.
    Column("size_bytes", BigInteger),
    Column("offset_bytes", BigInteger, nullable=False, server_default=text("0")),
    Column("file_name", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    # As the client wrote it, to be given back.
    Column("metadata", Text, nullable=False),
    Column("is_partial", Boolean, nullable=False),
    # The partial uploads this one is put together from, in order.
    Column("concatenates", ARRAY(Uuid), nullable=False, server_default=text("'{}'::uuid[]")),
    # Where the whole is, once it is whole.
    Column("object_key", Text, unique=True),
    # Who may write until when. The id fences every write; the time only says when another may take over.
    Column("writer_id", Uuid),
    Column("writer_until", DateTime(timezone=True)),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True)),
    CheckConstraint("state IN ('CREATED', 'RECEIVING', 'COMPLETE', 'EXPIRED', 'TERMINATED')", name="state"),
    CheckConstraint("size_bytes > 0", name="size"),
    CheckConstraint("offset_bytes >= 0 AND (size_bytes IS NULL OR offset_bytes <= size_bytes)", name="offset"),
    CheckConstraint("state <> 'CREATED' OR offset_bytes = 0", name="created"),
    CheckConstraint("state <> 'COMPLETE' OR (size_bytes IS NOT NULL AND offset_bytes = size_bytes)", name="complete"),
    CheckConstraint("(object_key IS NOT NULL) = (state = 'COMPLETE' AND NOT is_partial)", name="object_key"),
    CheckConstraint("(state IN ('CREATED', 'RECEIVING') OR is_partial) <= (expires_at IS NOT NULL)", name="expires"),
    CheckConstraint("(writer_id IS NULL) = (writer_until IS NULL)", name="writer"),
    CheckConstraint("NOT (is_partial AND cardinality(concatenates) > 0)", name="concatenates"),
)
Index("uploads_account_id_idx", uploads.c.account_id, uploads.c.id.desc())
Index(
    "uploads_due_idx",
    uploads.c.expires_at,
    postgresql_where=uploads.c.state.in_(["CREATED", "RECEIVING", "COMPLETE"]),
)
# Since when an upload is over; those that ended before this was noted count from their beginning.
_OVER_AT = func.coalesce(uploads.c.expires_at, uploads.c.created_at)
Index("uploads_ended_idx", _OVER_AT, postgresql_where=uploads.c.state.in_(["EXPIRED", "TERMINATED"]))

upload_parts = Table(
    "upload_parts",
    metadata,
    Column("upload_id", Uuid, ForeignKey("uploads.id", ondelete="CASCADE"), primary_key=True),
    Column("start_byte", BigInteger, primary_key=True),
    Column("size_bytes", BigInteger, nullable=False),
    Column("object_key", Text, nullable=False),
    CheckConstraint("start_byte >= 0", name="start_byte"),
    CheckConstraint("size_bytes > 0", name="size"),
)

# What still takes up room before it is of use to anybody: unfinished uploads, and partial ones even when whole.
_UNUSED = or_(uploads.c.state.in_(OPEN_STATES), and_(uploads.c.is_partial, uploads.c.state == UploadState.COMPLETE))

# Whatever was ever made from an upload names it, and needs its object to be made again.
_IS_UNUSED = text(
    "NOT EXISTS (SELECT 1 FROM assets WHERE upload_id = uploads.id)"
    " AND NOT EXISTS (SELECT 1 FROM asset_inputs WHERE upload_id = uploads.id)"
    " AND NOT EXISTS (SELECT 1 FROM artworks WHERE upload_id = uploads.id)"
    " AND NOT EXISTS (SELECT 1 FROM title_imports WHERE upload_id = uploads.id)"
)


@dataclass(frozen=True)
class Lease:
    """Who writes to an upload, until when, and until when the upload itself is then kept.

    `unused_at` is when it goes if it is whole by now and nothing is made from it.
    """

    writer_id: UUID
    now: datetime
    until: datetime
    expires_at: datetime
    unused_at: datetime


async def insert_upload(connection: AsyncConnection, upload: Upload) -> None:
    """Insert a new upload."""
    values = {column.name: getattr(upload, column.name) for column in uploads.c if not column.name.startswith("writer")}
    await connection.execute(insert(uploads).values(values | {"concatenates": list(upload.concatenates)}))


async def count_open(connection: AsyncConnection, account_id: UUID) -> int:
    """Count the account's uploads that are of no use yet, one caller per account at a time."""
    key = f"uploads:{account_id}"
    await connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))
    counted = select(func.count()).select_from(uploads).where(uploads.c.account_id == account_id, _UNUSED)
    return (await connection.execute(counted)).scalar_one()


async def uploads_by_id(connection: AsyncConnection, ids: Sequence[UUID]) -> list[Upload | None]:
    """Return uploads aligned with `ids`."""
    rows = await connection.execute(select(uploads).where(uploads.c.id.in_(set(ids))))
    found = {row.id: _upload(row) for row in rows}
    return [found.get(UploadId(id)) for id in ids]


async def lock_upload(connection: AsyncConnection, id: UUID) -> Upload | None:
    """Return an upload and keep others from changing it until the transaction ends."""
    row = (await connection.execute(select(uploads).where(uploads.c.id == id).with_for_update())).first()
    return None if row is None else _upload(row)


async def page_of_account(
    connection: AsyncConnection, account_id: UUID, *, below: UUID | None, above: UUID | None, rising: bool, limit: int
) -> list[Upload]:
    """Return an account's uploads between two ids, both left out: the newest first, or `rising` the oldest first."""
    statement = select(uploads).where(uploads.c.account_id == account_id)
    if below is not None:
        statement = statement.where(uploads.c.id < below)
    if above is not None:
        statement = statement.where(uploads.c.id > above)
    order = uploads.c.id if rising else uploads.c.id.desc()
    return [_upload(row) for row in await connection.execute(statement.order_by(order).limit(limit))]


async def take_lease(connection: AsyncConnection, id: UUID, lease: Lease) -> bool:
    """Make `lease` the writer of an open upload, unless another's lease still runs."""
    return await _changed(
        connection,
        update(uploads)
        .where(uploads.c.id == id, uploads.c.state.in_(OPEN_STATES))
        .where(or_(uploads.c.writer_id.is_(None), uploads.c.writer_until <= lease.now))
        .values(writer_id=lease.writer_id, writer_until=lease.until, expires_at=lease.expires_at),
    )


async def renew_lease(connection: AsyncConnection, id: UUID, lease: Lease) -> bool:
    """Keep the lease going; False when it was lost."""
    return await _changed(connection, _held(id, lease).values(writer_until=lease.until, expires_at=lease.expires_at))


async def release_lease(connection: AsyncConnection, id: UUID, writer_id: UUID) -> None:
    """Let go of an upload, if it is still this writer's."""
    statement = update(uploads).where(uploads.c.id == id, uploads.c.writer_id == writer_id)
    await connection.execute(statement.values(writer_id=None, writer_until=None))


async def writer_until(connection: AsyncConnection, id: UUID) -> datetime | None:
    """Return until when the present writer has the upload."""
    return (await connection.execute(select(uploads.c.writer_until).where(uploads.c.id == id))).scalar_one_or_none()


async def set_size(connection: AsyncConnection, id: UUID, size_bytes: int) -> None:
    """Fix the size of an upload that deferred it."""
    await connection.execute(
        update(uploads).where(uploads.c.id == id, uploads.c.size_bytes.is_(None)).values(size_bytes=size_bytes)
    )


async def advance(
    connection: AsyncConnection, id: UUID, lease: Lease, parts: Sequence[Part], *, old_offset: int
) -> bool:
    """Add parts that lie in the store already, and move the offset behind the last; False when the lease was lost."""
    new_offset = parts[-1].end_byte
    guarded = _held(id, lease).where(uploads.c.offset_bytes == old_offset)
    values = {"offset_bytes": new_offset, "state": UploadState.RECEIVING}
    if not await _changed(connection, guarded.values(writer_until=lease.until, expires_at=lease.expires_at, **values)):
        return False
    await _add_parts(connection, id, parts)
    return True


async def complete(
    connection: AsyncConnection,
    id: UUID,
    lease: Lease,
    parts: Sequence[Part],
    *,
    size_bytes: int,
    object_key: str | None,
) -> bool:
    """Make the upload whole: at `object_key`, or, of a partial one, in its parts. False when the lease was lost."""
    values = {"state": UploadState.COMPLETE, "offset_bytes": size_bytes, "size_bytes": size_bytes}
    changed = _held(id, lease).values(
        object_key=object_key,
        writer_id=None,
        writer_until=None,
        expires_at=lease.expires_at if object_key is None else lease.unused_at,
        **values,
    )
    if not await _changed(connection, changed):
        return False
    if object_key is None:
        await _add_parts(connection, id, parts)
    else:
        await _drop_parts(connection, [id])
    return True


async def parts_of(connection: AsyncConnection, ids: Sequence[UUID]) -> list[list[Part]]:
    """Return the parts of uploads aligned with `ids`, each in order of its bytes."""
    statement = select(upload_parts).where(upload_parts.c.upload_id.in_(set(ids))).order_by(upload_parts.c.start_byte)
    found: dict[UUID, list[Part]] = {id: [] for id in ids}
    for row in await connection.execute(statement):
        found[row.upload_id].append(Part(row.start_byte, row.size_bytes, row.object_key))
    return [found[id] for id in ids]


async def last_part_of(connection: AsyncConnection, id: UUID) -> Part | None:
    """Return the part that holds the last byte received."""
    statement = select(upload_parts).where(upload_parts.c.upload_id == id)
    row = (await connection.execute(statement.order_by(upload_parts.c.start_byte.desc()).limit(1))).first()
    return None if row is None else Part(row.start_byte, row.size_bytes, row.object_key)


async def lock_partials(
    connection: AsyncConnection, ids: Sequence[UUID], *, account_id: UUID, expires_at: datetime
) -> list[Upload]:
    """Return the account's whole partial uploads among `ids`, kept at least until `expires_at`."""
    statement = update(uploads).where(
        uploads.c.id.in_(set(ids)),
        uploads.c.account_id == account_id,
        uploads.c.is_partial,
        uploads.c.state == UploadState.COMPLETE,
    )
    kept = statement.values(expires_at=func.greatest(uploads.c.expires_at, expires_at)).returning(uploads)
    return [_upload(row) for row in await connection.execute(kept)]


async def terminate(connection: AsyncConnection, id: UUID, *, now: datetime) -> bool:
    """End an upload on request, with whoever is writing to it; False when it has ended already."""
    alive = (*OPEN_STATES, UploadState.COMPLETE)
    statement = update(uploads).where(uploads.c.id == id, uploads.c.state.in_(alive))
    ended = await _changed(connection, statement.values(state=UploadState.TERMINATED, expires_at=now, **_ENDED))
    if ended:
        await _drop_parts(connection, [id])
    return ended


async def expire(connection: AsyncConnection, *, now: datetime, limit: int) -> list[UUID]:
    """End uploads whose time is up and return their ids. Those being locked, or written to, wait for the next call.

    A whole one that something was ever made from stays, without an end.
    """
    chosen = (
        select(uploads.c.id)
        .where(uploads.c.state.in_((*OPEN_STATES, UploadState.COMPLETE)), uploads.c.expires_at <= now)
        .where(or_(uploads.c.writer_until.is_(None), uploads.c.writer_until <= now))
        .order_by(uploads.c.expires_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    due = list((await connection.execute(chosen)).scalars())
    # In statements of their own: what was made from an upload until the lock was got, they see.
    ended = update(uploads).where(uploads.c.id.in_(due), _IS_UNUSED).returning(uploads.c.id)
    ended = ended.values(state=UploadState.EXPIRED, expires_at=now, **_ENDED)
    ids = list((await connection.execute(ended)).scalars())
    used = set(due) - set(ids)
    await connection.execute(update(uploads).where(uploads.c.id.in_(used)).values(expires_at=None))
    await _drop_parts(connection, ids)
    return ids


async def prune(connection: AsyncConnection, *, before: datetime, limit: int) -> int:
    """Delete up to `limit` uploads that were over before an instant and that nothing names; return how many."""
    over = select(uploads.c.id).where(
        uploads.c.state.in_((UploadState.EXPIRED, UploadState.TERMINATED)), before > _OVER_AT, _IS_UNUSED
    )
    chosen = over.order_by(_OVER_AT).limit(limit)
    return (await connection.execute(delete(uploads).where(uploads.c.id.in_(chosen)))).rowcount


async def is_in_use(connection: AsyncConnection, id: UUID) -> bool:
    """Tell whether an asset, artwork or import that is not settled is made from the upload."""
    statement = text(
        "SELECT EXISTS (SELECT 1 FROM assets a LEFT JOIN asset_inputs i ON i.asset_id = a.id"
        " WHERE (a.upload_id = :id OR i.upload_id = :id)"
        " AND a.state IN ('PROBING', 'ENCODING', 'PACKAGING', 'FAILED'))"
        " OR EXISTS (SELECT 1 FROM artworks WHERE upload_id = :id AND state = 'PROCESSING')"
        " OR EXISTS (SELECT 1 FROM title_imports WHERE upload_id = :id AND state = 'RUNNING')"
    )
    return bool((await connection.execute(statement, {"id": id})).scalar_one())


# The writer loses its lease with the upload, and learns of it at its next write.
_ENDED = {"object_key": None, "writer_id": None, "writer_until": None}


def _held(id: UUID, lease: Lease) -> Update:
    return update(uploads).where(
        uploads.c.id == id, uploads.c.writer_id == lease.writer_id, uploads.c.state.in_(OPEN_STATES)
    )


async def _changed(connection: AsyncConnection, statement: Update) -> bool:
    return (await connection.execute(statement.returning(uploads.c.id))).first() is not None


async def _add_parts(connection: AsyncConnection, id: UUID, parts: Sequence[Part]) -> None:
    """Insert parts; one that begins where a shorter one began takes its place."""
    if not parts:
        return
    values = [
        {"upload_id": id, "start_byte": part.start_byte, "size_bytes": part.size_bytes, "object_key": part.object_key}
        for part in parts
    ]
    statement = upsert(upload_parts)
    taken_over = {name: statement.excluded[name] for name in ("size_bytes", "object_key")}
    await connection.execute(
        statement.on_conflict_do_update(index_elements=["upload_id", "start_byte"], set_=taken_over), values
    )


async def _drop_parts(connection: AsyncConnection, ids: Sequence[UUID]) -> None:
    if ids:
        await connection.execute(delete(upload_parts).where(upload_parts.c.upload_id.in_(ids)))


def _upload(row: Row[tuple[object, ...]]) -> Upload:
    return Upload(
        id=UploadId(row.id),
        account_id=row.account_id,
        state=UploadState(row.state),
        size_bytes=row.size_bytes,
        offset_bytes=row.offset_bytes,
        file_name=row.file_name,
        media_type=row.media_type,
        metadata=row.metadata,
        is_partial=row.is_partial,
        concatenates=tuple(row.concatenates),
        object_key=row.object_key,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )
