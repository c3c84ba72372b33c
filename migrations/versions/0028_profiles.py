"""Profiles with a picture, a mode for children, a PIN, and versions; those that were removed."""

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

AVATARS = "('FOX', 'OWL', 'WHALE', 'TORTOISE', 'HEDGEHOG', 'OTTER', 'ROBOT', 'ROCKET', 'CACTUS', 'LIGHTHOUSE')"

CHANGES = (
    f"""
    ALTER TABLE profiles
        ADD COLUMN avatar text NOT NULL DEFAULT 'FOX'
            CONSTRAINT profiles_avatar_check CHECK (avatar IN {AVATARS}),
        ADD COLUMN is_kids boolean NOT NULL DEFAULT false,
        ADD COLUMN autoplay boolean NOT NULL DEFAULT true,
        ADD COLUMN pin_hash text,
        ADD COLUMN version integer NOT NULL DEFAULT 1,
        ADD COLUMN removed_at timestamptz
    """,
    # What children may watch is held here, so that nothing in the service has to ask twice.
    """
    ALTER TABLE profiles ADD CONSTRAINT profiles_is_kids_check
        CHECK (NOT is_kids OR (maturity_limit <= 12 AND pin_hash IS NOT NULL)) NOT VALID
    """,
    "ALTER TABLE profiles VALIDATE CONSTRAINT profiles_is_kids_check",
)


def upgrade() -> None:
    """Add what profiles hold."""
    for statement in CHANGES:
        op.execute(statement)
