"""A title as files of the catalog describe it: everything by keys that people choose, nothing by our ids."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from domain.accounts import DeviceClass
from domain.catalog.details import Rating
from domain.catalog.title import TitleKind, TitleState


class TextEntry(NamedTuple):
    """A name and a synopsis in one language."""

    name: str
    synopsis: str


class RightEntry(NamedTuple):
    """Where, when, on what and for holders of which plans; None for the last two is all of them."""

    territory: str
    opens_at: datetime
    closes_at: datetime | None
    device_classes: tuple[DeviceClass, ...] | None
    plans: tuple[str, ...] | None

    def order(self) -> tuple[object, ...]:
        """Sort rights so that those whose windows must not overlap stand side by side."""
        return (self.territory, self.device_classes or (), self.plans or (), self.opens_at)


@dataclass(frozen=True)
class TitleEntry:
    """A title with what stands around it.

    `parent` is the external id of what it is a part of; `genres` and `tags` are slugs, in the order shown; `texts` is
    by language.
    """

    external_id: str
    kind: TitleKind
    state: TitleState
    default_language: str
    original_language: str | None
    release_year: int | None
    maturity_age: int
    parent: str | None
    number: int | None
    starts_at: datetime | None
    ends_at: datetime | None
    texts: Mapping[str, TextEntry]
    genres: tuple[str, ...]
    tags: tuple[str, ...]
    ratings: tuple[Rating, ...]
    rights: tuple[RightEntry, ...]
