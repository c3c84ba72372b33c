"""Pages of titles within rows. A cursor names its row, so that one of another row is refused."""

from collections.abc import Sequence

from domain.catalog import Title
from domain.insights.home_row import RowSource
from domain.insights.store import Placed
from domain.kernel.paging import Page, PageRequest, decode_cursor, encode_cursor, page_of
from domain.kernel.refusals import InvalidInput


def places_of(sources: Sequence[RowSource], page: PageRequest) -> tuple[int | None, int | None]:
    """Return the places that a page lies after and before.

    Raises:
        InvalidInput: a cursor of another row.
    """
    return _place(sources, page.after), _place(sources, page.before)


def page_of_row(source: RowSource, rows: Sequence[Placed], request: PageRequest) -> Page[Title]:
    """Build a row's page from up to `limit + 1` titles in the direction of travel."""
    list_name = _list_of(source)
    page = page_of(rows, request=request, cursor=lambda placed: encode_cursor(list_name, placed.place))
    return Page([placed.title for placed in page.items], page.cursors, page.has_next, page.has_previous)


def _place(sources: Sequence[RowSource], cursor: str | None) -> int | None:
    if cursor is None:
        return None
    for source in sources:
        match decode_cursor(_list_of(source), cursor):
            case [int(place)]:
                found = place
            case _:
                raise InvalidInput("cursor", "This cursor does not belong to this row. Start from its first page.")
    return found


def _list_of(source: RowSource) -> str:
    return f"home/{source.row_id}"
