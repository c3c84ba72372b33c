"""Reads the WebVTT track of thumbnails, to say the same in DASH's own form. Pure."""

import re

from domain.delivery.dash import ThumbnailSheets
from domain.media.pictures import SHEET_COLUMNS

# The packager's number of digits in the names of the sheets.
_MEDIA = "thumbnails/sprite-$Number%03d$.jpg"
_CUE = re.compile(
    r"^(\d+):(\d\d):(\d\d\.\d{3}) --> (\d+):(\d\d):(\d\d\.\d{3})\nsprite-001\.jpg#xywh=(\d+),(\d+),(\d+),(\d+)$",
    re.MULTILINE,
)


def read_thumbnail_track(vtt: bytes) -> ThumbnailSheets | None:
    """Return how the thumbnails lie on their sheets; None when the track is empty or of another form."""
    cues = [match.groups() for match in _CUE.finditer(vtt.decode("utf-8", errors="replace"))]
    if not cues:
        return None
    width, height = int(cues[0][8]), int(cues[0][9])
    interval_s = _seconds(cues[0][3:6]) - _seconds(cues[0][0:3])
    if width <= 0 or height <= 0 or interval_s <= 0:
        return None
    # The first sheet is full whenever there is a second, so its cues tell how many rows a sheet has.
    rows = max(int(cue[7]) for cue in cues) // height + 1
    return ThumbnailSheets(_MEDIA, SHEET_COLUMNS, rows, width, height, interval_s)


def _seconds(clock: tuple[str, ...]) -> float:
    hours, minutes, seconds = clock
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
