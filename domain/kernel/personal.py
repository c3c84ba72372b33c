"""Where data of people lies: each context lists its tables, and what becomes of them when an account is erased.

From these lists come the export of everything about one person and the erasure of it, so that neither misses a table;
a law compares them with the tables there are. Columns with hashes and bytes are in no export: they tell nobody anything
but how to get in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from uuid import UUID

from sqlalchemy import Column, ColumnElement, LargeBinary, Table, delete, false, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.kernel.tables import metadata

# More than anybody leaves in one table in years; a bound, since an export is one file made in memory.
EXPORTED_ROWS_MAX = 50_000


class Fate(Enum):
    """What becomes of rows when their account is erased."""

    # They are about the person.
    DELETED = auto()
    # They are the house's records; what they name is an account that nobody can be found by any more.
    KEPT = auto()


@dataclass(frozen=True)
class PersonalData:
    """One table, and its column that names the account whose rows they are.

    `profile_column` names the profile, where rows go with one; it may be the only column there is. `shown` are the
    columns of an export, all that are fit for it unless given. `why` says why rows are kept.
    """

    table: str
    column: str
    fate: Fate
    profile_column: str | None = None
    shown: tuple[str, ...] | None = None
    why: str = ""


@dataclass(frozen=True)
class Person:
    """Whose data is asked for: an account with its profiles, the removed ones too; or one profile alone."""

    account_id: UUID | None
    profile_ids: Sequence[UUID]


async def rows_about(connection: AsyncConnection, data: PersonalData, person: Person) -> list[dict[str, object]]:
    """Return the rows of a table that are a person's, as an export shows them."""
    table = metadata.tables[data.table]
    columns = [column for column in table.c if _is_shown(data, column)]
    statement = select(*columns).where(_about(data, person)).limit(EXPORTED_ROWS_MAX)
    names = [str(column.name) for column in columns]
    return [dict(zip(names, row, strict=True)) for row in await connection.execute(statement)]


async def erase_rows(connection: AsyncConnection, data: PersonalData, person: Person) -> int:
    """Delete a person's rows of a table, unless they are kept; return how many."""
    if data.fate is Fate.KEPT:
        return 0
    return (await connection.execute(delete(metadata.tables[data.table]).where(_about(data, person)))).rowcount


def _about(data: PersonalData, person: Person) -> ColumnElement[bool]:
    columns = metadata.tables[data.table].c
    if person.account_id is not None and data.column != data.profile_column:
        return columns[data.column] == person.account_id
    if data.profile_column is None:
        return false()
    return columns[data.profile_column].in_(person.profile_ids)


def personal_columns(table: Table, marks: Sequence[str]) -> set[str]:
    """Return the columns of a table that name a person: by a name among `marks`, or by a key to accounts."""
    return {
        column.name
        for column in table.c
        if column.name in marks or any(key.target_fullname == "accounts.id" for key in column.foreign_keys)
    }


def _is_shown(data: PersonalData, column: "Column[object]") -> bool:
    if data.shown is not None:
        return column.name in data.shown
    return not isinstance(column.type, LargeBinary) and "hash" not in column.name
