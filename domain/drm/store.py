"""The table of content keys, and all SQL about it. What it holds of a key is sealed."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    Row,
    Table,
    Text,
    Uuid,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.kernel.tables import metadata
from domain.media.ladder import TrackClass

content_keys = Table(
    "content_keys",
    metadata,
    Column("kid", Uuid, primary_key=True),
    Column("asset_id", Uuid, ForeignKey("assets.id", ondelete="CASCADE"), nullable=False),
    Column("track_class", Text, nullable=False),
    # Ours, as the packager uses it; otherwise an outside encryptor chose the key id.
    Column("own", Boolean, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("track_class IN ('AUDIO', 'SD', 'HD', 'UHD')", name="track_class"),
)
Index(
    "content_keys_own_key",
    content_keys.c.asset_id,
    content_keys.c.track_class,
    unique=True,
    postgresql_where=content_keys.c.own,
)
Index("content_keys_asset_id_idx", content_keys.c.asset_id)


@dataclass(frozen=True)
class KeyRow:
    """A content key as it is kept."""

    kid: UUID
    asset_id: UUID
    track_class: TrackClass
    own: bool
    sealed: bytes = field(repr=False)


async def insert_keys(connection: AsyncConnection, rows: Sequence[KeyRow], *, now: datetime) -> None:
    """Insert keys; those whose id, or whose place as an asset's own key, is taken are left out."""
    if rows:
        values = [asdict(row) | {"created_at": now} for row in rows]
        await connection.execute(insert(content_keys).on_conflict_do_nothing(), values)


async def own_keys(connection: AsyncConnection, asset_id: UUID, track_classes: Sequence[TrackClass]) -> list[KeyRow]:
    """Return the asset's own keys of these classes."""
    statement = select(content_keys).where(
        content_keys.c.asset_id == asset_id, content_keys.c.own, content_keys.c.track_class.in_(track_classes)
    )
    return [_row(row) for row in await connection.execute(statement)]


async def keys_of_asset(connection: AsyncConnection, asset_id: UUID) -> list[KeyRow]:
    """Return all keys of an asset, its own first."""
    statement = (
        select(content_keys)
        .where(content_keys.c.asset_id == asset_id)
        .order_by(content_keys.c.own.desc(), content_keys.c.created_at, content_keys.c.kid)
    )
    return [_row(row) for row in await connection.execute(statement)]


async def keys_by_id(connection: AsyncConnection, kids: Sequence[UUID]) -> list[KeyRow]:
    """Return the keys with these ids, of whatever asset."""
    statement = select(content_keys).where(content_keys.c.kid.in_(kids))
    return [_row(row) for row in await connection.execute(statement)]


async def keys_after(connection: AsyncConnection, kid: UUID | None, *, limit: int) -> list[KeyRow]:
    """Return the next keys in the order of their ids."""
    statement = select(content_keys).order_by(content_keys.c.kid).limit(limit)
    if kid is not None:
        statement = statement.where(content_keys.c.kid > kid)
    return [_row(row) for row in await connection.execute(statement)]


async def replace_sealed(connection: AsyncConnection, kid: UUID, *, old: bytes, new: bytes) -> int:
    """Replace a sealed value if it is still the old one; return how many rows changed."""
    statement = (
        update(content_keys)
        .where(content_keys.c.kid == kid, content_keys.c.sealed == old)
        .values(sealed=new)
        .returning(content_keys.c.kid)
    )
    return len((await connection.execute(statement)).all())


def _row(row: Row[tuple[object, ...]]) -> KeyRow:
    return KeyRow(row.kid, row.asset_id, TrackClass(row.track_class), row.own, row.sealed)
