"""What is announced about titles. Lists, kept fragments and the search index follow these facts."""

from dataclasses import dataclass
from uuid import UUID

from domain.kernel.facts import Fact

CATALOG_TOPIC = "catalog"


@dataclass(frozen=True)
class TitleChanged(Fact):
    """Something that a title shows is another now."""

    title_id: UUID


@dataclass(frozen=True)
class TitlePublished(Fact):
    """A title can be seen by viewers now."""

    title_id: UUID


@dataclass(frozen=True)
class TitleWithdrawn(Fact):
    """A title can no longer be seen by viewers."""

    title_id: UUID


@dataclass(frozen=True)
class PersonChanged(Fact):
    """Something that a person shows is another now."""

    person_id: UUID


@dataclass(frozen=True)
class TagChanged(Fact):
    """A genre or tag is called something else now."""

    tag_id: UUID


@dataclass(frozen=True)
class CollectionChanged(Fact):
    """What a collection shows is another now."""

    collection_id: UUID
