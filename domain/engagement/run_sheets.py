"""Preparing a run of show, and firing its items.

Whoever edits or fires holds the run of show, so of two hosts who fire the same item one does it, and the other finds
it done.
"""

from dataclasses import replace
from uuid import UUID

from domain.accounts import Viewer, require_viewer
from domain.engagement.hosting import hosted_stream
from domain.engagement.moment import TEXT_MAX_CHARS, MomentKind
from domain.engagement.moments import checked_announcement, revoke_moment, speak
from domain.engagement.poll import UNDO, PollAct
from domain.engagement.poll_checks import checked_texts
from domain.engagement.poll_running import open_poll, undo_poll
from domain.engagement.polls import visible_polls
from domain.engagement.run_item import (
    ITEMS_MAX,
    NewRunItem,
    NotFired,
    NothingToFire,
    RunItem,
    RunItemId,
    RunItemKind,
    RunSheet,
    RunSheetFull,
    with_item,
    without_item,
)
from domain.engagement.store import run_sheets as store
from domain.kernel.refusals import InvalidInput, NotFound, StaleVersion
from domain.kernel.work import Reads, Work
from domain.live import Stream


async def run_of_show(reads: Reads, *, viewer: Viewer | None, stream_id: UUID) -> RunSheet:
    """Return what hosts have prepared for a stream. Its hosts, and editors.

    Raises:
        SignInRequired, Forbidden, NotFound.
    """
    await hosted_stream(reads, viewer=viewer, stream_id=stream_id)
    async with reads.connection() as connection:
        return await store.run_sheet(connection, stream_id)


async def add_run_item(
    work: Work,
    *,
    viewer: Viewer | None,
    stream_id: UUID,
    expected_version: int,
    new: NewRunItem,
    position: int | None = None,
) -> RunSheet:
    """Put something into a run of show, at its end or at a position counted from 0.

    Raises:
        SignInRequired, Forbidden, InvalidInput, StaleVersion, RunSheetFull.
        NotFound: no such stream, or no such poll of it.
    """
    viewer, _ = await hosted_stream(work.reads(), viewer=viewer, stream_id=stream_id)
    new = await _checked(work, viewer, stream_id, new)
    sheet = await _held(work, stream_id, expected_version)
    if len(sheet.items) >= ITEMS_MAX:
        raise RunSheetFull
    item = RunItem(RunItemId(work.new_id()), stream_id, new.kind, new.poll_id, new.text, new.duration_s, None, None)
    return await _written(work, replace(sheet, items=with_item(sheet.items, item, position)))


async def move_run_item(
    work: Work, *, viewer: Viewer | None, item_id: UUID, expected_version: int, position: int
) -> RunSheet:
    """Put an item at another position, counted from 0 among the others.

    Raises:
        SignInRequired, Forbidden, NotFound, StaleVersion.
    """
    _, stream = await _stream_of(work, viewer, item_id)
    sheet = await _held(work, stream.id, expected_version)
    item = _item(sheet, item_id)
    return await _written(work, replace(sheet, items=with_item(without_item(sheet.items, item_id), item, position)))


async def remove_run_item(work: Work, *, viewer: Viewer | None, item_id: UUID, expected_version: int) -> RunSheet:
    """Take an item out of a run of show. What it has shown stays.

    Raises:
        SignInRequired, Forbidden, NotFound, StaleVersion.
    """
    _, stream = await _stream_of(work, viewer, item_id)
    sheet = await _held(work, stream.id, expected_version)
    _item(sheet, item_id)
    return await _written(work, replace(sheet, items=without_item(sheet.items, item_id)))


async def fire_run_item(work: Work, *, viewer: Viewer | None, item_id: UUID) -> RunItem:
    """Open the item's poll, or announce its chapter or shout-out, now. A second click finds the first one's work done.

    Locks the run of show and the poll. Raises:
        SignInRequired, Forbidden, NotFound, StreamNotLive, TooManyMoments, WrongPollState, StaleVersion, NothingToFire.
    """
    viewer, stream = await _stream_of(work, viewer, item_id)
    item = _item(await store.hold_run_sheet(work.connection, stream.id), item_id)
    if item.fired_at is not None:
        return item
    moment_id = await _fire(work, viewer, stream, item)
    fired = replace(item, fired_at=work.now, moment_id=moment_id)
    await store.update_run_item(work.connection, fired)
    return fired


async def unfire_run_item(work: Work, *, viewer: Viewer | None, item_id: UUID) -> RunItem:
    """Take back what firing an item did, within ten seconds. It can be fired again.

    Locks the run of show and the poll. Raises:
        SignInRequired, Forbidden, NotFound, NotFired, NothingToUndo, StaleVersion.
    """
    viewer, stream = await _stream_of(work, viewer, item_id)
    item = _item(await store.hold_run_sheet(work.connection, stream.id), item_id)
    if item.fired_at is None or work.now - item.fired_at > UNDO:
        raise NotFired
    if item.moment_id is not None:
        await revoke_moment(work, viewer=viewer, moment_id=item.moment_id)
    elif item.poll_id is not None:
        (poll,) = await visible_polls(work.reads(), [item.poll_id], viewer=viewer)
        assert poll is not None, "a poll is never deleted"
        if poll.undo is None or poll.undo.act is not PollAct.OPEN:
            # Something else was done to it since, and that would be taken back instead.
            raise NotFired
        await undo_poll(work, viewer=viewer, poll_id=poll.id, expected_version=poll.version)
    ready = replace(item, fired_at=None, moment_id=None)
    await store.update_run_item(work.connection, ready)
    return ready


async def _fire(work: Work, viewer: Viewer, stream: Stream, item: RunItem) -> UUID | None:
    if item.kind is RunItemKind.NOTE:
        raise NothingToFire
    if item.poll_id is not None:
        (poll,) = await visible_polls(work.reads(), [item.poll_id], viewer=viewer)
        assert poll is not None, "a poll is never deleted"
        await open_poll(work, viewer=viewer, poll_id=poll.id, expected_version=poll.version)
        return None
    moment = await speak(
        work,
        viewer=viewer,
        stream=stream,
        kind=MomentKind(item.kind.value),
        text=item.text,
        duration_s=item.duration_s,
        present_at=None,
    )
    return moment.id


async def _checked(work: Work, viewer: Viewer, stream_id: UUID, new: NewRunItem) -> NewRunItem:
    if new.kind is RunItemKind.POLL:
        if new.text or new.duration_s is not None or new.poll_id is None:
            raise InvalidInput("pollId", "An item of the kind POLL names a poll, and nothing else.")
        (poll,) = await visible_polls(work.reads(), [new.poll_id], viewer=viewer)
        if poll is None or poll.stream_id != stream_id:
            raise NotFound("poll", new.poll_id)
        return new
    if new.poll_id is not None:
        raise InvalidInput("pollId", "Only an item of the kind POLL names a poll.")
    if new.kind is RunItemKind.NOTE:
        if new.duration_s is not None:
            raise InvalidInput("durationSeconds", "is of a shout-out")
        return replace(new, text=checked_texts("text", new.text, TEXT_MAX_CHARS))
    text, duration_s = checked_announcement(MomentKind(new.kind.value), new.text, new.duration_s)
    return replace(new, text=text, duration_s=duration_s)


async def _stream_of(work: Work, viewer: Viewer | None, item_id: UUID) -> tuple[Viewer, Stream]:
    require_viewer(viewer)
    stream_id = await store.stream_of_item(work.connection, item_id)
    if stream_id is None:
        raise NotFound("run item", item_id)
    try:
        return await hosted_stream(work.reads(), viewer=viewer, stream_id=stream_id)
    except NotFound as hidden:
        raise NotFound("run item", item_id) from hidden


async def _held(work: Work, stream_id: UUID, expected_version: int) -> RunSheet:
    sheet = await store.hold_run_sheet(work.connection, stream_id)
    if sheet.version != expected_version:
        raise StaleVersion(expected_version, sheet.version)
    return sheet


async def _written(work: Work, sheet: RunSheet) -> RunSheet:
    edited = replace(sheet, version=sheet.version + 1)
    await store.write_run_sheet(work.connection, edited)
    return edited


def _item(sheet: RunSheet, item_id: UUID) -> RunItem:
    item = next((one for one in sheet.items if one.id == item_id), None)
    if item is None:
        # It was removed while this host looked at it.
        raise NotFound("run item", item_id)
    return item
