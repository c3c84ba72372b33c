"""Identities: who an account is at outside providers."""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

CREATE = (
    """
    CREATE TABLE identities (
        id uuid PRIMARY KEY,
        account_id uuid NOT NULL REFERENCES accounts (id),
        issuer text NOT NULL,
        subject text NOT NULL CONSTRAINT identities_subject_check CHECK (length(subject) <= 255),
        linked_at timestamptz NOT NULL,
        CONSTRAINT identities_issuer_subject_key UNIQUE (issuer, subject)
    )
    """,
    "CREATE INDEX identities_account_id_idx ON identities (account_id)",
)


def upgrade() -> None:
    """Create the table of identities."""
    for statement in CREATE:
        op.execute(statement)
