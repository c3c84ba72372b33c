"""Chat, questions and reactions as tables."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from domain.kernel.tables import metadata

chat_rooms = Table(
    "chat_rooms",
    metadata,
    Column("stream_id", Uuid, ForeignKey("streams.id"), primary_key=True),
    Column("is_open", Boolean, nullable=False),
    Column("slow_mode_s", Integer, nullable=False),
    Column("plans", ARRAY(Text)),
    Column("blocked_words", ARRAY(Text), nullable=False),
    Column("pinned_message_id", Uuid, ForeignKey("chat_messages.id", ondelete="SET NULL"), index=True),
    Column("version", Integer, nullable=False),
    CheckConstraint("slow_mode_s BETWEEN 0 AND 3600", name="slow_mode_s"),
)

chat_messages = Table(
    "chat_messages",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("stream_id", Uuid, ForeignKey("streams.id"), nullable=False),
    Column("author_id", Uuid, ForeignKey("accounts.id"), nullable=False),
    Column("profile_id", Uuid, ForeignKey("profiles.id"), nullable=False, index=True),
    Column("client_id", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("is_by_staff", Boolean, nullable=False),
    Column("media_time", DateTime(timezone=True), nullable=False),
    Column("sent_at", DateTime(timezone=True), nullable=False),
    Column("removed_at", DateTime(timezone=True)),
    Column("removed_by", Uuid, ForeignKey("accounts.id"), index=True),
    CheckConstraint("(removed_at IS NULL) = (text <> '')", name="text"),
    CheckConstraint("length(text) <= 500", name="text_size"),
    CheckConstraint("length(client_id) BETWEEN 1 AND 64", name="client_id"),
    Index("chat_messages_sent_idx", "author_id", "stream_id", "client_id", unique=True),
    Index("chat_messages_stream_idx", "stream_id", "id"),
    Index("chat_messages_sent_at_idx", "sent_at", postgresql_using="brin"),
)

chat_talkers = Table(
    "chat_talkers",
    metadata,
    Column("stream_id", Uuid, ForeignKey("streams.id"), primary_key=True),
    Column("account_id", Uuid, ForeignKey("accounts.id"), primary_key=True, index=True),
    Column("last_sent_at", DateTime(timezone=True)),
    # When the bucket will be full again: each message moves it on by its share of the time that filling takes.
    Column("full_at", DateTime(timezone=True), nullable=False),
    Column("timed_out_until", DateTime(timezone=True)),
    Column("timed_out_by", Uuid, ForeignKey("accounts.id"), index=True),
)

chat_moderators = Table(
    "chat_moderators",
    metadata,
    Column("stream_id", Uuid, ForeignKey("streams.id"), primary_key=True),
    Column("account_id", Uuid, ForeignKey("accounts.id"), primary_key=True, index=True),
    Column("profile_id", Uuid, ForeignKey("profiles.id"), nullable=False, index=True),
    Column("appointed_by", Uuid, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("appointed_at", DateTime(timezone=True), nullable=False),
)

questions = Table(
    "questions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("stream_id", Uuid, ForeignKey("streams.id"), nullable=False),
    Column("author_id", Uuid, ForeignKey("accounts.id"), nullable=False),
    Column("profile_id", Uuid, ForeignKey("profiles.id"), nullable=False, index=True),
    Column("client_id", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("is_pinned", Boolean, nullable=False),
    Column("upvotes", BigInteger, nullable=False),
    Column("asked_at", DateTime(timezone=True), nullable=False),
    Column("moderated_by", Uuid, ForeignKey("accounts.id"), index=True),
    Column("moderated_at", DateTime(timezone=True)),
    Column("version", Integer, nullable=False),
    CheckConstraint("state IN ('PENDING', 'APPROVED', 'ANSWERED', 'HIDDEN')", name="state"),
    CheckConstraint("length(text) BETWEEN 1 AND 500", name="text"),
    CheckConstraint("length(client_id) BETWEEN 1 AND 64", name="client_id"),
    CheckConstraint("upvotes >= 0", name="upvotes"),
    CheckConstraint("NOT is_pinned OR state IN ('APPROVED', 'ANSWERED')", name="pinned"),
    Index("questions_asked_idx", "author_id", "stream_id", "client_id", unique=True),
    Index("questions_pinned_idx", "stream_id", unique=True, postgresql_where=text("is_pinned")),
)
Index(
    "questions_ranking_idx",
    questions.c.stream_id,
    questions.c.state,
    questions.c.is_pinned.desc(),
    questions.c.upvotes.desc(),
    questions.c.id,
)

# Triggers on this table move the questions' counters.
question_upvotes = Table(
    "question_upvotes",
    metadata,
    Column("question_id", Uuid, ForeignKey("questions.id", ondelete="CASCADE"), primary_key=True),
    Column("account_id", Uuid, ForeignKey("accounts.id"), primary_key=True, index=True),
    Column("at", DateTime(timezone=True), nullable=False),
)

reaction_sets = Table(
    "reaction_sets",
    metadata,
    Column("stream_id", Uuid, ForeignKey("streams.id"), primary_key=True),
    Column("emojis", ARRAY(Text), nullable=False),
    Column("version", Integer, nullable=False),
    CheckConstraint("cardinality(emojis) <= 12", name="emojis"),
)

reaction_seconds = Table(
    "reaction_seconds",
    metadata,
    Column("stream_id", Uuid, ForeignKey("streams.id"), primary_key=True),
    Column("at", DateTime(timezone=True), primary_key=True, index=True),
    Column("emoji", Text, primary_key=True),
    Column("count", BigInteger, nullable=False),
    CheckConstraint("count > 0", name="count"),
)
