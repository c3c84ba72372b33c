"""Streams, and what happens in them, in the graph."""

from graph.live import events, overlay, running, streams

QUERIES = [streams.live_stream, streams.live_stream_of, streams.streams_of_title]
MUTATIONS = [running.prepare_stream, running.start_stream, running.end_stream, overlay.create_overlay_link]
SUBSCRIPTIONS = [events.stream_events]
