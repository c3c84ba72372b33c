"""The run of show: what hosts have prepared to show, in order, to be fired one by one.

Refusal
├── RunSheetFull     as many items as a show may have
├── NotFired         the item was not fired, or too long ago to be taken back
└── NothingToFire    a note is for hosts alone
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from domain.engagement.poll import UNDO, LocalText
from domain.kernel.refusals import Refusal

RunItemId = NewType("RunItemId", UUID)

# A show of a day, an item every seven minutes. The database has the same bound.
ITEMS_MAX = 200


class RunItemKind(StrEnum):
    """What firing an item does."""

    POLL = "POLL"
    CHAPTER = "CHAPTER"
    SHOUT_OUT = "SHOUT_OUT"
    NOTE = "NOTE"


class RunSheetFull(Refusal):
    """As many items as a show may have."""

    def __init__(self) -> None:
        super().__init__(f"A run of show has at most {ITEMS_MAX} items. Remove one first.")


class NotFired(Refusal):
    """The item was not fired, or too long ago to be taken back."""

    def __init__(self) -> None:
        super().__init__(f"An item can be taken back for {UNDO.total_seconds():.0f} seconds after it was fired.")


class NothingToFire(Refusal):
    """A note is for hosts alone."""

    def __init__(self) -> None:
        super().__init__("A note is only for you to read. Nothing happens by firing it.")


@dataclass(frozen=True)
class NewRunItem:
    """An item as a host gives it."""

    kind: RunItemKind
    poll_id: UUID | None = None
    text: tuple[LocalText, ...] = ()
    duration_s: int | None = None


@dataclass(frozen=True)
class RunItem:
    """One thing to show. A fired chapter or shout-out has its moment."""

    id: RunItemId
    stream_id: UUID
    kind: RunItemKind
    poll_id: UUID | None
    text: tuple[LocalText, ...]
    duration_s: int | None
    fired_at: datetime | None
    moment_id: UUID | None


@dataclass(frozen=True)
class RunSheet:
    """All items of a stream, in their order. `version` grows when they are edited, not when they are fired."""

    stream_id: UUID
    version: int
    items: tuple[RunItem, ...]


def with_item(items: tuple[RunItem, ...], item: RunItem, position: int | None) -> tuple[RunItem, ...]:
    """Return the items with one more at a position, counted from 0; at the end without one or beyond."""
    at = len(items) if position is None else min(max(position, 0), len(items))
    return (*items[:at], item, *items[at:])


def without_item(items: tuple[RunItem, ...], id: UUID) -> tuple[RunItem, ...]:
    """Return the items without one."""
    return tuple(item for item in items if item.id != id)
