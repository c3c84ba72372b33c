"""The SQL of sign-ins that clients hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.accounts.factors import Factor
from domain.accounts.people import SignInId
from domain.accounts.store.tables import profiles, sign_ins


@dataclass(frozen=True)
class ProofRow:
    """When and by what somebody proved who they are."""

    at: datetime
    factors: frozenset[Factor]


async def hold_sign_in(connection: AsyncConnection, sign_in_id: SignInId, *, profile_id: UUID) -> bool:
    """Let a sign-in be of one profile of its account. Returns False when there is none such."""
    of_account = exists().where(
        profiles.c.id == profile_id, profiles.c.account_id == sign_ins.c.account_id, profiles.c.removed_at.is_(None)
    )
    statement = (
        update(sign_ins)
        .where(sign_ins.c.id == sign_in_id, of_account)
        .values(profile_id=profile_id)
        .returning(sign_ins.c.id)
    )
    return (await connection.execute(statement)).one_or_none() is not None


async def end_held_sign_ins(connection: AsyncConnection, sign_in_ids: Sequence[UUID], *, at: datetime) -> int:
    """End those of these sign-ins that have not ended; return how many."""
    statement = (
        update(sign_ins).where(sign_ins.c.id.in_(sign_in_ids), sign_ins.c.ended_at.is_(None)).values(ended_at=at)
    )
    return (await connection.execute(statement)).rowcount


async def proof_of(connection: AsyncConnection, sign_in_id: UUID) -> ProofRow | None:
    """Return how the person behind a sign-in proved themselves; when it began, if nothing else is known."""
    statement = select(sign_ins.c.created_at, sign_ins.c.auth_time, sign_ins.c.factors).where(
        sign_ins.c.id == sign_in_id
    )
    row = (await connection.execute(statement)).one_or_none()
    if row is None:
        return None
    return ProofRow(row.auth_time or row.created_at, frozenset(Factor(factor) for factor in row.factors))
