"""Streams: shows that go out live, each with a clock of its own."""

from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

CHANGES = (
    """
    CREATE TABLE streams (
        id uuid PRIMARY KEY,
        title_id uuid NOT NULL REFERENCES titles (id),
        asset_id uuid NOT NULL REFERENCES assets (id),
        name text NOT NULL,
        state text NOT NULL,
        max_latency_s integer NOT NULL,
        created_by uuid NOT NULL REFERENCES accounts (id),
        created_at timestamptz NOT NULL,
        went_live_at timestamptz,
        ended_at timestamptz,
        version integer NOT NULL,
        CONSTRAINT streams_state_check CHECK (state IN ('PREPARED', 'LIVE', 'ENDED')),
        CONSTRAINT streams_name_check CHECK (length(name) BETWEEN 1 AND 200),
        CONSTRAINT streams_max_latency_s_check CHECK (max_latency_s BETWEEN 1 AND 600),
        CONSTRAINT streams_times_check CHECK (
            (state = 'PREPARED') = (went_live_at IS NULL) AND (state = 'ENDED') = (ended_at IS NOT NULL)
            AND ended_at >= went_live_at
        )
    )
    """,
    "CREATE INDEX streams_asset_id_idx ON streams (asset_id)",
    "CREATE INDEX streams_created_by_idx ON streams (created_by)",
    "CREATE INDEX streams_title_idx ON streams (title_id, id)",
    # Two shows at once of one title would be two clocks for one picture.
    "CREATE UNIQUE INDEX streams_live_idx ON streams (title_id) WHERE state = 'LIVE'",
)


def upgrade() -> None:
    """Create the table."""
    for statement in CHANGES:
        op.execute(statement)
