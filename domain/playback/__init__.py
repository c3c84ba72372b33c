"""Playback: sessions with their leases, screens, heartbeats and resume points, and who may fetch their media.

A session holds one of the account's screens while its lease lasts; heartbeats renew the lease. Everything a player
fetches carries the session's token and passes `admit`.
"""

from domain.playback.admission import AdmissionCache, admit
from domain.playback.going_on import heartbeat, revoke_all, revoke_session, stop_playback
from domain.playback.looking import (
    continue_watching,
    explain_playback,
    last_watched,
    playing_sessions,
    resume_points_of,
    sessions_by_id,
    sessions_of,
)
from domain.playback.pruning import devices_with_sessions, prune_sessions
from domain.playback.session import (
    HEARTBEAT_EVERY_S,
    LEASE,
    AccessDenied,
    Admitted,
    HeartbeatAccepted,
    PlaybackBegan,
    PlaybackExplanation,
    PlaybackRevoked,
    PlaybackSession,
    PlaybackStarted,
    PlaybackState,
    PlaybackStopped,
    PlaybackTokenRefused,
    PlayerState,
    ResumePoint,
    SessionEnded,
    SessionId,
    StaleSequence,
    StreamLimitReached,
)
from domain.playback.starting import start_playback

__all__ = [
    "HEARTBEAT_EVERY_S",
    "LEASE",
    "AccessDenied",
    "AdmissionCache",
    "Admitted",
    "HeartbeatAccepted",
    "PlaybackBegan",
    "PlaybackExplanation",
    "PlaybackRevoked",
    "PlaybackSession",
    "PlaybackStarted",
    "PlaybackState",
    "PlaybackStopped",
    "PlaybackTokenRefused",
    "PlayerState",
    "ResumePoint",
    "SessionEnded",
    "SessionId",
    "StaleSequence",
    "StreamLimitReached",
    "admit",
    "continue_watching",
    "devices_with_sessions",
    "explain_playback",
    "heartbeat",
    "last_watched",
    "playing_sessions",
    "prune_sessions",
    "resume_points_of",
    "revoke_all",
    "revoke_session",
    "sessions_by_id",
    "sessions_of",
    "start_playback",
    "stop_playback",
]
