"""The tables of playback."""

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Column,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from domain.kernel.tables import metadata

stream_holders = Table(
    "stream_holders", metadata, Column("account_id", Uuid, ForeignKey("accounts.id"), primary_key=True)
)

playback_sessions = Table(
    "playback_sessions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("account_id", Uuid, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("profile_id", Uuid, ForeignKey("profiles.id"), nullable=False, index=True),
    Column("device_id", Uuid, ForeignKey("devices.id"), nullable=False, index=True),
    Column("title_id", Uuid, ForeignKey("titles.id"), nullable=False, index=True),
    Column("asset_id", Uuid, ForeignKey("assets.id"), nullable=False, index=True),
    Column("stream_id", Uuid, ForeignKey("streams.id"), index=True),
    Column("slot", SmallInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("player_state", Text),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("lease_until", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    Column("sequence", Integer, nullable=False),
    Column("position_s", Double, nullable=False),
    Column("duration_s", Double, nullable=False),
    Column("address", Text, nullable=False),
    Column("track_classes", ARRAY(Text), nullable=False),
    Column("max_height", Integer),
    Column("question", JSONB, nullable=False),
    CheckConstraint("slot BETWEEN 1 AND 20", name="slot"),
    CheckConstraint("state IN ('ACTIVE', 'ENDED', 'REVOKED', 'EXPIRED')", name="state"),
    CheckConstraint("player_state IN ('PLAYING', 'PAUSED', 'BUFFERING')", name="player_state"),
    CheckConstraint("position_s >= 0", name="position_s"),
    CheckConstraint("(state = 'ACTIVE') = (ended_at IS NULL)", name="ended"),
)
_s = playback_sessions.c
Index("playback_sessions_screens_idx", _s.account_id, _s.slot, unique=True, postgresql_where=_s.state == "ACTIVE")
Index("playback_sessions_started_at_idx", _s.started_at, postgresql_using="brin")

resume_points = Table(
    "resume_points",
    metadata,
    Column("profile_id", Uuid, ForeignKey("profiles.id"), primary_key=True),
    Column("title_id", Uuid, ForeignKey("titles.id"), primary_key=True, index=True),
    Column("position_s", Double, nullable=False),
    Column("duration_s", Double, nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("position_s >= 0", name="position_s"),
)
_r = resume_points.c
Index("resume_points_unfinished_idx", _r.profile_id, _r.updated_at, postgresql_where=_r.position_s > 0)
