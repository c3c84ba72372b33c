"""SQL about where, when, on what and for whom titles may be shown, and how old one has to be."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Text, Uuid, any_, bindparam, delete, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.accounts import DeviceClass
from domain.catalog.rating_systems import systems_of
from domain.catalog.store.tables import title_ratings, title_rights, titles
from domain.catalog.store.titles import title_of_record
from domain.catalog.title import Right, RightId, Title, TitleId
from domain.kernel.hot import HotQuery

_KEYS = bindparam("keys", type_=ARRAY(Uuid))

_INSERT_RIGHT = text(
    """
    INSERT INTO title_rights (id, title_id, territory, opens_at, closes_at, device_classes, plans)
    SELECT :id, :title_id, :territory, CAST(:opens_at AS timestamptz), CAST(:closes_at AS timestamptz),
           CAST(:device_classes AS text[]), CAST(:plans AS text[])
    WHERE NOT EXISTS (
        SELECT 1 FROM title_rights
        WHERE title_id = :title_id AND territory = :territory
          AND device_classes IS NOT DISTINCT FROM CAST(:device_classes AS text[])
          AND plans IS NOT DISTINCT FROM CAST(:plans AS text[])
          AND tstzrange(opens_at, closes_at)
              && tstzrange(CAST(:opens_at AS timestamptz), CAST(:closes_at AS timestamptz))
    )
    RETURNING id
    """
)


async def insert_right(connection: AsyncConnection, right: Right) -> bool:
    """Insert a right; the caller holds the title's lock. Returns False when its window overlaps another one."""
    values = {
        "id": right.id,
        "title_id": right.title_id,
        "territory": right.territory,
        "opens_at": right.opens_at,
        "closes_at": right.closes_at,
        "device_classes": None if right.device_classes is None else [one.value for one in right.device_classes],
        "plans": None if right.plans is None else list(right.plans),
    }
    return (await connection.execute(_INSERT_RIGHT, values)).one_or_none() is not None


async def delete_right(connection: AsyncConnection, right_id: UUID) -> UUID | None:
    """Delete a right and return the title it was of, or None when there is none."""
    statement = delete(title_rights).where(title_rights.c.id == right_id).returning(title_rights.c.title_id)
    found: UUID | None = (await connection.execute(statement)).scalar_one_or_none()
    return found


_TITLE_WITH_RIGHTS = HotQuery(
    select(
        titles,
        title_rights.c.id.label("right_id"),
        title_rights.c.territory,
        title_rights.c.opens_at,
        title_rights.c.closes_at,
        title_rights.c.device_classes,
        title_rights.c.plans,
    )
    .join(title_rights, title_rights.c.title_id == titles.c.id, isouter=True)
    .where(titles.c.id == bindparam("title_id", type_=Uuid))
)
_NATIONAL_AGES = HotQuery(
    select(func.max(title_ratings.c.age).label("age")).where(
        title_ratings.c.title_id == bindparam("title_id", type_=Uuid),
        title_ratings.c.system == any_(bindparam("systems", type_=ARRAY(Text))),
    )
)


async def title_with_rights(connection: AsyncConnection, title_id: UUID) -> tuple[Title, Sequence[Right]] | None:
    """Return one title and its rights in one round trip."""
    rows = await _TITLE_WITH_RIGHTS.rows(connection, title_id=title_id)
    if not rows:
        return None
    rights = [_right_of(row, row["right_id"], row["id"]) for row in rows if row["right_id"] is not None]
    return title_of_record(rows[0]), rights


_RIGHTS = HotQuery(
    select(title_rights)
    .where(title_rights.c.title_id == any_(_KEYS))
    .order_by(title_rights.c.territory, title_rights.c.opens_at)
)


async def rights_of(connection: AsyncConnection, keys: Sequence[UUID]) -> list[list[Right]]:
    """Return each title's rights, aligned."""
    found: dict[UUID, list[Right]] = {}
    for row in await _RIGHTS.rows(connection, keys=keys):
        found.setdefault(row.title_id, []).append(_right(row))
    return [found.get(key, []) for key in keys]


async def rights_by_id(connection: AsyncConnection, keys: Sequence[UUID]) -> list[Right | None]:
    """Return rights aligned with `keys`."""
    rows = await connection.execute(select(title_rights).where(title_rights.c.id.in_(keys)))
    found = {row.id: _right(row) for row in rows}
    return [found.get(key) for key in keys]


async def national_age(connection: AsyncConnection, title_id: UUID, *, territory: str) -> int | None:
    """Return the age of a title by the ratings that hold in a territory; None when it has none of them."""
    systems = systems_of(territory)
    if not systems:
        return None
    (row,) = await _NATIONAL_AGES.rows(connection, title_id=title_id, systems=systems)
    age: int | None = row.age
    return age


def _right(row: Any) -> Right:
    return _right_of(row._mapping if isinstance(row, Row) else row, row.id, row.title_id)


def _right_of(row: Mapping[Any, Any], id: UUID, title_id: UUID) -> Right:
    devices, plans = row["device_classes"], row["plans"]
    return Right(
        RightId(id),
        TitleId(title_id),
        row["territory"],
        row["opens_at"],
        row["closes_at"],
        None if devices is None else tuple(DeviceClass(one) for one in devices),
        None if plans is None else tuple(plans),
    )
