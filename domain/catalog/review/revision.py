"""What a revision is: changes of a title's fields, each with what was there before. Pure.

DRAFT ──► IN_REVIEW ──► APPROVED ──► PUBLISHED
  ▲           └──► REJECTED │
  └── edited ◄────────┴─────┘        any but PUBLISHED ──► DISCARDED

    Refusal
    ├── RevisionStateRefused    not in the state this needs
    ├── OwnRevision             somebody else has to review it
    ├── RevisionConflicts       the title was changed in the same places since
    ├── NothingChanged          it says what the title says already
    └── TooManyRevisions        the title has as many open ones as it may
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from domain.catalog.editing import MATURITY_MAX_AGE, RELEASE_YEARS, checked_text
from domain.catalog.title import TitleId, language_tag
from domain.kernel.refusals import InvalidInput, Refusal

RevisionId = NewType("RevisionId", UUID)

COMMENT_MAX_CHARS = 2_000
# More translations than any service has, and few enough for one row.
TEXTS_MAX = 60
OPEN_REVISIONS_MAX = 20

Value = str | int | None


class RevisionState(StrEnum):
    """Where a revision is on its way."""

    DRAFT = "DRAFT"
    IN_REVIEW = "IN_REVIEW"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    PUBLISHED = "PUBLISHED"
    DISCARDED = "DISCARDED"

    @property
    def is_open(self) -> bool:
        """Whether something may still become of it."""
        return self not in (RevisionState.PUBLISHED, RevisionState.DISCARDED)


class ContentField(StrEnum):
    """What of a title a revision can change."""

    NAME = "NAME"
    SYNOPSIS = "SYNOPSIS"
    RELEASE_YEAR = "RELEASE_YEAR"
    MATURITY_AGE = "MATURITY_AGE"


@dataclass(frozen=True, order=True)
class Place:
    """A field of a title; texts in one language."""

    field: ContentField
    language: str = ""


# What a title says, place by place. A text that is not there has no places.
Content = Mapping[Place, Value]


@dataclass(frozen=True)
class Change:
    """One place of a title, before and after. None is nothing: no such text, or no year."""

    field: ContentField
    language: str | None
    before: Value
    after: Value

    @property
    def place(self) -> Place:
        """Where it is."""
        return Place(self.field, self.language or "")


@dataclass(frozen=True)
class DraftText:
    """A text as it should become. Without a name it should go."""

    language: str
    name: str | None
    synopsis: str = ""


@dataclass(frozen=True)
class Draft:
    """What a title should become. What is None, and every language that is not named, stays as it is."""

    texts: Sequence[DraftText] = ()
    release_year: int | None = None
    maturity_age: int | None = None


@dataclass(frozen=True)
class Revision:
    """A change set of a title. `version` grows with every change of the revision itself."""

    id: RevisionId
    title_id: UUID
    state: RevisionState
    changes: tuple[Change, ...]
    version: int
    created_by: UUID
    created_at: datetime
    reviewed_by: UUID | None
    reviewed_at: datetime | None
    comment: str | None
    published_at: datetime | None


class RevisionStateRefused(Refusal):
    """The revision is not in the state this needs; `state` is what it is instead."""

    def __init__(self, state: RevisionState) -> None:
        super().__init__(f"The revision is {state}, so this cannot be done with it.")
        self.state = state.value


class OwnRevision(Refusal):
    """Somebody other than its author has to review it."""

    def __init__(self) -> None:
        super().__init__("You wrote this revision. Ask another editor to review it.")


class RevisionConflicts(Refusal):
    """The title was changed in the same places since; `fields` names them, such as `NAME de`."""

    def __init__(self, fields: Sequence[str]) -> None:
        super().__init__(f"The title was changed since: {', '.join(fields)}. Edit the revision, then publish it again.")
        self.fields = tuple(fields)


class NothingChanged(Refusal):
    """The revision says what the title says already."""

    def __init__(self) -> None:
        super().__init__("This is what the title says already. Change something.")


class TooManyRevisions(Refusal):
    """The title has as many open revisions as it may."""

    def __init__(self, revisions_max: int) -> None:
        super().__init__(f"This title has {revisions_max} open revisions. Publish or discard some first.")
        self.revisions_max = revisions_max


def changes_of(draft: Draft, content: Content, *, title_id: UUID, default_language: str) -> tuple[Change, ...]:
    """Return what a draft changes of what a title says, in the order of places.

    Raises:
        InvalidInput: a value that cannot be used, a language given twice, or the title's own language taken away.
        NothingChanged.
    """
    wanted = _wanted(draft, title_id=title_id, default_language=default_language)
    changes = [
        Change(place.field, place.language or None, content.get(place), after)
        for place, after in sorted(wanted.items())
        if content.get(place) != after
    ]
    if not changes:
        raise NothingChanged
    return tuple(changes)


def conflicts_of(changes: Sequence[Change], content: Content) -> list[str]:
    """Return the places where a title says neither what it said before nor what it should say."""
    return [
        f"{change.field} {change.language or ''}".strip()
        for change in changes
        if content.get(change.place) not in (change.before, change.after)
    ]


def _wanted(draft: Draft, *, title_id: UUID, default_language: str) -> dict[Place, Value]:
    if len(draft.texts) > TEXTS_MAX:
        raise InvalidInput("texts", f"Give at most {TEXTS_MAX} texts.")
    wanted: dict[Place, Value] = {}
    for written in draft.texts:
        language = language_tag("language", written.language)
        if Place(ContentField.NAME, language) in wanted:
            raise InvalidInput("texts", f"{language} is given twice.")
        name: Value = None
        synopsis: Value = None
        if written.name is not None:
            text = checked_text(TitleId(title_id), language, written.name, written.synopsis)
            name, synopsis = text.name, text.synopsis
        elif language == default_language:
            raise InvalidInput("texts", f"The text in the title's own language, {language}, has to stay.")
        wanted[Place(ContentField.NAME, language)] = name
        wanted[Place(ContentField.SYNOPSIS, language)] = synopsis
    if draft.release_year is not None:
        if draft.release_year not in RELEASE_YEARS:
            raise InvalidInput("releaseYear", f"Use a year from {RELEASE_YEARS[0]} to {RELEASE_YEARS[-1]}.")
        wanted[Place(ContentField.RELEASE_YEAR)] = draft.release_year
    if draft.maturity_age is not None:
        if not 0 <= draft.maturity_age <= MATURITY_MAX_AGE:
            raise InvalidInput("maturityAge", f"Use an age from 0 to {MATURITY_MAX_AGE}.")
        wanted[Place(ContentField.MATURITY_AGE)] = draft.maturity_age
    return wanted
