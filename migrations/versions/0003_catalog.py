"""Titles, their texts in several languages, and where and when they may be shown."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

CREATE = (
    """
    CREATE TABLE titles (
        id uuid PRIMARY KEY,
        kind text NOT NULL CONSTRAINT titles_kind_check CHECK (kind IN ('MOVIE', 'EPISODE', 'CLIP')),
        state text NOT NULL CONSTRAINT titles_state_check CHECK (state IN ('DRAFT', 'PUBLISHED', 'WITHDRAWN')),
        default_language text NOT NULL,
        release_year smallint CONSTRAINT titles_release_year_check CHECK (release_year BETWEEN 1878 AND 2200),
        maturity_age smallint NOT NULL CONSTRAINT titles_maturity_age_check CHECK (maturity_age BETWEEN 0 AND 21),
        version integer NOT NULL CONSTRAINT titles_version_check CHECK (version >= 1),
        created_by uuid NOT NULL REFERENCES accounts (id),
        created_at timestamptz NOT NULL,
        published_at timestamptz,
        CONSTRAINT titles_published_check CHECK (state <> 'PUBLISHED' OR published_at IS NOT NULL)
    )
    """,
    "CREATE INDEX titles_created_by_idx ON titles (created_by)",
    "CREATE INDEX titles_published_idx ON titles (id) WHERE state = 'PUBLISHED'",
    """
    CREATE TABLE title_texts (
        title_id uuid NOT NULL REFERENCES titles (id) ON DELETE CASCADE,
        language text NOT NULL
            CONSTRAINT title_texts_language_check
            CHECK (language ~ '^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$'),
        name text NOT NULL CONSTRAINT title_texts_name_check CHECK (length(name) BETWEEN 1 AND 200),
        synopsis text NOT NULL CONSTRAINT title_texts_synopsis_check CHECK (length(synopsis) <= 5000),
        CONSTRAINT title_texts_pkey PRIMARY KEY (title_id, language)
    )
    """,
    """
    CREATE TABLE title_rights (
        id uuid PRIMARY KEY,
        title_id uuid NOT NULL REFERENCES titles (id) ON DELETE CASCADE,
        territory text NOT NULL CONSTRAINT title_rights_territory_check CHECK (territory ~ '^([A-Z]{2}|[*])$'),
        opens_at timestamptz NOT NULL,
        closes_at timestamptz,
        CONSTRAINT title_rights_window_check CHECK (closes_at > opens_at),
        CONSTRAINT title_rights_title_id_territory_opens_at_key UNIQUE (title_id, territory, opens_at)
    )
    """,
)


def upgrade() -> None:
    """Create the tables of the catalog."""
    for statement in CREATE:
        op.execute(statement)
