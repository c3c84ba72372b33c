"""Titles as viewers find them, and as editors make them."""

from graph.catalog import artwork, bulk, detailing, editing, named, naming, review, rights
from graph.catalog.titles import Title, title, titles

QUERIES = [title, titles, *named.QUERIES, *review.QUERIES, *bulk.QUERIES]
MUTATIONS = [
    *editing.MUTATIONS,
    *rights.MUTATIONS,
    *naming.MUTATIONS,
    *detailing.MUTATIONS,
    *artwork.MUTATIONS,
    *review.MUTATIONS,
    *bulk.MUTATIONS,
]
SUBSCRIPTIONS = bulk.SUBSCRIPTIONS

__all__ = ["MUTATIONS", "QUERIES", "SUBSCRIPTIONS", "Title"]
