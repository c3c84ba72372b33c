"""The tables of assets: what is made of an upload, its encoding steps, and the packages that play."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from domain.kernel.tables import metadata

IN_PROGRESS_STATES = ("PROBING", "ENCODING", "PACKAGING")

assets = Table(
    "assets",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("account_id", Uuid, ForeignKey("accounts.id"), nullable=False),
    Column("title_id", Uuid, ForeignKey("titles.id"), nullable=False),
    Column("upload_id", Uuid, ForeignKey("uploads.id"), nullable=False, index=True),
    Column("state", Text, nullable=False),
    Column("priority", SmallInteger, nullable=False),
    Column("schemes", ARRAY(Text), nullable=False),
    Column("probe", JSONB),
    Column("plan", JSONB),
    Column("rejection_reason", Text),
    Column("rejection_detail", Text),
    Column("failure", Text),
    Column("duration_s", Float),
    Column("width", Integer),
    Column("height", Integer),
    Column("hdr", Boolean),
    Column("steps_total", Integer, nullable=False, server_default=text("0")),
    Column("steps_done", Integer, nullable=False, server_default=text("0")),
    Column("packaging_fraction", Float, nullable=False, server_default=text("0")),
    Column("poster_widths", ARRAY(Integer), nullable=False, server_default=text("'{}'::integer[]")),
    Column("has_thumbnails", Boolean, nullable=False, server_default=text("false")),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("ready_at", DateTime(timezone=True)),
    CheckConstraint(
        "state IN ('PROBING', 'REJECTED', 'ENCODING', 'PACKAGING', 'READY', 'FAILED', 'CANCELLED')", name="state"
    ),
    CheckConstraint("(state = 'REJECTED') = (rejection_reason IS NOT NULL)", name="rejection"),
    CheckConstraint("(state = 'FAILED') = (failure IS NOT NULL)", name="failure"),
    CheckConstraint("(state = 'READY') = (ready_at IS NOT NULL)", name="ready"),
    CheckConstraint("state NOT IN ('ENCODING', 'PACKAGING', 'READY') OR plan IS NOT NULL", name="plan"),
    CheckConstraint("state NOT IN ('PACKAGING', 'READY') OR steps_done = steps_total", name="packaged_whole"),
    CheckConstraint("0 <= steps_done AND steps_done <= steps_total", name="steps"),
    CheckConstraint("0 <= packaging_fraction AND packaging_fraction <= 1", name="packaging_fraction"),
    CheckConstraint("priority BETWEEN -10 AND 10", name="priority"),
    CheckConstraint("cardinality(schemes) >= 1 AND schemes <@ '{cenc,cbcs}'::text[]", name="schemes"),
)
# One encode at a time of one upload for one title: the second of two hurried clicks is told about the first.
Index(
    "assets_in_progress_key",
    assets.c.upload_id,
    assets.c.title_id,
    unique=True,
    postgresql_where=assets.c.state.in_(IN_PROGRESS_STATES),
)
Index("assets_title_id_idx", assets.c.title_id, assets.c.created_at)
Index("assets_account_id_idx", assets.c.account_id, assets.c.created_at)

asset_inputs = Table(
    "asset_inputs",
    metadata,
    Column("asset_id", Uuid, ForeignKey("assets.id", ondelete="CASCADE"), primary_key=True),
    Column("position", SmallInteger, primary_key=True),
    Column("upload_id", Uuid, ForeignKey("uploads.id"), nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("language", Text, nullable=False),
    CheckConstraint("kind IN ('AUDIO', 'SUBTITLES', 'CAPTIONS', 'FORCED')", name="kind"),
    CheckConstraint("position >= 0", name="position"),
)
Index("asset_inputs_language_key", asset_inputs.c.asset_id, asset_inputs.c.kind, asset_inputs.c.language, unique=True)

asset_steps = Table(
    "asset_steps",
    metadata,
    Column("asset_id", Uuid, ForeignKey("assets.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("state", Text, nullable=False),
    # Rises with every start and fences the step's writes, whichever job runs it.
    Column("attempt", Integer, nullable=False, server_default=text("0")),
    # What the step costs in relation to the others, for the progress of the whole.
    Column("weight", Float, nullable=False),
    Column("fraction", Float, nullable=False, server_default=text("0")),
    Column("speed", Float),
    # Object keys by name, of what the step made.
    Column("objects", JSONB),
    Column("started_at", DateTime(timezone=True)),
    Column("done_at", DateTime(timezone=True)),
    CheckConstraint("kind IN ('CHUNK', 'AUDIO', 'TEXT')", name="kind"),
    CheckConstraint("state IN ('PENDING', 'RUNNING', 'DONE')", name="state"),
    CheckConstraint("(state = 'DONE') = (objects IS NOT NULL AND done_at IS NOT NULL)", name="done"),
    CheckConstraint("0 <= fraction AND fraction <= 1", name="fraction"),
    CheckConstraint("position >= 0", name="position"),
    CheckConstraint("weight > 0", name="weight"),
)

packages = Table(
    "packages",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("asset_id", Uuid, ForeignKey("assets.id", ondelete="CASCADE"), nullable=False),
    Column("scheme", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("object_prefix", Text, nullable=False),
    Column("duration_s", Float),
    Column("segment_s", Float),
    Column("size_bytes", BigInteger),
    Column("created_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("scheme IN ('cenc', 'cbcs')", name="scheme"),
    CheckConstraint("state IN ('BUILDING', 'READY')", name="state"),
    CheckConstraint("(state = 'READY') = (duration_s IS NOT NULL)", name="ready"),
)
Index(
    "packages_ready_key",
    packages.c.asset_id,
    packages.c.scheme,
    unique=True,
    postgresql_where=packages.c.state == "READY",
)
Index("packages_asset_id_idx", packages.c.asset_id)

package_tracks = Table(
    "package_tracks",
    metadata,
    Column("package_id", Uuid, primary_key=True),
    Column("position", SmallInteger, primary_key=True),
    Column("representation", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("track_class", Text),
    Column("kid", Uuid),
    Column("language", Text),
    Column("label", Text, nullable=False),
    Column("codec", Text),
    Column("bandwidth", Integer),
    Column("width", Integer),
    Column("height", Integer),
    Column("frame_rate", Float),
    ForeignKeyConstraint(["package_id"], ["packages.id"], ondelete="CASCADE"),
    CheckConstraint("kind IN ('VIDEO', 'AUDIO', 'TEXT')", name="kind"),
    CheckConstraint("track_class IN ('AUDIO', 'SD', 'HD', 'UHD')", name="track_class"),
    CheckConstraint("(kind = 'TEXT') = (track_class IS NULL)", name="class_of_kind"),
    CheckConstraint("(track_class IS NULL) = (kid IS NULL)", name="encrypted"),
)
