"""Titles as viewers find them, and as editors make them."""

from graph.catalog import artwork, review
from graph.catalog.editing import (
    create_title,
    describe_title,
    grant_right,
    publish_title,
    revoke_right,
    withdraw_title,
)
from graph.catalog.titles import Title, title, titles

QUERIES = [title, titles, *review.QUERIES]
MUTATIONS = [
    create_title,
    describe_title,
    grant_right,
    revoke_right,
    publish_title,
    withdraw_title,
    *artwork.MUTATIONS,
    *review.MUTATIONS,
]

__all__ = ["MUTATIONS", "QUERIES", "Title"]
