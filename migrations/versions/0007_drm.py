"""DRM: the content keys of assets, sealed."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table of content keys."""
    op.create_table(
        "content_keys",
        sa.Column("kid", sa.Uuid, primary_key=True),
        sa.Column("asset_id", sa.Uuid, sa.ForeignKey("assets.id", ondelete="CASCADE"), nullable=False),
        sa.Column("track_class", sa.Text, nullable=False),
        sa.Column("own", sa.Boolean, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("track_class IN ('AUDIO', 'SD', 'HD', 'UHD')", name="content_keys_track_class_check"),
    )
    op.create_index("content_keys_asset_id_idx", "content_keys", ["asset_id"])
    op.create_index(
        "content_keys_own_key", "content_keys", ["asset_id", "track_class"], unique=True, postgresql_where="own"
    )
