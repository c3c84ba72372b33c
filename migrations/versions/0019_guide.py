"""Channels, their schedules, and imports of listings."""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

LANGUAGE = "language ~ '^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$'"

CREATE = (
    # An exclusion constraint compares through GiST, which knows ranges by itself but no UUIDs.
    "CREATE TYPE uuidrange AS RANGE (subtype = uuid)",
    """
    CREATE TABLE channels (
        title_id uuid PRIMARY KEY REFERENCES titles (id) ON DELETE CASCADE,
        listings_id text CONSTRAINT channels_listings_id_key UNIQUE
            CONSTRAINT channels_listings_id_check CHECK (length(listings_id) BETWEEN 1 AND 200)
    )
    """,
    """
    CREATE TABLE schedule_slots (
        id uuid PRIMARY KEY,
        channel_id uuid NOT NULL REFERENCES channels (title_id) ON DELETE CASCADE,
        starts_at timestamptz NOT NULL,
        ends_at timestamptz NOT NULL,
        title_id uuid REFERENCES titles (id) ON DELETE SET NULL,
        season_number smallint CONSTRAINT schedule_slots_season_number_check CHECK (season_number BETWEEN 1 AND 9999),
        episode_number smallint
            CONSTRAINT schedule_slots_episode_number_check CHECK (episode_number BETWEEN 1 AND 9999),
        production_year smallint
            CONSTRAINT schedule_slots_production_year_check CHECK (production_year BETWEEN 1878 AND 2200),
        is_premiere boolean NOT NULL,
        is_repeat boolean NOT NULL,
        origin text NOT NULL CONSTRAINT schedule_slots_origin_check CHECK (origin IN ('EDITOR', 'IMPORT')),
        version integer NOT NULL CONSTRAINT schedule_slots_version_check CHECK (version >= 1),
        CONSTRAINT schedule_slots_time_check
            CHECK (ends_at > starts_at AND ends_at - starts_at <= interval '24 hours'),
        CONSTRAINT schedule_slots_channel_id_starts_at_key UNIQUE (channel_id, starts_at),
        CONSTRAINT schedule_slots_overlap_excl EXCLUDE USING gist
            (uuidrange(channel_id, channel_id, '[]') WITH &&, tstzrange(starts_at, ends_at) WITH &&)
    )
    """,
    "CREATE INDEX schedule_slots_title_id_idx ON schedule_slots (title_id)",
    f"""
    CREATE TABLE schedule_slot_texts (
        slot_id uuid NOT NULL REFERENCES schedule_slots (id) ON DELETE CASCADE,
        language text NOT NULL CONSTRAINT schedule_slot_texts_language_check CHECK ({LANGUAGE}),
        name text NOT NULL CONSTRAINT schedule_slot_texts_name_check CHECK (length(name) BETWEEN 1 AND 200),
        subtitle text NOT NULL CONSTRAINT schedule_slot_texts_subtitle_check CHECK (length(subtitle) <= 200),
        synopsis text NOT NULL CONSTRAINT schedule_slot_texts_synopsis_check CHECK (length(synopsis) <= 5000),
        CONSTRAINT schedule_slot_texts_pkey PRIMARY KEY (slot_id, language)
    )
    """,
    """
    CREATE TABLE listings_imports (
        id uuid PRIMARY KEY,
        upload_id uuid REFERENCES uploads (id) ON DELETE SET NULL,
        state text NOT NULL CONSTRAINT listings_imports_state_check CHECK (state IN ('RUNNING', 'DONE', 'FAILED')),
        failure text,
        failure_line integer,
        programmes integer NOT NULL,
        added integer NOT NULL,
        changed integer NOT NULL,
        unchanged integer NOT NULL,
        removed integer NOT NULL,
        skipped integer NOT NULL,
        refused integer NOT NULL,
        created_by uuid NOT NULL REFERENCES accounts (id),
        created_at timestamptz NOT NULL,
        finished_at timestamptz,
        CONSTRAINT listings_imports_failure_check CHECK ((state = 'FAILED') = (failure IS NOT NULL)),
        CONSTRAINT listings_imports_finished_check CHECK ((state = 'RUNNING') = (finished_at IS NULL)),
        CONSTRAINT listings_imports_counts_check
            CHECK (programmes = added + changed + unchanged + skipped + refused AND removed >= 0)
    )
    """,
    "CREATE INDEX listings_imports_upload_id_idx ON listings_imports (upload_id)",
    "CREATE INDEX listings_imports_created_by_idx ON listings_imports (created_by)",
    "CREATE INDEX listings_imports_running_idx ON listings_imports (id) WHERE state = 'RUNNING'",
    """
    CREATE TABLE listings_problems (
        import_id uuid NOT NULL REFERENCES listings_imports (id) ON DELETE CASCADE,
        number integer NOT NULL,
        line integer NOT NULL,
        reason text NOT NULL,
        channel text NOT NULL,
        start text NOT NULL,
        quoted text NOT NULL,
        CONSTRAINT listings_problems_pkey PRIMARY KEY (import_id, number)
    )
    """,
    "CALL log_changes_of('channels', 'title_id')",
    # An import brings a hundred thousand slots a day: the log has the import, and what editors do by hand.
    """
    CREATE TRIGGER listings_imports_log_new AFTER INSERT ON listings_imports REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION log_editorial_work('')
    """,
    """
    CREATE TRIGGER listings_imports_log_change AFTER UPDATE ON listings_imports
    FOR EACH ROW WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION log_editorial_work('')
    """,
)
# Table, and its column that names the title.
LOGGED_BY_HAND = (("schedule_slots", "channel_id"), ("schedule_slot_texts", ""))
BY_HAND = "WHEN (current_setting('marquee.action', true) IS DISTINCT FROM 'import_listings')"


def upgrade() -> None:
    """Create the tables of programme guides."""
    for statement in CREATE:
        op.execute(statement)
    for table, column in LOGGED_BY_HAND:
        log = f"{BY_HAND} EXECUTE FUNCTION log_editorial_work('{column}')"
        op.execute(
            f"CREATE TRIGGER {table}_log_new AFTER INSERT ON {table} REFERENCING NEW TABLE AS new_rows"
            f" FOR EACH STATEMENT {log}"
        )
        op.execute(
            f"CREATE TRIGGER {table}_log_old AFTER DELETE ON {table} REFERENCING OLD TABLE AS old_rows"
            f" FOR EACH STATEMENT {log}"
        )
        op.execute(f"CREATE TRIGGER {table}_log_change AFTER UPDATE ON {table} FOR EACH ROW {log}")
