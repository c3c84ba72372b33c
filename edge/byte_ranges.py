"""Byte ranges and conditions of HTTP requests for stored objects. Pure.

Source: RFC 9110 (HTTP Semantics), §13 conditional requests and §14 range requests.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

_RANGE = re.compile(r"bytes=\s*(\d*)-(\d*)\s*", re.IGNORECASE)
# Longer numbers than any object has bytes; `int` is slow on absurd ones.
_MAX_DIGITS = 18


@dataclass(frozen=True)
class ByteRange:
    """The bytes from `start` up to and without `end`."""

    start: int
    end: int


class RangeUnsatisfiable(Exception):
    """The range asked for lies outside the object."""


def requested_range(headers: Mapping[str, str], *, size_bytes: int, etag: str, modified: datetime) -> ByteRange | None:
    """Return the one range asked for, or None for the whole object.

    Several ranges at once, other units and malformed ones are answered with the whole, as the specification allows.

    Raises:
        RangeUnsatisfiable: well formed, but nothing of the object is in it.
    """
    found = _RANGE.fullmatch(headers.get("range", ""))
    if found is None or not _is_current(headers.get("if-range"), etag, modified):
        return None
    first, last = found.groups()
    if max(len(first), len(last)) > _MAX_DIGITS or not (first or last):
        return None
    if not first:
        # The last so many bytes; none of them is a range of nothing.
        start, end = max(0, size_bytes - int(last)), size_bytes
    else:
        start, end = int(first), min(size_bytes, int(last) + 1) if last else size_bytes
        if last and int(last) < start:
            return None
    if start >= end:
        raise RangeUnsatisfiable
    return ByteRange(start, end)


def is_unchanged(headers: Mapping[str, str], *, etag: str, modified: datetime) -> bool:
    """Whether the client has this version already, so that 304 is the answer."""
    known = headers.get("if-none-match")
    if known is not None:
        names = [name.strip().removeprefix("W/") for name in known.split(",")]
        return "*" in names or etag in names
    since = _date(headers.get("if-modified-since"))
    return since is not None and _whole_seconds(modified) <= since


def _is_current(condition: str | None, etag: str, modified: datetime) -> bool:
    """If-Range: the part is wanted only of the version the client has. A weak tag never proves that."""
    if condition is None:
        return True
    if condition.startswith('"'):
        return condition == etag
    return _date(condition) == _whole_seconds(modified)


def _date(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return date if date.tzinfo is not None else None


def _whole_seconds(moment: datetime) -> datetime:
    # HTTP dates have no fractions.
    return moment - timedelta(microseconds=moment.microsecond)
