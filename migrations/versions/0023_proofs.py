"""How people prove who they are: passwords, links in mails, and attempts at both."""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

CREATE = (
    "ALTER TABLE accounts ADD COLUMN email_verified_at timestamptz",
    "ALTER TABLE sign_ins ADD COLUMN auth_time timestamptz",
    "ALTER TABLE sign_ins ADD COLUMN factors text[] NOT NULL DEFAULT '{}'",
    """
    CREATE TABLE passwords (
        account_id uuid PRIMARY KEY REFERENCES accounts (id),
        hash text NOT NULL,
        changed_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE email_links (
        id uuid PRIMARY KEY,
        purpose text NOT NULL
            CONSTRAINT email_links_purpose_check CHECK (purpose IN ('SIGN_UP', 'RESET', 'CHANGE_EMAIL')),
        email text NOT NULL,
        account_id uuid REFERENCES accounts (id),
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        used_at timestamptz
    )
    """,
    "CREATE INDEX email_links_account_id_idx ON email_links (account_id)",
    "CREATE INDEX email_links_expires_at_idx ON email_links (expires_at)",
    """
    CREATE TABLE sign_ups (
        link_id uuid PRIMARY KEY REFERENCES email_links (id) ON DELETE CASCADE,
        password_hash text NOT NULL,
        display_name text NOT NULL,
        territory text NOT NULL,
        language text NOT NULL,
        browser_hash bytea NOT NULL
    )
    """,
    """
    CREATE TABLE attempts (
        kind text NOT NULL,
        subject bytea NOT NULL,
        full_at timestamptz NOT NULL,
        PRIMARY KEY (kind, subject)
    )
    """,
    "CREATE INDEX attempts_full_at_idx ON attempts (full_at)",
    """
    CREATE TABLE mailbox (
        id uuid PRIMARY KEY,
        recipient text NOT NULL,
        subject text NOT NULL,
        body text NOT NULL,
        at timestamptz NOT NULL
    )
    """,
)


def upgrade() -> None:
    """Create what sign-ups and passwords need."""
    for statement in CREATE:
        op.execute(statement)
