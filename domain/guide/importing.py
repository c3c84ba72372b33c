"""Imports of listings: begun from an upload, taken in batch by batch, and looked up.

A batch and the count of what has been taken in are one transaction, so an import that was cut short goes on where it
was. Reading the same file again changes nothing: a slot is known by its channel and start.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from domain.accounts import Viewer
from domain.catalog import Title, titles_by_id
from domain.catalog.audit import acting, as_service
from domain.guide.facts import GUIDE_TOPIC, ScheduleChanged
from domain.guide.listing_problems import FileFailure, ProblemReason, quotable
from domain.guide.listings import Outcome
from domain.guide.listings_import import (
    PROBLEMS_KEPT_MAX,
    RUNNING_MAX,
    SOURCE_MAX_BYTES,
    ImportState,
    ListingsImport,
    ProgrammeProblem,
    TooManyImports,
)
from domain.guide.merging import Wanted, merged, times_of
from domain.guide.policy import GUIDE, GuideAct
from domain.guide.slot import AHEAD_MAX
from domain.guide.store import imports as store
from domain.guide.store import slots as slots_store
from domain.kernel.jobs import Job
from domain.kernel.paging import Page, PageRequest, decode_cursor, encode_cursor, page_of
from domain.kernel.refusals import InvalidInput
from domain.kernel.work import Reads, Work
from domain.media.assets import UploadNotComplete
from domain.media.upload import UploadState, UploadTooLarge
from domain.media.uploads import own_upload, uploads_by_id

IMPORT = "guide.import_listings"
# What the log of editorial work calls imports; its triggers leave out their slots.
ACTION = "import_listings"
_LIST = "listings imports"


@dataclass(frozen=True)
class ListingsSource:
    """What a worker reads: the object, of whose programmes `taken` have been taken in."""

    object_key: str
    taken: int


async def import_listings(work: Work, *, viewer: Viewer | None, upload_id: UUID) -> ListingsImport:
    """Begin to make a complete upload, an XMLTV file, into slots of the channels it names. Editors only.

    Raises:
        SignInRequired, Forbidden, UploadNotComplete, UploadTooLarge, TooManyImports.
        NotFound: no such upload of this account.
    """
    viewer = GUIDE.require(viewer, GuideAct.IMPORT_LISTINGS)
    await acting(work, viewer=viewer, action=ACTION)
    upload = await own_upload(work, viewer=viewer, upload_id=upload_id)
    if upload.state is not UploadState.COMPLETE or upload.size_bytes is None:
        raise UploadNotComplete(upload_id, upload.state.value)
    if upload.size_bytes > SOURCE_MAX_BYTES:
        raise UploadTooLarge(SOURCE_MAX_BYTES)
    await store.lock_beginnings(work.connection)
    if await store.count_running(work.connection) >= RUNNING_MAX:
        raise TooManyImports(RUNNING_MAX)
    begun = await store.insert_import(
        work.connection, work.new_id(), upload_id=upload_id, created_by=viewer.account_id, created_at=work.now
    )
    await work.enqueue(Job(IMPORT, {"import_id": str(begun.id)}, dedupe_key=f"listings:{begun.id}"))
    return begun


async def listings_source(work: Work, *, import_id: UUID) -> ListingsSource | None:
    """Return what is left to read, or None when the import has ended."""
    running = await store.lock_running(work.connection, import_id)
    if running is None:
        return None
    uploads = [] if running.upload_id is None else await uploads_by_id(work.reads(), [running.upload_id])
    object_key = next((upload.object_key for upload in uploads if upload is not None), None)
    if object_key is None:
        await fail_import(work, import_id=import_id, failure=FileFailure.SOURCE_GONE)
        return None
    return ListingsSource(object_key, running.counts.programmes)


async def take_in(work: Work, *, import_id: UUID, taken: int, outcomes: Sequence[Outcome]) -> bool:
    """Put the next programmes of a file on the schedules of their channels; `taken` came before them.

    Slots of imports that overlap make room; slots of editors stay, and what overlaps them is refused. Locks the
    channels; announces ScheduleChanged for each that changed. Returns False when the import has ended or is elsewhere.
    """
    running = await store.lock_running(work.connection, import_id)
    if running is None or running.counts.programmes != taken:
        return False
    await as_service(work, account_id=running.created_by, action=ACTION)
    channels = await _channels(work, outcomes)
    wanted, problems, skipped = _sorted_out(work, channels, outcomes)
    await slots_store.lock_channels(work.connection, {one.channel_id for one in wanted})
    there = await slots_store.touching(work.connection, times_of(wanted))
    merge = merged(wanted, there, new_id=work.new_id)
    await slots_store.delete_slots(work.connection, merge.removed)
    await slots_store.change_slots(work.connection, merge.changed)
    await slots_store.insert_slots(work.connection, merge.added)
    problems += [_problem(one.outcome, ProblemReason.EDITORS_SLOT) for one in merge.refused]
    await _report(work, running, problems, skipped)
    counts = replace(merge.counts, skipped=len(skipped), refused=len(problems))
    await store.add_counts(work.connection, import_id, counts)
    for channel_id in merge.channels:
        await work.announce(GUIDE_TOPIC, ScheduleChanged(channel_id))
    return True


async def finish_import(work: Work, *, import_id: UUID) -> None:
    """Say that the whole file has been taken in."""
    await as_service(work, account_id=None, action=ACTION)
    await store.settle(work.connection, import_id, state=ImportState.DONE, at=work.now)


async def fail_import(work: Work, *, import_id: UUID, failure: FileFailure, line: int | None = None) -> None:
    """Say why nothing more is read from a file. What was taken in stays."""
    await as_service(work, account_id=None, action=ACTION)
    await store.settle(work.connection, import_id, state=ImportState.FAILED, at=work.now, failure=failure, line=line)


async def prune_slots(work: Work, *, kept: timedelta, limit: int) -> int:
    """Delete up to `limit` slots that were over `kept` ago; return how many."""
    # The log leaves out slots that go by themselves, as it does those that imports move.
    await as_service(work, account_id=None, action=ACTION)
    return await slots_store.prune_slots(work.connection, before=work.now - kept, limit=limit)


async def prune_imports(work: Work, *, kept: timedelta, limit: int) -> int:
    """Delete up to `limit` imports that ended `kept` ago, with their reports; return how many."""
    return await store.prune_imports(work.connection, before=work.now - kept, limit=limit)


async def list_imports(reads: Reads, *, viewer: Viewer | None, page: PageRequest) -> Page[ListingsImport]:
    """Return a page of imports, the newest first. Editors only.

    Raises:
        SignInRequired, Forbidden.
        InvalidInput: a cursor of another list.
    """
    GUIDE.require(viewer, GuideAct.IMPORT_LISTINGS)
    async with reads.connection() as connection:
        rows = await store.page_of_imports(
            connection, below=_id_of(page.after), above=_id_of(page.before), rising=page.backwards, limit=page.limit + 1
        )
    return page_of(rows, request=page, cursor=lambda one: encode_cursor(_LIST, one.id))


async def imports_by_id(reads: Reads, ids: Sequence[UUID]) -> list[ListingsImport | None]:
    """Return imports aligned with `ids`; for editors."""
    async with reads.connection() as connection:
        return await store.imports_by_id(connection, ids)


async def problems_of(
    reads: Reads, import_ids: Sequence[UUID], *, after: int, limit: int
) -> list[list[ProgrammeProblem]]:
    """Return the problems of imports after a programme's number, in the file's order, aligned; for editors."""
    async with reads.connection() as connection:
        return await store.problems_of(connection, import_ids, after=after, limit=limit)


async def _channels(work: Work, outcomes: Sequence[Outcome]) -> dict[str, Title]:
    named = sorted({outcome.channel for outcome in outcomes})
    ids = await slots_store.channels_by_listings_id(work.connection, named)
    titles = await titles_by_id(work.reads(), list(ids.values()))
    return {name: title for name, title in zip(ids, titles, strict=True) if title is not None}


def _sorted_out(
    work: Work, channels: Mapping[str, Title], outcomes: Sequence[Outcome]
) -> tuple[list[Wanted], list[ProgrammeProblem], list[Outcome]]:
    """Tell apart what belongs on a schedule, what is wrong, and what is of channels that we do not have."""
    wanted, problems, skipped = [], [], []
    for outcome in outcomes:
        channel = channels.get(outcome.channel)
        if channel is None and outcome.problem is not ProblemReason.NO_CHANNEL:
            skipped.append(outcome)
        elif channel is None or outcome.problem is not None:
            problems.append(_problem(outcome, outcome.problem or ProblemReason.NO_CHANNEL))
        elif outcome.starts_at is None or abs(outcome.starts_at - work.now) > AHEAD_MAX:
            problems.append(_problem(outcome, ProblemReason.OUT_OF_RANGE))
        else:
            wanted.append(Wanted.of(outcome, channel))
    return wanted, problems, skipped


async def _report(
    work: Work, running: ListingsImport, problems: Sequence[ProgrammeProblem], skipped: Sequence[Outcome]
) -> None:
    """Keep what is wrong, and the first programme of each channel that is unknown."""
    unknown = {outcome.channel: outcome for outcome in reversed(skipped)}
    if unknown:
        quoted = {quotable(name): outcome for name, outcome in unknown.items()}
        reported = await store.channels_reported(work.connection, running.id, list(quoted))
        news = [_problem(outcome, ProblemReason.UNKNOWN_CHANNEL)
                for name, outcome in quoted.items() if name not in reported]  # fmt: skip
        problems = [*problems, *news]
    await store.put_problems(
        work.connection, running.id, sorted(problems, key=lambda one: one.number), kept_max=PROBLEMS_KEPT_MAX
    )


def _problem(outcome: Outcome, reason: ProblemReason) -> ProgrammeProblem:
    return ProgrammeProblem(
        outcome.number, outcome.line, reason, quotable(outcome.channel), quotable(outcome.start), outcome.quoted
    )


def _id_of(cursor: str | None) -> UUID | None:
    if cursor is None:
        return None
    values = decode_cursor(_LIST, cursor)
    try:
        return UUID(str(values[0]))
    except (IndexError, ValueError) as garbage:
        raise InvalidInput(
            "cursor", "This cursor does not belong to this list. Start from the first page."
        ) from garbage
