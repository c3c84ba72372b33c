"""Turns what listings say into slots: ends that are left out, clumps, overlaps within a file. Pure.

The outcome of each programme depends on the file alone, so an import that is taken up again finds them as they were.
"""

import re
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from domain.catalog import language_tag
from domain.guide.listing_problems import FileFailed, FileFailure, ListingProblem, ProblemReason
from domain.guide.listing_times import read_time
from domain.guide.slot import (
    EPISODES,
    NAME_MAX_CHARS,
    PRODUCTION_YEARS,
    SEASONS,
    SLOT_MAX,
    SYNOPSIS_MAX_CHARS,
    Programme,
    SlotText,
)
from domain.guide.xmltv import Listed
from domain.kernel.refusals import InvalidInput

# A country has some hundred channels, and its listings some hundred thousand programmes.
CHANNELS_MAX = 10_000
PROGRAMMES_MAX = 1_000_000
# A year of a channel that shows something new every ten minutes.
OF_CHANNEL_MAX = 52_560
# What a text gets in whose language the file leaves its reader to guess: the channel's own.
UNSAID = ""
_EPISODE = re.compile(r"([0-9]{0,5})(?:/[0-9]{0,5})?\.([0-9]{0,5})(?:/[0-9]{0,5})?(?:\..*)?")


@dataclass(frozen=True)
class Outcome:
    """What became of the programme with this number: a time and a programme, or else a problem."""

    number: int
    line: int
    channel: str
    start: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    programme: Programme | None = None
    problem: ProblemReason | None = None
    quoted: str = ""


@dataclass(frozen=True)
class _Waiting:
    """A programme whose end the next one of its channel tells."""

    listed: Listed
    starts_at: datetime


class Listings:
    """The outcomes of a file's programmes, in an order that depends on the file alone."""

    def __init__(self) -> None:
        self._waiting: dict[str, _Waiting] = {}
        self._taken: dict[str, tuple[array[float], array[float]]] = {}

    def outcomes(self, read: Iterable[Listed]) -> Iterator[Outcome]:
        """Yield what is certain by now.

        Raises:
            FileFailed: there are more programmes or channels than anybody has.
        """
        for listed in read:
            if listed.number > PROGRAMMES_MAX or len(self._taken) + len(self._waiting) > CHANNELS_MAX:
                raise FileFailed(FileFailure.TOO_LARGE, listed.line)
            try:
                starts_at = _start_of(listed)
            except ListingProblem as problem:
                yield _refused(listed, problem)
                continue
            waiting = self._waiting.pop(listed.attributes["channel"], None)
            if waiting is not None:
                yield self._settled(waiting.listed, waiting.starts_at, starts_at)
            stop = listed.attributes.get("stop", "").strip()
            if not stop:
                self._waiting[listed.attributes["channel"]] = _Waiting(listed, starts_at)
                continue
            try:
                ends_at = read_time(stop)
            except ListingProblem as problem:
                yield _refused(listed, problem)
                continue
            yield self._settled(listed, starts_at, ends_at)

    def rest(self) -> Iterator[Outcome]:
        """Yield what nothing follows any more."""
        waiting, self._waiting = self._waiting, {}
        for one in waiting.values():
            yield _refused(one.listed, ListingProblem(ProblemReason.NO_END))

    def _settled(self, listed: Listed, starts_at: datetime, ends_at: datetime) -> Outcome:
        try:
            return self._placed(listed, starts_at, ends_at)
        except ListingProblem as problem:
            return _refused(listed, problem)

    def _placed(self, listed: Listed, starts_at: datetime, ends_at: datetime) -> Outcome:
        if starts_at >= ends_at or ends_at - starts_at > SLOT_MAX:
            raise ListingProblem(ProblemReason.BAD_LENGTH, listed.attributes.get("stop", ""))
        programme = _programme_of(listed)
        channel = listed.attributes["channel"]
        if not self._take(channel, starts_at.timestamp(), ends_at.timestamp()):
            raise ListingProblem(ProblemReason.OVERLAPS)
        start = listed.attributes["start"]
        return Outcome(listed.number, listed.line, channel, start, starts_at, ends_at, programme)

    def _take(self, channel: str, starts: float, ends: float) -> bool:
        """Take a time on a channel, unless an earlier programme of the file has some of it."""
        all_starts, all_ends = self._taken.setdefault(channel, (array("d"), array("d")))
        if len(all_starts) >= OF_CHANNEL_MAX:
            raise ListingProblem(ProblemReason.OUT_OF_RANGE)
        place = bisect_left(all_starts, ends)
        if place and all_ends[place - 1] > starts:
            return False
        all_starts.insert(place, starts)
        all_ends.insert(place, ends)
        return True


def _start_of(listed: Listed) -> datetime:
    if not listed.attributes.get("channel", "").strip():
        raise ListingProblem(ProblemReason.NO_CHANNEL)
    # Programmes of a clump share one time and cannot be told apart by it; the first stands for all (`clumpidx`).
    index, _, count = listed.attributes.get("clumpidx", "0/1").partition("/")
    if count.strip() not in ("", "1") and index.strip() != "0":
        raise ListingProblem(ProblemReason.SHARED_SLOT, listed.attributes["clumpidx"])
    return read_time(listed.attributes.get("start", ""))


def _refused(listed: Listed, problem: ListingProblem) -> Outcome:
    channel, start = listed.attributes.get("channel", ""), listed.attributes.get("start", "")
    return Outcome(listed.number, listed.line, channel, start, problem=problem.reason, quoted=problem.quoted)


def _programme_of(listed: Listed) -> Programme:
    texts = _texts_of(listed)
    if not texts:
        raise ListingProblem(ProblemReason.NO_NAME)
    season, episode = _numbers_of(listed.episode)
    year = int(listed.date[:4]) if re.match(r"[0-9]{4}", listed.date, re.ASCII) else None
    return Programme(
        texts=texts,
        season_number=season,
        episode_number=episode,
        production_year=year if year in PRODUCTION_YEARS else None,
        is_premiere=bool(listed.flags & {"premiere", "new"}),
        is_repeat="previously-shown" in listed.flags,
    )


def _texts_of(listed: Listed) -> tuple[SlotText, ...]:
    """Return the texts by language.

    A language that has a description only is called what the programme is called. What is in no language, and has no
    name, goes with the first language.
    """
    parts: dict[str, dict[str, str]] = {}
    for element in ("title", "sub-title", "desc"):
        for written, text in listed.texts.get(element, {}).items():
            if text:
                parts.setdefault(_language_of(written), {}).setdefault(element, text)
    if "title" not in parts.get(UNSAID, {"title": ""}) and len(parts) > 1:
        unsaid = parts.pop(UNSAID)
        first = next(iter(parts))
        parts[first] = unsaid | parts[first]
    names = [found["title"] for found in parts.values() if "title" in found]
    if not names:
        return ()
    return tuple(
        SlotText(
            language,
            _cut(found.get("title", names[0]), NAME_MAX_CHARS),
            _cut(found.get("sub-title", ""), NAME_MAX_CHARS),
            _cut(found.get("desc", ""), SYNOPSIS_MAX_CHARS),
        )
        for language, found in sorted(parts.items())
    )


def _language_of(written: str) -> str:
    try:
        return language_tag("lang", written.strip().replace("_", "-"))
    except InvalidInput:
        return UNSAID


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def _numbers_of(written: str) -> tuple[int | None, int | None]:
    """Read `xmltv_ns`, which counts from 0: season . episode . part, each perhaps out of so many (`3/13`)."""
    match = _EPISODE.fullmatch("".join(written.split()))
    if match is None:
        return None, None
    season, episode = (int(digits) + 1 if digits else None for digits in match.groups())
    return season if season in SEASONS else None, episode if episode in EPISODES else None
