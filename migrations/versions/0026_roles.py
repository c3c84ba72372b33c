"""Roles of staff, some of them within a merchant or channel; services with keys; invitations; what staff has done."""

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

ROLES = "'{VIEWER,HOST,MERCHANT_OWNER,MERCHANT_STAFF,AD_OPERATIONS,EDITOR,SUPPORT,ADMINISTRATOR}'::text[]"
SCOPED = "('HOST', 'EDITOR', 'MERCHANT_OWNER', 'MERCHANT_STAFF')"

CREATE = (
    "ALTER TABLE accounts DROP CONSTRAINT accounts_roles_check",
    f"ALTER TABLE accounts ADD CONSTRAINT accounts_roles_check CHECK (roles <@ {ROLES})",
    """
    ALTER TABLE accounts
        ALTER COLUMN email DROP NOT NULL,
        ADD COLUMN kind text NOT NULL DEFAULT 'PERSON'
            CONSTRAINT accounts_kind_check CHECK (kind IN ('PERSON', 'SERVICE')),
        ADD CONSTRAINT accounts_email_check CHECK ((email IS NULL) = (kind = 'SERVICE'))
    """,
    f"""
    CREATE TABLE role_grants (
        account_id uuid NOT NULL REFERENCES accounts (id),
        role text NOT NULL CONSTRAINT role_grants_role_check CHECK (role IN {SCOPED}),
        scope_id uuid NOT NULL,
        scope_kind text NOT NULL CONSTRAINT role_grants_scope_kind_check CHECK (scope_kind IN ('CHANNEL', 'MERCHANT')),
        granted_by uuid NOT NULL,
        granted_at timestamptz NOT NULL,
        PRIMARY KEY (account_id, role, scope_id)
    )
    """,
    "ALTER TABLE email_links DROP CONSTRAINT email_links_purpose_check",
    """
    ALTER TABLE email_links ADD CONSTRAINT email_links_purpose_check
        CHECK (purpose IN ('SIGN_UP', 'RESET', 'CHANGE_EMAIL', 'INVITATION'))
    """,
    """
    CREATE TABLE invitations (
        link_id uuid PRIMARY KEY REFERENCES email_links (id) ON DELETE CASCADE,
        role text NOT NULL,
        scope_kind text CONSTRAINT invitations_scope_kind_check CHECK (scope_kind IN ('CHANNEL', 'MERCHANT')),
        scope_id uuid,
        invited_by uuid NOT NULL,
        CONSTRAINT invitations_scope_check CHECK ((scope_kind IS NULL) = (scope_id IS NULL))
    )
    """,
    """
    CREATE TABLE api_keys (
        id uuid PRIMARY KEY,
        account_id uuid NOT NULL REFERENCES accounts (id),
        sign_in_id uuid NOT NULL UNIQUE REFERENCES sign_ins (id) ON DELETE CASCADE,
        name text NOT NULL,
        created_by uuid NOT NULL,
        created_at timestamptz NOT NULL,
        last_used_at timestamptz
    )
    """,
    "CREATE INDEX api_keys_account_id_idx ON api_keys (account_id)",
    """
    CREATE TABLE staff_log (
        number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        at timestamptz NOT NULL,
        account_id uuid NOT NULL,
        action text NOT NULL,
        subject_id uuid,
        reason text NOT NULL,
        details jsonb NOT NULL
    )
    """,
    "CREATE INDEX staff_log_subject_id_idx ON staff_log (subject_id, number DESC)",
    """
    CREATE FUNCTION refuse_staff_log_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'the log of what staff has done is append-only' USING ERRCODE = 'restrict_violation';
    END $$
    """,
    """
    CREATE TRIGGER staff_log_keeps BEFORE UPDATE OR DELETE OR TRUNCATE ON staff_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_staff_log_change()
    """,
)


def upgrade() -> None:
    """Create what roles, services and the log of staff need."""
    for statement in CREATE:
        op.execute(statement)
