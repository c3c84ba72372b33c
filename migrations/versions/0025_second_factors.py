"""Second factors: passkeys, time codes, recovery codes, and the challenges that ask for them."""

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

CREATE = (
    """
    CREATE TABLE totp_secrets (
        account_id uuid PRIMARY KEY REFERENCES accounts (id),
        sealed bytea NOT NULL,
        created_at timestamptz NOT NULL,
        confirmed_at timestamptz,
        last_step bigint NOT NULL DEFAULT 0
    )
    """,
    """
    CREATE TABLE recovery_codes (
        account_id uuid NOT NULL REFERENCES accounts (id),
        code_hash bytea NOT NULL,
        created_at timestamptz NOT NULL,
        used_at timestamptz,
        PRIMARY KEY (account_id, code_hash)
    )
    """,
    """
    CREATE TABLE passkeys (
        id uuid PRIMARY KEY,
        account_id uuid NOT NULL REFERENCES accounts (id),
        credential_id bytea NOT NULL CONSTRAINT passkeys_credential_id_key UNIQUE,
        public_key bytea NOT NULL,
        sign_count bigint NOT NULL,
        aaguid uuid NOT NULL,
        is_backed_up boolean NOT NULL,
        name text NOT NULL,
        created_at timestamptz NOT NULL,
        last_used_at timestamptz
    )
    """,
    "CREATE INDEX passkeys_account_id_idx ON passkeys (account_id)",
    """
    CREATE TABLE challenges (
        id uuid PRIMARY KEY,
        token_hash bytea NOT NULL CONSTRAINT challenges_token_hash_key UNIQUE,
        kind text NOT NULL
            CONSTRAINT challenges_kind_check CHECK (kind IN ('SECOND_FACTOR', 'PASSKEY', 'NEW_PASSKEY')),
        account_id uuid REFERENCES accounts (id),
        sign_in_id uuid,
        factors text[] NOT NULL,
        nonce bytea NOT NULL,
        device_name text,
        device_class text,
        expires_at timestamptz NOT NULL,
        answered_at timestamptz
    )
    """,
    "CREATE INDEX challenges_account_id_idx ON challenges (account_id)",
    "CREATE INDEX challenges_expires_at_idx ON challenges (expires_at)",
)


def upgrade() -> None:
    """Create what second factors need."""
    for statement in CREATE:
        op.execute(statement)
