"""Accounts, profiles, devices and sign-ins."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

CREATE = (
    """
    CREATE TABLE accounts (
        id uuid PRIMARY KEY,
        email text NOT NULL,
        display_name text NOT NULL,
        territory text NOT NULL CONSTRAINT accounts_territory_check CHECK (territory ~ '^[A-Z]{2}$'),
        roles text[] NOT NULL
            CONSTRAINT accounts_roles_check CHECK (roles <@ '{VIEWER,EDITOR,ADMINISTRATOR}'::text[]),
        suspended_at timestamptz,
        created_at timestamptz NOT NULL
    )
    """,
    "CREATE UNIQUE INDEX accounts_email_idx ON accounts (lower(email))",
    """
    CREATE TABLE profiles (
        id uuid PRIMARY KEY,
        account_id uuid NOT NULL REFERENCES accounts (id),
        name text NOT NULL,
        language text NOT NULL,
        maturity_limit smallint NOT NULL
            CONSTRAINT profiles_maturity_limit_check CHECK (maturity_limit BETWEEN 0 AND 21),
        created_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX profiles_account_id_idx ON profiles (account_id)",
    """
    CREATE TABLE devices (
        id uuid PRIMARY KEY,
        account_id uuid NOT NULL REFERENCES accounts (id),
        name text NOT NULL,
        created_at timestamptz NOT NULL,
        last_seen_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX devices_account_id_idx ON devices (account_id)",
    """
    CREATE TABLE sign_ins (
        id uuid PRIMARY KEY,
        account_id uuid NOT NULL REFERENCES accounts (id),
        profile_id uuid NOT NULL REFERENCES profiles (id),
        device_id uuid NOT NULL REFERENCES devices (id),
        token_hash bytea NOT NULL CONSTRAINT sign_ins_token_hash_key UNIQUE,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        ended_at timestamptz
    )
    """,
    "CREATE INDEX sign_ins_account_id_idx ON sign_ins (account_id)",
    "CREATE INDEX sign_ins_profile_id_idx ON sign_ins (profile_id)",
    "CREATE INDEX sign_ins_device_id_idx ON sign_ins (device_id)",
)


def upgrade() -> None:
    """Create the tables of accounts."""
    for statement in CREATE:
        op.execute(statement)
