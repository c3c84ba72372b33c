"""Titles as viewers find them, and as editors make them."""

from graph.catalog import artwork
from graph.catalog.editing import (
    create_title,
    describe_title,
    grant_right,
    publish_title,
    revoke_right,
    withdraw_title,
)
from graph.catalog.titles import Title, title, titles

QUERIES = [title, titles]
MUTATIONS = [create_title, describe_title, grant_right, revoke_right, publish_title, withdraw_title, *artwork.MUTATIONS]

__all__ = ["MUTATIONS", "QUERIES", "Title"]
