"""Assets: what is made of an upload, its encoding steps, and the packages that play.

Revision ID: 0005
Revises: 0004
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

CREATE = (
    """
    CREATE TABLE assets (
        id uuid CONSTRAINT assets_pkey PRIMARY KEY,
        account_id uuid NOT NULL CONSTRAINT assets_account_id_fkey REFERENCES accounts (id),
        title_id uuid NOT NULL CONSTRAINT assets_title_id_fkey REFERENCES titles (id),
        upload_id uuid NOT NULL CONSTRAINT assets_upload_id_fkey REFERENCES uploads (id),
        state text NOT NULL,
        priority smallint NOT NULL,
        schemes text[] NOT NULL,
        probe jsonb,
        plan jsonb,
        rejection_reason text,
        rejection_detail text,
        failure text,
        duration_s double precision,
        width integer,
        height integer,
        hdr boolean,
        steps_total integer DEFAULT 0 NOT NULL,
        steps_done integer DEFAULT 0 NOT NULL,
        packaging_fraction double precision DEFAULT 0 NOT NULL,
        poster_widths integer[] DEFAULT '{}'::integer[] NOT NULL,
        has_thumbnails boolean DEFAULT false NOT NULL,
        created_at timestamptz NOT NULL,
        ready_at timestamptz,
        CONSTRAINT assets_state_check CHECK (
            state IN ('PROBING', 'REJECTED', 'ENCODING', 'PACKAGING', 'READY', 'FAILED', 'CANCELLED')
        ),
        CONSTRAINT assets_rejection_check CHECK ((state = 'REJECTED') = (rejection_reason IS NOT NULL)),
        CONSTRAINT assets_failure_check CHECK ((state = 'FAILED') = (failure IS NOT NULL)),
        CONSTRAINT assets_ready_check CHECK ((state = 'READY') = (ready_at IS NOT NULL)),
        CONSTRAINT assets_plan_check CHECK (
            state NOT IN ('ENCODING', 'PACKAGING', 'READY') OR plan IS NOT NULL
        ),
        CONSTRAINT assets_packaged_whole_check CHECK (
            state NOT IN ('PACKAGING', 'READY') OR steps_done = steps_total
        ),
        CONSTRAINT assets_steps_check CHECK (0 <= steps_done AND steps_done <= steps_total),
        CONSTRAINT assets_packaging_fraction_check CHECK (0 <= packaging_fraction AND packaging_fraction <= 1),
        CONSTRAINT assets_priority_check CHECK (priority BETWEEN -10 AND 10),
        CONSTRAINT assets_schemes_check CHECK (
            cardinality(schemes) >= 1 AND schemes <@ '{cenc,cbcs}'::text[]
        )
    )
    """,
    "CREATE INDEX assets_upload_id_idx ON assets (upload_id)",
    """
    CREATE UNIQUE INDEX assets_in_progress_key ON assets (upload_id, title_id)
    WHERE state IN ('PROBING', 'ENCODING', 'PACKAGING')
    """,
    "CREATE INDEX assets_title_id_idx ON assets (title_id, created_at)",
    "CREATE INDEX assets_account_id_idx ON assets (account_id, created_at)",
    """
    CREATE TABLE asset_inputs (
        asset_id uuid NOT NULL CONSTRAINT asset_inputs_asset_id_fkey REFERENCES assets (id) ON DELETE CASCADE,
        position smallint NOT NULL,
        upload_id uuid NOT NULL CONSTRAINT asset_inputs_upload_id_fkey REFERENCES uploads (id),
        kind text NOT NULL,
        language text NOT NULL,
        CONSTRAINT asset_inputs_pkey PRIMARY KEY (asset_id, position),
        CONSTRAINT asset_inputs_kind_check CHECK (kind IN ('AUDIO', 'SUBTITLES', 'CAPTIONS', 'FORCED')),
        CONSTRAINT asset_inputs_position_check CHECK (position >= 0)
    )
    """,
    "CREATE INDEX asset_inputs_upload_id_idx ON asset_inputs (upload_id)",
    "CREATE UNIQUE INDEX asset_inputs_language_key ON asset_inputs (asset_id, kind, language)",
    """
    CREATE TABLE asset_steps (
        asset_id uuid NOT NULL CONSTRAINT asset_steps_asset_id_fkey REFERENCES assets (id) ON DELETE CASCADE,
        kind text NOT NULL,
        position integer NOT NULL,
        state text NOT NULL,
        attempt integer DEFAULT 0 NOT NULL,
        weight double precision NOT NULL,
        fraction double precision DEFAULT 0 NOT NULL,
        speed double precision,
        objects jsonb,
        started_at timestamptz,
        done_at timestamptz,
        CONSTRAINT asset_steps_pkey PRIMARY KEY (asset_id, kind, position),
        CONSTRAINT asset_steps_kind_check CHECK (kind IN ('CHUNK', 'AUDIO', 'TEXT')),
        CONSTRAINT asset_steps_state_check CHECK (state IN ('PENDING', 'RUNNING', 'DONE')),
        CONSTRAINT asset_steps_done_check CHECK ((state = 'DONE') = (objects IS NOT NULL AND done_at IS NOT NULL)),
        CONSTRAINT asset_steps_fraction_check CHECK (0 <= fraction AND fraction <= 1),
        CONSTRAINT asset_steps_position_check CHECK (position >= 0),
        CONSTRAINT asset_steps_weight_check CHECK (weight > 0)
    )
    """,
    """
    CREATE TABLE packages (
        id uuid CONSTRAINT packages_pkey PRIMARY KEY,
        asset_id uuid NOT NULL CONSTRAINT packages_asset_id_fkey REFERENCES assets (id) ON DELETE CASCADE,
        scheme text NOT NULL,
        state text NOT NULL,
        object_prefix text NOT NULL,
        duration_s double precision,
        segment_s double precision,
        size_bytes bigint,
        created_at timestamptz NOT NULL,
        CONSTRAINT packages_scheme_check CHECK (scheme IN ('cenc', 'cbcs')),
        CONSTRAINT packages_state_check CHECK (state IN ('BUILDING', 'READY')),
        CONSTRAINT packages_ready_check CHECK ((state = 'READY') = (duration_s IS NOT NULL))
    )
    """,
    "CREATE UNIQUE INDEX packages_ready_key ON packages (asset_id, scheme) WHERE state = 'READY'",
    "CREATE INDEX packages_asset_id_idx ON packages (asset_id)",
    """
    CREATE TABLE package_tracks (
        package_id uuid NOT NULL CONSTRAINT package_tracks_package_id_fkey REFERENCES packages (id) ON DELETE CASCADE,
        position smallint NOT NULL,
        representation text NOT NULL,
        kind text NOT NULL,
        track_class text,
        kid uuid,
        language text,
        label text NOT NULL,
        codec text,
        bandwidth integer,
        width integer,
        height integer,
        frame_rate double precision,
        CONSTRAINT package_tracks_pkey PRIMARY KEY (package_id, position),
        CONSTRAINT package_tracks_kind_check CHECK (kind IN ('VIDEO', 'AUDIO', 'TEXT')),
        CONSTRAINT package_tracks_track_class_check CHECK (track_class IN ('AUDIO', 'SD', 'HD', 'UHD')),
        CONSTRAINT package_tracks_class_of_kind_check CHECK ((kind = 'TEXT') = (track_class IS NULL)),
        CONSTRAINT package_tracks_encrypted_check CHECK ((track_class IS NULL) = (kid IS NULL))
    )
    """,
)


def upgrade() -> None:
    for statement in CREATE:
        op.execute(statement)


def downgrade() -> None:
    for table in ("package_tracks", "packages", "asset_steps", "asset_inputs", "assets"):
        op.execute(f"DROP TABLE {table}")
