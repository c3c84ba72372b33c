"""The home screen, as viewers see it and as editors arrange it."""

from graph.insights.arranging import (
    arrange_home_row,
    create_home_row,
    describe_home_row,
    fill_home_row,
    home_rows,
    remove_home_row,
)
from graph.insights.home import HomeRow, home

QUERIES = [home, home_rows]
MUTATIONS = [create_home_row, describe_home_row, arrange_home_row, fill_home_row, remove_home_row]

__all__ = ["MUTATIONS", "QUERIES", "HomeRow"]
