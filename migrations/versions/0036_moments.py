"""Moments of streams, and what hosts have prepared to show."""

from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

CHANGES = (
    """
    CREATE TABLE moments (
        id uuid PRIMARY KEY,
        stream_id uuid NOT NULL REFERENCES streams (id),
        kind text NOT NULL,
        present_at timestamptz NOT NULL,
        until timestamptz,
        subject_id uuid,
        details jsonb NOT NULL,
        announced_by uuid REFERENCES accounts (id),
        announced_at timestamptz NOT NULL,
        revoked_at timestamptz,
        CONSTRAINT moments_kind_check CHECK (kind IN (
            'POLL_OPENED', 'POLL_LOCKED', 'POLL_REVEALED', 'CHAPTER', 'SHOUT_OUT', 'PRODUCT_PINNED', 'PRODUCT_UNPINNED'
        )),
        CONSTRAINT moments_subject_check CHECK ((kind IN ('CHAPTER', 'SHOUT_OUT')) = (subject_id IS NULL)),
        CONSTRAINT moments_until_check CHECK ((kind = 'SHOUT_OUT') = (until IS NOT NULL) AND until > present_at)
    )
    """,
    "CREATE INDEX moments_stream_idx ON moments (stream_id, present_at, id)",
    "CREATE INDEX moments_announced_by_idx ON moments (announced_by)",
    # A poll opens, locks and is revealed once, whoever tells it twice.
    r"""
    CREATE UNIQUE INDEX moments_of_poll_idx ON moments (subject_id, kind)
    WHERE revoked_at IS NULL AND kind LIKE 'POLL\_%'
    """,
    "CREATE TABLE run_sheets (stream_id uuid PRIMARY KEY REFERENCES streams (id), version integer NOT NULL)",
    """
    CREATE TABLE run_items (
        id uuid PRIMARY KEY,
        stream_id uuid NOT NULL REFERENCES run_sheets (stream_id),
        position smallint NOT NULL,
        kind text NOT NULL,
        poll_id uuid REFERENCES polls (id),
        texts jsonb NOT NULL,
        duration_s integer,
        fired_at timestamptz,
        moment_id uuid REFERENCES moments (id),
        CONSTRAINT run_items_kind_check CHECK (kind IN ('POLL', 'CHAPTER', 'SHOUT_OUT', 'NOTE')),
        CONSTRAINT run_items_poll_check CHECK ((kind = 'POLL') = (poll_id IS NOT NULL)),
        CONSTRAINT run_items_position_check CHECK (position BETWEEN 0 AND 199),
        CONSTRAINT run_items_stream_id_position_key UNIQUE (stream_id, position) DEFERRABLE INITIALLY DEFERRED
    )
    """,
    "CREATE INDEX run_items_poll_id_idx ON run_items (poll_id)",
    "CREATE INDEX run_items_moment_id_idx ON run_items (moment_id)",
)


def upgrade() -> None:
    """Create the tables."""
    for statement in CHANGES:
        op.execute(statement)
