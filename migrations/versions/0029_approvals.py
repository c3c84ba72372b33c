"""What was approved ends with the sign-in that approved it; used refresh tokens are found, to delete them."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Name the approving sign-in, and index when refresh tokens were used."""
    op.add_column("authorization_codes", sa.Column("approved_by", sa.Uuid))
    op.add_column("device_codes", sa.Column("approved_by", sa.Uuid))
    with op.get_context().autocommit_block():
        op.create_index("refresh_tokens_used_at_idx", "refresh_tokens", ["used_at"], postgresql_concurrently=True)
