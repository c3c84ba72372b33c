"""Keys of accounts, exports of everything about one, and accounts that were erased."""

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

CHANGES = (
    """
    ALTER TABLE accounts
        ADD COLUMN erased_at timestamptz,
        ADD CONSTRAINT accounts_erased_at_check CHECK (erased_at IS NULL OR suspended_at IS NOT NULL) NOT VALID
    """,
    "ALTER TABLE accounts VALIDATE CONSTRAINT accounts_erased_at_check",
    """
    CREATE TABLE account_keys (
        account_id uuid PRIMARY KEY REFERENCES accounts (id),
        sealed bytea,
        erased_at timestamptz,
        CONSTRAINT account_keys_erased_at_check CHECK ((sealed IS NULL) = (erased_at IS NOT NULL))
    )
    """,
    """
    CREATE TABLE exports (
        id uuid PRIMARY KEY,
        account_id uuid NOT NULL REFERENCES accounts (id),
        state text NOT NULL CONSTRAINT exports_state_check CHECK (state IN ('RUNNING', 'READY', 'FAILED')),
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX exports_account_id_idx ON exports (account_id)",
    "CREATE INDEX exports_expires_at_idx ON exports (expires_at)",
)


def upgrade() -> None:
    """Create what exports and erasure need."""
    for statement in CHANGES:
        op.execute(statement)
