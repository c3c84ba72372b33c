"""Playback sessions: started, kept alive, stopped, ended from elsewhere, and explained."""

from graph.playback.asking import continue_watching, explain_playback
from graph.playback.keeping import heartbeat_playback, revoke_playback, start_playback, stop_playback
from graph.playback.sessions import PlaybackSession

QUERIES = [continue_watching, explain_playback]
MUTATIONS = [start_playback, heartbeat_playback, stop_playback, revoke_playback]

__all__ = ["MUTATIONS", "QUERIES", "PlaybackSession"]
