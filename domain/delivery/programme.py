"""A channel that sends one package over and over: which segment is on air when. Pure.

Pass after pass of the package follows without a gap. What was sent is known from when the show began and what time it
is, so every process gives the same answer and keeps nothing. Some passes are counted before the show begins, so that
whoever comes with the first second finds enough to play: the channel was on, the show was not.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

# How far back a viewer may go.
WINDOW_S = 300.0
# What a player finds at the first second of a show: more than the three segments that it holds back.
LEAD_IN_S = 30.0
# A package of a few seconds comes round often. So many passes are listed at most.
PASSES_MAX = 40
# A package that is shorter could not be told in instants of a millisecond without drifting.
PASS_MIN_S = 1.0


class TooShortToSend(Exception):
    """The package is shorter than a channel can send over and over. A fault of whoever prepared the stream."""


@dataclass(frozen=True)
class Programme:
    """What a channel sends: passes of `pass_s` each, the first of the show at `starts_at`, until `ends_at` if ended.

    Instants are whole milliseconds of the programme clock, which a channel like this reads from ours.
    """

    starts_at: datetime
    ends_at: datetime | None
    pass_s: float

    @classmethod
    def of(cls, *, starts_at: datetime, ends_at: datetime | None, duration_s: float) -> "Programme":
        """Return the programme of a package of so many seconds.

        Raises:
            TooShortToSend.
        """
        pass_s = round(duration_s, 3)
        if pass_s < PASS_MIN_S:
            raise TooShortToSend(f"{duration_s} s")
        whole = starts_at.replace(microsecond=starts_at.microsecond // 1000 * 1000)
        return cls(whole, ends_at, pass_s)

    @property
    def origin(self) -> datetime:
        """When pass 0 began: as many before the show as are needed to lead in."""
        return self.starts_at - timedelta(seconds=self.pass_s * math.ceil(LEAD_IN_S / self.pass_s))

    def pass_starts_at(self, number: int) -> datetime:
        """Return when a pass begins."""
        return self.origin + timedelta(seconds=self.pass_s * number)

    def window(self, now: datetime) -> tuple[float, float]:
        """Return what can be played now, in seconds from the origin: from where until where."""
        until = now if self.ends_at is None else min(now, self.ends_at)
        end_s = max((until - self.origin).total_seconds(), 0.0)
        lead_in_s = (self.starts_at - self.origin).total_seconds() - LEAD_IN_S
        begin_s = max(end_s - min(WINDOW_S, PASSES_MAX * self.pass_s), lead_in_s)
        return begin_s, end_s

    def is_over(self, now: datetime) -> bool:
        """Tell whether nothing follows."""
        return self.ends_at is not None and now >= self.ends_at


@dataclass(frozen=True)
class Sent:
    """A segment that was sent: the `index`-th of its track, from 0, in a pass; `starts_s` from the pass's begin."""

    pass_number: int
    index: int
    starts_s: float


def sent_passes(programme: Programme, now: datetime) -> range:
    """Return the numbers of the passes that something can be played of."""
    begin_s, end_s = programme.window(now)
    return range(int(begin_s // programme.pass_s), int(end_s // programme.pass_s) + 1)


def sent_segments(durations: Sequence[float], programme: Programme, now: datetime) -> Iterator[Sent]:
    """Yield the segments of a track that can be played: those in the window that were sent to their end."""
    for number in sent_passes(programme, now):
        yield from sent_in_pass(durations, programme, now, number)


def sent_in_pass(durations: Sequence[float], programme: Programme, now: datetime, number: int) -> Iterator[Sent]:
    """Yield the segments of a track that can be played of one pass."""
    begin_s, end_s = programme.window(now)
    starts_s = 0.0
    for index, duration in enumerate(durations):
        at_s = number * programme.pass_s + starts_s
        # A track may be some milliseconds longer than the pass: its last segment counts as sent with the pass.
        if at_s >= begin_s and min(at_s + duration, (number + 1) * programme.pass_s) <= end_s:
            yield Sent(number, index, starts_s)
        starts_s += duration


@dataclass(frozen=True)
class Mark:
    """A moment of the show as players are told of it. What is said under one `id` never changes."""

    id: str
    kind: str
    starts_at: datetime
    ends_at: datetime | None
    poll_id: str | None


def instant(at: datetime) -> str:
    """Write an instant in ISO 8601 with milliseconds, in UTC."""
    return at.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
