"""Grants: what accounts may watch."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

CREATE = (
    """
    CREATE TABLE grants (
        id uuid PRIMARY KEY,
        account_id uuid NOT NULL REFERENCES accounts (id),
        plan text CONSTRAINT grants_plan_check CHECK (plan IN ('BASIC', 'STANDARD', 'PREMIUM')),
        title_id uuid REFERENCES titles (id),
        starts_at timestamptz NOT NULL,
        ends_at timestamptz,
        source text NOT NULL,
        created_at timestamptz NOT NULL,
        revoked_at timestamptz,
        CONSTRAINT grants_subject_check CHECK (num_nonnulls(plan, title_id) = 1),
        CONSTRAINT grants_window_check CHECK (ends_at > starts_at)
    )
    """,
    "CREATE INDEX grants_account_id_idx ON grants (account_id)",
    "CREATE INDEX grants_title_id_idx ON grants (title_id)",
)


def upgrade() -> None:
    """Create the table of grants."""
    for statement in CREATE:
        op.execute(statement)
