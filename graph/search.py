"""Search: titles that fit a text, what could be filtered by, and suggestions while somebody types."""

from collections.abc import Sequence
from typing import Annotated

import strawberry

from domain import search as domain
from domain.catalog import Title as TitleRow
from domain.catalog import TitleKind
from domain.kernel.paging import Page, PageRequest
from graph.batching import batched, derived
from graph.catalog.titles import Title, TitleConnection
from graph.context import Context
from graph.paging import After, Before, First, Last
from graph.root_fields import query_field
from graph.rows import declares

Text = Annotated[str, strawberry.argument(description="What is looked for, up to 200 characters.")]


@strawberry.input(description="What to keep of what is found. What is left out keeps all; values of a field add up.")
class SearchFilters:
    """Filters."""

    kinds: list[TitleKind] | None = strawberry.field(default=None, description="Only these sorts of titles.")
    genres: list[str] | None = strawberry.field(default=None, description="Only with one of these genres, by slug.")
    audio_languages: list[str] | None = strawberry.field(
        default=None, description="Only with sound in one of these languages, as BCP 47 tags."
    )
    released_from: int | None = strawberry.field(default=None, description="Only of this year and later.")
    released_to: int | None = strawberry.field(default=None, description="Only of this year and earlier.")


@declares(domain.FacetValue)
@strawberry.type(description="A value to filter by, and how many of what was found have it.")
class SearchFacetValue:
    """A facet's value."""

    value: str = strawberry.field(description="What to put into the filter.")
    count: int = strawberry.field(description="How many have it.")


@declares(domain.Facets)
@strawberry.type(description="What else could be filtered by, each counted as if it were not filtered by itself.")
class SearchFacets:
    """Facets."""

    kinds: list[SearchFacetValue] = strawberry.field(description="Sorts of titles.")
    genres: list[SearchFacetValue] = strawberry.field(description="Genres, by slug.")
    audio_languages: list[SearchFacetValue] = strawberry.field(description="Languages of sound, as BCP 47 tags.")


async def found_titles(
    context: Context,
    keys: Sequence[domain.Found],
    *,
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
) -> list[Page[TitleRow]]:
    """Load one page of each result."""
    page = PageRequest.parse(first=first, after=after, last=last, before=before)
    return [await domain.titles_found(context.reads, found, viewer=context.viewer, page=page) for found in keys]


def _page(
    page: Page[TitleRow],
    _context: Context,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> Page[TitleRow]:
    return page


@declares(domain.Found)
@strawberry.type(description="What was found.")
class SearchResult:
    """What was found."""

    titles: TitleConnection | None = batched(  # type: ignore[valid-type]  # made by a function
        found_titles,
        key=lambda found: found,
        shape=_page,
        load_arguments=("first", "after", "last", "before"),
        description="The titles, the best first; null when they cannot be had right now.",
    )
    matches: int = derived(lambda found, _: len(found.hits), description="How many titles fit, up to some thousands.")
    facets: SearchFacets = strawberry.field(description="What else could be filtered by.")
    corrected: str | None = strawberry.field(
        description="What was looked for instead of a text that nothing fits; null when the text itself was."
    )


@declares(domain.Suggestion)
@strawberry.type(description="What somebody who types may mean.")
class SearchSuggestion:
    """A suggestion."""

    text: str = strawberry.field(description="The title's name, in the best language for the caller.")
    title: Title = strawberry.field(description="The title.")


@query_field(SearchResult, description="Titles that fit a text: its words, their beginnings, or nearly so.")
async def search(
    context: Context,
    text: Text,
    filters: Annotated[SearchFilters | None, strawberry.argument(description="What to keep.")] = None,
) -> domain.Found:
    """Search."""
    return await domain.search(
        context.reads,
        viewer=context.viewer,
        text=text,
        languages=context.caller.languages,
        filters=_filters(filters),
    )


@query_field(list[SearchSuggestion], description="What somebody who types may mean, the most likely first.")
async def suggestions(
    context: Context,
    text: Text,
    first: Annotated[int, strawberry.argument(description="How many, 1 to 10.")] = 8,
) -> Sequence[domain.Suggestion]:
    """Suggest."""
    return await domain.suggest(
        context.reads, viewer=context.viewer, text=text, languages=context.caller.languages, limit=first
    )


def _filters(given: SearchFilters | None) -> domain.Filters:
    if given is None:
        return domain.Filters()
    return domain.Filters(
        kinds=given.kinds or (),
        genres=given.genres or (),
        audio_languages=given.audio_languages or (),
        released_from=given.released_from,
        released_to=given.released_to,
    )


QUERIES = [search, suggestions]
