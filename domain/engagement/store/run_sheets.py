"""Runs of show in the database."""

from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.engagement.poll import LocalText
from domain.engagement.run_item import RunItem, RunItemId, RunItemKind, RunSheet
from domain.engagement.store.moment_tables import run_items, run_sheets

_s = run_sheets.c
_i = run_items.c


async def hold_run_sheet(connection: AsyncConnection, stream_id: UUID) -> RunSheet:
    """Return a run of show that nobody else edits or fires until the transaction ends."""
    await connection.execute(upsert(run_sheets).values(stream_id=stream_id, version=1).on_conflict_do_nothing())
    version = await connection.scalar(select(_s.version).where(_s.stream_id == stream_id).with_for_update())
    return RunSheet(stream_id, int(version or 1), await _items(connection, stream_id))


async def run_sheet(connection: AsyncConnection, stream_id: UUID) -> RunSheet:
    """Return a run of show; an empty one where nobody has prepared any."""
    version = await connection.scalar(select(_s.version).where(_s.stream_id == stream_id))
    return RunSheet(stream_id, int(version or 1), await _items(connection, stream_id))


async def stream_of_item(connection: AsyncConnection, item_id: UUID) -> UUID | None:
    """Return the stream that an item is of."""
    found: UUID | None = await connection.scalar(select(_i.stream_id).where(_i.id == item_id))
    return found


async def write_run_sheet(connection: AsyncConnection, sheet: RunSheet) -> None:
    """Write a run of show that is held: its items, and their order."""
    await connection.execute(update(run_sheets).where(_s.stream_id == sheet.stream_id).values(version=sheet.version))
    await connection.execute(delete(run_items).where(_i.stream_id == sheet.stream_id))
    rows = [_values(item) | {"position": position} for position, item in enumerate(sheet.items)]
    if rows:
        await connection.execute(insert(run_items), rows)


async def update_run_item(connection: AsyncConnection, item: RunItem) -> None:
    """Write what became of an item whose run of show is held."""
    values = {"fired_at": item.fired_at, "moment_id": item.moment_id}
    await connection.execute(update(run_items).where(_i.id == item.id).values(values))


async def _items(connection: AsyncConnection, stream_id: UUID) -> tuple[RunItem, ...]:
    statement = select(run_items).where(_i.stream_id == stream_id).order_by(_i.position)
    return tuple(_item(row) for row in await connection.execute(statement))


def _values(item: RunItem) -> dict[str, object]:
    return {
        "id": item.id,
        "stream_id": item.stream_id,
        "kind": item.kind.value,
        "poll_id": item.poll_id,
        "texts": [[text.language, text.text] for text in item.text],
        "duration_s": item.duration_s,
        "fired_at": item.fired_at,
        "moment_id": item.moment_id,
    }


def _item(row: Any) -> RunItem:
    return RunItem(
        id=RunItemId(row.id),
        stream_id=row.stream_id,
        kind=RunItemKind(row.kind),
        poll_id=row.poll_id,
        text=tuple(LocalText(language, text) for language, text in row.texts),
        duration_s=row.duration_s,
        fired_at=row.fired_at,
        moment_id=row.moment_id,
    )
