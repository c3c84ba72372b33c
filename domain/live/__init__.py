"""Shows that go out live: streams, and the programme clock that everything in them is timed by."""

from domain.live.policy import LIVE, LiveAct
from domain.live.presence import presence_topic, say_present, viewer_counts
from domain.live.stream import (
    NotAShow,
    Stream,
    StreamChanged,
    StreamId,
    StreamNotLive,
    StreamNotPrepared,
    StreamState,
    TitleOnAir,
    stream_topic,
)
from domain.live.streams import (
    end_stream,
    hold_stream,
    live_streams_of,
    newest_stream_of_asset,
    prepare_stream,
    start_stream,
    stream_ids_of_titles,
    streams_by_id,
    streams_of_title,
    visible_streams,
    who_sees,
)

__all__ = [
    "LIVE",
    "LiveAct",
    "NotAShow",
    "Stream",
    "StreamChanged",
    "StreamId",
    "StreamNotLive",
    "StreamNotPrepared",
    "StreamState",
    "TitleOnAir",
    "end_stream",
    "hold_stream",
    "live_streams_of",
    "newest_stream_of_asset",
    "prepare_stream",
    "presence_topic",
    "say_present",
    "start_stream",
    "stream_ids_of_titles",
    "stream_topic",
    "streams_by_id",
    "streams_of_title",
    "viewer_counts",
    "visible_streams",
    "who_sees",
]
