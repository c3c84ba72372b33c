"""The tables of accounts."""

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    Uuid,
    func,
)

from domain.kernel.tables import metadata

accounts = Table(
    "accounts",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("email", Text, nullable=False),
    Column("display_name", Text, nullable=False),
    Column("territory", Text, nullable=False),
    Column("roles", ARRAY(Text), nullable=False),
    Column("suspended_at", DateTime(timezone=True)),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("email_verified_at", DateTime(timezone=True)),
    CheckConstraint("territory ~ '^[A-Z]{2}$'", name="territory"),
    CheckConstraint("roles <@ '{VIEWER,EDITOR,ADMINISTRATOR}'::text[]", name="roles"),
)
# Two addresses that differ only in case are one person to every mail server in use.
Index("accounts_email_idx", func.lower(accounts.c.email), unique=True)

profiles = Table(
    "profiles",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("account_id", Uuid, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("maturity_limit", SmallInteger, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("maturity_limit BETWEEN 0 AND 21", name="maturity_limit"),
)

devices = Table(
    "devices",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("account_id", Uuid, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("last_seen_at", DateTime(timezone=True), nullable=False, index=True),
    Column("removed_at", DateTime(timezone=True)),
    Column("device_class", Text, nullable=False, server_default="WEB"),
    CheckConstraint("device_class IN ('WEB', 'MOBILE', 'TV', 'CONSOLE')", name="device_class"),
)

sign_ins = Table(
    "sign_ins",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("account_id", Uuid, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("profile_id", Uuid, ForeignKey("profiles.id"), nullable=False, index=True),
    Column("device_id", Uuid, ForeignKey("devices.id"), nullable=False, index=True),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    # When its holder last proved who they are, and by what. NULL means that they cannot prove it here.
    Column("auth_time", DateTime(timezone=True)),
    Column("factors", ARRAY(Text), nullable=False, server_default="{}"),
)

# When a sign-in ceased to count: at its end or when it ran out, whichever came first.
SIGN_IN_OVER = func.least(sign_ins.c.expires_at, sign_ins.c.ended_at)
Index("sign_ins_over_idx", SIGN_IN_OVER)
