"""Pages of the titles that editors put into rows: one statement for all rows of a screen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, column, func, literal, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.accounts import Viewer
from domain.catalog import Title
from domain.catalog.listing import scope_to_viewer, title_of_row, titles
from domain.insights.store.tables import home_row_titles


@dataclass(frozen=True)
class Placed:
    """A title and its place in the order of its row."""

    place: int
    title: Title


async def editorial_pages(
    connection: AsyncConnection,
    row_ids: Sequence[UUID],
    *,
    viewer: Viewer | None,
    now: datetime,
    after: int | None,
    before: int | None,
    limit: int,
    backwards: bool,
) -> list[list[Placed]]:
    """Return what the viewer may see of each row, aligned with `row_ids`, in the direction of travel."""
    keys = func.unnest(literal(list(row_ids), ARRAY(Uuid)))
    asked = keys.table_valued(column("row_id", Uuid)).render_derived(name="asked")
    place = home_row_titles.c.position.label("place")
    inside = (
        select(titles, place)
        .join(home_row_titles, home_row_titles.c.title_id == titles.c.id)
        .where(home_row_titles.c.row_id == asked.c.row_id)
        .order_by(place.desc() if backwards else place.asc())
        .limit(limit)
    )
    if after is not None:
        inside = inside.where(home_row_titles.c.position > after)
    if before is not None:
        inside = inside.where(home_row_titles.c.position < before)
    page = scope_to_viewer(inside, viewer, now).lateral("page")
    order = page.c.place.desc() if backwards else page.c.place.asc()
    statement = select(asked.c.row_id, page).select_from(asked.join(page, true())).order_by(order)
    found: dict[UUID, list[Placed]] = {row_id: [] for row_id in row_ids}
    for row in await connection.execute(statement):
        found[row.row_id].append(Placed(row.place, title_of_row(row)))
    return [found[row_id] for row_id in row_ids]
