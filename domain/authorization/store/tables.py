"""The tables of the authorization server."""

from sqlalchemy import (
    ARRAY,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from domain.kernel.tables import metadata

oauth_clients = Table(
    "oauth_clients",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("is_first_party", Boolean, nullable=False),
    Column("redirect_uris", ARRAY(Text), nullable=False),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("secret_hash", LargeBinary),
    Column("account_id", Uuid, ForeignKey("accounts.id"), index=True),
    Column("created_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("id ~ '^[a-z0-9][a-z0-9._-]{0,63}$'", name="id"),
    CheckConstraint("kind IN ('WEB', 'MOBILE', 'TV', 'CONSOLE', 'SERVICE')", name="kind"),
    CheckConstraint(
        "(kind = 'SERVICE') = (account_id IS NOT NULL) AND (kind <> 'SERVICE' OR secret_hash IS NOT NULL)",
        name="service",
    ),
)

# A grant is a sign-in that a client holds; what is said here is what the sign-in does not know.
oauth_grants = Table(
    "oauth_grants",
    metadata,
    Column("sign_in_id", Uuid, ForeignKey("sign_ins.id", ondelete="CASCADE"), primary_key=True),
    Column("client_id", Text, ForeignKey("oauth_clients.id", ondelete="CASCADE"), nullable=False),
    Column("account_id", Uuid, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("auth_time", DateTime(timezone=True), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Index("oauth_grants_client_id_idx", "client_id", "created_at"),
)

authorization_codes = Table(
    "authorization_codes",
    metadata,
    Column("code_hash", LargeBinary, primary_key=True),
    Column("client_id", Text, ForeignKey("oauth_clients.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("account_id", Uuid, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("profile_id", Uuid),
    Column("redirect_uri", Text, nullable=False),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("code_challenge", Text, nullable=False),
    Column("nonce", Text),
    Column("auth_time", DateTime(timezone=True), nullable=False),
    Column("factors", ARRAY(Text), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False, index=True),
    Column("used_at", DateTime(timezone=True)),
    Column("grant_id", Uuid),
    Column("approved_by", Uuid),
)

device_codes = Table(
    "device_codes",
    metadata,
    Column("code_hash", LargeBinary, primary_key=True),
    Column("user_code", Text, nullable=False),
    Column("client_id", Text, ForeignKey("oauth_clients.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("network", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("interval_s", SmallInteger, nullable=False),
    Column("looks", SmallInteger, nullable=False, server_default="0"),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False, index=True),
    Column("polled_at", DateTime(timezone=True)),
    Column("account_id", Uuid, ForeignKey("accounts.id"), index=True),
    Column("profile_id", Uuid),
    Column("auth_time", DateTime(timezone=True)),
    Column("factors", ARRAY(Text)),
    Column("approved_by", Uuid),
    UniqueConstraint("user_code", name="device_codes_user_code_key"),
    CheckConstraint("state IN ('PENDING', 'APPROVED', 'DENIED', 'USED')", name="state"),
)

refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("grant_id", Uuid, ForeignKey("oauth_grants.sign_in_id", ondelete="CASCADE"), nullable=False, index=True),
    Column("predecessor_hash", LargeBinary, unique=True),
    Column("issued_at", DateTime(timezone=True), nullable=False),
    Column("used_at", DateTime(timezone=True), index=True),
)

signing_keys = Table(
    "signing_keys",
    metadata,
    Column("kid", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("public_jwk", Text, nullable=False),
    Column("private_sealed", LargeBinary),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("current_since", DateTime(timezone=True)),
    Column("retired_at", DateTime(timezone=True)),
    CheckConstraint("state IN ('NEXT', 'CURRENT', 'RETIRED')", name="state"),
    CheckConstraint("(private_sealed IS NULL) = (state = 'RETIRED')", name="private"),
)
Index("signing_keys_state_idx", signing_keys.c.state, unique=True, postgresql_where=text("state <> 'RETIRED'"))
