"""Preparing, starting and ending streams, and who may see them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.accounts import Viewer, require_viewer
from domain.catalog import audience_of, titles_by_id, visible_titles
from domain.kernel.refusals import InvalidInput, NotFound, StaleVersion
from domain.kernel.work import Reads, Work
from domain.live import store
from domain.live.policy import LIVE, LiveAct
from domain.live.stream import (
    MAX_LATENCY_S,
    SHOW_KINDS,
    NotAShow,
    Stream,
    StreamChanged,
    StreamId,
    StreamNotLive,
    StreamNotPrepared,
    StreamState,
    TitleOnAir,
    checked_latency,
    checked_name,
    stream_topic,
)
from domain.media.asset import AssetState
from domain.media.assets import assets_by_id

STREAMS_SHOWN_MAX = 50
# More than are prepared or on air at a time.
FOLLOWED_STREAMS_MAX = 20_000


async def prepare_stream(
    work: Work,
    *,
    viewer: Viewer | None,
    title_id: UUID,
    asset_id: UUID,
    name: str,
    max_latency_s: int = MAX_LATENCY_S,
) -> Stream:
    """Prepare a show of a channel or live event that sends a packaged asset over and over. Hosts of it, and editors.

    Raises:
        SignInRequired, Forbidden, InvalidInput, NotAShow.
        NotFound: no such title, or no asset that is ready.
    """
    viewer = LIVE.require(viewer, LiveAct.PREPARE, within=title_id)
    name, max_latency_s = checked_name(name), checked_latency(max_latency_s)
    (title,) = await titles_by_id(work.reads(), [title_id])
    if title is None:
        raise NotFound("title", title_id)
    await _check_asset(work.reads(), asset_id, viewer)
    if title.kind not in SHOW_KINDS:
        raise NotAShow(title_id)
    stream = Stream(
        id=StreamId(work.new_id()),
        title_id=title_id,
        asset_id=asset_id,
        name=name,
        state=StreamState.PREPARED,
        max_latency_s=max_latency_s,
        created_by=viewer.account_id,
        created_at=work.now,
        went_live_at=None,
        ended_at=None,
        version=1,
    )
    await store.insert_stream(work.connection, stream)
    await _told(work, stream)
    return stream


async def start_stream(work: Work, *, viewer: Viewer | None, stream_id: UUID, expected_version: int) -> Stream:
    """Go on air: from now on the programme clock runs.

    Raises:
        SignInRequired, Forbidden, NotFound, StaleVersion, StreamNotPrepared, TitleOnAir.
    """
    stream = await _held(work, viewer, stream_id, expected_version)
    if stream.state is not StreamState.PREPARED:
        raise StreamNotPrepared(stream.state)
    (on_air,) = await store.live_streams_of(work.connection, [stream.title_id])
    if on_air is not None:
        raise TitleOnAir
    return await _changed(work, replace(stream, state=StreamState.LIVE, went_live_at=work.now))


async def end_stream(work: Work, *, viewer: Viewer | None, stream_id: UUID, expected_version: int) -> Stream:
    """Go off air.

    Raises:
        SignInRequired, Forbidden, NotFound, StaleVersion, StreamNotLive.
    """
    stream = await _held(work, viewer, stream_id, expected_version)
    if stream.state is not StreamState.LIVE or stream.went_live_at is None:
        raise StreamNotLive(stream.state)
    # A clock that was set back must not end a show before it began.
    return await _changed(work, replace(stream, state=StreamState.ENDED, ended_at=max(work.now, stream.went_live_at)))


async def streams_by_id(reads: Reads, ids: Sequence[UUID]) -> list[Stream | None]:
    """Return streams whoever may see them, aligned with `ids`."""
    async with reads.connection() as connection:
        return await store.streams_by_id(connection, ids)


async def visible_streams(reads: Reads, ids: Sequence[UUID], *, viewer: Viewer | None) -> list[Stream | None]:
    """Return the streams whose title this viewer may find; hosts of the title and editors also before it is shown."""
    found = await streams_by_id(reads, ids)
    title_ids = sorted({stream.title_id for stream in found if stream is not None})
    if not title_ids:
        return found
    titles = await visible_titles(reads, title_ids, viewer=viewer)
    shown = {
        id
        for id, title in zip(title_ids, titles, strict=True)
        if title is not None or LIVE.permits(viewer, LiveAct.PREPARE, within=id)
    }
    return [stream if stream is not None and stream.title_id in shown else None for stream in found]


async def who_sees(reads: Reads, stream_id: UUID, viewers: Sequence[Viewer | None]) -> list[bool]:
    """Tell for each of many viewers whether it may see a stream; they are asked for by audience, not one by one."""
    (stream,) = await streams_by_id(reads, [stream_id])
    if stream is None:
        return [False for _ in viewers]
    # One of each audience speaks for all of it.
    speakers = {audience_of(viewer): viewer for viewer in viewers}
    found = {
        audience: (await visible_titles(reads, [stream.title_id], viewer=viewer))[0] is not None
        for audience, viewer in speakers.items()
    }
    return [
        found[audience_of(viewer)] or LIVE.permits(viewer, LiveAct.PREPARE, within=stream.title_id)
        for viewer in viewers
    ]


async def live_streams_of(reads: Reads, title_ids: Sequence[UUID]) -> list[Stream | None]:
    """Return what is on air of titles that the viewer has come by, aligned."""
    async with reads.connection() as connection:
        return await store.live_streams_of(connection, title_ids)


async def newest_stream_of_asset(reads: Reads, asset_id: UUID) -> Stream | None:
    """Return the show that sent an asset last, whoever may see it; None: none ever did."""
    async with reads.connection() as connection:
        return await store.newest_stream_of_asset(connection, asset_id)


async def stream_ids_of_titles(reads: Reads, title_ids: Sequence[UUID], *, ended_since: datetime | None) -> list[UUID]:
    """Return streams of titles, the newest first: those that have not ended, and those that did since an instant.

    Without `ended_since`, all of them.
    """
    async with reads.connection() as connection:
        return await store.stream_ids_of_titles(
            connection, title_ids, ended_since=ended_since, limit=FOLLOWED_STREAMS_MAX
        )


async def streams_of_title(reads: Reads, title_id: UUID, *, viewer: Viewer | None, limit: int) -> list[Stream]:
    """Return the newest streams of a title, for those who prepare them.

    Raises:
        SignInRequired, Forbidden, InvalidInput.
    """
    LIVE.require(viewer, LiveAct.PREPARE, within=title_id)
    if not 1 <= limit <= STREAMS_SHOWN_MAX:
        raise InvalidInput("first", f"must be 1 to {STREAMS_SHOWN_MAX}")
    async with reads.connection() as connection:
        return await store.streams_of_title(connection, title_id, limit=limit)


async def hold_stream(connection: AsyncConnection, stream_id: UUID) -> Stream:
    """Return a stream that nobody else changes until the transaction ends.

    Raises:
        NotFound.
    """
    stream = await store.lock_stream(connection, stream_id)
    if stream is None:
        raise NotFound("stream", stream_id)
    return stream


async def _check_asset(reads: Reads, asset_id: UUID, viewer: Viewer) -> None:
    """Refuse what is not ready, or plays for a title that the viewer may not find."""
    (asset,) = await assets_by_id(reads, [asset_id])
    if asset is not None and asset.state is AssetState.READY:
        (title,) = await visible_titles(reads, [asset.title_id], viewer=viewer)
        if title is not None:
            return
    raise NotFound("asset", asset_id)


async def _held(work: Work, viewer: Viewer | None, stream_id: UUID, expected_version: int) -> Stream:
    viewer = require_viewer(viewer)
    (seen,) = await visible_streams(work.reads(), [stream_id], viewer=viewer)
    if seen is None:
        raise NotFound("stream", stream_id)
    LIVE.require(viewer, LiveAct.GO_LIVE, within=seen.title_id)
    # All of the title's, so that two of them do not go on air together.
    await store.lock_streams_of(work.connection, seen.title_id)
    stream = await hold_stream(work.connection, stream_id)
    if stream.version != expected_version:
        raise StaleVersion(expected_version, stream.version)
    return stream


async def _changed(work: Work, stream: Stream) -> Stream:
    stream = replace(stream, version=stream.version + 1)
    await store.update_stream(work.connection, stream)
    await _told(work, stream)
    return stream


async def _told(work: Work, stream: Stream) -> None:
    await work.announce(stream_topic(stream.id), StreamChanged(stream.id, stream.state))
