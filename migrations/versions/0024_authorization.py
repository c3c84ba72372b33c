"""The authorization server: clients, codes, device codes, grants, refresh tokens and signing keys."""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

CREATE = (
    """
    CREATE TABLE oauth_clients (
        id text PRIMARY KEY CONSTRAINT oauth_clients_id_check CHECK (id ~ '^[a-z0-9][a-z0-9._-]{0,63}$'),
        name text NOT NULL,
        kind text NOT NULL
            CONSTRAINT oauth_clients_kind_check CHECK (kind IN ('WEB', 'MOBILE', 'TV', 'CONSOLE', 'SERVICE')),
        is_first_party boolean NOT NULL,
        redirect_uris text[] NOT NULL,
        scopes text[] NOT NULL,
        secret_hash bytea,
        account_id uuid REFERENCES accounts (id),
        created_at timestamptz NOT NULL,
        CONSTRAINT oauth_clients_service_check CHECK (
            (kind = 'SERVICE') = (account_id IS NOT NULL) AND (kind <> 'SERVICE' OR secret_hash IS NOT NULL)
        )
    )
    """,
    "CREATE INDEX oauth_clients_account_id_idx ON oauth_clients (account_id)",
    """
    CREATE TABLE oauth_grants (
        sign_in_id uuid PRIMARY KEY REFERENCES sign_ins (id) ON DELETE CASCADE,
        client_id text NOT NULL REFERENCES oauth_clients (id) ON DELETE CASCADE,
        account_id uuid NOT NULL REFERENCES accounts (id),
        scopes text[] NOT NULL,
        auth_time timestamptz NOT NULL,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX oauth_grants_client_id_idx ON oauth_grants (client_id, created_at)",
    "CREATE INDEX oauth_grants_account_id_idx ON oauth_grants (account_id)",
    """
    CREATE TABLE authorization_codes (
        code_hash bytea PRIMARY KEY,
        client_id text NOT NULL REFERENCES oauth_clients (id) ON DELETE CASCADE,
        account_id uuid NOT NULL REFERENCES accounts (id),
        profile_id uuid,
        redirect_uri text NOT NULL,
        scopes text[] NOT NULL,
        code_challenge text NOT NULL,
        nonce text,
        auth_time timestamptz NOT NULL,
        factors text[] NOT NULL,
        expires_at timestamptz NOT NULL,
        used_at timestamptz,
        grant_id uuid
    )
    """,
    "CREATE INDEX authorization_codes_client_id_idx ON authorization_codes (client_id)",
    "CREATE INDEX authorization_codes_account_id_idx ON authorization_codes (account_id)",
    "CREATE INDEX authorization_codes_expires_at_idx ON authorization_codes (expires_at)",
    """
    CREATE TABLE device_codes (
        code_hash bytea PRIMARY KEY,
        user_code text NOT NULL CONSTRAINT device_codes_user_code_key UNIQUE,
        client_id text NOT NULL REFERENCES oauth_clients (id) ON DELETE CASCADE,
        scopes text[] NOT NULL,
        network text NOT NULL,
        state text NOT NULL
            CONSTRAINT device_codes_state_check CHECK (state IN ('PENDING', 'APPROVED', 'DENIED', 'USED')),
        interval_s smallint NOT NULL,
        looks smallint NOT NULL DEFAULT 0,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        polled_at timestamptz,
        account_id uuid REFERENCES accounts (id),
        profile_id uuid,
        auth_time timestamptz,
        factors text[]
    )
    """,
    "CREATE INDEX device_codes_client_id_idx ON device_codes (client_id)",
    "CREATE INDEX device_codes_account_id_idx ON device_codes (account_id)",
    "CREATE INDEX device_codes_expires_at_idx ON device_codes (expires_at)",
    """
    CREATE TABLE refresh_tokens (
        token_hash bytea PRIMARY KEY,
        grant_id uuid NOT NULL REFERENCES oauth_grants (sign_in_id) ON DELETE CASCADE,
        predecessor_hash bytea CONSTRAINT refresh_tokens_predecessor_hash_key UNIQUE,
        issued_at timestamptz NOT NULL,
        used_at timestamptz
    )
    """,
    "CREATE INDEX refresh_tokens_grant_id_idx ON refresh_tokens (grant_id)",
    """
    CREATE TABLE signing_keys (
        kid text PRIMARY KEY,
        state text NOT NULL
            CONSTRAINT signing_keys_state_check CHECK (state IN ('NEXT', 'CURRENT', 'RETIRED')),
        public_jwk text NOT NULL,
        private_sealed bytea,
        created_at timestamptz NOT NULL,
        current_since timestamptz,
        retired_at timestamptz,
        CONSTRAINT signing_keys_private_check CHECK ((private_sealed IS NULL) = (state = 'RETIRED'))
    )
    """,
    # There is one key that signs, and one that will.
    "CREATE UNIQUE INDEX signing_keys_state_idx ON signing_keys (state) WHERE state <> 'RETIRED'",
)


def upgrade() -> None:
    """Create the tables of the authorization server."""
    for statement in CREATE:
        op.execute(statement)
