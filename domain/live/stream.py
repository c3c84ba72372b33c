"""A stream: one show as it goes out, and the clock that everything in it is timed by.

    PREPARED ──► LIVE ──► ENDED

The **programme clock** says when something was on air: instants in UTC, as EXT-X-PROGRAM-DATE-TIME writes them. Whoever
is twenty seconds behind sees now what was on air twenty seconds ago, and everything of the show that is tied to that
instant belongs there.

Refusal
├── NotAShow            the title is no channel and no live event
├── StreamNotPrepared   it went live before
├── StreamNotLive       it is not on air
└── TitleOnAir          another stream of the title is live
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType
from uuid import UUID

from domain.catalog import TitleKind
from domain.kernel.facts import Fact
from domain.kernel.refusals import InvalidInput, Refusal

StreamId = NewType("StreamId", UUID)

NAME_MAX_CHARS = 200
MAX_LATENCY_S = 60
MAX_LATENCY_MOST_S = 600
SHOW_KINDS = frozenset({TitleKind.CHANNEL, TitleKind.LIVE_EVENT})


class StreamState(StrEnum):
    """How far a show is."""

    PREPARED = "PREPARED"
    LIVE = "LIVE"
    ENDED = "ENDED"


class NotAShow(Refusal):
    """Only channels and live events go out live: `title_id` is neither."""

    def __init__(self, title_id: UUID) -> None:
        super().__init__("Only a channel or a live event can go out live. Choose another title.")
        self.title_id = str(title_id)


class StreamNotPrepared(Refusal):
    """The stream went live before; `state` says how far it is."""

    def __init__(self, state: StreamState) -> None:
        super().__init__("This stream went live before. Prepare another one.")
        self.state = state.value


class StreamNotLive(Refusal):
    """The stream is not on air; `state` says how far it is."""

    def __init__(self, state: StreamState) -> None:
        super().__init__("This stream is not on air.")
        self.state = state.value


class TitleOnAir(Refusal):
    """Another stream of the title is live."""

    def __init__(self) -> None:
        super().__init__("Another stream of this title is on air. End it first.")


@dataclass(frozen=True)
class Stream:
    """One show. `asset_id` is what the channel sends, over and over; hosts are those of `title_id`.

    `max_latency_s` is how far behind the slowest viewer may be who still takes part.
    """

    id: StreamId
    title_id: UUID
    asset_id: UUID
    name: str
    state: StreamState
    max_latency_s: int
    created_by: UUID
    created_at: datetime
    went_live_at: datetime | None
    ended_at: datetime | None
    version: int

    @property
    def max_latency(self) -> timedelta:
        """How far behind the slowest viewer may be who still takes part."""
        return timedelta(seconds=self.max_latency_s)


@dataclass(frozen=True)
class StreamChanged(Fact):
    """A stream was changed, went live or ended."""

    stream_id: UUID
    state: str


def stream_topic(stream_id: UUID) -> str:
    """Return the topic of everything that happens in a show."""
    return f"stream:{stream_id}"


def checked_name(name: str) -> str:
    """Return a stream's name.

    Raises:
        InvalidInput.
    """
    name = name.strip()
    if not 1 <= len(name) <= NAME_MAX_CHARS or not name.isprintable():
        raise InvalidInput("name", f"must have 1 to {NAME_MAX_CHARS} printable characters")
    return name


def checked_latency(seconds: int) -> int:
    """Return how far behind viewers may be.

    Raises:
        InvalidInput.
    """
    if not 1 <= seconds <= MAX_LATENCY_MOST_S:
        raise InvalidInput("maxLatencySeconds", f"must be 1 to {MAX_LATENCY_MOST_S}")
    return seconds
