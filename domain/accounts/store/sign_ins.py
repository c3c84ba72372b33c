"""The SQL of sign-ins, and of the viewer that one stands for."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.accounts.factors import Factor, is_confirmed
from domain.accounts.people import DeviceClass, DeviceId, Role, SignIn, SignInId, Viewer
from domain.accounts.store.tables import SIGN_IN_OVER, sign_ins
from domain.kernel.hot import fetch_all, fetch_first

# The profile is rather one that no PIN is asked for, and rather a child's than a locked one.
_INSERT = """
    INSERT INTO sign_ins (id, account_id, device_id, token_hash, created_at, expires_at, auth_time, factors, profile_id)
    SELECT $1, $2, $3, $4, $5, $6, $7, $8, (
        SELECT p.id FROM profiles p WHERE p.account_id = $2 AND p.removed_at IS NULL
        ORDER BY p.pin_hash IS NOT NULL AND NOT p.is_kids, p.is_kids, p.id LIMIT 1
    )
"""


async def insert_sign_in(
    connection: AsyncConnection,
    *,
    id: SignInId,
    account_id: UUID,
    device_id: DeviceId,
    token_hash: bytes,
    at: datetime,
    expires_at: datetime,
    auth_time: datetime | None,
    factors: frozenset[Factor],
) -> Viewer:
    """Insert a sign-in under the account's first profile, and return who that is."""
    await fetch_first(
        connection, _INSERT, id, account_id, device_id, token_hash, at, expires_at, auth_time, sorted(factors)
    )
    row = await fetch_first(connection, _VIEWER_BY_SIGN_IN, id, at)
    assert row is not None, "the sign-in was just made, of an account that is open"
    return _viewer(row)


_LIVING = """
    SELECT s.id AS sign_in_id, s.account_id, s.profile_id, s.device_id,
           a.roles, a.territory, p.maturity_limit, p.language, d.device_class, s.factors, s.auth_time,
           ARRAY(SELECT g.role || ':' || g.scope_id FROM role_grants g WHERE g.account_id = a.id) AS scoped_roles
    FROM sign_ins s JOIN accounts a ON a.id = s.account_id JOIN profiles p ON p.id = s.profile_id
    JOIN devices d ON d.id = s.device_id
    WHERE s.expires_at > $2 AND s.ended_at IS NULL AND a.suspended_at IS NULL AND p.removed_at IS NULL
"""
_VIEWER_BY_HASH = f"{_LIVING} AND s.token_hash = $1"
_VIEWERS_BY_HASH = f"{_LIVING} AND s.token_hash = ANY($1::bytea[])".replace("SELECT s.id", "SELECT s.token_hash, s.id")
_VIEWER_BY_SIGN_IN = f"{_LIVING} AND s.id = $1"
_VIEWERS_BY_SIGN_IN = f"{_LIVING} AND s.id = ANY($1::uuid[])"

# More than anybody has open on purpose.
SIGN_INS_SHOWN_MAX = 50
_SIGN_INS_BY_ID = """
    SELECT s.* FROM sign_ins s WHERE s.id = ANY($1::uuid[]) AND s.expires_at > $2 AND s.ended_at IS NULL
"""
_SIGN_INS_OF = """
    SELECT s.* FROM unnest($1::uuid[]) AS asked(id), LATERAL (
        SELECT s.* FROM sign_ins s
        WHERE s.account_id = asked.id AND s.expires_at > $2 AND s.ended_at IS NULL
        ORDER BY s.id DESC LIMIT $3
    ) s
"""


async def viewer_by_hash(connection: AsyncConnection, token_hash: bytes, *, now: datetime) -> Viewer | None:
    """Return who holds the token with this hash, if the sign-in still counts."""
    row = await fetch_first(connection, _VIEWER_BY_HASH, token_hash, now)
    return None if row is None else _viewer(row)


async def viewers_by_hash(
    connection: AsyncConnection, token_hashes: Sequence[bytes], *, now: datetime
) -> list[Viewer | None]:
    """Return who holds the tokens with these hashes, aligned, where the sign-in still counts."""
    rows = await fetch_all(connection, _VIEWERS_BY_HASH, token_hashes, now)
    found = {row["token_hash"]: _viewer(row) for row in rows}
    return [found.get(token_hash) for token_hash in token_hashes]


async def viewer_by_sign_in(connection: AsyncConnection, sign_in_id: UUID, *, now: datetime) -> Viewer | None:
    """Return whose sign-in this is, if it still counts."""
    row = await fetch_first(connection, _VIEWER_BY_SIGN_IN, sign_in_id, now)
    return None if row is None else _viewer(row)


async def viewers_by_sign_in(connection: AsyncConnection, keys: Sequence[UUID], *, now: datetime) -> list[Viewer]:
    """Return the viewers of those of these sign-ins that still count."""
    return [_viewer(row) for row in await fetch_all(connection, _VIEWERS_BY_SIGN_IN, list(keys), now)]


async def sign_ins_of(connection: AsyncConnection, account_ids: Sequence[UUID], *, now: datetime) -> list[list[SignIn]]:
    """Return the newest sign-ins of each account that still count, aligned with `account_ids`."""
    found: dict[UUID, list[SignIn]] = {}
    for row in await fetch_all(connection, _SIGN_INS_OF, list(account_ids), now, SIGN_INS_SHOWN_MAX):
        found.setdefault(row["account_id"], []).append(_sign_in(row))
    return [found.get(key, []) for key in account_ids]


async def sign_ins_by_id(connection: AsyncConnection, keys: Sequence[UUID], *, now: datetime) -> list[SignIn | None]:
    """Return sign-ins that still count, aligned with `keys`."""
    found = {row["id"]: _sign_in(row) for row in await fetch_all(connection, _SIGN_INS_BY_ID, list(keys), now)}
    return [found.get(key) for key in keys]


async def end_own_sign_in(connection: AsyncConnection, sign_in_id: UUID, *, account_id: UUID, at: datetime) -> bool:
    """End a sign-in of an account. Returns False when there is none that still counts."""
    own = (sign_ins.c.id == sign_in_id) & (sign_ins.c.account_id == account_id)
    living = sign_ins.c.ended_at.is_(None) & (sign_ins.c.expires_at > at)
    statement = update(sign_ins).where(own, living).values(ended_at=at).returning(sign_ins.c.id)
    return (await connection.execute(statement)).one_or_none() is not None


async def end_sign_in(connection: AsyncConnection, sign_in_id: UUID, *, at: datetime) -> None:
    """End a sign-in that has not ended yet."""
    await connection.execute(
        update(sign_ins).where(sign_ins.c.id == sign_in_id, sign_ins.c.ended_at.is_(None)).values(ended_at=at)
    )


_RENEW_PROOF = text(
    """
    UPDATE sign_ins SET auth_time = :at,
        factors = ARRAY(SELECT DISTINCT unnest(factors || CAST(:factors AS text[])) ORDER BY 1)
    WHERE id = :id AND auth_time IS NOT NULL
    """
)


async def renew_proof(
    connection: AsyncConnection, sign_in_id: UUID, *, at: datetime, factors: frozenset[Factor]
) -> None:
    """Keep that the holder of a sign-in proved who they are again, and by what more."""
    await connection.execute(_RENEW_PROOF, {"id": sign_in_id, "at": at, "factors": sorted(factors)})


async def forget_multiple_factors(connection: AsyncConnection, account_id: UUID) -> None:
    """Let no sign-in of an account count as proved by several factors any more."""
    living = (sign_ins.c.account_id == account_id) & sign_ins.c.ended_at.is_(None)
    single = func.array_remove(sign_ins.c.factors, Factor.MULTIPLE.value)
    await connection.execute(update(sign_ins).where(living).values(factors=single))


async def prune_sign_ins(connection: AsyncConnection, *, before: datetime, limit: int) -> int:
    """Delete up to `limit` sign-ins that were over before an instant; return how many."""
    chosen = select(sign_ins.c.id).where(before > SIGN_IN_OVER).limit(limit)
    return (await connection.execute(delete(sign_ins).where(sign_ins.c.id.in_(chosen)))).rowcount


def _viewer(row: Mapping[str, Any]) -> Viewer:
    roles = frozenset(Role(role) for role in row["roles"])
    scoped = frozenset(_scoped(text) for text in row["scoped_roles"])
    factors = frozenset(Factor(factor) for factor in row["factors"])
    return Viewer(
        account_id=row["account_id"],
        profile_id=row["profile_id"],
        device_id=row["device_id"],
        sign_in_id=row["sign_in_id"],
        roles=roles if is_confirmed(factors) else roles & {Role.VIEWER},
        territory=row["territory"],
        maturity_limit=row["maturity_limit"],
        language=row["language"],
        device_class=DeviceClass(row["device_class"]),
        factors=factors,
        auth_time=row["auth_time"],
        needs_second_factor=(roles > {Role.VIEWER} or bool(scoped)) and not is_confirmed(factors),
        scoped_roles=scoped if is_confirmed(factors) else frozenset(),
        standing=_standing(row, is_confirmed(factors)),
    )


def _standing(row: Mapping[str, Any], confirmed: bool) -> int:
    # Compared within one process only, so it need not be the same in another.
    roles = (*sorted(row["roles"]), *sorted(row["scoped_roles"])) if confirmed else ()
    return hash((row["profile_id"], row["maturity_limit"], row["territory"], row["device_class"], roles))


def _sign_in(row: Mapping[str, Any]) -> SignIn:
    return SignIn(
        row["id"], row["account_id"], row["device_id"], row["profile_id"], row["created_at"], row["expires_at"]
    )


def _scoped(text: str) -> tuple[Role, UUID]:
    role, _, scope_id = text.partition(":")
    return Role(role), UUID(scope_id)
