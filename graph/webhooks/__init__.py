"""Webhooks: where hosts want to be told of what happens in the shows of a title, and what became of it."""

from graph.webhooks import endpoints, managing

QUERIES = endpoints.QUERIES
MUTATIONS = managing.MUTATIONS
