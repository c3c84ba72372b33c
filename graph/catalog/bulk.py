"""Titles from files: imports as editors begin, follow and call them off, and their reports."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import ID

from domain.catalog.exporting import FileFormat
from domain.catalog.importing import ImportMode
from domain.catalog.importing import RowProblem as ProblemRow
from domain.kernel.idempotency import IdempotencyKeyReused, RequestInProgress
from domain.kernel.paging import Page, PageRequest
from domain.kernel.refusals import Forbidden, InvalidInput, NotFound, SignInRequired
from domain.kernel.work import Work
from domain.media import imports as domain
from domain.media.assets import UploadNotComplete
from domain.media.title_import import ImportState, topic_of
from domain.media.title_import import TitleImport as ImportRow
from domain.media.upload import UploadTooLarge
from graph.batching import batched, derived
from graph.catalog.bulk_words import EXPORT_PATHS, FileFault, RowCode
from graph.context import Context
from graph.global_ids import Kind, global_id, load_node, loads_node, read_id
from graph.nodes import Node
from graph.paging import After, Before, First, Last, connection_of
from graph.payloads import shown
from graph.problems import Problem, problem
from graph.root_fields import mutation_field, query_field, subscription_field
from graph.rows import declares

# At most four a second: more than that nobody can read. A lost doorbell costs at most the poll.
PACE_S = 0.25
POLL_S = 5.0


@loads_node(Kind.TITLE_IMPORT, row=ImportRow)
async def visible_imports(context: Context, keys: Sequence[UUID]) -> list[ImportRow | None]:
    """Load the viewer's own imports."""
    return await domain.visible_imports(context.reads, keys, viewer=context.viewer)


async def imports_problems(
    context: Context, keys: Sequence[UUID], first: First, after: After, last: Last, before: Before
) -> list[Page[ProblemRow]]:
    """Load what was wrong with rows of imports that the viewer has come by already."""
    page = PageRequest.parse(first=first, after=after, last=last, before=before)
    return [await domain.list_problems(context.reads, import_id=key, page=page) for key in keys]


@declares(ProblemRow)
@strawberry.type(description="Why a row of an import was left out. A row may have several problems.")
class ImportProblem:
    """A problem of a row."""

    line: int = strawberry.field(description="The line of the file in which the row begins, counted from 1.")
    external_id: str | None = strawberry.field(description="The row's external id; null when it cannot be read.")
    field: str = strawberry.field(description="Which field is wrong; empty when it is about the row.")
    code: RowCode = strawberry.field(description="What is wrong.")
    message: str = strawberry.field(description="What is wrong and what to do, for people. It may change.")


ImportProblemConnection = connection_of(ImportProblem, plural="problems")


def _problems(
    page: Page[ProblemRow],
    context: Context,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> Page[ProblemRow]:
    return page


@declares(ImportRow)
@strawberry.type(description="A file of titles on its way into the catalog. `importProgress` follows it.")
class TitleImport(Node):
    """An import."""

    state: ImportState = strawberry.field(description="Where it is on its way.")
    format: FileFormat = strawberry.field(description="How the file is written.")
    mode: ImportMode = strawberry.field(description="What it may do.")
    fault: FileFault | None = strawberry.field(description="Why the file was given up as a whole, if so.")
    fault_detail: str | None = strawberry.field(description="What was seen, for people.")
    fraction: float = strawberry.field(description="How much of the file was read, from 0 to 1.")
    rows_read: int = strawberry.field(description="How many rows were read, good and bad.")
    created: int = strawberry.field(description="How many titles were made.")
    updated: int = strawberry.field(description="How many titles were changed.")
    unchanged: int = strawberry.field(description="How many titles were already as their rows say.")
    failed: int = strawberry.field(description="How many rows were left out.")
    created_at: datetime = strawberry.field(description="When it was begun.")
    settled_at: datetime | None = strawberry.field(description="When it ended; null while it runs.")
    report_url: str = derived(
        lambda row, context: context.address_of(f"/imports/{row.id}/report.csv"),
        description="Where the problems can be downloaded as CSV, by whoever began the import.",
    )
    problems: ImportProblemConnection = batched(  # type: ignore[valid-type]  # made by a call
        imports_problems,
        key=lambda row: row.id,
        shape=_problems,
        load_arguments=("first", "after", "last", "before"),
        description="What was wrong with rows, in the order of the file; the first 100,000 are kept.",
    )


TitleImportConnection = connection_of(TitleImport, plural="imports")


@problem(domain.ImportSettled, description="The import has ended, so there is nothing to call off.")
class ImportSettled(Problem):
    """It is too late."""

    state: ImportState = derived(lambda refusal, _: ImportState(refusal.state), description="How it ended.")


@strawberry.input(description="A file of titles to import.")
class ImportTitlesInput:
    """A file to import."""

    upload_id: ID = strawberry.field(description="The file; your own upload, complete.")
    format: FileFormat = strawberry.field(description="How it is written.")
    mode: ImportMode = strawberry.field(default=ImportMode.UPSERT, description="What the import may do.")
    idempotency_key: str = strawberry.field(
        description="A key of your own, 8 to 128 characters: repeating the input with it begins nothing twice."
    )


@strawberry.type(description="The import is begun; follow it with `importProgress`.")
class TitlesImported:
    """What importTitles gives."""

    title_import: TitleImport = strawberry.field(description="The new import.")


@strawberry.input(description="An import to call off.")
class CancelImportInput:
    """An import to call off."""

    title_import_id: ID = strawberry.field(description="Which one; your own, running.")


@strawberry.type(description="The import is called off. What it has written stays.")
class ImportCancelled:
    """What cancelImport gives."""

    title_import: TitleImport = strawberry.field(description="The import as it is now.")


@strawberry.type(description="Where the whole catalog can be downloaded, as files that `importTitles` reads.")
class CatalogExports:
    """Where exports are."""

    csv_url: str = strawberry.field(description="As CSV.")
    json_lines_url: str = strawberry.field(description="As JSON Lines.")


@query_field(
    TitleImport | None, description="The import with this id, or null when there is none that the viewer may see."
)
async def title_import(context: Context, id: Annotated[ID, strawberry.argument(description="The import's id.")]) -> Any:
    """Find an import."""
    return await load_node(context, id, only=Kind.TITLE_IMPORT)


@query_field(TitleImportConnection, description="Your own imports, the newest first. Editors only.")
async def title_imports(
    context: Context, first: First = None, after: After = None, last: Last = None, before: Before = None
) -> Page[ImportRow]:
    """List the viewer's imports."""
    page = PageRequest.parse(first=first, after=after, last=last, before=before)
    return await domain.list_imports(context.reads, viewer=context.viewer, page=page)


@query_field(CatalogExports, description="Where the catalog can be downloaded, by editors only.")
async def catalog_exports(context: Context) -> CatalogExports:
    """Say where exports are."""
    return CatalogExports(**{name: context.address_of(path) for name, path in EXPORT_PATHS.items()})


@mutation_field(
    TitlesImported,
    refusals=(
        InvalidInput, NotFound, SignInRequired, Forbidden,
        UploadNotComplete, UploadTooLarge, IdempotencyKeyReused, RequestInProgress,
    ),
    description="Import titles from a complete upload. Wrong rows are left out and reported. Editors only.",
)  # fmt: skip
async def import_titles(
    work: Work,
    context: Context,
    input: Annotated[ImportTitlesInput, strawberry.argument(description="The file.")],
) -> TitlesImported:
    """Begin an import."""
    begun = await domain.import_titles(
        work,
        viewer=context.viewer,
        upload_id=read_id(Kind.UPLOAD, input.upload_id),
        format=input.format,
        mode=input.mode,
        idempotency_key=input.idempotency_key,
    )
    return TitlesImported(title_import=shown(begun))


@mutation_field(
    ImportCancelled,
    refusals=(NotFound, SignInRequired, Forbidden, domain.ImportSettled),
    description="Call a running import off. What it has written stays. Editors only.",
)
async def cancel_import(
    work: Work,
    context: Context,
    input: Annotated[CancelImportInput, strawberry.argument(description="The import.")],
) -> ImportCancelled:
    """Call an import off."""
    cancelled = await domain.cancel_import(
        work, viewer=context.viewer, import_id=read_id(Kind.TITLE_IMPORT, input.title_import_id)
    )
    return ImportCancelled(title_import=shown(cancelled))


@subscription_field(
    TitleImport,
    description="How far an import is: at once, then at every change, at most four times a second, until it has ended.",
)
async def import_progress(
    context: Context, title_import_id: Annotated[ID, strawberry.argument(description="Which import; your own.")]
) -> AsyncIterator[ImportRow]:
    """Follow an import."""
    async for row in follow_import(context, read_id(Kind.TITLE_IMPORT, title_import_id)):
        yield row


async def follow_import(
    context: Context, import_id: UUID, *, pace_s: float = PACE_S, poll_s: float = POLL_S
) -> AsyncGenerator[ImportRow, None]:
    """Yield an import, then every change, until it has ended.

    The doorbell is subscribed before the first look, so no change falls between the two.

    Raises:
        NotFound: no such import of this viewer; the same for an absent one.
    """
    last: ImportRow | None = None
    async with context.runtime.bus.listen(topic_of(import_id)) as doorbell:
        while True:
            (row,) = await domain.visible_imports(context.runtime.reads(), [import_id], viewer=context.viewer)
            if row is None:
                raise NotFound(Kind.TITLE_IMPORT.noun, global_id(Kind.TITLE_IMPORT, import_id))
            if row != last:
                last = row
                yield row
            if row.state is not ImportState.RUNNING:
                return
            await asyncio.sleep(pace_s)
            await doorbell.wait(poll_s)


QUERIES = [title_import, title_imports, catalog_exports]
MUTATIONS = [import_titles, cancel_import]
SUBSCRIPTIONS = [import_progress]
