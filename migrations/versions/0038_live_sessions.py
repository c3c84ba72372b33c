"""Which stream a playback session plays, if it plays one."""

from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; sessions that are there play titles on demand."""
    op.execute("ALTER TABLE playback_sessions ADD COLUMN stream_id uuid REFERENCES streams (id)")
    op.execute("CREATE INDEX playback_sessions_stream_id_idx ON playback_sessions (stream_id)")
