"""Grants: what an account has been given, by a plan or for one title, and until when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NewType
from uuid import UUID

from domain.accounts import Persona, Viewer
from domain.catalog import title_facts
from domain.entitlements import store
from domain.entitlements.decision import AccessQuestion, TerritoryRight, Window
from domain.entitlements.plan import Plan
from domain.kernel.refusals import InvalidInput, NotFound
from domain.kernel.work import Reads, Work
from domain.media.asset import Asset
from domain.media.assets import ready_asset_of_titles

GrantId = NewType("GrantId", UUID)
SOURCE_MAX_CHARS = 80

DEMO_PLANS = {
    Persona.VIEWER: Plan.PREMIUM,
    Persona.BASIC: Plan.BASIC,
    Persona.EDITOR: Plan.PREMIUM,
    Persona.ABROAD: Plan.PREMIUM,
}


@dataclass(frozen=True)
class Grant:
    """An account may watch: what `plan` allows, or one title. `source` says where the grant came from."""

    id: GrantId
    account_id: UUID
    plan: Plan | None
    title_id: UUID | None
    starts_at: datetime
    ends_at: datetime | None
    source: str


async def grant_access(
    work: Work,
    *,
    account_id: UUID,
    source: str,
    plan: Plan | None = None,
    title_id: UUID | None = None,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
) -> Grant:
    """Give an account a plan, or one title. `starts_at` is now unless given; without `ends_at` it does not end.

    Raises:
        InvalidInput: not exactly one of plan and title, or a window that ends before it starts.
    """
    if (plan is None) == (title_id is None):
        raise InvalidInput("plan", "Grant either a plan or a title.")
    starts_at = starts_at or work.now
    if ends_at is not None and ends_at <= starts_at:
        raise InvalidInput("endsAt", "A grant must end after it starts.")
    grant = Grant(GrantId(work.new_id()), account_id, plan, title_id, starts_at, ends_at, source[:SOURCE_MAX_CHARS])
    await store.insert_grant(
        work.connection,
        id=grant.id,
        account_id=account_id,
        plan=plan,
        title_id=title_id,
        starts_at=starts_at,
        ends_at=ends_at,
        source=grant.source,
        at=work.now,
    )
    return grant


async def revoke_grant(work: Work, *, grant_id: UUID) -> None:
    """Take a grant back. What plays under it ends with its lease.

    Raises:
        NotFound: no such grant, or it was taken back before.
    """
    if not await store.revoke_grant(work.connection, grant_id, at=work.now):
        raise NotFound("grant", grant_id)


async def ensure_plan(work: Work, *, account_id: UUID, plan: Plan) -> None:
    """Give an account a plan unless it holds that plan already. Two at once give it once."""
    await store.lock_account_grants(work.connection, account_id)
    if not await store.holds_plan(work.connection, account_id, plan, now=work.now):
        await grant_access(work, account_id=account_id, plan=plan, source="demo")


async def plans_of(reads: Reads, account_ids: Sequence[UUID]) -> list[frozenset[Plan]]:
    """Return the plans that accounts hold now, aligned."""
    async with reads.connection() as connection:
        return await store.plans_of(connection, account_ids, now=reads.now)


@dataclass(frozen=True)
class Gathered:
    """What a decision depends on, and the asset that would be played."""

    question: AccessQuestion
    asset: Asset | None


async def gather(reads: Reads, *, viewer: Viewer, title_id: UUID, on_air: Asset | None = None) -> Gathered:
    """Collect what the decision about this viewer and title depends on, as it is at `reads.now`.

    `on_air` is what would be played in place of the title's own media.
    """
    facts = await title_facts(reads, title_id, territory=viewer.territory)
    (asset,) = [on_air] if on_air is not None else await ready_asset_of_titles(reads, [title_id])
    async with reads.connection() as connection:
        held = await store.entitlements_of(connection, viewer.account_id, title_id=title_id)
    title, rights, maturity_age = facts if facts is not None else (None, (), 0)
    question = AccessQuestion(
        now=reads.now,
        territory=viewer.territory,
        maturity_limit=viewer.maturity_limit,
        account_suspended=held.account_suspended,
        title_state=title.state if title else None,
        maturity_age=maturity_age,
        rights=tuple(
            TerritoryRight(right.territory, Window(right.opens_at, right.closes_at), right.device_classes, right.plans)
            for right in rights
        ),
        entitlements=held.entitlements,
        asset_id=asset.id if asset else None,
        device_class=viewer.device_class,
    )
    return Gathered(question, asset)
