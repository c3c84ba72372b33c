"""Rows of the home screen: what they are called, whom they are for, and the titles that editors put in them."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

CREATE = (
    """
    CREATE TABLE home_rows (
        id uuid PRIMARY KEY,
        rule text NOT NULL CONSTRAINT home_rows_rule_check CHECK (
            rule IN ('EDITORIAL', 'NEW', 'TRENDING', 'LEAVING_SOON', 'BECAUSE_YOU_WATCHED', 'CONTINUE_WATCHING')
        ),
        position integer NOT NULL CONSTRAINT home_rows_position_check CHECK (position BETWEEN 0 AND 1000000),
        default_language text NOT NULL,
        is_shown boolean NOT NULL,
        starts_at timestamptz,
        ends_at timestamptz,
        territories text[],
        device_classes text[],
        audience text CONSTRAINT home_rows_audience_check CHECK (
            audience IN ('KIDS', 'GROWN_UPS', 'SIGNED_IN', 'STRANGERS')
        ),
        version integer NOT NULL CONSTRAINT home_rows_version_check CHECK (version >= 1),
        created_by uuid NOT NULL REFERENCES accounts (id),
        created_at timestamptz NOT NULL,
        CONSTRAINT home_rows_window_check CHECK (ends_at > starts_at)
    )
    """,
    "CREATE INDEX home_rows_created_by_idx ON home_rows (created_by)",
    "CREATE INDEX home_rows_position_idx ON home_rows (position, id)",
    """
    CREATE TABLE home_row_texts (
        row_id uuid NOT NULL REFERENCES home_rows (id) ON DELETE CASCADE,
        language text NOT NULL,
        name text NOT NULL CONSTRAINT home_row_texts_name_check CHECK (length(name) BETWEEN 1 AND 100),
        CONSTRAINT home_row_texts_pkey PRIMARY KEY (row_id, language)
    )
    """,
    """
    CREATE TABLE home_row_titles (
        row_id uuid NOT NULL REFERENCES home_rows (id) ON DELETE CASCADE,
        position integer NOT NULL,
        title_id uuid NOT NULL REFERENCES titles (id) ON DELETE CASCADE,
        CONSTRAINT home_row_titles_pkey PRIMARY KEY (row_id, position),
        CONSTRAINT home_row_titles_row_id_title_id_key UNIQUE (row_id, title_id)
    )
    """,
    "CREATE INDEX home_row_titles_title_id_idx ON home_row_titles (title_id)",
)


def upgrade() -> None:
    """Create the tables of the home screen."""
    for statement in CREATE:
        op.execute(statement)
