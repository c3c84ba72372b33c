"""The tables of insights, and all their SQL."""

from domain.insights.store.row_titles import Placed, editorial_pages
from domain.insights.store.rows import rows_by_id, shown_rows
from domain.insights.store.tables import home_row_texts, home_row_titles, home_rows

__all__ = ["Placed", "editorial_pages", "home_row_texts", "home_row_titles", "home_rows", "rows_by_id", "shown_rows"]
