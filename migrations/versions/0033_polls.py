"""Polls of streams, their votes and tallies, and the ledger of points."""

from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE polls (
        id uuid PRIMARY KEY,
        stream_id uuid NOT NULL REFERENCES streams (id),
        kind text NOT NULL,
        state text NOT NULL,
        question jsonb NOT NULL,
        min_choices smallint NOT NULL,
        max_choices smallint NOT NULL,
        points integer NOT NULL,
        reveal text NOT NULL,
        is_anonymous boolean NOT NULL,
        allows_change boolean NOT NULL,
        requires_playback boolean NOT NULL,
        reveals_itself boolean NOT NULL,
        duration_s integer,
        plans text[],
        territories text[],
        weights jsonb NOT NULL,
        max_latency_s integer NOT NULL,
        opens_at timestamptz,
        locks_at timestamptz,
        is_cancelled boolean NOT NULL,
        paid_at timestamptz,
        undo jsonb,
        created_by uuid NOT NULL REFERENCES accounts (id),
        created_at timestamptz NOT NULL,
        version integer NOT NULL,
        CONSTRAINT polls_kind_check CHECK (kind IN ('SINGLE', 'MULTIPLE', 'QUIZ', 'RATING', 'PREDICTION')),
        CONSTRAINT polls_state_check
            CHECK (state IN ('DRAFT', 'SCHEDULED', 'OPEN', 'LOCKED', 'REVEALED', 'ARCHIVED')),
        CONSTRAINT polls_reveal_check CHECK (reveal IN ('LIVE', 'AFTER_VOTE', 'AT_END')),
        CONSTRAINT polls_choices_check CHECK (min_choices BETWEEN 1 AND max_choices AND max_choices <= 20),
        CONSTRAINT polls_points_check CHECK (points BETWEEN 0 AND 1000000),
        CONSTRAINT polls_window_check CHECK (
            locks_at >= opens_at
            AND (state NOT IN ('SCHEDULED', 'OPEN', 'LOCKED', 'REVEALED') OR opens_at IS NOT NULL)
            AND (state NOT IN ('LOCKED', 'REVEALED') OR locks_at IS NOT NULL)
        )
    )
    """,
    "CREATE INDEX polls_stream_idx ON polls (stream_id, id)",
    "CREATE INDEX polls_created_by_idx ON polls (created_by)",
    """
    CREATE TABLE poll_options (
        id uuid PRIMARY KEY,
        poll_id uuid NOT NULL REFERENCES polls (id) ON DELETE CASCADE,
        number smallint NOT NULL,
        label jsonb NOT NULL,
        artwork_id uuid REFERENCES artworks (id) ON DELETE SET NULL,
        is_right boolean NOT NULL,
        CONSTRAINT poll_options_number_check CHECK (number BETWEEN 1 AND 20),
        CONSTRAINT poll_options_poll_id_number_key UNIQUE (poll_id, number),
        CONSTRAINT poll_options_poll_id_id_key UNIQUE (poll_id, id)
    )
    """,
    "CREATE INDEX poll_options_artwork_id_idx ON poll_options (artwork_id)",
    # A row of these is written with every flush of votes: room for its next version on the same page.
    """
    CREATE TABLE poll_tallies (
        poll_id uuid NOT NULL,
        option_id uuid NOT NULL,
        votes bigint NOT NULL,
        weight bigint NOT NULL,
        stake bigint NOT NULL,
        CONSTRAINT poll_tallies_pkey PRIMARY KEY (poll_id, option_id),
        CONSTRAINT poll_tallies_poll_id_option_id_fkey FOREIGN KEY (poll_id, option_id)
            REFERENCES poll_options (poll_id, id) ON DELETE CASCADE,
        CONSTRAINT poll_tallies_counts_check CHECK (votes >= 0 AND weight >= votes AND stake >= 0)
    ) WITH (fillfactor = 50)
    """,
    """
    CREATE TABLE poll_turnouts (
        poll_id uuid PRIMARY KEY REFERENCES polls (id) ON DELETE CASCADE,
        voters bigint NOT NULL CONSTRAINT poll_turnouts_voters_check CHECK (voters >= 0)
    ) WITH (fillfactor = 50)
    """,
    # No foreign keys: whoever inserts holds the poll's row, the tally's row is there or the vote is refused, and a
    # check for each of thousands of votes a second would cost more than writing them.
    """
    CREATE TABLE votes (
        poll_id uuid NOT NULL,
        voter_id uuid NOT NULL,
        slot smallint NOT NULL,
        option_id uuid,
        weight smallint NOT NULL,
        stake integer NOT NULL,
        casts smallint NOT NULL,
        cast_at timestamptz NOT NULL,
        CONSTRAINT votes_pkey PRIMARY KEY (poll_id, voter_id, slot),
        CONSTRAINT votes_slot_check CHECK (slot BETWEEN 0 AND 19),
        CONSTRAINT votes_option_check CHECK (option_id IS NOT NULL OR slot > 0),
        CONSTRAINT votes_weight_check CHECK (weight BETWEEN 1 AND 100),
        CONSTRAINT votes_stake_check CHECK (stake BETWEEN 0 AND 1000000)
    )
    """,
    "CREATE INDEX votes_voter_id_idx ON votes (voter_id)",
    """
    CREATE TABLE point_entries (
        movement_id uuid NOT NULL,
        holder_id uuid NOT NULL,
        stream_id uuid NOT NULL,
        poll_id uuid,
        reason text NOT NULL,
        points bigint NOT NULL,
        at timestamptz NOT NULL,
        CONSTRAINT point_entries_pkey PRIMARY KEY (movement_id, holder_id),
        CONSTRAINT point_entries_reason_check CHECK (reason IN ('WELCOME', 'STAKE', 'PAYOUT', 'REFUND', 'QUIZ')),
        CONSTRAINT point_entries_points_check CHECK (points <> 0)
    )
    """,
    "CREATE INDEX point_entries_holder_idx ON point_entries (holder_id, stream_id)",
    """
    CREATE TABLE point_balances (
        stream_id uuid NOT NULL REFERENCES streams (id),
        holder_id uuid NOT NULL,
        is_player boolean NOT NULL,
        points bigint NOT NULL,
        CONSTRAINT point_balances_pkey PRIMARY KEY (stream_id, holder_id),
        CONSTRAINT point_balances_points_check CHECK (points >= 0 OR holder_id = stream_id)
    )
    """,
    "CREATE INDEX point_balances_board_idx ON point_balances (stream_id, points DESC, holder_id) WHERE is_player",
    "CREATE INDEX point_balances_holder_id_idx ON point_balances (holder_id)",
)

# What was there before and what is there now, each with its sign; a trigger sees one of them or both.
OLD = "SELECT poll_id, option_id, slot, -1 AS sign, weight, stake FROM old_rows"
NEW = "SELECT poll_id, option_id, slot, 1 AS sign, weight, stake FROM new_rows"
COUNT = """
    CREATE FUNCTION count_votes_{name}() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        counted bigint;
        moved bigint;
    BEGIN
        -- In one order everywhere, so that two flushes never wait for each other in a circle.
        PERFORM 1 FROM poll_tallies WHERE poll_id IN (SELECT poll_id FROM ({rows}) d)
            ORDER BY poll_id, option_id FOR NO KEY UPDATE;
        WITH deltas AS (
            SELECT poll_id, option_id, sum(sign) AS votes, sum(sign * weight) AS weight, sum(sign * stake) AS stake
            FROM ({rows}) d WHERE option_id IS NOT NULL GROUP BY poll_id, option_id
        ), written AS (
            UPDATE poll_tallies t
            SET votes = t.votes + deltas.votes, weight = t.weight + deltas.weight, stake = t.stake + deltas.stake
            FROM deltas WHERE t.poll_id = deltas.poll_id AND t.option_id = deltas.option_id
            RETURNING 1
        )
        SELECT (SELECT count(*) FROM deltas), (SELECT count(*) FROM written) INTO counted, moved;
        IF counted <> moved THEN
            RAISE EXCEPTION 'a vote for what is no option of its poll' USING ERRCODE = 'foreign_key_violation';
        END IF;
        UPDATE poll_turnouts t SET voters = t.voters + d.voters
        FROM (SELECT poll_id, sum(sign) AS voters FROM ({rows}) d WHERE slot = 0 GROUP BY poll_id) d
        WHERE t.poll_id = d.poll_id AND d.voters <> 0;
        RETURN NULL;
    END $$
"""
COUNTING = (
    COUNT.format(name="new", rows=NEW),
    COUNT.format(name="old", rows=OLD),
    COUNT.format(name="change", rows=f"{OLD} UNION ALL {NEW}"),
    """
    CREATE TRIGGER votes_count_new AFTER INSERT ON votes REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION count_votes_new()
    """,
    """
    CREATE TRIGGER votes_count_old AFTER DELETE ON votes REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION count_votes_old()
    """,
    """
    CREATE TRIGGER votes_count_change AFTER UPDATE ON votes
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION count_votes_change()
    """,
)
LEDGER = (
    # All entries of a movement come in one statement, so it is balanced at its end or never.
    """
    CREATE FUNCTION move_points() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (SELECT 1 FROM new_rows GROUP BY movement_id HAVING sum(points) <> 0) THEN
            RAISE EXCEPTION 'points of a movement must come to zero' USING ERRCODE = 'check_violation';
        END IF;
        INSERT INTO point_balances (stream_id, holder_id, is_player, points)
        SELECT DISTINCT stream_id, holder_id, holder_id <> stream_id AND holder_id IS DISTINCT FROM poll_id, 0
        FROM new_rows ORDER BY 3 DESC, 2 ON CONFLICT DO NOTHING;
        -- In one order everywhere, so that nobody waits in a circle; pots and the house, which all want, come last.
        PERFORM 1 FROM point_balances WHERE (stream_id, holder_id) IN (SELECT stream_id, holder_id FROM new_rows)
            ORDER BY is_player DESC, holder_id FOR NO KEY UPDATE;
        UPDATE point_balances b SET points = b.points + d.points
        FROM (SELECT stream_id, holder_id, sum(points) AS points FROM new_rows GROUP BY stream_id, holder_id) d
        WHERE b.stream_id = d.stream_id AND b.holder_id = d.holder_id;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER point_entries_move AFTER INSERT ON point_entries REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION move_points()
    """,
    """
    CREATE FUNCTION refuse_point_entries_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'the ledger of points is append-only' USING ERRCODE = 'restrict_violation';
    END $$
    """,
    """
    CREATE TRIGGER point_entries_keeps BEFORE UPDATE OR DELETE OR TRUNCATE ON point_entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_point_entries_change()
    """,
)


def upgrade() -> None:
    """Create what polls and points need."""
    for statement in (*TABLES, *COUNTING, *LEDGER):
        op.execute(statement)
