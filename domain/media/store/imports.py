"""The tables of imports, of the keys in their files, and of what was wrong with rows; and all their SQL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    Uuid,
    delete,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.catalog.exporting import FileFormat
from domain.catalog.importing import FileFault, ImportMode, RowCode, RowProblem
from domain.catalog.importing.records import Place
from domain.kernel.tables import metadata
from domain.media.title_import import ImportId, ImportState, TitleImport

title_imports = Table(
    "title_imports",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("account_id", Uuid, ForeignKey("accounts.id"), nullable=False),
    Column("upload_id", Uuid, ForeignKey("uploads.id"), nullable=False, index=True),
    Column("object_key", Text, nullable=False),
    Column("format", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("fault", Text),
    Column("fault_detail", Text),
    Column("size_bytes", BigInteger, nullable=False),
    Column("offset_bytes", BigInteger, nullable=False),
    Column("line", Integer, nullable=False),
    Column("columns", ARRAY(Text)),
    Column("created", Integer, nullable=False),
    Column("updated", Integer, nullable=False),
    Column("unchanged", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("problems_kept", Integer, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("settled_at", DateTime(timezone=True)),
    CheckConstraint("format IN ('CSV', 'JSON_LINES')", name="format"),
    CheckConstraint("mode IN ('CREATE', 'UPDATE', 'UPSERT')", name="mode"),
    CheckConstraint("state IN ('RUNNING', 'DONE', 'FAILED', 'CANCELLED')", name="state"),
    CheckConstraint("(state = 'FAILED') = (fault IS NOT NULL)", name="fault"),
    CheckConstraint("(state = 'RUNNING') = (settled_at IS NULL)", name="settled"),
    CheckConstraint("offset_bytes BETWEEN 0 AND size_bytes", name="offset"),
)
Index("title_imports_account_id_idx", title_imports.c.account_id, title_imports.c.id)

# Kept while an import runs: a file may be larger than the memory of whoever reads it.
title_import_keys = Table(
    "title_import_keys",
    metadata,
    Column("import_id", Uuid, ForeignKey("title_imports.id", ondelete="CASCADE"), primary_key=True),
    Column("external_id", Text, primary_key=True),
    Column("line", Integer, nullable=False),
)

title_import_problems = Table(
    "title_import_problems",
    metadata,
    Column("import_id", Uuid, ForeignKey("title_imports.id", ondelete="CASCADE"), primary_key=True),
    Column("number", BigInteger, Identity(always=True), primary_key=True),
    Column("line", Integer, nullable=False),
    Column("external_id", Text),
    Column("field", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("message", Text, nullable=False),
)


@dataclass(frozen=True)
class NumberedProblem:
    """A problem and its place in the report."""

    number: int
    problem: RowProblem


async def insert_import(connection: AsyncConnection, begun: TitleImport) -> None:
    """Insert a new import."""
    values = {
        "id": begun.id,
        "account_id": begun.account_id,
        "upload_id": begun.upload_id,
        "object_key": begun.object_key,
        "format": begun.format.value,
        "mode": begun.mode.value,
        "state": begun.state.value,
        "size_bytes": begun.size_bytes,
        "created_at": begun.created_at,
    }
    await connection.execute(insert(title_imports).values(values | _progress(begun)))


async def imports_by_id(connection: AsyncConnection, keys: Sequence[UUID]) -> list[TitleImport | None]:
    """Return imports aligned with `keys`."""
    rows = await connection.execute(select(title_imports).where(title_imports.c.id.in_(keys)))
    found = {row.id: _import(row) for row in rows}
    return [found.get(ImportId(key)) for key in keys]


async def lock_import(connection: AsyncConnection, id: UUID) -> TitleImport | None:
    """Return an import and lock its row."""
    row = (await connection.execute(select(title_imports).where(title_imports.c.id == id).with_for_update())).first()
    return None if row is None else _import(row)


async def move_import(connection: AsyncConnection, after: TitleImport) -> None:
    """Keep how far an import is; the caller holds its lock."""
    await connection.execute(update(title_imports).where(title_imports.c.id == after.id).values(_progress(after)))


async def settle(
    connection: AsyncConnection,
    id: UUID,
    *,
    state: ImportState,
    fault: FileFault | None,
    detail: str | None,
    at: datetime,
) -> TitleImport | None:
    """End an import that runs. Returns None when it has ended."""
    values = {
        "state": state.value,
        "fault": None if fault is None else fault.value,
        "fault_detail": detail,
        "settled_at": at,
    }
    running = update(title_imports).where(title_imports.c.id == id, title_imports.c.state == "RUNNING")
    row = (await connection.execute(running.values(values).returning(title_imports))).first()
    return None if row is None else _import(row)


async def page_of_imports(
    connection: AsyncConnection,
    account_id: UUID,
    *,
    below: UUID | None,
    above: UUID | None,
    rising: bool,
    limit: int,
) -> list[TitleImport]:
    """Return an account's imports between two ids, the newest first unless `rising`."""
    id = title_imports.c.id
    statement = select(title_imports).where(title_imports.c.account_id == account_id)
    if below is not None:
        statement = statement.where(id < below)
    if above is not None:
        statement = statement.where(id > above)
    ordered = statement.order_by(id.asc() if rising else id.desc()).limit(limit)
    return [_import(row) for row in await connection.execute(ordered)]


async def claim_keys(connection: AsyncConnection, import_id: UUID, lines: Mapping[str, int]) -> dict[str, int]:
    """Keep the lines of external ids, and return those of the ids that were in the file before."""
    if not lines:
        return {}
    rows = orjson.dumps([{"external_id": key, "line": line} for key, line in lines.items()]).decode()
    claimed = text(
        "INSERT INTO title_import_keys (import_id, external_id, line)"
        " SELECT CAST(:import_id AS uuid), external_id, line"
        " FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(external_id text, line integer)"
        " ON CONFLICT DO NOTHING"
    )
    result = await connection.execute(claimed, {"import_id": import_id, "rows": rows})
    if result.rowcount == len(lines):
        return {}
    keys = title_import_keys.c
    earlier = select(keys.external_id, keys.line).where(keys.import_id == import_id, keys.external_id.in_(list(lines)))
    return {row.external_id: row.line for row in await connection.execute(earlier)}


async def forget_keys(connection: AsyncConnection, import_id: UUID) -> None:
    """Forget which external ids a file has had."""
    await connection.execute(delete(title_import_keys).where(title_import_keys.c.import_id == import_id))


async def insert_problems(connection: AsyncConnection, import_id: UUID, problems: Sequence[RowProblem]) -> None:
    """Add to the report of an import."""
    if not problems:
        return
    rows = orjson.dumps(
        [
            {"line": one.line, "external_id": one.external_id, "field": one.field, "code": one.code,
             "message": one.message}
            for one in problems
        ]
    ).decode()  # fmt: skip
    statement = text(
        "INSERT INTO title_import_problems (import_id, line, external_id, field, code, message)"
        " SELECT CAST(:import_id AS uuid), line, external_id, field, code, message"
        " FROM jsonb_to_recordset(CAST(:rows AS jsonb))"
        " AS r(line integer, external_id text, field text, code text, message text)"
    )
    await connection.execute(statement, {"import_id": import_id, "rows": rows})


async def page_of_problems(
    connection: AsyncConnection,
    import_id: UUID,
    *,
    above: int | None = None,
    below: int | None = None,
    falling: bool = False,
    limit: int,
) -> list[NumberedProblem]:
    """Return the problems of an import between two places, in the order of the report unless `falling`."""
    number = title_import_problems.c.number
    statement = select(title_import_problems).where(title_import_problems.c.import_id == import_id)
    if above is not None:
        statement = statement.where(number > above)
    if below is not None:
        statement = statement.where(number < below)
    ordered = statement.order_by(number.desc() if falling else number.asc()).limit(limit)
    return [
        NumberedProblem(row.number, RowProblem(row.line, row.external_id, row.field, RowCode(row.code), row.message))
        for row in await connection.execute(ordered)
    ]


def _progress(one: TitleImport) -> dict[str, object]:
    return {
        "offset_bytes": one.place.offset,
        "line": one.place.line,
        "columns": None if one.columns is None else list(one.columns),
        "created": one.created,
        "updated": one.updated,
        "unchanged": one.unchanged,
        "failed": one.failed,
        "problems_kept": one.problems_kept,
    }


def _import(row: Any) -> TitleImport:
    return TitleImport(
        id=ImportId(row.id),
        account_id=row.account_id,
        upload_id=row.upload_id,
        object_key=row.object_key,
        format=FileFormat(row.format),
        mode=ImportMode(row.mode),
        state=ImportState(row.state),
        fault=None if row.fault is None else FileFault(row.fault),
        fault_detail=row.fault_detail,
        size_bytes=row.size_bytes,
        place=Place(row.offset_bytes, row.line),
        columns=None if row.columns is None else tuple(row.columns),
        created=row.created,
        updated=row.updated,
        unchanged=row.unchanged,
        failed=row.failed,
        problems_kept=row.problems_kept,
        created_at=row.created_at,
        settled_at=row.settled_at,
    )
