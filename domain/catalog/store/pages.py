"""Pages of titles that belong to something else: the parts of a series, a person's work, a genre, a collection.

One statement gives a page of each of many such lists.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import FromClause, Integer, Uuid, bindparam, column, func, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import TypeEngine

from domain.catalog.audience import Audience
from domain.catalog.belonging import Belonging, Place, TitlesOf
from domain.catalog.store.details import collection_titles, credits, title_tags
from domain.catalog.store.tables import titles
from domain.catalog.store.titles import scope_of, scoped, title_of_row
from domain.kernel.hot import HotQuery

_parts = titles.alias("parts")


@dataclass(frozen=True)
class _List:
    """A table that says what belongs where: to which owner, which title, at which place."""

    table: FromClause
    owner: Any
    title_id: Any
    place: Any
    place_type: TypeEngine[Any]
    where: tuple[Any, ...] = ()
    is_descending: bool = False


_works = select(credits.c.person_id, credits.c.title_id).distinct().subquery("works")
_LISTS: dict[TitlesOf, _List] = {
    TitlesOf.COLLECTION: _List(
        collection_titles,
        collection_titles.c.collection_id,
        collection_titles.c.title_id,
        collection_titles.c.position,
        Integer(),
    ),
    TitlesOf.PERSON: _List(_works, _works.c.person_id, _works.c.title_id, _works.c.title_id, Uuid(), (), True),
    TitlesOf.TAG: _List(
        title_tags, title_tags.c.tag_id, title_tags.c.title_id, title_tags.c.title_id, Uuid(), (), True
    ),
    TitlesOf.SEASONS: _List(
        _parts, _parts.c.parent_id, _parts.c.id, _parts.c.number, Integer(), (_parts.c.kind == "SEASON",)
    ),
    TitlesOf.EPISODES: _List(
        _parts, _parts.c.parent_id, _parts.c.id, _parts.c.number, Integer(), (_parts.c.kind == "EPISODE",)
    ),
}


async def pages_of(
    connection: AsyncConnection,
    what: TitlesOf,
    owners: Sequence[UUID],
    *,
    audience: Audience,
    now: datetime,
    after: Place | None,
    before: Place | None,
    limit: int,
    backwards: bool,
) -> list[list[Belonging]]:
    """Return up to `limit` titles of each owner that the audience may find, in the direction of travel, aligned."""
    query = _query(what, audience.sees_all, after is not None, before is not None, backwards)
    bounds = {"owners": owners, "after": after, "before": before, "limit": limit}
    found: dict[UUID, list[Belonging]] = {owner: [] for owner in owners}
    for row in await query.rows(connection, **bounds, **scope_of(audience, now)):
        found[row.owner_id].append(Belonging(row.place, title_of_row(row)))
    return [found[owner] for owner in owners]


@cache
def _query(what: TitlesOf, everything: bool, has_after: bool, has_before: bool, backwards: bool) -> HotQuery:
    one = _LISTS[what]
    falls = one.is_descending is not backwards
    keys = func.unnest(bindparam("owners", type_=ARRAY(Uuid)))
    asked = keys.table_valued(column("owner_id", Uuid)).render_derived(name="asked")
    place = one.place.label("place")
    inside = (
        select(titles, place)
        .join(one.table, one.title_id == titles.c.id)
        .where(one.owner == asked.c.owner_id, *one.where)
        .order_by(place.desc() if falls else place.asc())
        .limit(bindparam("limit", type_=Integer))
    )
    if has_after:
        bound = bindparam("after", type_=one.place_type)
        inside = inside.where(one.place < bound if one.is_descending else one.place > bound)
    if has_before:
        bound = bindparam("before", type_=one.place_type)
        inside = inside.where(one.place > bound if one.is_descending else one.place < bound)
    page = scoped(inside, sees_all=everything).lateral("page")
    order = page.c.place.desc() if falls else page.c.place.asc()
    return HotQuery(select(asked.c.owner_id, page).select_from(asked.join(page, true())).order_by(order))


_next_season = titles.alias("next_season")


async def next_parts(
    connection: AsyncConnection, episode_ids: Sequence[UUID], *, audience: Audience, now: datetime
) -> list[UUID | None]:
    """Return the episode after each, which may be the first of the next season; what the audience may find, aligned."""
    rows = await _next_query(audience.sees_all).rows(connection, keys=episode_ids, **scope_of(audience, now))
    found = {row.episode_id: row.id for row in rows}
    return [found.get(id) for id in episode_ids]


@cache
def _next_query(everything: bool) -> HotQuery:
    keys = func.unnest(bindparam("keys", type_=ARRAY(Uuid)))
    asked = keys.table_valued(column("episode_id", Uuid)).render_derived(name="asked")
    this, season = _parts, titles.alias("season")
    in_this = scoped(
        select(titles.c.id)
        .join(this, this.c.parent_id == titles.c.parent_id)
        .where(this.c.id == asked.c.episode_id, titles.c.kind == "EPISODE", titles.c.number > this.c.number)
        .order_by(titles.c.number)
        .limit(1),
        sees_all=everything,
    ).lateral("in_this")
    own = titles.alias("own")
    in_next = scoped(
        select(titles.c.id)
        .select_from(
            titles.join(_next_season, _next_season.c.id == titles.c.parent_id)
            .join(season, season.c.parent_id == _next_season.c.parent_id)
            .join(own, own.c.parent_id == season.c.id)
        )
        .where(
            own.c.id == asked.c.episode_id,
            titles.c.kind == "EPISODE",
            _next_season.c.kind == "SEASON",
            season.c.kind == "SEASON",
            _next_season.c.number > season.c.number,
        )
        .order_by(_next_season.c.number, titles.c.number)
        .limit(1),
        sees_all=everything,
    ).lateral("in_next")
    return HotQuery(
        select(asked.c.episode_id, func.coalesce(in_this.c.id, in_next.c.id).label("id")).select_from(
            asked.outerjoin(in_this, true()).outerjoin(in_next, true())
        )
    )
