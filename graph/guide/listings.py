"""Imports of XMLTV listings, as editors see them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import ID

from domain import guide as domain
from domain.guide import FileFailure, ImportState, ProblemReason
from domain.guide import ListingsImport as ImportRow
from domain.guide import ProgrammeProblem as ProblemRow
from domain.kernel.paging import PAGE_MAX, Page, PageRequest
from domain.kernel.refusals import Forbidden, NotFound, SignInRequired
from domain.kernel.work import Work
from domain.media.assets import UploadNotComplete
from domain.media.upload import UploadTooLarge
from graph.batching import batched, derived
from graph.context import Context
from graph.enums import described
from graph.global_ids import Kind, loads_node, read_id
from graph.loads import is_editor
from graph.nodes import Node
from graph.paging import After, Before, First, Last, connection_of
from graph.payloads import shown
from graph.problems import Problem, problem
from graph.root_fields import mutation_field, query_field
from graph.rows import declares

described(
    ImportState,
    name="ListingsImportState",
    description="How far an import of listings is.",
    values={
        ImportState.RUNNING: "It is waiting for a worker, or being taken in.",
        ImportState.DONE: "The whole file has been read.",
        ImportState.FAILED: "Reading ended before the file's end; `failure` says why. What was taken in stays.",
    },
)
described(
    FileFailure,
    name="ListingsFailure",
    description="Why an import ended before the end of its file.",
    values={
        FileFailure.NOT_XML: "The file is no XML from `failureLine` on, breaks off, or is damaged.",
        FileFailure.NOT_XMLTV: "Its root is not `tv`, or it declares entities.",
        FileFailure.TOO_LARGE: "It has more than a million programmes or 10,000 channels, or a part of it has no end.",
        FileFailure.SOURCE_GONE: "The upload has been removed.",
        FileFailure.GAVE_UP: "Something of ours broke. Import it again.",
    },
)
described(
    ProblemReason,
    name="ListingsProblemReason",
    description="Why a programme of a file is not on the schedule.",
    values={
        ProblemReason.NO_CHANNEL: "It names no channel.",
        ProblemReason.UNKNOWN_CHANNEL: "None of your channels is called so; named once for all its programmes.",
        ProblemReason.BAD_TIME: "Its start or stop is no time.",
        ProblemReason.COARSE_TIME: "Its start or stop is known to the day only.",
        ProblemReason.UNKNOWN_ZONE: "Nobody knows the time zone of its start or stop.",
        ProblemReason.NO_END: "It has no stop, and no programme of its channel follows.",
        ProblemReason.BAD_LENGTH: "It ends before it starts, or lasts more than 24 hours.",
        ProblemReason.OUT_OF_RANGE: "It is more than a year away, or its channel has more than a year's programmes.",
        ProblemReason.NO_NAME: "It has no title.",
        ProblemReason.SHARED_SLOT: "It shares its time with others; the first of them is on the schedule.",
        ProblemReason.OVERLAPS: "It overlaps a programme earlier in the file.",
        ProblemReason.EDITORS_SLOT: "It overlaps what an editor placed or changed.",
    },
)


@loads_node(Kind.LISTINGS_IMPORT, row=ImportRow)
async def visible_imports(context: Context, keys: Sequence[UUID]) -> list[ImportRow | None]:
    """Load imports; only editors see them."""
    return await domain.imports_by_id(context.reads, keys) if is_editor(context) else [None for _ in keys]


async def imports_problems(
    context: Context, keys: Sequence[UUID], first: int, after_number: int
) -> Sequence[Sequence[ProblemRow]]:
    """Load what was wrong with programmes."""
    page = PageRequest.parse(first=first)
    return await domain.problems_of(context.reads, keys, after=after_number, limit=page.limit)


def _problems(
    found: Sequence[ProblemRow],
    context: Context,
    first: Annotated[int, strawberry.argument(description="How many, 1 to 100.")] = PAGE_MAX,
    after_number: Annotated[int, strawberry.argument(description="Only of programmes after this number.")] = 0,
) -> Sequence[ProblemRow]:
    return found


@declares(ProblemRow)
@strawberry.type(description="Why one programme of a file is not on the schedule.")
class ListingsProblem:
    """A programme's problem."""

    number: int = strawberry.field(description="Which programme of the file it is, from 1.")
    line: int = strawberry.field(description="The line of the file on which it begins.")
    reason: ProblemReason = strawberry.field(description="What is wrong.")
    channel: str = strawberry.field(description="Its channel, as the file has it.")
    start: str = strawberry.field(description="Its start, as the file has it.")
    quoted: str = strawberry.field(description="What cannot be used, as the file has it; may be empty.")


@declares(ImportRow)
@strawberry.type(description="An XMLTV file that is made into schedules, and its report.")
class ListingsImport(Node):
    """An import."""

    state: ImportState = strawberry.field(description="How far it is.")
    failure: FileFailure | None = strawberry.field(description="Why reading ended before the file's end.")
    failure_line: int | None = strawberry.field(description="The line at which reading ended; null when unknown.")
    programmes: int = derived(lambda one, _: one.counts.programmes, description="How many programmes were read so far.")
    added: int = derived(lambda one, _: one.counts.added, description="How many of them are new on the schedule.")
    changed: int = derived(lambda one, _: one.counts.changed, description="How many took the place of another.")
    unchanged: int = derived(lambda one, _: one.counts.unchanged, description="How many were there already.")
    skipped: int = derived(lambda one, _: one.counts.skipped, description="How many are of channels that you lack.")
    refused: int = derived(lambda one, _: one.counts.refused, description="How many could not be used.")
    removed: int = derived(
        lambda one, _: one.counts.removed, description="How many slots of earlier imports made room."
    )
    problems: list[ListingsProblem] = batched(
        imports_problems,
        key=lambda one: one.id,
        shape=_problems,
        load_arguments=("first", "after_number"),
        list_size=PAGE_MAX,
        description="What could not be used, in the file's order: the first 1,000 or so of the whole import.",
    )
    created_at: datetime = strawberry.field(description="When it began.")
    finished_at: datetime | None = strawberry.field(description="When it ended; null while it runs.")


ListingsImportConnection = connection_of(ListingsImport, plural="imports of listings")


@problem(domain.TooManyImports, description="As many imports run as may. Wait until one has ended.")
class TooManyImports(Problem):
    """Too many imports."""

    imports_max: int = strawberry.field(description="How many may run at a time.")


@strawberry.input(description="Listings to import.")
class ImportListingsInput:
    """Listings to import."""

    upload_id: ID = strawberry.field(
        description="The upload: an XMLTV file of up to 1 GiB, plain or compressed by gzip."
    )


@strawberry.type(description="The import has begun.")
class ListingsImportBegun:
    """What importListings gives."""

    listings_import: ListingsImport = strawberry.field(description="The import.")


@mutation_field(
    ListingsImportBegun,
    refusals=(NotFound, SignInRequired, Forbidden, UploadNotComplete, UploadTooLarge, domain.TooManyImports),
    description="Put the programmes of an XMLTV file on the schedules of the channels that it names. Editors only.",
)
async def import_listings(
    work: Work,
    context: Context,
    input: Annotated[ImportListingsInput, strawberry.argument(description="The file.")],
) -> ListingsImportBegun:
    """Begin an import."""
    begun = await domain.import_listings(work, viewer=context.viewer, upload_id=read_id(Kind.UPLOAD, input.upload_id))
    return ListingsImportBegun(listings_import=shown(begun))


@query_field(ListingsImportConnection, description="Imports of listings, the newest first. Editors only.")
async def listings_imports(
    context: Context, first: First = None, after: After = None, last: Last = None, before: Before = None
) -> Page[ImportRow]:
    """List imports."""
    page = PageRequest.parse(first=first, after=after, last=last, before=before)
    return await domain.list_imports(context.reads, viewer=context.viewer, page=page)
