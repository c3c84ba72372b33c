"""Webhooks out: endpoints, how far the log was read for them, deliveries and their attempts."""

from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

CHANGES = (
    """
    CREATE TABLE webhook_endpoints (
        id uuid PRIMARY KEY,
        title_id uuid NOT NULL REFERENCES titles (id),
        url text NOT NULL,
        description text NOT NULL,
        event_types text[] NOT NULL,
        sealed_secret bytea NOT NULL,
        sealed_previous_secret bytea,
        rotates_until timestamptz,
        disabled_reason text,
        failing_since timestamptz,
        created_by uuid NOT NULL REFERENCES accounts (id),
        created_at timestamptz NOT NULL,
        version integer NOT NULL,
        CONSTRAINT webhook_endpoints_url_check CHECK (length(url) BETWEEN 1 AND 2000),
        CONSTRAINT webhook_endpoints_event_types_check CHECK (cardinality(event_types) BETWEEN 1 AND 50),
        CONSTRAINT webhook_endpoints_disabled_reason_check CHECK (
            disabled_reason IN ('BY_HOST', 'FAILED_FOR_LONG', 'GONE')
        ),
        CONSTRAINT webhook_endpoints_rotation_check CHECK (
            (sealed_previous_secret IS NULL) = (rotates_until IS NULL)
        )
    )
    """,
    "CREATE INDEX webhook_endpoints_title_idx ON webhook_endpoints (title_id, id)",
    "CREATE INDEX webhook_endpoints_created_by_idx ON webhook_endpoints (created_by)",
    """
    CREATE TABLE webhook_positions (
        stream_id uuid PRIMARY KEY REFERENCES streams (id),
        epoch uuid NOT NULL,
        "offset" bigint NOT NULL
    )
    """,
    """
    CREATE TABLE webhook_deliveries (
        id uuid PRIMARY KEY,
        endpoint_id uuid NOT NULL REFERENCES webhook_endpoints (id) ON DELETE CASCADE,
        event_id text NOT NULL,
        event_type text NOT NULL,
        object_key text NOT NULL,
        sequence bigint GENERATED ALWAYS AS IDENTITY,
        body bytea NOT NULL,
        occurred_at timestamptz NOT NULL,
        state text NOT NULL,
        attempts integer NOT NULL,
        forgiven integer NOT NULL,
        next_attempt_at timestamptz,
        claimed_until timestamptz,
        last_status integer,
        settled_at timestamptz,
        CONSTRAINT webhook_deliveries_state_check CHECK (state IN ('PENDING', 'DELIVERED', 'FAILED', 'HELD')),
        CONSTRAINT webhook_deliveries_next_check CHECK ((state = 'PENDING') = (next_attempt_at IS NOT NULL)),
        CONSTRAINT webhook_deliveries_attempts_check CHECK (forgiven BETWEEN 0 AND attempts)
    )
    """,
    # Each event goes to each endpoint once, however often the log is read.
    "CREATE UNIQUE INDEX webhook_deliveries_event_idx ON webhook_deliveries (endpoint_id, event_id)",
    "CREATE INDEX webhook_deliveries_list_idx ON webhook_deliveries (endpoint_id, sequence)",
    """
    CREATE INDEX webhook_deliveries_line_idx ON webhook_deliveries (endpoint_id, object_key, sequence)
        WHERE state = 'PENDING'
    """,
    "CREATE INDEX webhook_deliveries_due_idx ON webhook_deliveries (next_attempt_at) WHERE state = 'PENDING'",
    "CREATE INDEX webhook_deliveries_occurred_at_idx ON webhook_deliveries (occurred_at)",
    """
    CREATE TABLE webhook_attempts (
        delivery_id uuid NOT NULL REFERENCES webhook_deliveries (id) ON DELETE CASCADE,
        number integer NOT NULL,
        at timestamptz NOT NULL,
        status integer,
        error text,
        took_ms integer NOT NULL,
        CONSTRAINT webhook_attempts_pkey PRIMARY KEY (delivery_id, number)
    )
    """,
)


def upgrade() -> None:
    """Create the tables."""
    for statement in CHANGES:
        op.execute(statement)
