"""Lists of titles that belong to something else: what they are, and how their titles are placed."""

from dataclasses import dataclass
from enum import Enum
from uuid import UUID

from domain.catalog.title import Title

Place = int | UUID


class TitlesOf(Enum):
    """What the titles of a list belong to, and in which order they come."""

    SEASONS = "seasons"
    EPISODES = "episodes"
    PERSON = "person"
    TAG = "tag"
    COLLECTION = "collection"

    @property
    def is_numbered(self) -> bool:
        """Whether titles come by number; else the newest comes first."""
        return self not in (TitlesOf.PERSON, TitlesOf.TAG)


@dataclass(frozen=True)
class Belonging:
    """A title at its place in a list."""

    place: Place
    title: Title
