"""Polls, votes and points as tables."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from domain.kernel.tables import metadata

polls = Table(
    "polls",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("stream_id", Uuid, ForeignKey("streams.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("question", JSONB, nullable=False),
    Column("min_choices", SmallInteger, nullable=False),
    Column("max_choices", SmallInteger, nullable=False),
    Column("points", Integer, nullable=False),
    Column("reveal", Text, nullable=False),
    Column("is_anonymous", Boolean, nullable=False),
    Column("allows_change", Boolean, nullable=False),
    Column("requires_playback", Boolean, nullable=False),
    Column("reveals_itself", Boolean, nullable=False),
    Column("duration_s", Integer),
    Column("plans", ARRAY(Text)),
    Column("territories", ARRAY(Text)),
    Column("weights", JSONB, nullable=False),
    Column("max_latency_s", Integer, nullable=False),
    Column("opens_at", DateTime(timezone=True)),
    Column("locks_at", DateTime(timezone=True)),
    Column("is_cancelled", Boolean, nullable=False),
    Column("paid_at", DateTime(timezone=True)),
    Column("undo", JSONB(none_as_null=True)),
    Column("created_by", Uuid, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("version", Integer, nullable=False),
    CheckConstraint("kind IN ('SINGLE', 'MULTIPLE', 'QUIZ', 'RATING', 'PREDICTION')", name="kind"),
    CheckConstraint("state IN ('DRAFT', 'SCHEDULED', 'OPEN', 'LOCKED', 'REVEALED', 'ARCHIVED')", name="state"),
    CheckConstraint("reveal IN ('LIVE', 'AFTER_VOTE', 'AT_END')", name="reveal"),
    CheckConstraint("min_choices BETWEEN 1 AND max_choices AND max_choices <= 20", name="choices"),
    CheckConstraint("points BETWEEN 0 AND 1000000", name="points"),
    CheckConstraint(
        "locks_at >= opens_at"
        " AND (state NOT IN ('SCHEDULED', 'OPEN', 'LOCKED', 'REVEALED') OR opens_at IS NOT NULL)"
        " AND (state NOT IN ('LOCKED', 'REVEALED') OR locks_at IS NOT NULL)",
        name="window",
    ),
    Index("polls_stream_idx", "stream_id", "id"),
)

poll_options = Table(
    "poll_options",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("poll_id", Uuid, ForeignKey("polls.id", ondelete="CASCADE"), nullable=False),
    Column("number", SmallInteger, nullable=False),
    Column("label", JSONB, nullable=False),
    Column("artwork_id", Uuid, ForeignKey("artworks.id", ondelete="SET NULL"), index=True),
    Column("is_right", Boolean, nullable=False),
    CheckConstraint("number BETWEEN 1 AND 20", name="number"),
    UniqueConstraint("poll_id", "number"),
    UniqueConstraint("poll_id", "id"),
)

poll_tallies = Table(
    "poll_tallies",
    metadata,
    Column("poll_id", Uuid, primary_key=True),
    Column("option_id", Uuid, primary_key=True),
    Column("votes", BigInteger, nullable=False),
    Column("weight", BigInteger, nullable=False),
    Column("stake", BigInteger, nullable=False),
    CheckConstraint("votes >= 0 AND weight >= votes AND stake >= 0", name="counts"),
    ForeignKeyConstraint(["poll_id", "option_id"], ["poll_options.poll_id", "poll_options.id"], ondelete="CASCADE"),
)

poll_turnouts = Table(
    "poll_turnouts",
    metadata,
    Column("poll_id", Uuid, ForeignKey("polls.id", ondelete="CASCADE"), primary_key=True),
    Column("voters", BigInteger, nullable=False),
    CheckConstraint("voters >= 0", name="voters"),
)

# Triggers on this table move the tallies and turnouts, so that they are the votes' sum whatever becomes of a vote.
votes = Table(
    "votes",
    metadata,
    Column("poll_id", Uuid, primary_key=True),
    # No index by voter: a second one costs a third of what can be written, and who is erased or exported is found by
    # walking the key's polls, which PostgreSQL 18 does by itself.
    Column("voter_id", Uuid, primary_key=True),
    Column("slot", SmallInteger, primary_key=True),
    Column("option_id", Uuid),
    Column("weight", SmallInteger, nullable=False),
    Column("stake", Integer, nullable=False),
    Column("casts", SmallInteger, nullable=False),
    Column("cast_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("slot BETWEEN 0 AND 19", name="slot"),
    CheckConstraint("option_id IS NOT NULL OR slot > 0", name="option"),
    CheckConstraint("weight BETWEEN 1 AND 100", name="weight"),
    CheckConstraint("stake BETWEEN 0 AND 1000000", name="stake"),
)

# A holder is a player's account, a poll with its pot, or the stream, which is the house. Triggers move the balances.
point_entries = Table(
    "point_entries",
    metadata,
    Column("movement_id", Uuid, primary_key=True),
    Column("holder_id", Uuid, primary_key=True),
    Column("stream_id", Uuid, nullable=False),
    Column("poll_id", Uuid),
    Column("reason", Text, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    CheckConstraint("reason IN ('WELCOME', 'STAKE', 'PAYOUT', 'REFUND', 'QUIZ')", name="reason"),
    CheckConstraint("points <> 0", name="points"),
    Index("point_entries_holder_idx", "holder_id", "stream_id"),
)

point_balances = Table(
    "point_balances",
    metadata,
    Column("stream_id", Uuid, ForeignKey("streams.id"), primary_key=True),
    Column("holder_id", Uuid, primary_key=True, index=True),
    Column("is_player", Boolean, nullable=False),
    Column("points", BigInteger, nullable=False),
    CheckConstraint("points >= 0 OR holder_id = stream_id", name="points"),
)
Index(
    "point_balances_board_idx",
    point_balances.c.stream_id,
    point_balances.c.points.desc(),
    point_balances.c.holder_id,
    postgresql_where=point_balances.c.is_player,
)
