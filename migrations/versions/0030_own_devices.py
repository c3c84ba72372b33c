"""Devices by names of their owners' choice; consent to marketing; versions of accounts."""

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

CHANGES = (
    "ALTER TABLE devices ADD COLUMN label text",
    """
    ALTER TABLE accounts
        ADD COLUMN marketing_consent_at timestamptz,
        ADD COLUMN version integer NOT NULL DEFAULT 1
    """,
)


def upgrade() -> None:
    """Add what owners change of devices and accounts."""
    for statement in CHANGES:
        op.execute(statement)
