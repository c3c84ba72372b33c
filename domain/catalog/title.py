"""What a title is: its state, its texts in several languages, and where and when it may be shown."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, NewType, Protocol, TypeVar
from uuid import UUID

from domain.accounts import DeviceClass
from domain.kernel.refusals import InvalidInput

TitleId = NewType("TitleId", UUID)
RightId = NewType("RightId", UUID)

# The territory of a right that holds everywhere.
WORLDWIDE = "*"
# Language, script and region: the parts of a BCP 47 tag (RFC 5646, section 2.1) that a catalog tells apart.
_LANGUAGE = re.compile(r"([A-Za-z]{2,3})(?:-([A-Za-z]{4}))?(?:-([A-Za-z]{2}|[0-9]{3}))?")


class TitleKind(StrEnum):
    """What sort of thing a title is."""

    MOVIE = "MOVIE"
    SERIES = "SERIES"
    SEASON = "SEASON"
    EPISODE = "EPISODE"
    CLIP = "CLIP"
    LIVE_EVENT = "LIVE_EVENT"
    CHANNEL = "CHANNEL"


# What the parts of a series may be parts of.
PARENTS: Mapping[TitleKind, tuple[TitleKind, ...]] = {
    TitleKind.SEASON: (TitleKind.SERIES,),
    TitleKind.EPISODE: (TitleKind.SEASON, TitleKind.SERIES),
}


class TitleState(StrEnum):
    """DRAFT to PUBLISHED to WITHDRAWN, and back to PUBLISHED."""

    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"
    WITHDRAWN = "WITHDRAWN"


@dataclass(frozen=True)
class Title:
    """Something to watch, or something made of it.

    `maturity_age` is the youngest age it is meant for where no national rating says otherwise; `version` grows with
    every change. Seasons and episodes have a parent and a number within it. A live event has a start.
    """

    id: TitleId
    kind: TitleKind
    state: TitleState
    default_language: str
    release_year: int | None
    maturity_age: int
    version: int
    created_by: UUID
    created_at: datetime
    published_at: datetime | None
    parent_id: TitleId | None = None
    parent_kind: TitleKind | None = None
    number: int | None = None
    original_language: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None


class TitleText(NamedTuple):
    """A title's name and synopsis in one language (BCP 47)."""

    title_id: TitleId
    language: str
    name: str
    synopsis: str


@dataclass(frozen=True)
class Right:
    """A title may be shown in `territory` from `opens_at` until before `closes_at`, or without end.

    It holds for some classes of devices and for holders of some plans only; None is all of them. Plans decide what may
    be played, never what is found.
    """

    id: RightId
    title_id: TitleId
    territory: str
    opens_at: datetime
    closes_at: datetime | None
    device_classes: tuple[DeviceClass, ...] | None = None
    plans: tuple[str, ...] | None = None

    def holds_in(self, territory: str) -> bool:
        """Tell whether this right is about a territory."""
        return self.territory in (WORLDWIDE, territory)

    def is_open(self, now: datetime) -> bool:
        """Tell whether the window is open."""
        return self.opens_at <= now and (self.closes_at is None or now < self.closes_at)


def language_tag(field: str, written: str) -> str:
    """Return a language tag in its canonical case, such as `pt-BR` or `zh-Hant-TW`.

    Raises:
        InvalidInput: it is no tag of language, script and region.
    """
    match = _LANGUAGE.fullmatch(written)
    if match is None:
        raise InvalidInput(field, f"{written[:35]!r} is no language. Use a BCP 47 tag such as en or pt-BR.")
    language, script, region = match.groups()
    parts = [language.lower(), script.title() if script else None, region.upper() if region else None]
    return "-".join(part for part in parts if part)


class InLanguage(Protocol):
    """Something written in one language (BCP 47)."""

    @property
    def language(self) -> str: ...


T = TypeVar("T", bound=InLanguage)


def best_text(texts: Sequence[T], *, wanted: Sequence[str], default: str) -> T | None:
    """Choose a text: each wanted language in turn with its wider forms (`pt-BR`, then `pt`), then the default.

    The wider forms are those of RFC 4647, section 3.4 (lookup).
    """
    by_language = {text.language: text for text in texts}
    for language in (*wanted, default):
        while language:
            if language in by_language:
                return by_language[language]
            language = language.rpartition("-")[0]
    return min(texts, key=lambda text: text.language, default=None)
