"""Find the slots that are over, to delete them."""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Index when slots end."""
    with op.get_context().autocommit_block():
        op.create_index("schedule_slots_ends_at_idx", "schedule_slots", ["ends_at"], postgresql_concurrently=True)
