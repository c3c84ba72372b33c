"""What stands around a title: who worked on it, what it is filed under, ratings, extras, and places within it."""

from enum import StrEnum
from typing import NamedTuple
from uuid import UUID


class CreditRole(StrEnum):
    """What somebody did for a title."""

    ACTOR = "ACTOR"
    DIRECTOR = "DIRECTOR"
    WRITER = "WRITER"
    PRODUCER = "PRODUCER"
    COMPOSER = "COMPOSER"
    CREATOR = "CREATOR"
    HOST = "HOST"
    GUEST = "GUEST"


class Credit(NamedTuple):
    """What a person did for a title; `character` is whom it plays."""

    person_id: UUID
    role: CreditRole
    character: str | None


class TagKind(StrEnum):
    """Genres are shown as such; tags are for everything else: moods, themes, awards."""

    GENRE = "GENRE"
    TAG = "TAG"


class Tagged(NamedTuple):
    """A tag that a title has."""

    tag_id: UUID
    kind: TagKind


class Rating(NamedTuple):
    """A title's label in one system, and the youngest age it is for there, in years."""

    system: str
    label: str
    age: int


class ExtraKind(StrEnum):
    """What an extra is to the title it hangs on."""

    TRAILER = "TRAILER"
    TEASER = "TEASER"
    BEHIND_THE_SCENES = "BEHIND_THE_SCENES"
    INTERVIEW = "INTERVIEW"
    DELETED_SCENE = "DELETED_SCENE"
    BLOOPERS = "BLOOPERS"
    OTHER = "OTHER"


class Extra(NamedTuple):
    """A clip that hangs on a title."""

    title_id: UUID
    kind: ExtraKind


class MarkerKind(StrEnum):
    """What a viewer may want to skip, or where the next episode may be offered."""

    INTRO = "INTRO"
    RECAP = "RECAP"
    CREDITS = "CREDITS"
    PREVIEW = "PREVIEW"


class Marker(NamedTuple):
    """A stretch of a title, in seconds from its start."""

    kind: MarkerKind
    starts_s: float
    ends_s: float


class Chapter(NamedTuple):
    """A chapter's start, in seconds, and what it is called in one language (BCP 47)."""

    starts_s: float
    language: str
    name: str
