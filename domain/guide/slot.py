"""What a slot is: one programme in a channel's schedule, from its start until before its end. Pure.

Refusal
├── NotAChannel         the title is no channel, so it has no schedule
├── SlotOverlaps        the channel shows something else then
└── ListingsIdTaken     another channel has that id in listings
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, NewType
from uuid import UUID

from domain.catalog import language_tag
from domain.kernel.refusals import InvalidInput, Refusal

SlotId = NewType("SlotId", UUID)

# A test card may fill a night; what is longer is a missing programme. Reads rely on it: see `store.slots`.
SLOT_MAX = timedelta(hours=24)
# Listings come two weeks ahead; a date beyond this is a slip of the keyboard.
AHEAD_MAX = timedelta(days=366)
NAME_MAX_CHARS = 200
SYNOPSIS_MAX_CHARS = 5_000
TEXTS_MAX = 20
# What of a schedule is shown at once, and how many slots of one channel at most.
WINDOW_MAX = timedelta(days=8)
SLOTS_SHOWN_MAX = 500
SEASONS = EPISODES = range(1, 10_000)
# Moving pictures began in 1878.
PRODUCTION_YEARS = range(1878, 2201)
LISTINGS_ID_MAX_CHARS = 200


class SlotOrigin(StrEnum):
    """Who put a slot where it is: imports move only what imports put there."""

    EDITOR = "EDITOR"
    IMPORT = "IMPORT"


class SlotText(NamedTuple):
    """What a programme is called and about, in one language (BCP 47)."""

    language: str
    name: str
    subtitle: str = ""
    synopsis: str = ""


@dataclass(frozen=True)
class Programme:
    """What is shown, whenever that is.

    `title_id` is the title of the catalog it is a showing of. Seasons and episodes count from 1.
    """

    texts: tuple[SlotText, ...]
    title_id: UUID | None = None
    season_number: int | None = None
    episode_number: int | None = None
    production_year: int | None = None
    is_premiere: bool = False
    is_repeat: bool = False


@dataclass(frozen=True)
class Slot:
    """A programme on a channel from `starts_at` until before `ends_at`. No two of a channel overlap."""

    id: SlotId
    channel_id: UUID
    starts_at: datetime
    ends_at: datetime
    programme: Programme
    origin: SlotOrigin
    version: int


class NowAndNext(NamedTuple):
    """What a channel shows, and what comes after; None where nothing is known."""

    now: Slot | None
    next: Slot | None


class NotAChannel(Refusal):
    """The title is no channel, so it has no schedule."""

    def __init__(self) -> None:
        super().__init__("This title is no channel. Only titles of the kind CHANNEL have a schedule.")


class SlotOverlaps(Refusal):
    """The channel shows something else then."""

    def __init__(self, starts_at: datetime, ends_at: datetime) -> None:
        super().__init__(f"The channel has a programme from {starts_at:%Y-%m-%d %H:%M} UTC. Move or remove it first.")
        self.starts_at = starts_at
        self.ends_at = ends_at


class ListingsIdTaken(Refusal):
    """Another channel has that id in listings."""

    def __init__(self, listings_id: str) -> None:
        super().__init__(f"Another channel is {listings_id[:60]} in listings. Take it from there first.")
        self.listings_id = listings_id


def checked_times(starts_at: datetime, ends_at: datetime, *, now: datetime) -> tuple[datetime, datetime]:
    """Return both in UTC.

    Raises:
        InvalidInput: the end is not after the start, more than a day after it, or more than a year ahead.
    """
    starts_at, ends_at = starts_at.astimezone(UTC), ends_at.astimezone(UTC)
    if not timedelta(0) < ends_at - starts_at <= SLOT_MAX:
        raise InvalidInput("endsAt", "A programme ends after it starts, and lasts at most 24 hours.")
    if abs(starts_at - now) > AHEAD_MAX:
        raise InvalidInput("startsAt", "Use a time within a year of now.")
    return starts_at, ends_at


def checked_programme(programme: Programme) -> Programme:
    """Return a programme with its texts in order of language and without blanks around them.

    Raises:
        InvalidInput: no text, too many or two in one language; one without a name or too long; a number out of range.
    """
    if not 1 <= len(programme.texts) <= TEXTS_MAX:
        raise InvalidInput("texts", f"Give 1 to {TEXTS_MAX} texts.")
    texts = tuple(sorted(_checked_text(text) for text in programme.texts))
    if len({text.language for text in texts}) < len(texts):
        raise InvalidInput("texts", "Give one text for each language.")
    _check_number("seasonNumber", programme.season_number, SEASONS)
    _check_number("episodeNumber", programme.episode_number, EPISODES)
    _check_number("productionYear", programme.production_year, PRODUCTION_YEARS)
    return Programme(
        texts=texts,
        title_id=programme.title_id,
        season_number=programme.season_number,
        episode_number=programme.episode_number,
        production_year=programme.production_year,
        is_premiere=programme.is_premiere,
        is_repeat=programme.is_repeat,
    )


def checked_window(opens_at: datetime, closes_at: datetime) -> tuple[datetime, datetime]:
    """Return the window of a schedule in UTC.

    Raises:
        InvalidInput: it ends before it begins, or is too long to be shown at once.
    """
    opens_at, closes_at = opens_at.astimezone(UTC), closes_at.astimezone(UTC)
    if not timedelta(0) < closes_at - opens_at <= WINDOW_MAX:
        raise InvalidInput("to", f"Use a time after `from`, at most {WINDOW_MAX.days} days.")
    return opens_at, closes_at


def first_overlap(starts_at: datetime, ends_at: datetime, slots: Sequence[Slot]) -> Slot | None:
    """Return the first slot that shares an instant with the time from `starts_at` until before `ends_at`."""
    return next((slot for slot in slots if slot.starts_at < ends_at and starts_at < slot.ends_at), None)


def _checked_text(text: SlotText) -> SlotText:
    name, subtitle, synopsis = text.name.strip(), text.subtitle.strip(), text.synopsis.strip()
    for field, value, limit in (("name", name, NAME_MAX_CHARS), ("subtitle", subtitle, NAME_MAX_CHARS),
                                ("synopsis", synopsis, SYNOPSIS_MAX_CHARS)):  # fmt: skip
        if len(value) > limit or "\x00" in value:
            raise InvalidInput(field, f"Use at most {limit} characters.")
    if not name:
        raise InvalidInput("name", f"Use 1 to {NAME_MAX_CHARS} characters.")
    return SlotText(language_tag("language", text.language), name, subtitle, synopsis)


def _check_number(field: str, number: int | None, allowed: range) -> None:
    if number is not None and number not in allowed:
        raise InvalidInput(field, f"Use a number from {allowed[0]} to {allowed[-1]}.")
