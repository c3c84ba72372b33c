"""The tables of insights."""

from sqlalchemy import (
    ARRAY,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

from domain.kernel.tables import metadata

home_rows = Table(
    "home_rows",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("rule", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("default_language", Text, nullable=False),
    Column("is_shown", Boolean, nullable=False),
    Column("starts_at", DateTime(timezone=True)),
    Column("ends_at", DateTime(timezone=True)),
    Column("territories", ARRAY(Text)),
    Column("device_classes", ARRAY(Text)),
    Column("audience", Text),
    Column("version", Integer, nullable=False),
    Column("created_by", Uuid, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("created_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("ends_at > starts_at", name="window"),
)
Index("home_rows_position_idx", home_rows.c.position, home_rows.c.id)

home_row_texts = Table(
    "home_row_texts",
    metadata,
    Column("row_id", Uuid, ForeignKey("home_rows.id", ondelete="CASCADE"), primary_key=True),
    Column("language", Text, primary_key=True),
    Column("name", Text, nullable=False),
    CheckConstraint("length(name) BETWEEN 1 AND 100", name="name"),
)

home_row_titles = Table(
    "home_row_titles",
    metadata,
    Column("row_id", Uuid, ForeignKey("home_rows.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("title_id", Uuid, ForeignKey("titles.id", ondelete="CASCADE"), nullable=False, index=True),
    UniqueConstraint("row_id", "title_id"),
)

title_trends = Table(
    "title_trends",
    metadata,
    Column("territory", Text, primary_key=True),
    Column("title_id", Uuid, ForeignKey("titles.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("score", Integer, nullable=False),
    CheckConstraint("score > 0", name="score"),
)
Index("title_trends_score_idx", title_trends.c.territory, title_trends.c.score, title_trends.c.title_id)

title_neighbours = Table(
    "title_neighbours",
    metadata,
    Column("title_id", Uuid, ForeignKey("titles.id", ondelete="CASCADE"), primary_key=True),
    Column("neighbour_id", Uuid, ForeignKey("titles.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("score", Integer, nullable=False),
    CheckConstraint("score > 0", name="score"),
)
