"""What a row of the home screen is: what it shows, what it is called, and whom it is for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import NewType, assert_never
from uuid import UUID

from domain.accounts import KIDS_MAX_AGE, DeviceClass, Viewer
from domain.catalog import Title

HomeRowId = NewType("HomeRowId", UUID)


class RowRule(StrEnum):
    """What fills a row: editors, or a rule."""

    EDITORIAL = "EDITORIAL"
    NEW = "NEW"
    TRENDING = "TRENDING"
    LEAVING_SOON = "LEAVING_SOON"
    BECAUSE_YOU_WATCHED = "BECAUSE_YOU_WATCHED"
    CONTINUE_WATCHING = "CONTINUE_WATCHING"

    @property
    def is_personal(self) -> bool:
        """Whether it differs from profile to profile."""
        return self in (RowRule.BECAUSE_YOU_WATCHED, RowRule.CONTINUE_WATCHING)


class RowAudience(StrEnum):
    """Whom a row is for, besides where they are and what they hold in their hands."""

    KIDS = "KIDS"
    GROWN_UPS = "GROWN_UPS"
    SIGNED_IN = "SIGNED_IN"
    STRANGERS = "STRANGERS"


@dataclass(frozen=True)
class RowText:
    """What a row is called in one language (BCP 47)."""

    language: str
    name: str


@dataclass(frozen=True)
class RowTarget:
    """When a row is shown and to whom. What is None holds for all.

    `territories` are ISO 3166-1 alpha-2 codes, `device_classes` those of rights.
    """

    starts_at: datetime | None = None
    ends_at: datetime | None = None
    territories: Sequence[str] | None = None
    device_classes: Sequence[str] | None = None
    audience: RowAudience | None = None


@dataclass(frozen=True)
class Placed:
    """A title and its place in the order of its row; places grow down the row."""

    place: int
    title: Title


@dataclass(frozen=True)
class Filling:
    """The beginning of a row: what a viewer may see of it. `is_whole` when nothing follows."""

    placed: Sequence[Placed]
    is_whole: bool


@dataclass(frozen=True, eq=False)
class RowSource:
    """Where a row's titles come from. `filling` is what was found already, None when nothing was looked for.

    Equal to itself only: two viewers never share one by accident.
    """

    row_id: UUID
    rule: RowRule
    filling: Filling | None = None


@dataclass(frozen=True)
class HomeRow:
    """A row of the home screen. Rows come by ascending `position`; `version` grows with every change."""

    id: HomeRowId
    rule: RowRule
    position: int
    default_language: str
    is_shown: bool
    target: RowTarget
    texts: tuple[RowText, ...]
    version: int
    created_at: datetime
    source: RowSource

    @cached_property
    def is_shared(self) -> bool:
        """Whether it was filled for a whole class of viewers, and leads all of them to the same."""
        return self.source.filling is not None and not self.rule.is_personal


def is_for(target: RowTarget, viewer: Viewer | None, now: datetime) -> bool:
    """Tell whether a row is shown to this viewer at this instant."""
    if target.starts_at is not None and now < target.starts_at:
        return False
    if target.ends_at is not None and now >= target.ends_at:
        return False
    if target.territories is not None and (viewer is None or viewer.territory not in target.territories):
        return False
    device_class = DeviceClass.WEB if viewer is None else viewer.device_class
    if target.device_classes is not None and device_class not in target.device_classes:
        return False
    return target.audience is None or _includes(target.audience, viewer)


def _includes(audience: RowAudience, viewer: Viewer | None) -> bool:
    match audience:
        case RowAudience.SIGNED_IN:
            return viewer is not None
        case RowAudience.STRANGERS:
            return viewer is None
        case RowAudience.KIDS:
            return viewer is not None and viewer.maturity_limit <= KIDS_MAX_AGE
        case RowAudience.GROWN_UPS:
            return viewer is None or viewer.maturity_limit > KIDS_MAX_AGE
        case _:
            assert_never(audience)
