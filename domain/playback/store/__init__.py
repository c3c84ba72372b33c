"""The tables of playback, and all their SQL."""

from domain.playback.store.pruning import devices_with_sessions, prune_sessions
from domain.playback.store.resume import keep_resume_point, resume_points_of, unfinished_points, watched_titles
from domain.playback.store.screens import StartedSession, claim_screens, insert_session
from domain.playback.store.sessions import (
    RecordedQuestion,
    RenewedSession,
    active_sessions,
    admissible,
    follow,
    living_sessions_of,
    narrow,
    playing_sessions,
    recorded_question,
    renew,
    revoke,
    session_of_account,
    session_of_device,
    sessions_by_id,
    started_session,
    stop,
)
from domain.playback.store.tables import playback_sessions, resume_points, stream_holders

__all__ = [
    "RecordedQuestion",
    "RenewedSession",
    "StartedSession",
    "active_sessions",
    "admissible",
    "claim_screens",
    "devices_with_sessions",
    "follow",
    "insert_session",
    "keep_resume_point",
    "living_sessions_of",
    "narrow",
    "playback_sessions",
    "playing_sessions",
    "prune_sessions",
    "recorded_question",
    "renew",
    "resume_points",
    "resume_points_of",
    "revoke",
    "session_of_account",
    "session_of_device",
    "sessions_by_id",
    "started_session",
    "stop",
    "stream_holders",
    "unfinished_points",
    "watched_titles",
]
