"""Who is there: how many follow each stream, by process."""

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

CHANGES = (
    # Of no worth after a crash, and written every few seconds.
    """
    CREATE UNLOGGED TABLE presences (
        stream_id uuid NOT NULL,
        process_id uuid NOT NULL,
        viewers integer NOT NULL,
        seen_at timestamptz NOT NULL,
        CONSTRAINT presences_pkey PRIMARY KEY (stream_id, process_id),
        CONSTRAINT presences_viewers_check CHECK (viewers >= 0)
    )
    """,
    "CREATE INDEX presences_process_id_idx ON presences (process_id)",
    "CREATE INDEX presences_seen_at_idx ON presences (seen_at)",
)


def upgrade() -> None:
    """Create the table."""
    for statement in CHANGES:
        op.execute(statement)
