"""The audit log of editorial work, and the triggers that write and keep it."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

# Table, and its column that names the title.
AUDITED = (("titles", "id"), ("title_texts", "title_id"), ("title_rights", "title_id"), ("artworks", "title_id"))

LOG = (
    """
    CREATE TABLE editorial_log (
        number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        at timestamptz NOT NULL,
        transaction bigint NOT NULL,
        account_id uuid,
        action text NOT NULL,
        subject text NOT NULL,
        operation text NOT NULL
            CONSTRAINT editorial_log_operation_check CHECK (operation IN ('CREATED', 'CHANGED', 'REMOVED')),
        title_id uuid,
        before jsonb,
        after jsonb,
        CONSTRAINT editorial_log_before_check CHECK ((before IS NULL) = (operation = 'CREATED')),
        CONSTRAINT editorial_log_after_check CHECK ((after IS NULL) = (operation = 'REMOVED'))
    )
    """,
    "CREATE INDEX editorial_log_title_id_idx ON editorial_log (title_id, number DESC)",
    """
    CREATE FUNCTION refuse_log_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'the log of editorial work is append-only' USING ERRCODE = 'restrict_violation';
    END $$
    """,
    """
    CREATE TRIGGER editorial_log_keeps BEFORE UPDATE OR DELETE OR TRUNCATE ON editorial_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_log_change()
    """,
    # New and removed rows are logged by one statement for all of them, because imports bring thousands at a time.
    # The argument names the column with the title; empty for tables of other things.
    """
    CREATE FUNCTION log_editorial_work() RETURNS trigger LANGUAGE plpgsql AS $$
    #variable_conflict use_variable
    DECLARE
        by_account uuid := nullif(current_setting('marquee.account', true), '')::uuid;
        by_action text := coalesce(nullif(current_setting('marquee.action', true), ''), 'unnamed');
        at_instant timestamptz := coalesce(nullif(current_setting('marquee.at', true), '')::timestamptz, now());
        in_transaction bigint := pg_current_xact_id()::text::bigint;
    BEGIN
        IF TG_OP = 'INSERT' THEN
            INSERT INTO editorial_log
                (at, transaction, account_id, action, subject, operation, title_id, before, after)
            SELECT at_instant, in_transaction, by_account, by_action, TG_TABLE_NAME, 'CREATED',
                (to_jsonb(r) ->> TG_ARGV[0])::uuid, NULL, to_jsonb(r)
            FROM new_rows r;
        ELSIF TG_OP = 'DELETE' THEN
            INSERT INTO editorial_log
                (at, transaction, account_id, action, subject, operation, title_id, before, after)
            SELECT at_instant, in_transaction, by_account, by_action, TG_TABLE_NAME, 'REMOVED',
                (to_jsonb(r) ->> TG_ARGV[0])::uuid, to_jsonb(r), NULL
            FROM old_rows r;
        ELSIF to_jsonb(OLD) IS DISTINCT FROM to_jsonb(NEW) THEN
            INSERT INTO editorial_log
                (at, transaction, account_id, action, subject, operation, title_id, before, after)
            VALUES (at_instant, in_transaction, by_account, by_action, TG_TABLE_NAME, 'CHANGED',
                (to_jsonb(NEW) ->> TG_ARGV[0])::uuid, to_jsonb(OLD), to_jsonb(NEW));
        END IF;
        RETURN NULL;
    END $$
    """,
    # Later migrations bring their tables under the log with this.
    """
    CREATE PROCEDURE log_changes_of(audited text, title_column text) LANGUAGE plpgsql AS $$
    BEGIN
        EXECUTE format('CREATE TRIGGER %I AFTER INSERT ON %I REFERENCING NEW TABLE AS new_rows
            FOR EACH STATEMENT EXECUTE FUNCTION log_editorial_work(%L)', audited || '_log_new', audited, title_column);
        EXECUTE format('CREATE TRIGGER %I AFTER DELETE ON %I REFERENCING OLD TABLE AS old_rows
            FOR EACH STATEMENT EXECUTE FUNCTION log_editorial_work(%L)', audited || '_log_old', audited, title_column);
        EXECUTE format('CREATE TRIGGER %I AFTER UPDATE ON %I
            FOR EACH ROW EXECUTE FUNCTION log_editorial_work(%L)', audited || '_log_change', audited, title_column);
    END $$
    """,
)


def upgrade() -> None:
    """Create the log and bring the tables of titles under it."""
    for statement in LOG:
        op.execute(statement)
    for table, title_column in AUDITED:
        op.execute(f"CALL log_changes_of('{table}', '{title_column}')")
