"""What viewers say in shows: chat with its moderation, questions with upvotes, and reactions by the second."""

from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

CHAT = (
    """
    CREATE TABLE chat_rooms (
        stream_id uuid PRIMARY KEY REFERENCES streams (id),
        is_open boolean NOT NULL,
        slow_mode_s integer NOT NULL,
        plans text[],
        blocked_words text[] NOT NULL,
        pinned_message_id uuid,
        version integer NOT NULL,
        CONSTRAINT chat_rooms_slow_mode_s_check CHECK (slow_mode_s BETWEEN 0 AND 3600)
    )
    """,
    """
    CREATE TABLE chat_messages (
        id uuid PRIMARY KEY,
        stream_id uuid NOT NULL REFERENCES streams (id),
        author_id uuid NOT NULL REFERENCES accounts (id),
        profile_id uuid NOT NULL REFERENCES profiles (id),
        client_id text NOT NULL,
        text text NOT NULL,
        is_by_staff boolean NOT NULL,
        media_time timestamptz NOT NULL,
        sent_at timestamptz NOT NULL,
        removed_at timestamptz,
        removed_by uuid REFERENCES accounts (id),
        CONSTRAINT chat_messages_text_check CHECK ((removed_at IS NULL) = (text <> '')),
        CONSTRAINT chat_messages_text_size_check CHECK (length(text) <= 500),
        CONSTRAINT chat_messages_client_id_check CHECK (length(client_id) BETWEEN 1 AND 64)
    )
    """,
    "CREATE UNIQUE INDEX chat_messages_sent_idx ON chat_messages (author_id, stream_id, client_id)",
    "CREATE INDEX chat_messages_stream_idx ON chat_messages (stream_id, id)",
    "CREATE INDEX chat_messages_profile_id_idx ON chat_messages (profile_id)",
    "CREATE INDEX chat_messages_removed_by_idx ON chat_messages (removed_by)",
    "CREATE INDEX chat_messages_sent_at_idx ON chat_messages USING brin (sent_at)",
    """
    ALTER TABLE chat_rooms ADD CONSTRAINT chat_rooms_pinned_message_id_fkey
        FOREIGN KEY (pinned_message_id) REFERENCES chat_messages (id) ON DELETE SET NULL
    """,
    "CREATE INDEX chat_rooms_pinned_message_id_idx ON chat_rooms (pinned_message_id)",
    """
    CREATE TABLE chat_talkers (
        stream_id uuid NOT NULL REFERENCES streams (id),
        account_id uuid NOT NULL REFERENCES accounts (id),
        last_sent_at timestamptz,
        full_at timestamptz NOT NULL,
        timed_out_until timestamptz,
        timed_out_by uuid REFERENCES accounts (id),
        CONSTRAINT chat_talkers_pkey PRIMARY KEY (stream_id, account_id)
    )
    """,
    "CREATE INDEX chat_talkers_account_id_idx ON chat_talkers (account_id)",
    "CREATE INDEX chat_talkers_timed_out_by_idx ON chat_talkers (timed_out_by)",
    """
    CREATE TABLE chat_moderators (
        stream_id uuid NOT NULL REFERENCES streams (id),
        account_id uuid NOT NULL REFERENCES accounts (id),
        profile_id uuid NOT NULL REFERENCES profiles (id),
        appointed_by uuid NOT NULL REFERENCES accounts (id),
        appointed_at timestamptz NOT NULL,
        CONSTRAINT chat_moderators_pkey PRIMARY KEY (stream_id, account_id)
    )
    """,
    "CREATE INDEX chat_moderators_account_id_idx ON chat_moderators (account_id)",
    "CREATE INDEX chat_moderators_profile_id_idx ON chat_moderators (profile_id)",
    "CREATE INDEX chat_moderators_appointed_by_idx ON chat_moderators (appointed_by)",
)

QUESTIONS = (
    """
    CREATE TABLE questions (
        id uuid PRIMARY KEY,
        stream_id uuid NOT NULL REFERENCES streams (id),
        author_id uuid NOT NULL REFERENCES accounts (id),
        profile_id uuid NOT NULL REFERENCES profiles (id),
        client_id text NOT NULL,
        text text NOT NULL,
        state text NOT NULL,
        is_pinned boolean NOT NULL,
        upvotes bigint NOT NULL,
        asked_at timestamptz NOT NULL,
        moderated_by uuid REFERENCES accounts (id),
        moderated_at timestamptz,
        version integer NOT NULL,
        CONSTRAINT questions_state_check CHECK (state IN ('PENDING', 'APPROVED', 'ANSWERED', 'HIDDEN')),
        CONSTRAINT questions_text_check CHECK (length(text) BETWEEN 1 AND 500),
        CONSTRAINT questions_client_id_check CHECK (length(client_id) BETWEEN 1 AND 64),
        CONSTRAINT questions_upvotes_check CHECK (upvotes >= 0),
        CONSTRAINT questions_pinned_check CHECK (NOT is_pinned OR state IN ('APPROVED', 'ANSWERED'))
    )
    """,
    "CREATE UNIQUE INDEX questions_asked_idx ON questions (author_id, stream_id, client_id)",
    "CREATE INDEX questions_ranking_idx ON questions (stream_id, state, is_pinned DESC, upvotes DESC, id)",
    "CREATE UNIQUE INDEX questions_pinned_idx ON questions (stream_id) WHERE is_pinned",
    "CREATE INDEX questions_profile_id_idx ON questions (profile_id)",
    "CREATE INDEX questions_moderated_by_idx ON questions (moderated_by)",
    """
    CREATE TABLE question_upvotes (
        question_id uuid NOT NULL REFERENCES questions (id) ON DELETE CASCADE,
        account_id uuid NOT NULL REFERENCES accounts (id),
        at timestamptz NOT NULL,
        CONSTRAINT question_upvotes_pkey PRIMARY KEY (question_id, account_id)
    )
    """,
    "CREATE INDEX question_upvotes_account_id_idx ON question_upvotes (account_id)",
    # Triggers count, so that the counter is the number of rows whatever becomes of a row.
    """
    CREATE FUNCTION count_upvotes() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        -- In one order everywhere, so that two of them never wait for each other in a circle.
        PERFORM 1 FROM questions WHERE id IN (SELECT question_id FROM counted) ORDER BY id FOR NO KEY UPDATE;
        UPDATE questions q SET upvotes = q.upvotes + c.sign * c.votes
        FROM (
            SELECT question_id, count(*) AS votes, CASE TG_OP WHEN 'INSERT' THEN 1 ELSE -1 END AS sign
            FROM counted GROUP BY question_id
        ) c
        WHERE q.id = c.question_id;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER question_upvotes_count_new AFTER INSERT ON question_upvotes REFERENCING NEW TABLE AS counted
    FOR EACH STATEMENT EXECUTE FUNCTION count_upvotes()
    """,
    """
    CREATE TRIGGER question_upvotes_count_old AFTER DELETE ON question_upvotes REFERENCING OLD TABLE AS counted
    FOR EACH STATEMENT EXECUTE FUNCTION count_upvotes()
    """,
)

REACTIONS = (
    """
    CREATE TABLE reaction_sets (
        stream_id uuid PRIMARY KEY REFERENCES streams (id),
        emojis text[] NOT NULL,
        version integer NOT NULL,
        CONSTRAINT reaction_sets_emojis_check CHECK (cardinality(emojis) <= 12)
    )
    """,
    """
    CREATE TABLE reaction_seconds (
        stream_id uuid NOT NULL REFERENCES streams (id),
        at timestamptz NOT NULL,
        emoji text NOT NULL,
        count bigint NOT NULL,
        CONSTRAINT reaction_seconds_pkey PRIMARY KEY (stream_id, at, emoji),
        CONSTRAINT reaction_seconds_count_check CHECK (count > 0)
    )
    """,
    "CREATE INDEX reaction_seconds_at_idx ON reaction_seconds (at)",
)


def upgrade() -> None:
    """Create the tables."""
    for statement in (*CHAT, *QUESTIONS, *REACTIONS):
        op.execute(statement)
