"""Imports of listings, and the problems of their programmes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Row,
    Select,
    Table,
    Text,
    Uuid,
    delete,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.guide.listing_problems import FileFailure, ProblemReason
from domain.guide.listings_import import Counts, ImportState, ListingsImport, ListingsImportId, ProgrammeProblem
from domain.kernel.tables import metadata

_COUNTS = ("added", "changed", "unchanged", "removed", "skipped", "refused")

imports = Table(
    "listings_imports",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("upload_id", Uuid, ForeignKey("uploads.id", ondelete="SET NULL"), index=True),
    Column("state", Text, nullable=False),
    Column("failure", Text),
    Column("failure_line", Integer),
    Column("programmes", Integer, nullable=False),
    *(Column(name, Integer, nullable=False) for name in _COUNTS),
    Column("created_by", Uuid, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("finished_at", DateTime(timezone=True)),
    CheckConstraint("state IN ('RUNNING', 'DONE', 'FAILED')", name="state"),
    CheckConstraint("(state = 'FAILED') = (failure IS NOT NULL)", name="failure"),
    CheckConstraint("(state = 'RUNNING') = (finished_at IS NULL)", name="finished"),
    CheckConstraint("programmes = added + changed + unchanged + skipped + refused AND removed >= 0", name="counts"),
)
Index("listings_imports_running_idx", imports.c.id, postgresql_where=imports.c.state == "RUNNING")

problems = Table(
    "listings_problems",
    metadata,
    Column("import_id", Uuid, ForeignKey("listings_imports.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("line", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("start", Text, nullable=False),
    Column("quoted", Text, nullable=False),
)


async def lock_beginnings(connection: AsyncConnection) -> None:
    """Let imports begin one after the other, so that their number is known."""
    await connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('guide.imports', 0))"))


async def count_running(connection: AsyncConnection) -> int:
    """Count the imports that have not ended."""
    counted = select(func.count()).select_from(imports).where(imports.c.state == ImportState.RUNNING.value)
    return (await connection.execute(counted)).scalar_one()


async def insert_import(
    connection: AsyncConnection, id: UUID, *, upload_id: UUID, created_by: UUID, created_at: datetime
) -> ListingsImport:
    """Insert an import that has read nothing yet."""
    nothing = dict.fromkeys(("programmes", *_COUNTS), 0)
    values = {"id": id, "upload_id": upload_id, "created_by": created_by, "created_at": created_at, **nothing}
    statement = insert(imports).values(state=ImportState.RUNNING.value, **values).returning(imports)
    return _import((await connection.execute(statement)).one())


async def lock_running(connection: AsyncConnection, id: UUID) -> ListingsImport | None:
    """Return an import that has not ended, and lock it."""
    running = select(imports).where(imports.c.id == id, imports.c.state == ImportState.RUNNING.value)
    row = (await connection.execute(running.with_for_update())).one_or_none()
    return None if row is None else _import(row)


async def add_counts(connection: AsyncConnection, id: UUID, counts: Counts) -> None:
    """Add what became of more programmes to a locked import."""
    added = {name: imports.c[name] + getattr(counts, name) for name in ("programmes", *_COUNTS)}
    await connection.execute(update(imports).where(imports.c.id == id).values(added))


async def settle(
    connection: AsyncConnection,
    id: UUID,
    *,
    state: ImportState,
    at: datetime,
    failure: FileFailure | None = None,
    line: int | None = None,
) -> None:
    """End an import that has not ended."""
    running = update(imports).where(imports.c.id == id, imports.c.state == ImportState.RUNNING.value)
    why = None if failure is None else failure.value
    await connection.execute(running.values(state=state.value, failure=why, failure_line=line, finished_at=at))


async def put_problems(
    connection: AsyncConnection, id: UUID, found: Sequence[ProgrammeProblem], *, kept_max: int
) -> None:
    """Keep problems of a locked import, as long as there are not too many."""
    counted = select(func.count()).select_from(problems).where(problems.c.import_id == id)
    room = kept_max - (await connection.execute(counted)).scalar_one()
    values = [
        {
            "import_id": id,
            "number": problem.number,
            "line": problem.line,
            "reason": problem.reason.value,
            "channel": problem.channel,
            "start": problem.start,
            "quoted": problem.quoted,
        }
        for problem in found[: max(room, 0)]
    ]
    if values:
        await connection.execute(upsert(problems).on_conflict_do_nothing(), values)


async def channels_reported(connection: AsyncConnection, id: UUID, channels: Sequence[str]) -> set[str]:
    """Return which of these an import has called unknown already."""
    reported = select(problems.c.channel).where(
        problems.c.import_id == id,
        problems.c.reason == ProblemReason.UNKNOWN_CHANNEL.value,
        problems.c.channel.in_(channels),
    )
    return set((await connection.execute(reported)).scalars())


async def prune_imports(connection: AsyncConnection, *, before: datetime, limit: int) -> int:
    """Delete up to `limit` imports that ended before an instant, with their reports; return how many."""
    over = select(imports.c.id).where(imports.c.finished_at < before).limit(limit)
    return (await connection.execute(delete(imports).where(imports.c.id.in_(over)))).rowcount


async def imports_by_id(connection: AsyncConnection, ids: Sequence[UUID]) -> list[ListingsImport | None]:
    """Return imports aligned with `ids`."""
    rows = await connection.execute(select(imports).where(imports.c.id.in_(ids)))
    found = {row.id: _import(row) for row in rows}
    return [found.get(id) for id in ids]


async def page_of_imports(
    connection: AsyncConnection, *, below: UUID | None, above: UUID | None, rising: bool, limit: int
) -> list[ListingsImport]:
    """Return imports between two ids, both left out: the newest first, or `rising` the oldest first."""
    statement: Select[Any] = select(imports)
    if below is not None:
        statement = statement.where(imports.c.id < below)
    if above is not None:
        statement = statement.where(imports.c.id > above)
    order = imports.c.id if rising else imports.c.id.desc()
    return [_import(row) for row in await connection.execute(statement.order_by(order).limit(limit))]


async def problems_of(
    connection: AsyncConnection, ids: Sequence[UUID], *, after: int, limit: int
) -> list[list[ProgrammeProblem]]:
    """Return `limit` problems of each import after a number, by number, aligned."""
    place = func.row_number().over(partition_by=problems.c.import_id, order_by=problems.c.number)
    wanted = select(problems, place.label("place")).where(problems.c.import_id.in_(ids), problems.c.number > after)
    numbered = wanted.subquery()
    rows = await connection.execute(select(numbered).where(numbered.c.place <= limit).order_by(numbered.c.number))
    found: dict[UUID, list[ProgrammeProblem]] = {}
    for row in rows:
        reason = ProblemReason(row.reason)
        problem = ProgrammeProblem(row.number, row.line, reason, row.channel, row.start, row.quoted)
        found.setdefault(row.import_id, []).append(problem)
    return [found.get(id, []) for id in ids]


def _import(row: Row[Any]) -> ListingsImport:
    return ListingsImport(
        id=ListingsImportId(row.id),
        upload_id=row.upload_id,
        state=ImportState(row.state),
        failure=None if row.failure is None else FileFailure(row.failure),
        failure_line=row.failure_line,
        counts=Counts(**{name: getattr(row, name) for name in _COUNTS}),
        created_by=row.created_by,
        created_at=row.created_at,
        finished_at=row.finished_at,
    )
