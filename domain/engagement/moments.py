"""Announcing moments, taking them back, and reading the log of a show."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from domain.accounts import Viewer, require_viewer
from domain.engagement.hosting import hosted_stream
from domain.engagement.moment import (
    MOMENTS_OF_STREAM_MAX,
    SHOWN_MAX_S,
    SHOWN_MIN_S,
    SHOWN_S,
    SPOKEN_KINDS,
    TEXT_MAX_CHARS,
    Moment,
    MomentAnnounced,
    MomentId,
    MomentKind,
    MomentNotRevocable,
    MomentRevoked,
    ShowState,
    TooManyMoments,
)
from domain.engagement.poll import UNDO, LocalText, NothingToUndo
from domain.engagement.poll_checks import checked_texts
from domain.engagement.presenting import presented_at
from domain.engagement.store import moments as store
from domain.engagement.store.moments import Place, Span
from domain.kernel.idempotency import answer_once
from domain.kernel.paging import Page, PageRequest, decode_cursor, encode_cursor, page_of
from domain.kernel.refusals import InvalidInput, NotFound
from domain.kernel.work import Reads, Work
from domain.live import Stream, StreamNotLive, StreamState, stream_topic, visible_streams

# What a field of a stream gives at once; more is asked for in pages.
MOMENTS_AT_ONCE = 200
_LIST = "moments"
_BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC)
_AFTER_ALL = datetime(9999, 1, 1, tzinfo=UTC)


async def add_moment(
    work: Work,
    *,
    stream_id: UUID,
    kind: MomentKind,
    present_at: datetime,
    subject_id: UUID | None = None,
    text: Sequence[LocalText] = (),
    until: datetime | None = None,
    announced_by: UUID | None = None,
) -> Moment:
    """Write a moment that somebody was let announce, and tell it: MomentAnnounced on the stream's topic."""
    moment = Moment(
        id=MomentId(work.new_id()),
        stream_id=stream_id,
        kind=kind,
        present_at=present_at,
        until=until,
        subject_id=subject_id,
        text=tuple(text),
        announced_by=announced_by,
        announced_at=work.now,
        revoked_at=None,
    )
    await store.insert_moment(work.connection, moment)
    await work.announce(stream_topic(stream_id), MomentAnnounced(moment.id))
    return moment


async def withdraw_moment(work: Work, *, moment: Moment) -> None:
    """Take a moment out of the log, and tell it: MomentRevoked on the stream's topic. Twice is once."""
    if await store.revoke(work.connection, moment.id, at=work.now):
        await work.announce(stream_topic(moment.stream_id), MomentRevoked(moment.id))


async def announce_moment(
    work: Work,
    *,
    viewer: Viewer | None,
    stream_id: UUID,
    kind: MomentKind,
    text: Sequence[LocalText],
    idempotency_key: str,
    present_at: datetime | None = None,
    duration_s: int | None = None,
) -> Moment:
    """Begin a chapter, or put a shout-out on the screen, at `present_at`, now unless given. The stream has to be live.

    Hosts of the stream's title, and editors. Announces MomentAnnounced. Raises:
        SignInRequired, Forbidden, NotFound, InvalidInput, StreamNotLive, TooManyMoments.
        IdempotencyKeyReused, RequestInProgress.
    """
    viewer, stream = await hosted_stream(work.reads(), viewer=viewer, stream_id=stream_id)
    texts, duration_s = checked_announcement(kind, text, duration_s)

    async def perform() -> Mapping[str, object]:
        moment = await speak(
            work, viewer=viewer, stream=stream, kind=kind, text=texts, duration_s=duration_s, present_at=present_at
        )
        return {"moment_id": moment.id}

    answer = await answer_once(
        work,
        account_id=viewer.account_id,
        operation="announceMoment",
        key=idempotency_key,
        request={
            "stream": stream_id,
            "kind": kind,
            "text": [[one.language, one.text] for one in texts],
            "present_at": present_at,
            "duration_s": duration_s,
        },
        perform=perform,
    )
    (moment,) = await store.moments_by_id(work.connection, [UUID(str(answer["moment_id"]))])
    assert moment is not None, "a moment is never deleted"
    return moment


async def speak(
    work: Work,
    *,
    viewer: Viewer,
    stream: Stream,
    kind: MomentKind,
    text: Sequence[LocalText],
    duration_s: int | None,
    present_at: datetime | None,
) -> Moment:
    """Announce what was checked, in a stream that the viewer may run.

    Raises:
        StreamNotLive, TooManyMoments, InvalidInput.
    """
    if stream.state is not StreamState.LIVE:
        raise StreamNotLive(stream.state)
    if await store.has_moments(work.connection, stream.id, MOMENTS_OF_STREAM_MAX):
        raise TooManyMoments
    shown_at = presented_at(work, present_at)
    return await add_moment(
        work,
        stream_id=stream.id,
        kind=kind,
        present_at=shown_at,
        text=text,
        until=None if duration_s is None else shown_at + timedelta(seconds=duration_s),
        announced_by=viewer.account_id,
    )


def checked_announcement(
    kind: MomentKind, text: Sequence[LocalText], duration_s: int | None
) -> tuple[tuple[LocalText, ...], int | None]:
    """Return the texts of a chapter or shout-out, and how long it is shown: a chapter until the next one.

    Raises:
        InvalidInput.
    """
    if kind not in SPOKEN_KINDS:
        raise InvalidInput("kind", "Announce a chapter or a shout-out. Everything else is told with what it is about.")
    if kind is MomentKind.CHAPTER:
        if duration_s is not None:
            raise InvalidInput("durationSeconds", "is of a shout-out; a chapter goes on until the next one")
    else:
        duration_s = SHOWN_S if duration_s is None else duration_s
        if not SHOWN_MIN_S <= duration_s <= SHOWN_MAX_S:
            raise InvalidInput("durationSeconds", f"must be {SHOWN_MIN_S} to {SHOWN_MAX_S}")
    return checked_texts("text", text, TEXT_MAX_CHARS), duration_s


async def revoke_moment(work: Work, *, viewer: Viewer | None, moment_id: UUID) -> Moment:
    """Take a chapter or shout-out back within ten seconds. A second click finds the first one's work done.

    Locks the moment; announces MomentRevoked. Raises:
        SignInRequired, Forbidden, NotFound, NothingToUndo, MomentNotRevocable.
    """
    require_viewer(viewer)
    moment = await store.hold_moment(work.connection, moment_id)
    if moment is None:
        raise NotFound("moment", moment_id)
    try:
        await hosted_stream(work.reads(), viewer=viewer, stream_id=moment.stream_id)
    except NotFound as hidden:
        # What is in a show that cannot be found cannot be found either, and the show is not named.
        raise NotFound("moment", moment_id) from hidden
    if moment.revoked_at is not None:
        return moment
    if moment.kind not in SPOKEN_KINDS:
        raise MomentNotRevocable
    # A clock that was set back leaves a moment that was announced ahead of it, which is as new as can be.
    if work.now - moment.announced_at > UNDO:
        raise NothingToUndo
    await withdraw_moment(work, moment=moment)
    (revoked,) = await store.moments_by_id(work.connection, [moment_id])
    assert revoked is not None, "it is held"
    return revoked


async def moments_by_id(reads: Reads, ids: Sequence[UUID]) -> list[Moment | None]:
    """Return moments whoever may see them, aligned; revoked ones are gone."""
    async with reads.connection() as connection:
        found = await store.moments_by_id(connection, ids)
    return [moment if moment is not None and moment.revoked_at is None else None for moment in found]


async def visible_moments(reads: Reads, ids: Sequence[UUID], *, viewer: Viewer | None) -> list[Moment | None]:
    """Return the moments of streams that the viewer may find, aligned; revoked ones are gone."""
    found = await moments_by_id(reads, ids)
    stream_ids = sorted({moment.stream_id for moment in found if moment is not None})
    streams = await visible_streams(reads, stream_ids, viewer=viewer)
    shown = {stream.id for stream in streams if stream is not None}
    return [moment if moment is not None and moment.stream_id in shown else None for moment in found]


async def moments_of_streams(
    reads: Reads, stream_ids: Sequence[UUID], *, starts_at: datetime | None, ends_at: datetime | None
) -> list[list[Moment]]:
    """Return the first moments of streams that the viewer has come by, aligned, in a stretch of the programme.

    Raises:
        InvalidInput: the stretch ends before it begins.
    """
    span = checked_span(starts_at, ends_at)
    async with reads.connection() as connection:
        return await store.moments_of_streams(connection, stream_ids, span, limit=MOMENTS_AT_ONCE)


async def list_moments(
    reads: Reads,
    *,
    viewer: Viewer | None,
    stream_id: UUID,
    starts_at: datetime | None,
    ends_at: datetime | None,
    page: PageRequest,
) -> Page[Moment]:
    """Return a page of a show's log, in the order of the programme.

    Raises:
        NotFound: no such stream, or none that the viewer may find.
        InvalidInput: the stretch ends before it begins, or the cursor is of another list.
    """
    span = checked_span(starts_at, ends_at)
    (stream,) = await visible_streams(reads, [stream_id], viewer=viewer)
    if stream is None:
        raise NotFound("stream", stream_id)
    return await page_of_moments(reads, stream_id=stream_id, span=span, page=page)


async def page_of_moments(reads: Reads, *, stream_id: UUID, span: Span, page: PageRequest) -> Page[Moment]:
    """Return a page of the log of a stream that the viewer has come by.

    Raises:
        InvalidInput: the cursor is of another list.
    """
    list_name = f"{_LIST}:{stream_id}"
    async with reads.connection() as connection:
        rows = await store.page_of_moments(
            connection,
            stream_id,
            span,
            after=None if page.after is None else _place(list_name, page.after),
            before=None if page.before is None else _place(list_name, page.before),
            backwards=page.backwards,
            limit=page.limit + 1,
        )
    return page_of(rows, request=page, cursor=lambda moment: encode_cursor(list_name, moment.present_at, moment.id))


async def show_states(reads: Reads, stream_ids: Sequence[UUID], *, at: datetime) -> list[ShowState]:
    """Return shows that the viewer has come by, as they are for whoever sees an instant of the programme; aligned."""
    async with reads.connection() as connection:
        return [await store.show_state(connection, id, at) for id in stream_ids]


def checked_span(starts_at: datetime | None, ends_at: datetime | None) -> Span:
    """Return a stretch of the programme; None is all there is on that side.

    Raises:
        InvalidInput: it ends before it begins.
    """
    starts_at, ends_at = starts_at or _BEFORE_ALL, ends_at or _AFTER_ALL
    if ends_at < starts_at:
        raise InvalidInput("to", "must not be before from")
    return Span(starts_at, ends_at)


def _place(list_name: str, cursor: str) -> Place:
    refusal = InvalidInput("cursor", "This cursor does not belong to this list. Start from the first page.")
    try:
        at, id = decode_cursor(list_name, cursor)
        return Place(datetime.fromisoformat(str(at)), UUID(str(id)))
    except ValueError as garbage:
        raise refusal from garbage
