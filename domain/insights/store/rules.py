"""What rules put into rows. A rule ranks a bounded number of candidates; what the viewer may see of them is kept.

A rank grows down the row. Candidates are bounded before rights are looked at, so that no row ever walks the catalog.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    DateTime,
    Select,
    Subquery,
    Text,
    Uuid,
    all_,
    any_,
    bindparam,
    cast,
    extract,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.catalog import WORLDWIDE, Audience, TitleState
from domain.catalog.listing import scope_of, scoped, title_of_row, title_rights, titles
from domain.insights.home_row import Placed, RowRule
from domain.insights.store.tables import title_neighbours, title_trends
from domain.kernel.hot import HotQuery

# How many candidates a rule looks at, and how many titles its row has at most.
CANDIDATES_MAX = 1_000
RULE_TITLES_MAX = 100
LEAVING_WITHIN = timedelta(days=30)
# Parts of a series are found through it.
_PARTS = bindparam("parts", ["EPISODE", "SEASON"], type_=ARRAY(Text))
_MICROSECONDS = 1_000_000

_t, _r = titles.c, title_rights.c
_now = bindparam("now", type_=DateTime(timezone=True))
_until = bindparam("until", type_=DateTime(timezone=True))
_territories = bindparam("territories", type_=ARRAY(Text))
_title_ids = bindparam("title_ids", type_=ARRAY(Uuid))


async def titles_by_rule(
    connection: AsyncConnection, rule: RowRule, *, audience: Audience, now: datetime
) -> list[Placed]:
    """Return what the viewer may see of a rule's row."""
    territory = WORLDWIDE if audience.territory is None else audience.territory
    match rule:
        case RowRule.NEW:
            return await _ranked(connection, _new, audience, now, {})
        case RowRule.LEAVING_SOON:
            bound = {"now": now, "until": now + LEAVING_WITHIN, "territories": [WORLDWIDE, territory]}
            return await _ranked(connection, _leaving, audience, now, bound)
        case RowRule.TRENDING:
            return await _ranked(connection, _trending, audience, now, {"territory": territory})
        case _:
            raise AssertionError(f"{rule} needs to know more than the viewer's class")


async def neighbours_of(
    connection: AsyncConnection,
    title_ids: Sequence[UUID],
    *,
    without: Sequence[UUID],
    audience: Audience,
    now: datetime,
) -> list[Placed]:
    """Return what is watched by the people who watch these titles, except `without`."""
    return await _ranked(connection, _neighbours, audience, now, {"title_ids": title_ids, "without": without})


async def visible_in_order(
    connection: AsyncConnection, title_ids: Sequence[UUID], *, audience: Audience, now: datetime
) -> list[Placed]:
    """Return what the viewer may see of these titles, in their order."""
    query = _these(audience.sees_all)
    rows = await query.rows(connection, title_ids=title_ids, **scope_of(audience, now))
    found = {row.id: title_of_row(row) for row in rows}
    return [Placed(place, found[id]) for place, id in enumerate(title_ids) if id in found]


async def _ranked(
    connection: AsyncConnection,
    candidates: Callable[[], Select[Any]],
    audience: Audience,
    now: datetime,
    bound: Mapping[str, object],
) -> list[Placed]:
    query = _ranked_query(candidates, audience.sees_all)
    rows = await query.rows(connection, **{**bound, **scope_of(audience, now)})
    return [Placed(row.place, title_of_row(row)) for row in rows]


@cache
def _these(everything: bool) -> HotQuery:
    return HotQuery(scoped(select(titles).where(_t.id == any_(_title_ids)), sees_all=everything))


@cache
def _ranked_query(candidates: Callable[[], Select[Any]], everything: bool) -> HotQuery:
    ranked: Subquery = candidates().subquery("ranked")
    rank = cast(ranked.c.rank, BigInteger).label("place")
    one = select(titles).where(_t.id == ranked.c.title_id, _t.kind != all_(_PARTS))
    published = one.where(_t.state == TitleState.PUBLISHED.value)
    # The offset keeps it a lookup for each candidate: joined, the planner would rather read the whole catalog.
    seen = scoped(published, sees_all=everything).offset(0).lateral("seen")
    return HotQuery(
        select(rank, seen)
        .select_from(ranked.join(seen, true()))
        .order_by(rank, ranked.c.title_id)
        .limit(RULE_TITLES_MAX)
    )


def _neighbours() -> Select[Any]:
    n = title_neighbours.c
    return (
        select(n.neighbour_id.label("title_id"), (-func.sum(n.score)).label("rank"))
        .where(n.title_id == any_(_title_ids), n.neighbour_id != all_(bindparam("without", type_=ARRAY(Uuid))))
        .group_by(n.neighbour_id)
        .order_by(func.sum(n.score).desc())
        .limit(CANDIDATES_MAX)
    )


def _new() -> Select[Any]:
    return (
        select(_t.id.label("title_id"), (-extract("epoch", _t.published_at) * _MICROSECONDS).label("rank"))
        .where(_t.state == TitleState.PUBLISHED.value)
        .order_by(_t.published_at.desc(), _t.id.desc())
        .limit(CANDIDATES_MAX)
    )


def _leaving() -> Select[Any]:
    closing = (
        select(_r.title_id, _r.closes_at)
        .where(
            _r.territory == any_(_territories),
            _r.opens_at <= _now,
            _r.closes_at > _now,
            _r.closes_at <= _until,
        )
        .order_by(_r.closes_at)
        .limit(CANDIDATES_MAX)
        .subquery("closing")
    )
    longer = title_rights.alias("longer").c
    goes_on = (
        select(longer.id)
        .where(
            longer.title_id == closing.c.title_id,
            longer.territory == any_(_territories),
            longer.opens_at <= closing.c.closes_at,
            or_(longer.closes_at.is_(None), longer.closes_at > closing.c.closes_at),
        )
        .offset(0)
        .exists()
    )
    last_instant = func.min(closing.c.closes_at)
    return (
        select(closing.c.title_id, (extract("epoch", last_instant) * _MICROSECONDS).label("rank"))
        .where(~goes_on)
        .group_by(closing.c.title_id)
    )


def _trending() -> Select[Any]:
    trends, own = title_trends.c, title_trends.alias("own").c
    here = bindparam("territory", type_=Text)
    # Where nobody has watched lately, the world's trends stand in.
    is_known = select(own.territory).where(own.territory == here).limit(1).scalar_subquery()
    return (
        select(trends.title_id, (-trends.score).label("rank"))
        .where(trends.territory == func.coalesce(is_known, WORLDWIDE))
        .order_by(trends.score.desc(), trends.title_id.desc())
        .limit(CANDIDATES_MAX)
    )
