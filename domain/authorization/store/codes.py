"""The rows of authorization codes and device codes."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.accounts import Factor
from domain.authorization.grant import Approval, AuthorizationCode, DeviceCode, DeviceCodeState
from domain.authorization.scopes import Scope
from domain.authorization.store.tables import authorization_codes, device_codes


async def insert_code(connection: AsyncConnection, code: AuthorizationCode) -> None:
    """Insert an authorization code."""
    await connection.execute(
        insert(authorization_codes).values(
            code_hash=code.code_hash,
            client_id=code.client_id,
            redirect_uri=code.redirect_uri,
            scopes=sorted(code.scopes),
            code_challenge=code.code_challenge,
            nonce=code.nonce,
            expires_at=code.expires_at,
            **_approval_values(code.approval),
        )
    )


async def lock_code(connection: AsyncConnection, code_hash: bytes) -> AuthorizationCode | None:
    """Return a code and hold it: of two who redeem it at once, the second sees what the first did."""
    statement = select(authorization_codes).where(authorization_codes.c.code_hash == code_hash).with_for_update()
    row = (await connection.execute(statement)).one_or_none()
    if row is None:
        return None
    return AuthorizationCode(
        code_hash=row.code_hash,
        client_id=row.client_id,
        redirect_uri=row.redirect_uri,
        scopes=_scopes(row.scopes),
        code_challenge=row.code_challenge,
        nonce=row.nonce,
        expires_at=row.expires_at,
        approval=_approval(row),
        grant_id=row.grant_id,
    )


async def mark_code_used(connection: AsyncConnection, code_hash: bytes, *, grant_id: UUID, at: datetime) -> None:
    """Note what a code was redeemed for."""
    await connection.execute(
        update(authorization_codes)
        .where(authorization_codes.c.code_hash == code_hash)
        .values(used_at=at, grant_id=grant_id)
    )


async def insert_device_code(connection: AsyncConnection, code: DeviceCode) -> bool:
    """Insert a device code. Returns False when its user code is shown by another device."""
    statement = (
        upsert(device_codes)
        .values(
            code_hash=code.code_hash,
            user_code=code.user_code,
            client_id=code.client_id,
            scopes=sorted(code.scopes),
            network=code.network,
            state=code.state.value,
            interval_s=code.interval_s,
            created_at=code.created_at,
            expires_at=code.expires_at,
        )
        .on_conflict_do_nothing()
        .returning(device_codes.c.user_code)
    )
    return (await connection.execute(statement)).one_or_none() is not None


async def lock_device_code(connection: AsyncConnection, code_hash: bytes) -> DeviceCode | None:
    """Return a device code and hold it until the transaction ends."""
    statement = select(device_codes).where(device_codes.c.code_hash == code_hash).with_for_update()
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else _device_code(row)


async def note_poll(connection: AsyncConnection, code_hash: bytes, *, interval_s: int, at: datetime) -> None:
    """Note that a device asked, and how long it has to wait until it may again."""
    await connection.execute(
        update(device_codes).where(device_codes.c.code_hash == code_hash).values(polled_at=at, interval_s=interval_s)
    )


async def look_at_device_code(
    connection: AsyncConnection, user_code: str, *, at: datetime, looks_max: int
) -> DeviceCode | None:
    """Return the code that waits for somebody, and count the look."""
    statement = (
        update(device_codes)
        .where(
            device_codes.c.user_code == user_code,
            device_codes.c.state == DeviceCodeState.PENDING.value,
            device_codes.c.expires_at > at,
            device_codes.c.looks < looks_max,
        )
        .values(looks=device_codes.c.looks + 1)
        .returning(device_codes)
    )
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else _device_code(row)


async def approve_device_code(connection: AsyncConnection, user_code: str, *, approval: Approval, at: datetime) -> bool:
    """Let the device behind a code in. Returns False when the code does not wait any more."""
    return await _decide(
        connection, user_code, at=at, state=DeviceCodeState.APPROVED.value, **_approval_values(approval)
    )


async def deny_device_code(connection: AsyncConnection, user_code: str, *, at: datetime) -> bool:
    """Refuse the device behind a code. Returns False when the code does not wait any more."""
    return await _decide(connection, user_code, at=at, state=DeviceCodeState.DENIED.value)


async def mark_device_code_used(connection: AsyncConnection, code_hash: bytes) -> None:
    """Note that the device got its tokens."""
    await connection.execute(
        update(device_codes).where(device_codes.c.code_hash == code_hash).values(state=DeviceCodeState.USED.value)
    )


async def prune_codes(connection: AsyncConnection, *, before: datetime, limit: int) -> int:
    """Delete codes that ran out before an instant, up to `limit` of each sort; return how many."""
    deleted = 0
    for table in (authorization_codes, device_codes):
        chosen = select(table.c.code_hash).where(table.c.expires_at < before).limit(limit)
        deleted += (await connection.execute(delete(table).where(table.c.code_hash.in_(chosen)))).rowcount
    return deleted


async def _decide(connection: AsyncConnection, user_code: str, *, at: datetime, **values: object) -> bool:
    statement = (
        update(device_codes)
        .where(
            device_codes.c.user_code == user_code,
            device_codes.c.state == DeviceCodeState.PENDING.value,
            device_codes.c.expires_at > at,
        )
        .values(**values)
        .returning(device_codes.c.user_code)
    )
    return (await connection.execute(statement)).one_or_none() is not None


def _approval_values(approval: Approval) -> dict[str, object]:
    return {
        "account_id": approval.account_id,
        "profile_id": approval.profile_id,
        "auth_time": approval.auth_time,
        "factors": sorted(approval.factors),
        "approved_by": approval.approved_by,
    }


def _approval(row: Row[Any]) -> Approval:
    return Approval(
        row.account_id,
        row.profile_id,
        row.auth_time,
        frozenset(Factor(factor) for factor in row.factors),
        row.approved_by,
    )


def _device_code(row: Row[Any]) -> DeviceCode:
    return DeviceCode(
        code_hash=row.code_hash,
        user_code=row.user_code,
        client_id=row.client_id,
        scopes=_scopes(row.scopes),
        network=row.network,
        state=DeviceCodeState(row.state),
        interval_s=row.interval_s,
        looks=row.looks,
        created_at=row.created_at,
        expires_at=row.expires_at,
        polled_at=row.polled_at,
        approval=None if row.account_id is None else _approval(row),
    )


def _scopes(words: list[str]) -> frozenset[Scope]:
    return frozenset(Scope(word) for word in words)
