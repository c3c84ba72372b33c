"""Insights: what is learnt from viewing, and what is shown because of it: the rows of the home screen.

Editors decide which rows there are, in which order, when and for whom. What a row shows of its titles is always what
the catalog lets that viewer find.
"""

from domain.insights.arranging import (
    RowsChanged,
    arrange_home_row,
    create_home_row,
    describe_home_row,
    fill_home_row,
    remove_home_row,
)
from domain.insights.counting import COUNT_NEIGHBOURS, COUNT_TRENDS, count_neighbours_now, count_trends_now
from domain.insights.home import all_home_rows, home, home_rows_by_id, titles_of_rows
from domain.insights.home_row import HomeRow, HomeRowId, RowAudience, RowRule, RowSource, RowTarget, RowText
from domain.insights.shelf import SHELF_TOPIC, ShelfPage

__all__ = [
    "COUNT_NEIGHBOURS",
    "COUNT_TRENDS",
    "SHELF_TOPIC",
    "HomeRow",
    "HomeRowId",
    "RowAudience",
    "RowRule",
    "RowSource",
    "RowTarget",
    "RowText",
    "RowsChanged",
    "ShelfPage",
    "all_home_rows",
    "arrange_home_row",
    "count_neighbours_now",
    "count_trends_now",
    "create_home_row",
    "describe_home_row",
    "fill_home_row",
    "home",
    "home_rows_by_id",
    "remove_home_row",
    "titles_of_rows",
]
