"""Lists of titles that belong to something else, as fields of whatever that is."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from domain.catalog import Title, TitlesOf, titles_of
from domain.kernel.paging import Page, PageRequest
from graph.batching import Load, batched
from graph.context import Context
from graph.paging import After, Before, First, Last


def titles_field(what: TitlesOf, *, description: str, key: Callable[[Any], UUID | None] = lambda row: row.id) -> Any:
    """Declare a page of the titles of a list whose owner is the row."""
    return batched(
        _load_of(what),
        key=key,
        shape=_page,
        load_arguments=("first", "after", "last", "before"),
        description=f"{description} Null when it cannot be had right now.",
    )


def _load_of(what: TitlesOf) -> Load:
    async def load(
        context: Context,
        keys: Sequence[UUID],
        *,
        first: int | None,
        after: str | None,
        last: int | None,
        before: str | None,
    ) -> list[Page[Title]]:
        page = PageRequest.parse(first=first, after=after, last=last, before=before)
        return await titles_of(context.reads, what, keys, viewer=context.viewer, page=page)

    load.__name__ = f"titles_of_{what.value}"
    return load


def _page(
    page: Page[Title],
    _context: Context,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> Page[Title]:
    return page
