"""How editors change rows."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Uuid, delete, insert, literal, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.insights.home_row import HomeRow, RowTarget, RowText
from domain.insights.store.rows import rows_by_id
from domain.insights.store.tables import home_row_texts, home_row_titles, home_rows

_h = home_rows.c


async def insert_row(connection: AsyncConnection, row: HomeRow, *, created_by: UUID) -> None:
    """Insert a row without its texts."""
    await connection.execute(
        insert(home_rows).values(
            id=row.id,
            rule=row.rule.value,
            position=row.position,
            default_language=row.default_language,
            is_shown=row.is_shown,
            version=row.version,
            created_by=created_by,
            created_at=row.created_at,
            **_columns(row.target),
        )
    )


async def put_row_text(connection: AsyncConnection, row_id: UUID, text: RowText) -> None:
    """Insert or replace what a row is called in one language."""
    statement = upsert(home_row_texts).values(row_id=row_id, language=text.language, name=text.name)
    await connection.execute(
        statement.on_conflict_do_update(index_elements=["row_id", "language"], set_={"name": statement.excluded.name})
    )


async def raise_row_version(connection: AsyncConnection, row_id: UUID, *, expected_version: int) -> bool:
    """Move a row to its next version and lock it. Returns False when its version is another, or there is none."""
    statement = (
        update(home_rows)
        .where(_h.id == row_id, _h.version == expected_version)
        .values(version=_h.version + 1)
        .returning(_h.id)
    )
    return (await connection.execute(statement)).one_or_none() is not None


async def arrange_row(
    connection: AsyncConnection, row_id: UUID, *, position: int, is_shown: bool, target: RowTarget
) -> None:
    """Set where a row stands, when it is shown and to whom."""
    values = {"position": position, "is_shown": is_shown, **_columns(target)}
    await connection.execute(update(home_rows).where(_h.id == row_id).values(values))


async def replace_row_titles(connection: AsyncConnection, row_id: UUID, title_ids: Sequence[UUID]) -> None:
    """Put these titles into a row instead of those in it; the caller holds the row."""
    await connection.execute(delete(home_row_titles).where(home_row_titles.c.row_id == row_id))
    if title_ids:
        values = [{"row_id": row_id, "position": place, "title_id": id} for place, id in enumerate(title_ids)]
        await connection.execute(insert(home_row_titles), values)


async def delete_row(connection: AsyncConnection, row_id: UUID) -> None:
    """Delete a row with all that is in it."""
    await connection.execute(delete(home_rows).where(_h.id == row_id))


async def page_of_rows(
    connection: AsyncConnection,
    *,
    after: tuple[int, UUID] | None,
    before: tuple[int, UUID] | None,
    limit: int,
    backwards: bool,
) -> list[HomeRow]:
    """Return rows of all kinds, shown or not, in the direction of travel."""
    place = (_h.position, _h.id)
    statement = select(_h.id).limit(limit)
    for bound, compare in ((after, "__gt__"), (before, "__lt__")):
        if bound is not None:
            mine, theirs = tuple_(*place), tuple_(literal(bound[0]), literal(bound[1], Uuid))
            statement = statement.where(getattr(mine, compare)(theirs))
    order = [one.desc() if backwards else one.asc() for one in place]
    ids = list((await connection.execute(statement.order_by(*order))).scalars())
    return [row for row in await rows_by_id(connection, ids) if row is not None]


def _columns(target: RowTarget) -> dict[str, object]:
    return {
        "starts_at": target.starts_at,
        "ends_at": target.ends_at,
        "territories": target.territories,
        "device_classes": target.device_classes,
        "audience": None if target.audience is None else target.audience.value,
    }
