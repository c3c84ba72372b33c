"""Grants as they are kept: each opens what it names, to whom it was given, and is given once."""

import asyncio

from sqlalchemy import text

from domain.entitlements import Plan, Reason, decide, ensure_plan, grant_access
from domain.entitlements.grants import gather
from domain.kernel.bus import Bus
from domain.kernel.work import Database, Reads, Work
from tests.locks import until_one_waits
from tests.playable import create_playable, create_subscriber


async def test_a_grant_of_one_film_opens_no_other(work: Work, reads: Reads) -> None:
    bought, other = await create_playable(work), await create_playable(work)
    viewer = await create_subscriber(work, plan=None)
    await grant_access(work, account_id=viewer.account_id, title_id=bought.title_id, source="test")
    allowed = decide((await gather(reads, viewer=viewer, title_id=bought.title_id)).question)
    assert (allowed.allowed, allowed.reasons) == (True, (Reason.GRANTED_BY_TITLE,))
    denied = decide((await gather(reads, viewer=viewer, title_id=other.title_id)).question)
    assert (denied.allowed, denied.reasons) == (False, (Reason.NO_GRANT,))


async def test_a_grant_opens_nothing_to_another_account(work: Work, reads: Reads) -> None:
    playable, holder = await create_playable(work), await create_subscriber(work, plan=Plan.PREMIUM)
    await grant_access(work, account_id=holder.account_id, title_id=playable.title_id, source="test")
    stranger = await create_subscriber(work, plan=None)
    denied = decide((await gather(reads, viewer=stranger, title_id=playable.title_id)).question)
    assert (denied.allowed, denied.reasons) == (False, (Reason.NO_GRANT,))


async def test_a_plan_ensured_twice_at_once_is_given_once(database: Database, bus: Bus) -> None:
    async with database.work(bus=bus) as work:
        viewer = await create_subscriber(work, plan=None)

    async def second() -> None:
        async with database.work(bus=bus) as work:
            await ensure_plan(work, account_id=viewer.account_id, plan=Plan.BASIC)

    async with database.work(bus=bus) as work:
        await ensure_plan(work, account_id=viewer.account_id, plan=Plan.BASIC)
        waiting = asyncio.create_task(second())
        await until_one_waits(database)
    await waiting
    async with database.read() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM grants"))).scalar_one() == 1
