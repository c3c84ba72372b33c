"""The tables of accounts."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    Uuid,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB

from domain.accounts.avatars import Avatar
from domain.accounts.people import KIDS_MAX_AGE, Role
from domain.kernel.tables import metadata

accounts = Table(
    "accounts",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("email", Text),
    Column("display_name", Text, nullable=False),
    Column("territory", Text, nullable=False),
    Column("roles", ARRAY(Text), nullable=False),
    Column("suspended_at", DateTime(timezone=True)),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("email_verified_at", DateTime(timezone=True)),
    CheckConstraint("territory ~ '^[A-Z]{2}$'", name="territory"),
    Column("kind", Text, nullable=False, server_default="PERSON"),
    Column("marketing_consent_at", DateTime(timezone=True)),
    # Its key is destroyed and its data gone; the row stays for what it made.
    Column("erased_at", DateTime(timezone=True)),
    CheckConstraint("erased_at IS NULL OR suspended_at IS NOT NULL", name="erased_at"),
    Column("version", Integer, nullable=False, server_default="1"),
    CheckConstraint(f"roles <@ '{{{','.join(Role)}}}'::text[]", name="roles"),
    CheckConstraint("kind IN ('PERSON', 'SERVICE')", name="kind"),
    # A person is written to, a service is not.
    CheckConstraint("(email IS NULL) = (kind = 'SERVICE')", name="email"),
)
# Two addresses that differ only in case are one person to every mail server in use.
Index("accounts_email_idx", func.lower(accounts.c.email), unique=True)

# Roles within one merchant or channel. No foreign key: what a scope names is another context's.
role_grants = Table(
    "role_grants",
    metadata,
    Column("account_id", Uuid, ForeignKey("accounts.id"), primary_key=True),
    Column("role", Text, primary_key=True),
    Column("scope_id", Uuid, primary_key=True),
    Column("scope_kind", Text, nullable=False),
    Column("granted_by", Uuid, nullable=False),
    Column("granted_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("role IN ('HOST', 'EDITOR', 'MERCHANT_OWNER', 'MERCHANT_STAFF')", name="role"),
    CheckConstraint("scope_kind IN ('CHANNEL', 'MERCHANT')", name="scope_kind"),
)

profiles = Table(
    "profiles",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("account_id", Uuid, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("maturity_limit", SmallInteger, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("avatar", Text, nullable=False, server_default="FOX"),
    Column("is_kids", Boolean, nullable=False, server_default="false"),
    Column("autoplay", Boolean, nullable=False, server_default="true"),
    Column("pin_hash", Text),
    Column("version", Integer, nullable=False, server_default="1"),
    # What it watched may still be named; it is shown nowhere, and nobody acts as it.
    Column("removed_at", DateTime(timezone=True)),
    CheckConstraint("maturity_limit BETWEEN 0 AND 21", name="maturity_limit"),
    CheckConstraint(f"avatar IN ({', '.join(repr(str(avatar)) for avatar in Avatar)})", name="avatar"),
    # What children may watch is held here, so that nothing in the service has to ask twice.
    CheckConstraint(f"NOT is_kids OR (maturity_limit <= {KIDS_MAX_AGE} AND pin_hash IS NOT NULL)", name="is_kids"),
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
    # What its owner calls it, over what it calls itself.
    Column("label", Text),
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

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("account_id", Uuid, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("sign_in_id", Uuid, ForeignKey("sign_ins.id", ondelete="CASCADE"), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("created_by", Uuid, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("last_used_at", DateTime(timezone=True)),
)

# No foreign keys: an entry outlives what it is about.
staff_log = Table(
    "staff_log",
    metadata,
    Column("number", BigInteger, Identity(always=True), primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("account_id", Uuid, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject_id", Uuid),
    Column("reason", Text, nullable=False),
    Column("details", JSONB, nullable=False),
)
Index("staff_log_subject_id_idx", staff_log.c.subject_id, staff_log.c.number.desc())
