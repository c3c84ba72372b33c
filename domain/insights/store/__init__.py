"""The tables of insights, and all their SQL."""

from domain.insights.store.arranging import (
    arrange_row,
    delete_row,
    insert_row,
    page_of_rows,
    put_row_text,
    raise_row_version,
    replace_row_titles,
)
from domain.insights.store.counting import count_neighbours, count_trends
from domain.insights.store.row_titles import editorial_pages
from domain.insights.store.rows import rows_by_id, shown_rows
from domain.insights.store.rules import neighbours_of, titles_by_rule, visible_in_order
from domain.insights.store.tables import home_row_texts, home_row_titles, home_rows, title_neighbours, title_trends

__all__ = [
    "arrange_row",
    "count_neighbours",
    "count_trends",
    "delete_row",
    "editorial_pages",
    "home_row_texts",
    "home_row_titles",
    "home_rows",
    "insert_row",
    "neighbours_of",
    "page_of_rows",
    "put_row_text",
    "raise_row_version",
    "replace_row_titles",
    "rows_by_id",
    "shown_rows",
    "title_neighbours",
    "title_trends",
    "titles_by_rule",
    "visible_in_order",
]
