"""Listings files for tests."""

from pathlib import Path

from domain.guide.listing_problems import FileFailed
from domain.guide.listings import Outcome
from domain.guide.listings_file import outcomes_of

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE tv SYSTEM "xmltv.dtd">\n<tv generator-info-name="test">\n'


def programme(start: str, stop: str | None, *, channel: str = "one", inside: str = "<title>Show</title>") -> str:
    """One programme on the second day of 2030; times are `hhmm` or what a file would say."""
    times = f'start="{_time(start)}"' + ("" if stop is None else f' stop="{_time(stop)}"')
    return f'<programme {times} channel="{channel}">{inside}</programme>\n'


def listings(*programmes: str) -> str:
    """A whole file."""
    return HEAD + "".join(programmes) + "</tv>\n"


def read(path: Path, data: str | bytes) -> tuple[list[Outcome], FileFailed | None]:
    """Read a file to its end, or to where reading fails."""
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    found: list[Outcome] = []
    try:
        for outcome in outcomes_of(path):
            found.append(outcome)
    except FileFailed as failed:
        return found, failed
    return found, None


def _time(written: str) -> str:
    return f"20300102{written}00 +0000" if len(written) == 4 and written.isdigit() else written
