"""The tables of moments, and of what hosts have prepared to show."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from domain.kernel.tables import metadata

moments = Table(
    "moments",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("stream_id", Uuid, ForeignKey("streams.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("present_at", DateTime(timezone=True), nullable=False),
    Column("until", DateTime(timezone=True)),
    Column("subject_id", Uuid),
    Column("details", JSONB, nullable=False),
    Column("announced_by", Uuid, ForeignKey("accounts.id"), index=True),
    Column("announced_at", DateTime(timezone=True), nullable=False),
    Column("revoked_at", DateTime(timezone=True)),
    CheckConstraint(
        "kind IN ('POLL_OPENED', 'POLL_LOCKED', 'POLL_REVEALED', 'CHAPTER', 'SHOUT_OUT', 'PRODUCT_PINNED',"
        " 'PRODUCT_UNPINNED')",
        name="kind",
    ),
    CheckConstraint("(kind IN ('CHAPTER', 'SHOUT_OUT')) = (subject_id IS NULL)", name="subject"),
    CheckConstraint("(kind = 'SHOUT_OUT') = (until IS NOT NULL) AND until > present_at", name="until"),
)
_m = moments.c
Index("moments_stream_idx", _m.stream_id, _m.present_at, _m.id)
# A poll opens, locks and is revealed once, whoever tells it twice.
Index(
    "moments_of_poll_idx",
    _m.subject_id,
    _m.kind,
    unique=True,
    postgresql_where=_m.revoked_at.is_(None) & _m.kind.like(r"POLL\_%"),
)

run_sheets = Table(
    "run_sheets",
    metadata,
    Column("stream_id", Uuid, ForeignKey("streams.id"), primary_key=True),
    Column("version", Integer, nullable=False),
)

run_items = Table(
    "run_items",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("stream_id", Uuid, ForeignKey("run_sheets.stream_id"), nullable=False),
    Column("position", SmallInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("poll_id", Uuid, ForeignKey("polls.id"), index=True),
    Column("texts", JSONB, nullable=False),
    Column("duration_s", Integer),
    Column("fired_at", DateTime(timezone=True)),
    Column("moment_id", Uuid, ForeignKey("moments.id"), index=True),
    CheckConstraint("kind IN ('POLL', 'CHAPTER', 'SHOUT_OUT', 'NOTE')", name="kind"),
    CheckConstraint("(kind = 'POLL') = (poll_id IS NOT NULL)", name="poll"),
    CheckConstraint("position BETWEEN 0 AND 199", name="position"),
    # Checked at the end: a moved item passes others on its way.
    UniqueConstraint("stream_id", "position", deferrable=True, initially="DEFERRED"),
)
