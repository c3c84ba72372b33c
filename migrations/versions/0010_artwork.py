"""Artwork of titles, and the files made of it."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

CREATE = (
    """
    CREATE TABLE artworks (
        id uuid PRIMARY KEY,
        title_id uuid NOT NULL CONSTRAINT artworks_title_id_fkey REFERENCES titles (id) ON DELETE CASCADE,
        kind text NOT NULL CONSTRAINT artworks_kind_check CHECK (kind IN ('POSTER', 'BACKDROP', 'LOGO', 'STILL')),
        language text
            CONSTRAINT artworks_language_check
            CHECK (language ~ '^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$'),
        upload_id uuid NOT NULL REFERENCES uploads (id),
        state text NOT NULL
            CONSTRAINT artworks_state_check CHECK (state IN ('PROCESSING', 'READY', 'FAILED', 'REPLACED')),
        failure text,
        width integer,
        height integer,
        dominant_color text,
        blur_hash text,
        created_by uuid NOT NULL REFERENCES accounts (id),
        created_at timestamptz NOT NULL,
        CONSTRAINT artworks_failure_check CHECK ((state = 'FAILED') = (failure IS NOT NULL)),
        CONSTRAINT artworks_ready_check CHECK (
            state <> 'READY'
            OR (width > 0 AND height > 0 AND dominant_color IS NOT NULL AND blur_hash IS NOT NULL)
        )
    )
    """,
    "CREATE INDEX artworks_title_id_idx ON artworks (title_id, id)",
    "CREATE INDEX artworks_upload_id_idx ON artworks (upload_id)",
    "CREATE INDEX artworks_created_by_idx ON artworks (created_by)",
    """
    CREATE UNIQUE INDEX artworks_place_key ON artworks (title_id, kind, language)
    NULLS NOT DISTINCT WHERE state = 'READY'
    """,
    """
    CREATE TABLE artwork_renditions (
        artwork_id uuid NOT NULL REFERENCES artworks (id) ON DELETE CASCADE,
        format text NOT NULL
            CONSTRAINT artwork_renditions_format_check CHECK (format IN ('JPEG', 'PNG', 'WEBP', 'AVIF')),
        width smallint NOT NULL,
        height integer NOT NULL,
        size_bytes integer NOT NULL,
        name text NOT NULL,
        CONSTRAINT artwork_renditions_pkey PRIMARY KEY (artwork_id, format, width),
        CONSTRAINT artwork_renditions_size_check CHECK (width > 0 AND height > 0 AND size_bytes > 0)
    )
    """,
    "CREATE INDEX artwork_renditions_name_idx ON artwork_renditions (name)",
)


def upgrade() -> None:
    """Create the tables of artwork."""
    for statement in CREATE:
        op.execute(statement)
