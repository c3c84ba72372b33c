"""Pages of titles within rows. A cursor names its row, so that one of another row is refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.catalog import Title
from domain.insights.home_row import Filling, Placed, RowSource
from domain.kernel.paging import Page, PageRequest, decode_cursor, encode_cursor, page_of
from domain.kernel.refusals import InvalidInput

Place = tuple[int, str]


@dataclass(frozen=True)
class Between:
    """The titles that a page lies between, each by its place and its id; None where the row itself ends."""

    after: Place | None
    before: Place | None

    def holds(self, placed: Placed) -> bool:
        """Tell whether a title lies between them."""
        place = _place_of(placed)
        return (self.after is None or place > self.after) and (self.before is None or place < self.before)


_NO_LIMITS = Between(None, None)


def between(sources: Sequence[RowSource], page: PageRequest) -> Between:
    """Return what a page lies between.

    Raises:
        InvalidInput: a cursor of another row.
    """
    return Between(_read(sources, page.after), _read(sources, page.before))


def page_from_filling(source: RowSource, filling: Filling, limits: Between, request: PageRequest) -> Page[Title] | None:
    """Cut a page out of what was found already. None when it goes on beyond that."""
    inside = filling.placed if limits == _NO_LIMITS else [placed for placed in filling.placed if limits.holds(placed)]
    wanted = inside[::-1] if request.backwards else inside
    # A row whose end is not here has no last titles here, unless what they come before is.
    is_here = filling.is_whole or (not request.backwards and len(wanted) > request.limit)
    return page_of_row(source, wanted[: request.limit + 1], request) if is_here else None


def page_of_row(source: RowSource, rows: Sequence[Placed], request: PageRequest) -> Page[Title]:
    """Build a row's page from up to `limit + 1` titles in the direction of travel."""
    list_name = _list_of(source.row_id)
    page = page_of(rows, request=request, cursor=lambda placed: encode_cursor(list_name, *_place_of(placed)))
    return Page([placed.title for placed in page.items], page.cursors, page.has_next, page.has_previous)


def _place_of(placed: Placed) -> Place:
    return placed.place, str(placed.title.id)


def _read(sources: Sequence[RowSource], cursor: str | None) -> Place | None:
    if cursor is None:
        return None
    found: Place | None = None
    for source in sources:
        match decode_cursor(_list_of(source.row_id), cursor):
            case [int(place), str(id)]:
                found = place, id
            case _:
                raise InvalidInput("cursor", "This cursor does not belong to this row. Start from its first page.")
    return found


def _list_of(row_id: UUID) -> str:
    return f"home/{row_id}"
