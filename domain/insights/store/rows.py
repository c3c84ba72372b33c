"""The rows themselves."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.insights.home_row import HomeRow, HomeRowId, RowAudience, RowRule, RowSource, RowTarget, RowText
from domain.kernel.hot import fetch_all

# A home screen has a few dozen rows at most. Beyond this the last ones are not shown.
SHOWN_ROWS_MAX = 200

_COLUMNS = """
    SELECT r.*, ARRAY(
        SELECT ARRAY[t.language, t.name] FROM home_row_texts t WHERE t.row_id = r.id ORDER BY t.language
    ) AS texts
    FROM home_rows r
"""
_IN_WINDOW = "(r.starts_at IS NULL OR r.starts_at <= $1) AND (r.ends_at IS NULL OR r.ends_at > $1)"


async def shown_rows(connection: AsyncConnection, *, now: datetime) -> list[HomeRow]:
    """Return the rows that are shown at this instant to anybody, in their order."""
    statement = f"{_COLUMNS} WHERE r.is_shown AND {_IN_WINDOW} ORDER BY r.position, r.id LIMIT {SHOWN_ROWS_MAX}"
    return [_row(row) for row in await fetch_all(connection, statement, now)]


async def rows_by_id(connection: AsyncConnection, keys: Sequence[UUID]) -> list[HomeRow | None]:
    """Return rows aligned with `keys`."""
    rows = await fetch_all(connection, f"{_COLUMNS} WHERE r.id = ANY($1)", list(keys))
    found = {row["id"]: _row(row) for row in rows}
    return [found.get(HomeRowId(key)) for key in keys]


def _row(row: Any) -> HomeRow:
    audience = row["audience"]
    return HomeRow(
        id=HomeRowId(row["id"]),
        rule=RowRule(row["rule"]),
        position=row["position"],
        default_language=row["default_language"],
        is_shown=row["is_shown"],
        target=RowTarget(
            starts_at=row["starts_at"],
            ends_at=row["ends_at"],
            territories=row["territories"],
            device_classes=row["device_classes"],
            audience=None if audience is None else RowAudience(audience),
        ),
        texts=tuple(RowText(language, name) for language, name in row["texts"]),
        version=row["version"],
        created_at=row["created_at"],
        source=RowSource(row["id"], RowRule(row["rule"])),
    )
