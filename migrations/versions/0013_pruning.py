"""What the jobs that delete old rows look for; and no notification that nobody hears on every change of the queue."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Drop PgQueuer's trigger, and index what became old."""
    # Commits that notify wait for each other, which made enqueueing three times slower. Our workers hear doorbells.
    op.execute("DROP TRIGGER IF EXISTS tg_pgqueuer_changed ON pgqueuer")
    op.execute("DROP FUNCTION IF EXISTS fn_pgqueuer_changed()")
    with op.get_context().autocommit_block():
        op.create_index("facts_at_idx", "facts", ["at"], postgresql_using="brin", postgresql_concurrently=True)
        op.create_index(
            "sign_ins_over_idx", "sign_ins", [sa.text("least(expires_at, ended_at)")], postgresql_concurrently=True
        )
        op.create_index("devices_last_seen_at_idx", "devices", ["last_seen_at"], postgresql_concurrently=True)
