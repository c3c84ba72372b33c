"""HLS playlists of a channel, made from those that a viewer gets of the package on demand. Pure.

Source: RFC 8216bis (HTTP Live Streaming): §4.4.3.2 media sequence, §4.4.3.3 discontinuity sequence, §4.4.4.6 programme
date time, §4.4.5.1 date ranges, §6.2.2 live playlists.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.delivery.hls import PlaylistUnreadable
from domain.delivery.programme import Mark, Programme, Sent, instant, sent_segments

MARK_CLASS = "marquee.moment"

_SEGMENT = "#EXTINF:"
_SUBTITLES = re.compile(r',SUBTITLES="[^"]*"')
_NOT_LIVE = ("#EXT-X-PLAYLIST-TYPE:", "#EXT-X-ENDLIST")
# Plain WebVTT cannot say which pass it belongs to, and pictures of single frames are for seeking in a whole film.
_NOT_SENT = ("#EXT-X-MEDIA:TYPE=SUBTITLES", "#EXT-X-I-FRAME-STREAM-INF:")


@dataclass(frozen=True)
class _Track:
    """A stored playlist: what stands before its segments, the lines of each, and how long each is in seconds."""

    header: tuple[str, ...]
    segments: tuple[tuple[str, ...], ...]
    durations: tuple[float, ...]


def live_multivariant(playlist: bytes) -> bytes:
    """Return the multivariant playlist without what a channel does not send."""
    lines = playlist.decode("utf-8").splitlines()
    kept = [_SUBTITLES.sub("", line) for line in lines if not line.startswith(_NOT_SENT)]
    return "\n".join([*kept, ""]).encode()


def live_playlist(playlist: bytes, *, programme: Programme, now: datetime, marks: Sequence[Mark]) -> bytes:
    """Return what can be played now of a track, with the marks of the show in and ahead of it.

    `playlist` is the track's on demand, with its keys. Raises:
        PlaylistUnreadable: it has no segments.
    """
    track = _read(playlist)
    sent = list(sent_segments(track.durations, programme, now))
    before = sent[0] if sent else Sent(0, 0, 0.0)
    lines = [
        *track.header[:1],
        *(line for line in track.header[1:] if not line.startswith(("#EXT-X-MAP:", "#EXT-X-KEY:"))),
        f"#EXT-X-MEDIA-SEQUENCE:{before.pass_number * len(track.segments) + before.index}",
        f"#EXT-X-DISCONTINUITY-SEQUENCE:{before.pass_number}",
        *(line for line in track.header if line.startswith(("#EXT-X-MAP:", "#EXT-X-KEY:"))),
        *(_date_range(mark) for mark in marks),
    ]
    for segment in sent:
        is_next = segment.pass_number != before.pass_number
        if is_next:
            lines.append("#EXT-X-DISCONTINUITY")
        if is_next or segment is sent[0]:
            starts_at = programme.pass_starts_at(segment.pass_number) + timedelta(seconds=segment.starts_s)
            lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{instant(starts_at)}")
        lines += track.segments[segment.index]
        before = segment
    if programme.is_over(now):
        lines.append("#EXT-X-ENDLIST")
    return "\n".join([*lines, ""]).encode()


def _read(playlist: bytes) -> _Track:
    lines = [line for line in playlist.decode("utf-8").splitlines() if line and not line.startswith(_NOT_LIVE)]
    starts = [number for number, line in enumerate(lines) if line.startswith(_SEGMENT)]
    if not starts:
        raise PlaylistUnreadable("a playlist without segments")
    segments = tuple(tuple(lines[start:end]) for start, end in zip(starts, [*starts[1:], len(lines)], strict=True))
    durations = tuple(float(lines[start].removeprefix(_SEGMENT).split(",")[0]) for start in starts)
    return _Track(tuple(lines[: starts[0]]), segments, durations)


def _date_range(mark: Mark) -> str:
    attributes = [
        f'ID="{mark.id}"',
        f'CLASS="{MARK_CLASS}"',
        f'START-DATE="{instant(mark.starts_at)}"',
        f'X-MARQUEE-KIND="{mark.kind}"',
    ]
    if mark.ends_at is not None:
        attributes.insert(3, f"DURATION={(mark.ends_at - mark.starts_at).total_seconds():.3f}")
    if mark.poll_id is not None:
        attributes.append(f'X-MARQUEE-POLL="{mark.poll_id}"')
    return f"#EXT-X-DATERANGE:{','.join(attributes)}"
