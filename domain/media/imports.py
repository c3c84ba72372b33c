"""Imports of titles: begun from a complete upload, written batch by batch by a worker, called off, and looked up.

Refusal
├── ImportSettled       it is too late to call the import off
└── (UploadNotComplete, UploadTooLarge: see `assets` and `upload`)
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from domain.accounts import Viewer
from domain.catalog.exporting import FileFormat
from domain.catalog.importing import FileFault, ImportMode, RowProblem, TitleRow, Written, write_rows
from domain.catalog.importing.columns import csv_line
from domain.catalog.importing.problems import RowCode
from domain.catalog.importing.records import Place
from domain.kernel.idempotency import answer_once
from domain.kernel.jobs import Job, cancel_jobs
from domain.kernel.paging import Page, PageRequest, decode_cursor, encode_cursor, page_of
from domain.kernel.refusals import InvalidInput, NotFound, Refusal
from domain.kernel.work import Reads, Work
from domain.media.assets import UploadNotComplete
from domain.media.policy import MEDIA, MediaAct
from domain.media.store import imports as store
from domain.media.title_import import (
    PROBLEMS_MAX,
    SOURCE_MAX_BYTES,
    ImportId,
    ImportState,
    TitleImport,
    job_group,
    topic_of,
)
from domain.media.upload import UploadState, UploadTooLarge
from domain.media.uploads import own_upload

RUN = "media.import_titles"
REPORT_COLUMNS = ("line", "external_id", "field", "code", "message")
REPORT_ROWS_AT_ONCE = 1_000

_LIST, _PROBLEMS = "imports", "import-problems"
_FOREIGN = "This cursor does not belong to this list. Start from the first page."


class ImportSettled(Refusal):
    """The import has ended, so there is nothing to call off."""

    def __init__(self, state: ImportState) -> None:
        super().__init__(f"The import is {state} already.")
        self.state = state.value


class ImportMoved(Exception):
    """Somebody else has written this batch, or called the import off."""


async def import_titles(
    work: Work,
    *,
    viewer: Viewer | None,
    upload_id: UUID,
    format: FileFormat,
    mode: ImportMode,
    idempotency_key: str,
) -> TitleImport:
    """Begin to import a complete upload of the viewer's own. Editors only; enqueues the job.

    Raises:
        SignInRequired, Forbidden, InvalidInput, IdempotencyKeyReused, RequestInProgress.
        NotFound: no such upload of this account.
        UploadNotComplete, UploadTooLarge.
    """
    viewer = MEDIA.require(viewer, MediaAct.IMPORT_TITLES)

    async def begin() -> Mapping[str, object]:
        return {"id": str((await _begin(work, viewer, upload_id, format, mode)).id)}

    answer = await answer_once(
        work,
        account_id=viewer.account_id,
        operation="importTitles",
        key=idempotency_key,
        request={"upload_id": upload_id, "format": format, "mode": mode},
        perform=begin,
    )
    (begun,) = await store.imports_by_id(work.connection, [UUID(str(answer["id"]))])
    assert begun is not None, "an import is never deleted"
    return begun


async def _begin(work: Work, viewer: Viewer, upload_id: UUID, format: FileFormat, mode: ImportMode) -> TitleImport:
    upload = await own_upload(work, viewer=viewer, upload_id=upload_id)
    if upload.state is not UploadState.COMPLETE or upload.object_key is None or upload.size_bytes is None:
        raise UploadNotComplete(upload_id, upload.state.value)
    if upload.size_bytes > SOURCE_MAX_BYTES:
        raise UploadTooLarge(SOURCE_MAX_BYTES)
    begun = TitleImport(
        id=ImportId(work.new_id()),
        account_id=viewer.account_id,
        upload_id=upload_id,
        object_key=upload.object_key,
        format=format,
        mode=mode,
        state=ImportState.RUNNING,
        fault=None,
        fault_detail=None,
        size_bytes=upload.size_bytes,
        place=Place(0, 1),
        columns=None,
        created=0,
        updated=0,
        unchanged=0,
        failed=0,
        problems_kept=0,
        created_at=work.now,
        settled_at=None,
    )
    await store.insert_import(work.connection, begun)
    await work.enqueue(
        Job(RUN, {"import_id": str(begun.id)}, group=job_group(begun.id), dedupe_key=f"import:{begun.id}")
    )
    return begun


async def cancel_import(work: Work, *, viewer: Viewer | None, import_id: UUID) -> TitleImport:
    """Call an import off. What it has written stays. Editors only.

    Raises:
        SignInRequired, Forbidden, NotFound.
        ImportSettled: it has ended.
    """
    viewer = MEDIA.require(viewer, MediaAct.IMPORT_TITLES)
    (found,) = await store.imports_by_id(work.connection, [import_id])
    if found is None or found.account_id != viewer.account_id:
        raise NotFound("title import", import_id)
    # The job first: whoever writes a batch has locked its job before the import.
    await cancel_jobs(work.connection, group=job_group(import_id))
    settled = await _settle(work, import_id, ImportState.CANCELLED)
    if settled is None:
        raise ImportSettled(found.state)
    return settled


async def running_import(work: Work, *, import_id: UUID) -> TitleImport | None:
    """Return an import that goes on, or None when nothing is left of it to do."""
    found = await store.lock_import(work.connection, import_id)
    return found if found is not None and found.state is ImportState.RUNNING else None


async def write_batch(
    work: Work,
    *,
    before: TitleImport,
    rows: Sequence[TitleRow],
    problems: Sequence[RowProblem],
    place: Place,
    columns: Sequence[str] | None,
    failed: int,
) -> TitleImport:
    """Write a batch and move the import on, together: neither is there without the other.

    `problems` are those of the `failed` rows that could not be read; `place` is where the next batch begins.

    Raises:
        ImportMoved: the import is not where it was `before`; nothing is written.
    """
    current = await store.lock_import(work.connection, before.id)
    if current is None or current.state is not ImportState.RUNNING or current.place != before.place:
        raise ImportMoved
    first, repeated = await _first_of_their_keys(work, before.id, rows)
    written = await write_rows(work, rows=first, mode=before.mode, account_id=before.account_id)
    told = [*problems, *repeated, *written.problems]
    after = _moved_on(current, written, place, columns, failed + len(repeated))
    kept = sorted(told, key=lambda one: one.line)[: PROBLEMS_MAX - current.problems_kept]
    await store.insert_problems(work.connection, before.id, kept)
    after = replace(after, problems_kept=current.problems_kept + len(kept))
    await store.move_import(work.connection, after)
    work.ring(topic_of(before.id))
    return after


def _moved_on(
    current: TitleImport, written: Written, place: Place, columns: Sequence[str] | None, failed: int
) -> TitleImport:
    return replace(
        current,
        place=place,
        columns=None if columns is None else tuple(columns),
        created=current.created + written.created,
        updated=current.updated + written.updated,
        unchanged=current.unchanged + written.unchanged,
        failed=current.failed + failed + len({problem.line for problem in written.problems}),
    )


async def _first_of_their_keys(
    work: Work, import_id: UUID, rows: Sequence[TitleRow]
) -> tuple[list[TitleRow], list[RowProblem]]:
    """Split rows into the first ones of the file with their external ids, and the others."""
    lines: dict[str, int] = {}
    for row in rows:
        lines.setdefault(row.external_id, row.line)
    lines |= await store.claim_keys(work.connection, import_id, lines)
    first, repeated = [], []
    for row in rows:
        if lines[row.external_id] == row.line:
            first.append(row)
        else:
            message = f"The row of line {lines[row.external_id]} has this external id."
            repeated.append(RowProblem(row.line, row.external_id, "external_id", RowCode.DUPLICATE_KEY, message))
    return first, repeated


async def finish_import(work: Work, *, import_id: UUID) -> TitleImport | None:
    """End an import whose file was read to its end."""
    return await _settle(work, import_id, ImportState.DONE)


async def fail_import(work: Work, *, import_id: UUID, fault: FileFault, detail: str) -> TitleImport | None:
    """Give an import up. What it has written stays."""
    return await _settle(work, import_id, ImportState.FAILED, fault, detail)


async def _settle(
    work: Work, import_id: UUID, state: ImportState, fault: FileFault | None = None, detail: str | None = None
) -> TitleImport | None:
    settled = await store.settle(work.connection, import_id, state=state, fault=fault, detail=detail, at=work.now)
    if settled is not None:
        await store.forget_keys(work.connection, import_id)
        work.ring(topic_of(import_id))
    return settled


async def visible_imports(reads: Reads, keys: Sequence[UUID], *, viewer: Viewer | None) -> list[TitleImport | None]:
    """Batch load the imports this viewer may see, its own while it is an editor; None for all others."""
    if viewer is None or not MEDIA.permits(viewer, MediaAct.IMPORT_TITLES):
        return [None] * len(keys)
    async with reads.connection() as connection:
        found = await store.imports_by_id(connection, keys)
    return [one if one is not None and one.account_id == viewer.account_id else None for one in found]


async def list_imports(reads: Reads, *, viewer: Viewer | None, page: PageRequest) -> Page[TitleImport]:
    """Return a page of the editor's own imports, the newest first.

    Raises:
        SignInRequired, Forbidden.
        InvalidInput: a cursor of another list.
    """
    viewer = MEDIA.require(viewer, MediaAct.IMPORT_TITLES)
    async with reads.connection() as connection:
        rows = await store.page_of_imports(
            connection,
            viewer.account_id,
            below=_id_of(page.after),
            above=_id_of(page.before),
            rising=page.backwards,
            limit=page.limit + 1,
        )
    return page_of(rows, request=page, cursor=lambda row: encode_cursor(_LIST, row.id))


async def list_problems(reads: Reads, *, import_id: UUID, page: PageRequest) -> Page[RowProblem]:
    """Return a page of what was wrong with rows, in the order of the file; who may see it is the caller's question.

    Raises:
        InvalidInput: a cursor of another list.
    """
    async with reads.connection() as connection:
        rows = await store.page_of_problems(
            connection,
            import_id,
            above=_number_of(import_id, page.after),
            below=_number_of(import_id, page.before),
            falling=page.backwards,
            limit=page.limit + 1,
        )
    found = page_of(rows, request=page, cursor=lambda row: encode_cursor(_PROBLEMS, str(import_id), row.number))
    return Page([row.problem for row in found.items], list(found.cursors), found.has_next, found.has_previous)


async def report_of(reads: Reads, *, viewer: Viewer | None, import_id: UUID) -> AsyncIterator[bytes]:
    """Return what was wrong with the rows of an import as pieces of a CSV file.

    Raises:
        NotFound: no such import of this viewer.
    """
    (found,) = await visible_imports(reads, [import_id], viewer=viewer)
    if found is None:
        raise NotFound("title import", import_id)
    return _report(reads, import_id)


async def _report(reads: Reads, import_id: UUID) -> AsyncIterator[bytes]:
    yield csv_line(REPORT_COLUMNS).encode()
    after: int | None = None
    while True:
        async with reads.connection() as connection:
            rows = await store.page_of_problems(connection, import_id, above=after, limit=REPORT_ROWS_AT_ONCE)
        if rows:
            yield "".join(_report_line(row.problem) for row in rows).encode()
        if len(rows) < REPORT_ROWS_AT_ONCE:
            return
        after = rows[-1].number


def _report_line(problem: RowProblem) -> str:
    return csv_line((str(problem.line), problem.external_id or "", problem.field, problem.code, problem.message))


def _id_of(cursor: str | None) -> UUID | None:
    if cursor is None:
        return None
    try:
        (value,) = decode_cursor(_LIST, cursor)
        return UUID(str(value))
    except ValueError as garbage:
        raise InvalidInput("cursor", _FOREIGN) from garbage


def _number_of(import_id: UUID, cursor: str | None) -> int | None:
    if cursor is None:
        return None
    values = decode_cursor(_PROBLEMS, cursor)
    if len(values) != 2 or values[0] != str(import_id) or not isinstance(values[1], int):
        raise InvalidInput("cursor", _FOREIGN)
    return values[1]
