"""The home screen, as viewers see it and as editors arrange it."""

from graph.insights.home import HomeRow, home

QUERIES = [home]

__all__ = ["QUERIES", "HomeRow"]
