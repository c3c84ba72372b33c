"""Imports of titles from files, and the external ids by which files name titles."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

CREATE = (
    """
    CREATE TABLE title_imports (
        id uuid PRIMARY KEY,
        account_id uuid NOT NULL REFERENCES accounts (id),
        upload_id uuid NOT NULL REFERENCES uploads (id),
        object_key text NOT NULL,
        format text NOT NULL CONSTRAINT title_imports_format_check CHECK (format IN ('CSV', 'JSON_LINES')),
        mode text NOT NULL CONSTRAINT title_imports_mode_check CHECK (mode IN ('CREATE', 'UPDATE', 'UPSERT')),
        state text NOT NULL
            CONSTRAINT title_imports_state_check CHECK (state IN ('RUNNING', 'DONE', 'FAILED', 'CANCELLED')),
        fault text,
        fault_detail text,
        size_bytes bigint NOT NULL,
        offset_bytes bigint NOT NULL,
        line integer NOT NULL,
        columns text[],
        created integer NOT NULL,
        updated integer NOT NULL,
        unchanged integer NOT NULL,
        failed integer NOT NULL,
        problems_kept integer NOT NULL,
        created_at timestamptz NOT NULL,
        settled_at timestamptz,
        CONSTRAINT title_imports_fault_check CHECK ((state = 'FAILED') = (fault IS NOT NULL)),
        CONSTRAINT title_imports_settled_check CHECK ((state = 'RUNNING') = (settled_at IS NULL)),
        CONSTRAINT title_imports_offset_check CHECK (offset_bytes BETWEEN 0 AND size_bytes)
    )
    """,
    "CREATE INDEX title_imports_account_id_idx ON title_imports (account_id, id)",
    "CREATE INDEX title_imports_upload_id_idx ON title_imports (upload_id)",
    """
    CREATE TABLE title_import_keys (
        import_id uuid NOT NULL REFERENCES title_imports (id) ON DELETE CASCADE,
        external_id text NOT NULL,
        line integer NOT NULL,
        CONSTRAINT title_import_keys_pkey PRIMARY KEY (import_id, external_id)
    )
    """,
    """
    CREATE TABLE title_import_problems (
        import_id uuid NOT NULL REFERENCES title_imports (id) ON DELETE CASCADE,
        number bigint GENERATED ALWAYS AS IDENTITY,
        line integer NOT NULL,
        external_id text,
        field text NOT NULL,
        code text NOT NULL,
        message text NOT NULL,
        CONSTRAINT title_import_problems_pkey PRIMARY KEY (import_id, number)
    )
    """,
)


def upgrade() -> None:
    """Let titles have external ids, and create the tables of imports."""
    op.add_column("titles", sa.Column("external_id", sa.Text))
    op.execute(
        "ALTER TABLE titles ADD CONSTRAINT titles_external_id_check"
        " CHECK (length(external_id) BETWEEN 1 AND 128) NOT VALID"
    )
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE titles VALIDATE CONSTRAINT titles_external_id_check")
        op.create_index("titles_external_id_key", "titles", ["external_id"], unique=True, postgresql_concurrently=True)
    for statement in CREATE:
        op.execute(statement)
