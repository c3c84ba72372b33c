"""Endpoints, how far the log was read for them, deliveries and their attempts, as tables."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from domain.kernel.tables import metadata

endpoints = Table(
    "webhook_endpoints",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("title_id", Uuid, ForeignKey("titles.id"), nullable=False),
    Column("url", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("event_types", ARRAY(Text), nullable=False),
    Column("sealed_secret", LargeBinary, nullable=False),
    Column("sealed_previous_secret", LargeBinary),
    Column("rotates_until", DateTime(timezone=True)),
    Column("disabled_reason", Text),
    Column("failing_since", DateTime(timezone=True)),
    Column("created_by", Uuid, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("version", Integer, nullable=False),
    CheckConstraint("length(url) BETWEEN 1 AND 2000", name="url"),
    CheckConstraint("cardinality(event_types) BETWEEN 1 AND 50", name="event_types"),
    CheckConstraint("disabled_reason IN ('BY_HOST', 'FAILED_FOR_LONG', 'GONE')", name="disabled_reason"),
    CheckConstraint("(sealed_previous_secret IS NULL) = (rotates_until IS NULL)", name="rotation"),
    Index("webhook_endpoints_title_idx", "title_id", "id"),
)

positions = Table(
    "webhook_positions",
    metadata,
    Column("stream_id", Uuid, ForeignKey("streams.id"), primary_key=True),
    Column("epoch", Uuid, nullable=False),
    Column("offset", BigInteger, nullable=False),
)

_PENDING = text("state = 'PENDING'")

deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("endpoint_id", Uuid, ForeignKey("webhook_endpoints.id", ondelete="CASCADE"), nullable=False),
    Column("event_id", Text, nullable=False),
    Column("event_type", Text, nullable=False),
    # What is about one thing is sent in the order of `sequence`, one after the other.
    Column("object_key", Text, nullable=False),
    Column("sequence", BigInteger, Identity(always=True), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("occurred_at", DateTime(timezone=True), nullable=False, index=True),
    Column("state", Text, nullable=False),
    # All attempts ever, which fences; a replay forgives those before it.
    Column("attempts", Integer, nullable=False),
    Column("forgiven", Integer, nullable=False),
    Column("next_attempt_at", DateTime(timezone=True)),
    Column("claimed_until", DateTime(timezone=True)),
    Column("last_status", Integer),
    Column("settled_at", DateTime(timezone=True)),
    CheckConstraint("state IN ('PENDING', 'DELIVERED', 'FAILED', 'HELD')", name="state"),
    CheckConstraint("(state = 'PENDING') = (next_attempt_at IS NOT NULL)", name="next"),
    CheckConstraint("forgiven BETWEEN 0 AND attempts", name="attempts"),
    Index("webhook_deliveries_event_idx", "endpoint_id", "event_id", unique=True),
    Index("webhook_deliveries_list_idx", "endpoint_id", "sequence"),
    Index("webhook_deliveries_line_idx", "endpoint_id", "object_key", "sequence", postgresql_where=_PENDING),
    Index("webhook_deliveries_due_idx", "next_attempt_at", postgresql_where=_PENDING),
)

attempts = Table(
    "webhook_attempts",
    metadata,
    Column("delivery_id", Uuid, ForeignKey("webhook_deliveries.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("status", Integer),
    Column("error", Text),
    Column("took_ms", Integer, nullable=False),
)
