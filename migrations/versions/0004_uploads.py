"""Uploads, and the parts they have received so far."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables of uploads."""
    _create_uploads()
    _create_parts()


def _create_uploads() -> None:
    op.create_table(
        "uploads",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("account_id", sa.Uuid, sa.ForeignKey("accounts.id", name="uploads_account_id_fkey"), nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("size_bytes", sa.BigInteger),
        sa.Column("offset_bytes", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        sa.Column("file_name", sa.Text, nullable=False),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("metadata", sa.Text, nullable=False),
        sa.Column("is_partial", sa.Boolean, nullable=False),
        sa.Column("concatenates", postgresql.ARRAY(sa.Uuid), nullable=False, server_default=sa.text("'{}'::uuid[]")),
        sa.Column("object_key", sa.Text),
        sa.Column("writer_id", sa.Uuid),
        sa.Column("writer_until", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("object_key", name="uploads_object_key_key"),
        sa.CheckConstraint(
            "state IN ('CREATED', 'RECEIVING', 'COMPLETE', 'EXPIRED', 'TERMINATED')", name="uploads_state_check"
        ),
        sa.CheckConstraint("size_bytes > 0", name="uploads_size_check"),
        sa.CheckConstraint(
            "offset_bytes >= 0 AND (size_bytes IS NULL OR offset_bytes <= size_bytes)", name="uploads_offset_check"
        ),
        sa.CheckConstraint("state <> 'CREATED' OR offset_bytes = 0", name="uploads_created_check"),
        sa.CheckConstraint(
            "state <> 'COMPLETE' OR (size_bytes IS NOT NULL AND offset_bytes = size_bytes)",
            name="uploads_complete_check",
        ),
        sa.CheckConstraint(
            "(object_key IS NOT NULL) = (state = 'COMPLETE' AND NOT is_partial)", name="uploads_object_key_check"
        ),
        sa.CheckConstraint(
            "(state IN ('CREATED', 'RECEIVING') OR is_partial) <= (expires_at IS NOT NULL)",
            name="uploads_expires_check",
        ),
        sa.CheckConstraint("(writer_id IS NULL) = (writer_until IS NULL)", name="uploads_writer_check"),
        sa.CheckConstraint("NOT (is_partial AND cardinality(concatenates) > 0)", name="uploads_concatenates_check"),
    )
    op.create_index("uploads_account_id_idx", "uploads", ["account_id", sa.text("id DESC")])
    op.create_index(
        "uploads_expires_at_idx",
        "uploads",
        ["expires_at"],
        postgresql_where=sa.text("state IN ('CREATED', 'RECEIVING') OR is_partial"),
    )


def _create_parts() -> None:
    op.create_table(
        "upload_parts",
        sa.Column(
            "upload_id",
            sa.Uuid,
            sa.ForeignKey("uploads.id", name="upload_parts_upload_id_fkey", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("start_byte", sa.BigInteger, primary_key=True),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("object_key", sa.Text, nullable=False),
        sa.CheckConstraint("start_byte >= 0", name="upload_parts_start_byte_check"),
        sa.CheckConstraint("size_bytes > 0", name="upload_parts_size_check"),
    )
