"""What is watched, counted: trends by territory, and titles that are watched by the same people."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

CREATE = (
    """
    CREATE TABLE title_trends (
        territory text NOT NULL,
        title_id uuid NOT NULL REFERENCES titles (id) ON DELETE CASCADE,
        score integer NOT NULL CONSTRAINT title_trends_score_check CHECK (score > 0),
        CONSTRAINT title_trends_pkey PRIMARY KEY (territory, title_id)
    )
    """,
    "CREATE INDEX title_trends_title_id_idx ON title_trends (title_id)",
    "CREATE INDEX title_trends_score_idx ON title_trends (territory, score, title_id)",
    """
    CREATE TABLE title_neighbours (
        title_id uuid NOT NULL REFERENCES titles (id) ON DELETE CASCADE,
        neighbour_id uuid NOT NULL REFERENCES titles (id) ON DELETE CASCADE,
        score integer NOT NULL CONSTRAINT title_neighbours_score_check CHECK (score > 0),
        CONSTRAINT title_neighbours_pkey PRIMARY KEY (title_id, neighbour_id)
    )
    """,
    "CREATE INDEX title_neighbours_neighbour_id_idx ON title_neighbours (neighbour_id)",
)


def upgrade() -> None:
    """Create the counters, and the indexes by which rows find what is new and what is leaving."""
    for statement in CREATE:
        op.execute(statement)
    with op.get_context().autocommit_block():
        op.create_index(
            "titles_fresh_idx",
            "titles",
            ["published_at", "id"],
            postgresql_where="state = 'PUBLISHED'",
            postgresql_concurrently=True,
        )
        op.create_index(
            "title_rights_closing_idx",
            "title_rights",
            ["closes_at", "title_id"],
            postgresql_where="closes_at IS NOT NULL",
            postgresql_concurrently=True,
        )
        # Sessions are written in the order of their start, so the smallest of indexes finds the last days.
        op.create_index(
            "playback_sessions_started_at_idx",
            "playback_sessions",
            ["started_at"],
            postgresql_using="brin",
            postgresql_concurrently=True,
        )
