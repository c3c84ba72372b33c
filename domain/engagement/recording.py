"""Moments on demand: a show's log by positions in its recording.

The recording of a stream begins where it went live. An asset that a channel sent is the recording of the newest show
that did: its positions are those of the first pass, which is the whole show unless it went round.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from domain.accounts import Viewer
from domain.engagement.moment import Moment
from domain.engagement.moments import page_of_moments
from domain.engagement.presenting import whole_milliseconds
from domain.engagement.store.moments import Span
from domain.kernel.paging import Page, PageRequest
from domain.kernel.refusals import InvalidInput, NotFound
from domain.kernel.work import Reads
from domain.live import Stream, newest_stream_of_asset, visible_streams
from domain.media.assets import assets_by_id

# Ten days, as for everything that has a position in a title.
POSITION_MAX_S = 864_000.0


@dataclass(frozen=True)
class RecordedMoment:
    """A moment, and where it is in the recording, in seconds."""

    moment: Moment
    position_s: float


async def moments_of_recording(
    reads: Reads, *, viewer: Viewer | None, stream_id: UUID, from_s: float, to_s: float, page: PageRequest
) -> Page[RecordedMoment]:
    """Return a page of the moments from one position of a stream's recording until before another.

    Raises:
        NotFound: no such stream, or none that the viewer may find.
        InvalidInput: positions that cannot be, or in the wrong order; a cursor of another list.
    """
    _check(from_s, to_s)
    (stream,) = await visible_streams(reads, [stream_id], viewer=viewer)
    if stream is None:
        raise NotFound("stream", stream_id)
    return await _page(reads, stream, from_s, to_s, page)


async def moments_of_asset(
    reads: Reads, *, viewer: Viewer | None, asset_id: UUID, from_s: float, to_s: float, page: PageRequest
) -> Page[RecordedMoment]:
    """Return a page of the moments from one position of an asset until before another, as its newest show had them.

    Raises:
        NotFound: no such asset, none that was ever sent, or none of a show that the viewer may find.
        InvalidInput: positions that cannot be, or in the wrong order; a cursor of another list.
    """
    _check(from_s, to_s)
    sent = await newest_stream_of_asset(reads, asset_id)
    streams: Sequence[Stream | None] = [None]
    if sent is not None:
        streams = await visible_streams(reads, [sent.id], viewer=viewer)
    (asset,) = await assets_by_id(reads, [asset_id])
    if streams[0] is None or asset is None:
        raise NotFound("asset", asset_id)
    return await _page(reads, streams[0], from_s, min(to_s, asset.duration_s or 0.0), page)


async def _page(reads: Reads, stream: Stream, from_s: float, to_s: float, page: PageRequest) -> Page[RecordedMoment]:
    if stream.went_live_at is None:
        return Page([], [], has_next=False, has_previous=False)
    start = whole_milliseconds(stream.went_live_at)
    span = Span(_instant(start, from_s), max(_instant(start, to_s), _instant(start, from_s)))
    found = await page_of_moments(reads, stream_id=stream.id, span=span, page=page)
    recorded = [RecordedMoment(moment, (moment.present_at - start).total_seconds()) for moment in found.items]
    return Page(recorded, found.cursors, found.has_next, found.has_previous)


def _instant(start: datetime, position_s: float) -> datetime:
    return start + timedelta(seconds=position_s)


def _check(from_s: float, to_s: float) -> None:
    for name, position_s in (("fromSeconds", from_s), ("toSeconds", to_s)):
        if not math.isfinite(position_s) or not 0 <= position_s <= POSITION_MAX_S:
            raise InvalidInput(name, f"must be 0 to {POSITION_MAX_S:.0f}")
    if to_s < from_s:
        raise InvalidInput("toSeconds", "must not be before fromSeconds")
