"""Search: an index of titles, kept up to date by a worker, and what is found in it.

It knows names, people, genres, tags and synopses in their languages. Who may see a title is asked of the catalog each
time, never of the index.
"""

from domain.search.indexing import INDEX, begin_reindex, index_next
from domain.search.query import Filters
from domain.search.searching import Facets, FacetValue, Found, Suggestion, search, suggest, titles_found

__all__ = [
    "INDEX",
    "FacetValue",
    "Facets",
    "Filters",
    "Found",
    "Suggestion",
    "begin_reindex",
    "index_next",
    "search",
    "suggest",
    "titles_found",
]
