"""The table of grants, and all its SQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, ForeignKey, Table, Text, Uuid, insert, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.entitlements.decision import Entitlement, Window
from domain.entitlements.plan import Plan
from domain.kernel.hot import fetch_all
from domain.kernel.tables import metadata

grants = Table(
    "grants",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("account_id", Uuid, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("plan", Text),
    Column("title_id", Uuid, ForeignKey("titles.id"), index=True),
    Column("starts_at", DateTime(timezone=True), nullable=False),
    Column("ends_at", DateTime(timezone=True)),
    Column("source", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("revoked_at", DateTime(timezone=True)),
    CheckConstraint("num_nonnulls(plan, title_id) = 1", name="subject"),
    CheckConstraint("plan IN ('BASIC', 'STANDARD', 'PREMIUM')", name="plan"),
    CheckConstraint("ends_at > starts_at", name="window"),
)

# A year of closed grants is of no use to a decision; what is kept here bounds what one account can make it read.
ENTITLEMENTS_MAX = 200


@dataclass(frozen=True)
class Held:
    """What an account holds that may bear on one title."""

    account_suspended: bool
    entitlements: tuple[Entitlement, ...]


async def insert_grant(
    connection: AsyncConnection,
    *,
    id: UUID,
    account_id: UUID,
    plan: Plan | None,
    title_id: UUID | None,
    starts_at: datetime,
    ends_at: datetime | None,
    source: str,
    at: datetime,
) -> None:
    """Insert a grant."""
    await connection.execute(
        insert(grants).values(
            id=id,
            account_id=account_id,
            plan=plan.value if plan else None,
            title_id=title_id,
            starts_at=starts_at,
            ends_at=ends_at,
            source=source,
            created_at=at,
        )
    )


async def revoke_grant(connection: AsyncConnection, grant_id: UUID, *, at: datetime) -> bool:
    """Mark a grant as taken back. Returns False when there is none to take."""
    statement = (
        update(grants)
        .where(grants.c.id == grant_id, grants.c.revoked_at.is_(None))
        .values(revoked_at=at)
        .returning(grants.c.id)
    )
    return (await connection.execute(statement)).one_or_none() is not None


async def lock_account_grants(connection: AsyncConnection, account_id: UUID) -> None:
    """Serialise whoever looks before granting to this account, until the transaction ends."""
    statement = text("SELECT pg_advisory_xact_lock(hashtextextended('grants:' || :account_id, 0))")
    await connection.execute(statement, {"account_id": str(account_id)})


_HOLDS_PLAN = text(
    """
    SELECT EXISTS (
        SELECT 1 FROM grants
        WHERE account_id = :account_id AND plan = :plan AND revoked_at IS NULL
          AND starts_at <= :now AND (ends_at IS NULL OR ends_at > :now)
    )
    """
)


async def holds_plan(connection: AsyncConnection, account_id: UUID, plan: Plan, *, now: datetime) -> bool:
    """Tell whether an account holds a plan."""
    values = {"account_id": account_id, "plan": plan.value, "now": now}
    return bool((await connection.execute(_HOLDS_PLAN, values)).scalar_one())


_PLANS = """
    SELECT DISTINCT account_id, plan FROM grants
    WHERE account_id = ANY($1::uuid[]) AND plan IS NOT NULL AND revoked_at IS NULL
      AND starts_at <= $2 AND (ends_at IS NULL OR ends_at > $2)
"""


async def plans_of(connection: AsyncConnection, account_ids: Sequence[UUID], *, now: datetime) -> list[frozenset[Plan]]:
    """Return the plans that accounts hold, aligned."""
    held: dict[UUID, set[Plan]] = {}
    for row in await fetch_all(connection, _PLANS, account_ids, now):
        held.setdefault(row["account_id"], set()).add(Plan(row["plan"]))
    return [frozenset(held.get(id, ())) for id in account_ids]


# A title's grants come first and the newest before older ones, so that the bound cuts what matters least.
_ENTITLEMENTS = """
    SELECT accounts.suspended_at IS NOT NULL AS suspended, held.plan, held.starts_at, held.ends_at
    FROM accounts LEFT JOIN LATERAL (
        SELECT plan, starts_at, ends_at FROM grants
        WHERE grants.account_id = accounts.id AND revoked_at IS NULL
          AND (plan IS NOT NULL OR title_id = $2)
        ORDER BY ends_at DESC NULLS FIRST LIMIT $3
    ) held ON true
    WHERE accounts.id = $1
"""


async def entitlements_of(connection: AsyncConnection, account_id: UUID, *, title_id: UUID) -> Held:
    """Return an account's standing, and its plans and grants of one title. An absent account counts as suspended."""
    rows = await fetch_all(connection, _ENTITLEMENTS, account_id, title_id, ENTITLEMENTS_MAX)
    return Held(
        account_suspended=not rows or rows[0]["suspended"],
        entitlements=tuple(
            Entitlement(Plan(row["plan"]) if row["plan"] else None, Window(row["starts_at"], row["ends_at"]))
            for row in rows
            if row["starts_at"] is not None
        ),
    )
