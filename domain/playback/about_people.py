"""Where playback keeps what is about people: what they watched, and how far."""

from domain.kernel.personal import Fate, PersonalData

PERSONAL = (
    PersonalData("playback_sessions", "account_id", Fate.DELETED, profile_column="profile_id"),
    PersonalData("resume_points", "profile_id", Fate.DELETED, profile_column="profile_id"),
    PersonalData("stream_holders", "account_id", Fate.DELETED),
)
