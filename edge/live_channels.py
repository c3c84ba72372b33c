"""The streams in play, each kept for a moment with the moments of its show, and their manifests as of now."""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from domain.delivery import Mark, Programme, TooShortToSend, live_manifest, live_multivariant, live_playlist
from domain.delivery.programme import WINDOW_S
from domain.engagement import Moment, MomentKind, moments_of_streams
from domain.kernel.refusals import NotFound
from domain.kernel.work import Reads
from domain.live import Stream, streams_by_id
from domain.media.manifests import HLS_NAME, MPD_NAME
from domain.media.package import Package
from graph.global_ids import Kind, global_id

# Players ask every two seconds, thousands of them: a moment is in the manifests so late at most.
KEPT_S = 1.0
KEPT_MAX = 1024
# A clock that is set back by less does not take segments away from those who play them. After more it was wrong.
SET_BACK_MAX = timedelta(minutes=10)


@dataclass(frozen=True)
class LiveChannel:
    """A stream as it is at `now`, with the marks that its manifests hold, and those manifests once they were made."""

    stream: Stream
    marks: Sequence[Mark]
    now: datetime
    made: dict[Hashable, bytes] = field(default_factory=dict, repr=False)

    def manifest(self, key: Hashable, on_demand: bytes, *, path: str, package: Package) -> bytes:
        """Return a manifest of the channel, made once from the same one of its package on demand, which is `key`'s.

        Raises:
            NotFound: the stream has not gone live, or what it should send is too short.
        """
        made = self.made.get(key)
        if made is None:
            made = self.made[key] = self._make(on_demand, path, package)
        return made

    def _make(self, on_demand: bytes, path: str, package: Package) -> bytes:
        if self.stream.went_live_at is None:
            raise NotFound("stream", self.stream.id)
        if path == HLS_NAME:
            return live_multivariant(on_demand)
        try:
            programme = Programme.of(
                starts_at=self.stream.went_live_at, ends_at=self.stream.ended_at, duration_s=package.duration_s
            )
        except TooShortToSend as too_short:
            raise NotFound("stream", self.stream.id) from too_short
        make = live_manifest if path == MPD_NAME else live_playlist
        return make(on_demand, programme=programme, now=self.now, marks=self.marks)


class LiveChannels:
    """Loads streams with their moments, and keeps those in play. One per process."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._kept: OrderedDict[UUID, tuple[float, LiveChannel]] = OrderedDict()
        self._clock = clock
        self._latest: datetime | None = None

    async def get(self, reads: Reads, stream_id: UUID) -> LiveChannel:
        """Return a stream as it was `KEPT_S` ago at most, at this instant.

        Raises:
            NotFound: there is no such stream.
        """
        now = self._now(reads)
        kept = self._kept.get(stream_id)
        if kept is not None and self._clock() - kept[0] < KEPT_S:
            return kept[1]
        loaded = await _load(reads, stream_id, now)
        self._kept[stream_id] = (self._clock(), loaded)
        self._kept.move_to_end(stream_id)
        if len(self._kept) > KEPT_MAX:
            self._kept.popitem(last=False)
        return loaded

    def _now(self, reads: Reads) -> datetime:
        """Return the programme's now, which stands still while a clock that was set back catches up."""
        if self._latest is None or not timedelta(0) < self._latest - reads.now <= SET_BACK_MAX:
            self._latest = reads.now
        return self._latest


async def _load(reads: Reads, stream_id: UUID, now: datetime) -> LiveChannel:
    (stream,) = await streams_by_id(reads, [stream_id])
    if stream is None:
        raise NotFound("stream", stream_id)
    (moments,) = await moments_of_streams(reads, [stream_id], starts_at=now - timedelta(seconds=WINDOW_S), ends_at=None)
    return LiveChannel(stream, [_mark(moment) for moment in moments], now)


def _mark(moment: Moment) -> Mark:
    is_of_poll = moment.kind in (MomentKind.POLL_OPENED, MomentKind.POLL_LOCKED, MomentKind.POLL_REVEALED)
    return Mark(
        id=global_id(Kind.MOMENT, moment.id),
        kind=moment.kind.value,
        starts_at=moment.present_at,
        ends_at=moment.until,
        poll_id=global_id(Kind.POLL, moment.subject_id) if is_of_poll and moment.subject_id is not None else None,
    )
