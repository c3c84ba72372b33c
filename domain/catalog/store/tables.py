"""The tables of titles, their texts, rights and ratings."""

from sqlalchemy import (
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
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY

from domain.kernel.tables import metadata

titles = Table(
    "titles",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("default_language", Text, nullable=False),
    Column("release_year", SmallInteger),
    Column("maturity_age", SmallInteger, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_by", Uuid, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("published_at", DateTime(timezone=True)),
    # What it is a part of; the kind stands beside it so that a foreign key holds which parts go into what.
    Column("parent_id", Uuid),
    Column("parent_kind", Text),
    Column("number", SmallInteger),
    Column("original_language", Text),
    Column("starts_at", DateTime(timezone=True)),
    Column("ends_at", DateTime(timezone=True)),
    # What others call it, in their files; its own id when nobody has said.
    Column("external_id", Text),
    ForeignKeyConstraint(["parent_id", "parent_kind"], ["titles.id", "titles.kind"]),
    CheckConstraint("kind IN ('MOVIE', 'SERIES', 'SEASON', 'EPISODE', 'CLIP', 'LIVE_EVENT', 'CHANNEL')", name="kind"),
    CheckConstraint(
        "parent_id IS NULL OR kind = 'SEASON' AND parent_kind = 'SERIES'"
        " OR kind = 'EPISODE' AND parent_kind IN ('SERIES', 'SEASON')",
        name="parent",
    ),
    CheckConstraint(
        "(parent_id IS NULL) = (parent_kind IS NULL) AND (parent_id IS NULL) = (number IS NULL)", name="part"
    ),
    CheckConstraint("number BETWEEN 0 AND 9999", name="number"),
    CheckConstraint(
        "original_language ~ '^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$'", name="original_language"
    ),
    CheckConstraint("(kind = 'LIVE_EVENT') = (starts_at IS NOT NULL)", name="starts_at"),
    CheckConstraint("ends_at > starts_at", name="ends_at"),
    CheckConstraint("state IN ('DRAFT', 'PUBLISHED', 'WITHDRAWN')", name="state"),
    CheckConstraint("release_year BETWEEN 1878 AND 2200", name="release_year"),
    CheckConstraint("maturity_age BETWEEN 0 AND 21", name="maturity_age"),
    CheckConstraint("length(external_id) BETWEEN 1 AND 128", name="external_id"),
    CheckConstraint("version >= 1", name="version"),
    CheckConstraint("state <> 'PUBLISHED' OR published_at IS NOT NULL", name="published"),
)
Index("titles_published_idx", titles.c.id, postgresql_where=titles.c.state == "PUBLISHED")
Index("titles_fresh_idx", titles.c.published_at, titles.c.id, postgresql_where=titles.c.state == "PUBLISHED")

Index("titles_external_id_key", titles.c.external_id, unique=True)
Index("titles_id_kind_key", titles.c.id, titles.c.kind, unique=True)
Index(
    "titles_part_key",
    titles.c.parent_id,
    titles.c.parent_kind,
    titles.c.kind,
    titles.c.number,
    unique=True,
)

title_texts = Table(
    "title_texts",
    metadata,
    Column("title_id", Uuid, ForeignKey("titles.id", ondelete="CASCADE"), primary_key=True),
    Column("language", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("synopsis", Text, nullable=False),
    CheckConstraint("language ~ '^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$'", name="language"),
    CheckConstraint("length(name) BETWEEN 1 AND 200", name="name"),
    CheckConstraint("length(synopsis) <= 5000", name="synopsis"),
)

title_rights = Table(
    "title_rights",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("title_id", Uuid, ForeignKey("titles.id", ondelete="CASCADE"), nullable=False),
    Column("territory", Text, nullable=False),
    Column("opens_at", DateTime(timezone=True), nullable=False),
    Column("closes_at", DateTime(timezone=True)),
    # None is all of them.
    Column("device_classes", ARRAY(Text)),
    Column("plans", ARRAY(Text)),
    CheckConstraint("territory ~ '^([A-Z]{2}|[*])$'", name="territory"),
    CheckConstraint("closes_at > opens_at", name="window"),
    CheckConstraint("device_classes <@ '{WEB,MOBILE,TV,CONSOLE}' AND device_classes <> '{}'", name="device_classes"),
    CheckConstraint("plans <> '{}'", name="plans"),
)
Index("title_rights_title_id_idx", title_rights.c.title_id, title_rights.c.territory, title_rights.c.opens_at)
_closing = title_rights.c.closes_at
Index("title_rights_closing_idx", _closing, title_rights.c.title_id, postgresql_where=_closing.is_not(None))

title_ratings = Table(
    "title_ratings",
    metadata,
    Column("title_id", Uuid, ForeignKey("titles.id", ondelete="CASCADE"), primary_key=True),
    Column("system", Text, primary_key=True),
    Column("label", Text, nullable=False),
    Column("age", SmallInteger, nullable=False),
    CheckConstraint("system ~ '^[A-Z][A-Z0-9_]{1,19}$'", name="system"),
    CheckConstraint("length(label) BETWEEN 1 AND 20", name="label"),
    CheckConstraint("age BETWEEN 0 AND 21", name="age"),
)
