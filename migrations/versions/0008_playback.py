"""Playback sessions, the screens they hold, and where profiles left off."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

CREATE = (
    "CREATE TABLE stream_holders (account_id uuid PRIMARY KEY REFERENCES accounts (id))",
    """
    CREATE TABLE playback_sessions (
        id uuid PRIMARY KEY,
        account_id uuid NOT NULL REFERENCES accounts (id),
        profile_id uuid NOT NULL REFERENCES profiles (id),
        device_id uuid NOT NULL REFERENCES devices (id),
        title_id uuid NOT NULL REFERENCES titles (id),
        asset_id uuid NOT NULL REFERENCES assets (id),
        slot smallint NOT NULL CONSTRAINT playback_sessions_slot_check CHECK (slot BETWEEN 1 AND 20),
        state text NOT NULL
            CONSTRAINT playback_sessions_state_check CHECK (state IN ('ACTIVE', 'ENDED', 'REVOKED', 'EXPIRED')),
        player_state text
            CONSTRAINT playback_sessions_player_state_check CHECK (player_state IN ('PLAYING', 'PAUSED', 'BUFFERING')),
        started_at timestamptz NOT NULL,
        lease_until timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        ended_at timestamptz,
        sequence integer NOT NULL,
        position_s double precision NOT NULL
            CONSTRAINT playback_sessions_position_s_check CHECK (position_s >= 0),
        duration_s double precision NOT NULL,
        address text NOT NULL,
        track_classes text[] NOT NULL,
        max_height integer,
        question jsonb NOT NULL,
        CONSTRAINT playback_sessions_ended_check CHECK ((state = 'ACTIVE') = (ended_at IS NULL))
    )
    """,
    *(
        f"CREATE INDEX playback_sessions_{column}_idx ON playback_sessions ({column})"
        for column in ("account_id", "profile_id", "device_id", "title_id", "asset_id")
    ),
    # A screen of an account is held by one session at a time, whatever the code above may think.
    "CREATE UNIQUE INDEX playback_sessions_screens_idx ON playback_sessions (account_id, slot) WHERE state = 'ACTIVE'",
    """
    CREATE TABLE resume_points (
        profile_id uuid NOT NULL REFERENCES profiles (id),
        title_id uuid NOT NULL REFERENCES titles (id),
        position_s double precision NOT NULL CONSTRAINT resume_points_position_s_check CHECK (position_s >= 0),
        duration_s double precision NOT NULL,
        updated_at timestamptz NOT NULL,
        CONSTRAINT resume_points_pkey PRIMARY KEY (profile_id, title_id)
    )
    """,
    "CREATE INDEX resume_points_title_id_idx ON resume_points (title_id)",
    "CREATE INDEX resume_points_unfinished_idx ON resume_points (profile_id, updated_at) WHERE position_s > 0",
)


def upgrade() -> None:
    """Create the tables of playback."""
    for statement in CREATE:
        op.execute(statement)
