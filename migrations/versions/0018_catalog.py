"""The whole catalog: series and their parts, people, genres and tags, collections, ratings, extras, markers."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

LANGUAGE = "'^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$'"
KINDS = "('MOVIE', 'SERIES', 'SEASON', 'EPISODE', 'CLIP', 'LIVE_EVENT', 'CHANNEL')"

# Each is checked for new rows at once and for old ones afterwards, which takes no lock that anybody waits for.
CHECKS = {
    "titles_kind_check": f"kind IN {KINDS}",
    "titles_parent_check": (
        "parent_id IS NULL OR kind = 'SEASON' AND parent_kind = 'SERIES'"
        " OR kind = 'EPISODE' AND parent_kind IN ('SERIES', 'SEASON')"
    ),
    "titles_part_check": "(parent_id IS NULL) = (parent_kind IS NULL) AND (parent_id IS NULL) = (number IS NULL)",
    "titles_number_check": "number BETWEEN 0 AND 9999",
    "titles_original_language_check": f"original_language ~ {LANGUAGE}",
    "titles_starts_at_check": "(kind = 'LIVE_EVENT') = (starts_at IS NOT NULL)",
    "titles_ends_at_check": "ends_at > starts_at",
}

RIGHTS_CHECKS = {
    "title_rights_device_classes_check": "device_classes <@ '{WEB,MOBILE,TV,CONSOLE}' AND device_classes <> '{}'",
    "title_rights_plans_check": "plans <> '{}'",
}

CREATE = (
    """
    CREATE TABLE people (
        id uuid PRIMARY KEY,
        default_language text NOT NULL,
        version integer NOT NULL CONSTRAINT people_version_check CHECK (version >= 1),
        created_by uuid NOT NULL REFERENCES accounts (id),
        created_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX people_created_by_idx ON people (created_by)",
    f"""
    CREATE TABLE person_texts (
        person_id uuid NOT NULL REFERENCES people (id) ON DELETE CASCADE,
        language text NOT NULL CONSTRAINT person_texts_language_check CHECK (language ~ {LANGUAGE}),
        name text NOT NULL CONSTRAINT person_texts_name_check CHECK (length(name) BETWEEN 1 AND 200),
        biography text NOT NULL CONSTRAINT person_texts_biography_check CHECK (length(biography) <= 5000),
        CONSTRAINT person_texts_pkey PRIMARY KEY (person_id, language)
    )
    """,
    """
    CREATE TABLE credits (
        title_id uuid NOT NULL REFERENCES titles (id) ON DELETE CASCADE,
        position smallint NOT NULL CONSTRAINT credits_position_check CHECK (position BETWEEN 1 AND 200),
        person_id uuid NOT NULL REFERENCES people (id),
        role text NOT NULL CONSTRAINT credits_role_check CHECK (role IN
            ('ACTOR', 'DIRECTOR', 'WRITER', 'PRODUCER', 'COMPOSER', 'CREATOR', 'HOST', 'GUEST')),
        character text CONSTRAINT credits_character_check CHECK (length(character) BETWEEN 1 AND 200),
        CONSTRAINT credits_pkey PRIMARY KEY (title_id, position)
    )
    """,
    "CREATE INDEX credits_person_id_idx ON credits (person_id, title_id)",
    """
    CREATE TABLE tags (
        id uuid PRIMARY KEY,
        kind text NOT NULL CONSTRAINT tags_kind_check CHECK (kind IN ('GENRE', 'TAG')),
        slug text NOT NULL CONSTRAINT tags_slug_key UNIQUE
            CONSTRAINT tags_slug_check CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND length(slug) <= 60),
        default_language text NOT NULL,
        version integer NOT NULL CONSTRAINT tags_version_check CHECK (version >= 1),
        created_by uuid NOT NULL REFERENCES accounts (id),
        created_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX tags_created_by_idx ON tags (created_by)",
    f"""
    CREATE TABLE tag_texts (
        tag_id uuid NOT NULL REFERENCES tags (id) ON DELETE CASCADE,
        language text NOT NULL CONSTRAINT tag_texts_language_check CHECK (language ~ {LANGUAGE}),
        name text NOT NULL CONSTRAINT tag_texts_name_check CHECK (length(name) BETWEEN 1 AND 100),
        CONSTRAINT tag_texts_pkey PRIMARY KEY (tag_id, language)
    )
    """,
    """
    CREATE TABLE title_tags (
        title_id uuid NOT NULL REFERENCES titles (id) ON DELETE CASCADE,
        position smallint NOT NULL CONSTRAINT title_tags_position_check CHECK (position BETWEEN 1 AND 50),
        tag_id uuid NOT NULL REFERENCES tags (id) ON DELETE CASCADE,
        CONSTRAINT title_tags_pkey PRIMARY KEY (title_id, tag_id)
    )
    """,
    "CREATE INDEX title_tags_tag_id_idx ON title_tags (tag_id, title_id)",
    """
    CREATE TABLE collections (
        id uuid PRIMARY KEY,
        slug text NOT NULL CONSTRAINT collections_slug_key UNIQUE
            CONSTRAINT collections_slug_check CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND length(slug) <= 60),
        default_language text NOT NULL,
        version integer NOT NULL CONSTRAINT collections_version_check CHECK (version >= 1),
        created_by uuid NOT NULL REFERENCES accounts (id),
        created_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX collections_created_by_idx ON collections (created_by)",
    f"""
    CREATE TABLE collection_texts (
        collection_id uuid NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
        language text NOT NULL CONSTRAINT collection_texts_language_check CHECK (language ~ {LANGUAGE}),
        name text NOT NULL CONSTRAINT collection_texts_name_check CHECK (length(name) BETWEEN 1 AND 200),
        description text NOT NULL CONSTRAINT collection_texts_description_check CHECK (length(description) <= 5000),
        CONSTRAINT collection_texts_pkey PRIMARY KEY (collection_id, language)
    )
    """,
    """
    CREATE TABLE collection_titles (
        collection_id uuid NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
        position integer NOT NULL CONSTRAINT collection_titles_position_check CHECK (position >= 1),
        title_id uuid NOT NULL REFERENCES titles (id) ON DELETE CASCADE,
        CONSTRAINT collection_titles_pkey PRIMARY KEY (collection_id, position),
        CONSTRAINT collection_titles_collection_id_title_id_key UNIQUE (collection_id, title_id)
    )
    """,
    "CREATE INDEX collection_titles_title_id_idx ON collection_titles (title_id)",
    """
    CREATE TABLE title_ratings (
        title_id uuid NOT NULL REFERENCES titles (id) ON DELETE CASCADE,
        system text NOT NULL CONSTRAINT title_ratings_system_check CHECK (system ~ '^[A-Z][A-Z0-9_]{1,19}$'),
        label text NOT NULL CONSTRAINT title_ratings_label_check CHECK (length(label) BETWEEN 1 AND 20),
        age smallint NOT NULL CONSTRAINT title_ratings_age_check CHECK (age BETWEEN 0 AND 21),
        CONSTRAINT title_ratings_pkey PRIMARY KEY (title_id, system)
    )
    """,
    """
    CREATE TABLE title_extras (
        title_id uuid NOT NULL REFERENCES titles (id) ON DELETE CASCADE,
        position smallint NOT NULL CONSTRAINT title_extras_position_check CHECK (position BETWEEN 1 AND 100),
        extra_id uuid NOT NULL REFERENCES titles (id) ON DELETE CASCADE,
        kind text NOT NULL CONSTRAINT title_extras_kind_check CHECK (kind IN
            ('TRAILER', 'TEASER', 'BEHIND_THE_SCENES', 'INTERVIEW', 'DELETED_SCENE', 'BLOOPERS', 'OTHER')),
        CONSTRAINT title_extras_pkey PRIMARY KEY (title_id, extra_id),
        CONSTRAINT title_extras_self_check CHECK (extra_id <> title_id)
    )
    """,
    "CREATE INDEX title_extras_extra_id_idx ON title_extras (extra_id)",
    """
    CREATE TABLE title_markers (
        title_id uuid NOT NULL REFERENCES titles (id) ON DELETE CASCADE,
        kind text NOT NULL CONSTRAINT title_markers_kind_check CHECK (kind IN ('INTRO', 'RECAP', 'CREDITS', 'PREVIEW')),
        starts_s double precision NOT NULL CONSTRAINT title_markers_starts_s_check CHECK (starts_s >= 0),
        ends_s double precision NOT NULL,
        CONSTRAINT title_markers_pkey PRIMARY KEY (title_id, kind, starts_s),
        CONSTRAINT title_markers_ends_s_check CHECK (ends_s > starts_s),
        CONSTRAINT title_markers_finite_check CHECK (starts_s < 864000 AND ends_s < 864000)
    )
    """,
    f"""
    CREATE TABLE title_chapters (
        title_id uuid NOT NULL REFERENCES titles (id) ON DELETE CASCADE,
        starts_s double precision NOT NULL
            CONSTRAINT title_chapters_starts_s_check CHECK (starts_s >= 0 AND starts_s < 864000),
        language text NOT NULL CONSTRAINT title_chapters_language_check CHECK (language ~ {LANGUAGE}),
        name text NOT NULL CONSTRAINT title_chapters_name_check CHECK (length(name) BETWEEN 1 AND 200),
        CONSTRAINT title_chapters_pkey PRIMARY KEY (title_id, starts_s, language)
    )
    """,
)
# Tables whose changes go into the log, and the column that names the title; empty where there is none.
AUDITED = {
    "people": "",
    "person_texts": "",
    "credits": "title_id",
    "tags": "",
    "tag_texts": "",
    "title_tags": "title_id",
    "collections": "",
    "collection_texts": "",
    "collection_titles": "title_id",
    "title_ratings": "title_id",
    "title_extras": "title_id",
    "title_markers": "title_id",
    "title_chapters": "title_id",
}


def upgrade() -> None:
    """Let titles be parts of each other, and create the tables around them."""
    op.add_column("titles", sa.Column("parent_id", sa.Uuid))
    op.add_column("titles", sa.Column("parent_kind", sa.Text))
    op.add_column("titles", sa.Column("number", sa.SmallInteger))
    op.add_column("titles", sa.Column("original_language", sa.Text))
    op.add_column("titles", sa.Column("starts_at", sa.DateTime(timezone=True)))
    op.add_column("titles", sa.Column("ends_at", sa.DateTime(timezone=True)))
    op.add_column("devices", sa.Column("device_class", sa.Text, nullable=False, server_default="WEB"))
    op.add_column("title_rights", sa.Column("device_classes", sa.ARRAY(sa.Text)))
    op.add_column("title_rights", sa.Column("plans", sa.ARRAY(sa.Text)))
    device_class = "device_class IN ('WEB', 'MOBILE', 'TV', 'CONSOLE')"
    op.execute(f"ALTER TABLE devices ADD CONSTRAINT devices_device_class_check CHECK ({device_class}) NOT VALID")
    for name, check in RIGHTS_CHECKS.items():
        op.execute(f"ALTER TABLE title_rights ADD CONSTRAINT {name} CHECK ({check}) NOT VALID")
    op.execute("ALTER TABLE titles DROP CONSTRAINT titles_kind_check")
    for name, check in CHECKS.items():
        op.execute(f"ALTER TABLE titles ADD CONSTRAINT {name} CHECK ({check}) NOT VALID")
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE devices VALIDATE CONSTRAINT devices_device_class_check")
        for name in RIGHTS_CHECKS:
            op.execute(f"ALTER TABLE title_rights VALIDATE CONSTRAINT {name}")
        for name in CHECKS:
            op.execute(f"ALTER TABLE titles VALIDATE CONSTRAINT {name}")
        op.create_index("titles_id_kind_key", "titles", ["id", "kind"], unique=True, postgresql_concurrently=True)
        op.create_index(
            "titles_part_key",
            "titles",
            ["parent_id", "parent_kind", "kind", "number"],
            unique=True,
            postgresql_concurrently=True,
        )
        # Rights for other devices or plans may overlap: this takes the place of the unique constraint.
        op.create_index(
            "title_rights_title_id_idx",
            "title_rights",
            ["title_id", "territory", "opens_at"],
            postgresql_concurrently=True,
        )
    op.execute("ALTER TABLE title_rights DROP CONSTRAINT title_rights_title_id_territory_opens_at_key")
    op.execute(
        "ALTER TABLE titles ADD CONSTRAINT titles_parent_id_parent_kind_fkey"
        " FOREIGN KEY (parent_id, parent_kind) REFERENCES titles (id, kind) NOT VALID"
    )
    op.execute("ALTER TABLE titles VALIDATE CONSTRAINT titles_parent_id_parent_kind_fkey")
    for statement in CREATE:
        op.execute(statement)
    for table, title_column in AUDITED.items():
        op.execute(f"CALL log_changes_of('{table}', '{title_column}')")
