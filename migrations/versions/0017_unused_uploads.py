"""Whole uploads that nothing was made from expire, and uploads that ended are deleted."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

# Counted from now on, so that nobody's upload goes without the notice it would have had.
BACKFILL = """
    UPDATE uploads SET expires_at = now() + interval '7 days'
    WHERE state = 'COMPLETE' AND NOT is_partial AND expires_at IS NULL
      AND NOT EXISTS (SELECT 1 FROM assets WHERE upload_id = uploads.id)
      AND NOT EXISTS (SELECT 1 FROM asset_inputs WHERE upload_id = uploads.id)
      AND NOT EXISTS (SELECT 1 FROM artworks WHERE upload_id = uploads.id)
"""


def upgrade() -> None:
    """Index what may go, then say when."""
    with op.get_context().autocommit_block():
        op.create_index(
            "uploads_due_idx",
            "uploads",
            ["expires_at"],
            postgresql_where=sa.text("state IN ('CREATED', 'RECEIVING', 'COMPLETE')"),
            postgresql_concurrently=True,
        )
        op.create_index(
            "uploads_ended_idx",
            "uploads",
            [sa.text("coalesce(expires_at, created_at)")],
            postgresql_where=sa.text("state IN ('EXPIRED', 'TERMINATED')"),
            postgresql_concurrently=True,
        )
    op.execute("DROP INDEX uploads_expires_at_idx")
    op.execute(BACKFILL)
