"""Keyset paging both ways, after the Relay cursor connections specification.

A cursor names the list it belongs to and the sort values of its row, so a cursor of another list is refused
instead of silently giving a wrong page.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar, overload
from uuid import UUID

import orjson

from domain.kernel.ids import plain_id
from domain.kernel.refusals import InvalidInput

T = TypeVar("T")

PAGE_DEFAULT = 20
PAGE_MAX = 100
# A cursor holds a list name and a few sort values; anything longer was not made here.
CURSOR_MAX_CHARS = 512

CursorValue = str | int | float | None


@dataclass(frozen=True)
class PageRequest:
    """Which rows are wanted: `limit` rows after `after`, or before `before` when `backwards`."""

    limit: int
    after: str | None = None
    before: str | None = None
    backwards: bool = False

    @classmethod
    def parse(
        cls,
        *,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> "PageRequest":
        """Check Relay's four arguments.

        Raises:
            InvalidInput: both `first` and `last`, or a count outside 1..100.
        """
        if first is not None and last is not None:
            raise InvalidInput("last", "Give first or last, not both.")
        for name, count in (("first", first), ("last", last)):
            if count is not None and not 1 <= count <= PAGE_MAX:
                raise InvalidInput(name, f"Ask for 1 to {PAGE_MAX} rows.")
        limit = first if first is not None else last
        return cls(limit=limit or PAGE_DEFAULT, after=after, before=before, backwards=last is not None)


@dataclass(frozen=True)
class Cursors(Sequence[str], Generic[T]):
    """The cursors of rows, written when they are asked for: most screens want the last one only."""

    rows: Sequence[T]
    write: Callable[[T], str]

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        if isinstance(index, slice):
            return [self.write(row) for row in self.rows[index]]
        return self.write(self.rows[index])


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page in list order, with a cursor for each item."""

    items: Sequence[T]
    cursors: Sequence[str]
    has_next: bool
    has_previous: bool


def page_of(rows: Sequence[T], *, request: PageRequest, cursor: Callable[[T], str]) -> Page[T]:
    """Build a page from up to `limit + 1` rows read in the direction of travel."""
    more = len(rows) > request.limit
    kept = list(rows[: request.limit])
    if request.backwards:
        kept.reverse()
    has_next = request.before is not None if request.backwards else more
    has_previous = more if request.backwards else request.after is not None
    return Page(items=kept, cursors=Cursors(kept, cursor), has_next=has_next, has_previous=has_previous)


def encode_cursor(list_name: str, *values: CursorValue | datetime | UUID) -> str:
    """Return an opaque cursor for a row of `list_name` with these sort values."""
    return base64.urlsafe_b64encode(orjson.dumps([list_name, *values], default=plain_id)).rstrip(b"=").decode()


def decode_cursor(list_name: str, cursor: str) -> list[CursorValue]:
    """Return the sort values of a cursor made for `list_name`; dates and ids come back as text.

    Raises:
        InvalidInput: the cursor is garbage or belongs to another list.
    """
    refusal = InvalidInput("cursor", "This cursor does not belong to this list. Start from the first page.")
    if len(cursor) > CURSOR_MAX_CHARS:
        raise refusal
    try:
        decoded = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error) as garbage:
        raise refusal from garbage
    if not isinstance(decoded, list) or not decoded or decoded[0] != list_name:
        raise refusal
    if not all(value is None or isinstance(value, str | int | float) for value in decoded):
        raise refusal
    return decoded[1:]
