"""Times as XMLTV writes them: `YYYYMMDDhhmmss` or a beginning of it, and perhaps a zone; without one it is UTC.

Source: xmltv.dtd of the XMLTV project, "All dates and times in this DTD". A beginning says how exactly the time is
known, so what is not known to the hour at least is no time for a slot.
"""

import re
from datetime import UTC, datetime, timedelta, timezone

from domain.guide.listing_problems import ListingProblem, ProblemReason

_TIME = re.compile(r"([0-9]{4,14})\s*(\S{1,8})?")
_OFFSET = re.compile(r"([+-])([0-9]{2}):?([0-9]{2})")
# Digits that say a whole hour, minute or second, and how they are read.
_EXACT = {10: "%Y%m%d%H", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
_COARSE = (4, 6, 8)
# The zones that RFC 5322, section 4.3, and the DTD name, and those of Europe that grabbers write; in hours.
_ZONES = {
    "Z": 0, "UT": 0, "UTC": 0, "GMT": 0, "WET": 0, "BST": 1, "WEST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3,
    "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
}  # fmt: skip
# The furthest zone from UTC is that of the Line Islands.
_OFFSET_MAX = timedelta(hours=14)


def read_time(written: str) -> datetime:
    """Return the instant, in UTC.

    Raises:
        ListingProblem: it is no time, is known to the day only, or has a zone that nobody knows.
    """
    match = _TIME.fullmatch(written.strip())
    if match is None:
        raise ListingProblem(ProblemReason.BAD_TIME, written)
    digits, zone = match.groups()
    if len(digits) in _COARSE:
        raise ListingProblem(ProblemReason.COARSE_TIME, written)
    if len(digits) not in _EXACT:
        raise ListingProblem(ProblemReason.BAD_TIME, written)
    try:
        local = datetime.strptime(digits, _EXACT[len(digits)]).replace(tzinfo=timezone(_offset_of(zone, written)))
        return local.astimezone(UTC)
    except (ValueError, OverflowError) as impossible:
        raise ListingProblem(ProblemReason.BAD_TIME, written) from impossible


def _offset_of(zone: str | None, written: str) -> timedelta:
    if zone is None:
        return timedelta(0)
    if zone.upper() in _ZONES:
        return timedelta(hours=_ZONES[zone.upper()])
    match = _OFFSET.fullmatch(zone)
    if match is None:
        raise ListingProblem(ProblemReason.UNKNOWN_ZONE, written)
    sign, hours, minutes = match[1], int(match[2]), int(match[3])
    offset = timedelta(hours=hours, minutes=minutes)
    if minutes > 59 or offset > _OFFSET_MAX:
        raise ListingProblem(ProblemReason.UNKNOWN_ZONE, written)
    return -offset if sign == "-" else offset
