"""Pages of the titles that editors put into rows: one statement for all rows of a screen."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from uuid import UUID

from sqlalchemy import Integer, Uuid, bindparam, column, func, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.catalog import Audience
from domain.catalog.listing import scope_of, scoped, title_of_row, titles
from domain.insights.home_row import Placed
from domain.insights.store.tables import home_row_titles
from domain.kernel.hot import HotQuery


async def editorial_pages(
    connection: AsyncConnection,
    row_ids: Sequence[UUID],
    *,
    audience: Audience,
    now: datetime,
    after: int | None,
    before: int | None,
    limit: int,
    backwards: bool,
) -> list[list[Placed]]:
    """Return what the viewer may see of each row, aligned with `row_ids`, in the direction of travel."""
    query = _page_query(audience.sees_all, after is not None, before is not None, backwards)
    bounds = {"row_ids": row_ids, "after": after, "before": before, "limit": limit}
    found: dict[UUID, list[Placed]] = {row_id: [] for row_id in row_ids}
    for row in await query.rows(connection, **bounds, **scope_of(audience, now)):
        found[row.row_id].append(Placed(row.place, title_of_row(row)))
    return [found[row_id] for row_id in row_ids]


@cache
def _page_query(everything: bool, has_after: bool, has_before: bool, backwards: bool) -> HotQuery:
    keys = func.unnest(bindparam("row_ids", type_=ARRAY(Uuid)))
    asked = keys.table_valued(column("row_id", Uuid)).render_derived(name="asked")
    place = home_row_titles.c.position.label("place")
    inside = (
        select(titles, place)
        .join(home_row_titles, home_row_titles.c.title_id == titles.c.id)
        .where(home_row_titles.c.row_id == asked.c.row_id)
        .order_by(place.desc() if backwards else place.asc())
        .limit(bindparam("limit", type_=Integer))
    )
    if has_after:
        inside = inside.where(home_row_titles.c.position > bindparam("after", type_=Integer))
    if has_before:
        inside = inside.where(home_row_titles.c.position < bindparam("before", type_=Integer))
    page = scoped(inside, sees_all=everything).lateral("page")
    order = page.c.place.desc() if backwards else page.c.place.asc()
    return HotQuery(select(asked.c.row_id, page).select_from(asked.join(page, true())).order_by(order))
