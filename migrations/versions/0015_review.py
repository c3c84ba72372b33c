"""Revisions of titles, and what is set to happen to titles."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

CREATE = (
    """
    CREATE TABLE title_revisions (
        id uuid PRIMARY KEY,
        title_id uuid NOT NULL REFERENCES titles (id) ON DELETE CASCADE,
        state text NOT NULL CONSTRAINT title_revisions_state_check
            CHECK (state IN ('DRAFT', 'IN_REVIEW', 'APPROVED', 'REJECTED', 'PUBLISHED', 'DISCARDED')),
        changes jsonb NOT NULL CONSTRAINT title_revisions_changes_check CHECK (jsonb_array_length(changes) >= 1),
        version integer NOT NULL CONSTRAINT title_revisions_version_check CHECK (version >= 1),
        created_by uuid NOT NULL REFERENCES accounts (id),
        created_at timestamptz NOT NULL,
        reviewed_by uuid REFERENCES accounts (id),
        reviewed_at timestamptz,
        comment text CONSTRAINT title_revisions_comment_check CHECK (length(comment) <= 2000),
        published_at timestamptz,
        CONSTRAINT title_revisions_reviewed_check
            CHECK (state NOT IN ('APPROVED', 'REJECTED', 'PUBLISHED') OR reviewed_by IS NOT NULL),
        CONSTRAINT title_revisions_published_check CHECK ((state = 'PUBLISHED') = (published_at IS NOT NULL))
    )
    """,
    "CREATE INDEX title_revisions_title_id_idx ON title_revisions (title_id, id)",
    "CREATE INDEX title_revisions_state_idx ON title_revisions (state, id)",
    "CREATE INDEX title_revisions_created_by_idx ON title_revisions (created_by)",
    "CREATE INDEX title_revisions_reviewed_by_idx ON title_revisions (reviewed_by)",
    """
    CREATE TABLE scheduled_changes (
        id uuid PRIMARY KEY,
        title_id uuid NOT NULL REFERENCES titles (id) ON DELETE CASCADE,
        action text NOT NULL CONSTRAINT scheduled_changes_action_check
            CHECK (action IN ('PUBLISH', 'WITHDRAW', 'PUBLISH_REVISION')),
        revision_id uuid REFERENCES title_revisions (id) ON DELETE CASCADE,
        at timestamptz NOT NULL,
        state text NOT NULL CONSTRAINT scheduled_changes_state_check
            CHECK (state IN ('PENDING', 'DONE', 'FAILED', 'CANCELLED')),
        failure text,
        created_by uuid NOT NULL REFERENCES accounts (id),
        created_at timestamptz NOT NULL,
        settled_at timestamptz,
        CONSTRAINT scheduled_changes_revision_check CHECK ((action = 'PUBLISH_REVISION') = (revision_id IS NOT NULL)),
        CONSTRAINT scheduled_changes_settled_check CHECK ((state = 'PENDING') = (settled_at IS NULL)),
        CONSTRAINT scheduled_changes_failure_check CHECK ((state = 'FAILED') = (failure IS NOT NULL))
    )
    """,
    "CREATE INDEX scheduled_changes_title_id_idx ON scheduled_changes (title_id, at)",
    "CREATE INDEX scheduled_changes_revision_id_idx ON scheduled_changes (revision_id)",
    "CREATE INDEX scheduled_changes_created_by_idx ON scheduled_changes (created_by)",
    "CREATE INDEX scheduled_changes_due_idx ON scheduled_changes (at, id) WHERE state = 'PENDING'",
    "CREATE UNIQUE INDEX scheduled_changes_revision_key ON scheduled_changes (revision_id) WHERE state = 'PENDING'",
    "CALL log_changes_of('title_revisions', 'title_id')",
    "CALL log_changes_of('scheduled_changes', 'title_id')",
)


def upgrade() -> None:
    """Create the tables of editorial review."""
    for statement in CREATE:
        op.execute(statement)
