"""The search index: one document for each title, the words of all names, and how far the index has followed."""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

CREATE = (
    """
    CREATE TABLE search_documents (
        title_id uuid PRIMARY KEY REFERENCES titles (id) ON DELETE CASCADE,
        kind text NOT NULL,
        released smallint,
        names text[] NOT NULL,
        vector tsvector NOT NULL,
        genres text[] NOT NULL,
        audio_languages text[] NOT NULL,
        weight real NOT NULL
    )
    """,
    "CREATE INDEX search_documents_vector_idx ON search_documents USING gin (vector) WITH (fastupdate = off)",
    """
    CREATE TABLE search_words (
        word text COLLATE "C" PRIMARY KEY,
        grams text[] NOT NULL
    )
    """,
    "CREATE INDEX search_words_grams_idx ON search_words USING gin (grams) WITH (fastupdate = off)",
    """
    CREATE TABLE search_progress (
        one boolean PRIMARY KEY CONSTRAINT search_progress_one_check CHECK (one),
        epoch uuid,
        "offset" bigint NOT NULL,
        rebuilt_to uuid
    )
    """,
    # Whatever is in the catalog already is indexed from its beginning.
    """INSERT INTO search_progress VALUES (true, NULL, 0, '00000000-0000-0000-0000-000000000000')""",
)


def upgrade() -> None:
    """Create the index; a worker fills it."""
    for statement in CREATE:
        op.execute(statement)
