"""Insights: what is learnt from viewing, and what is shown because of it: the rows of the home screen.

Editors decide which rows there are, in which order, when and for whom. What a row shows of its titles is always what
the catalog lets that viewer find.
"""

from domain.insights.home import home, home_rows_by_id, titles_of_rows
from domain.insights.home_row import HomeRow, HomeRowId, RowAudience, RowRule, RowSource, RowTarget, RowText

__all__ = [
    "HomeRow",
    "HomeRowId",
    "RowAudience",
    "RowRule",
    "RowSource",
    "RowTarget",
    "RowText",
    "home",
    "home_rows_by_id",
    "titles_of_rows",
]
