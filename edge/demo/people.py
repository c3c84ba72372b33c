"""The demo's people: their accounts, and what each of them has paid for."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from domain.accounts import Persona, Viewer, sign_in_demo, sign_out
from domain.entitlements import Plan, grant_access
from domain.kernel.idempotency import answer_once
from domain.kernel.work import Work
from domain.runtime import Runtime

PLANS = {
    Persona.VIEWER: Plan.PREMIUM,
    Persona.BASIC: Plan.BASIC,
    Persona.EDITOR: Plan.PREMIUM,
    Persona.ABROAD: Plan.PREMIUM,
}
SIGN_INS = ", ".join(PLANS)
SOURCE = "demo"


@asynccontextmanager
async def acting_editor(runtime: Runtime) -> AsyncIterator[Viewer]:
    """Make sure that everybody has an account and a plan, and lend the editor, signed in until the block ends."""
    viewers = {}
    for persona, plan in PLANS.items():
        async with runtime.work() as work:
            signed_in = await sign_in_demo(work, persona=persona, device_name="Demo seed")
            viewers[persona] = signed_in.viewer
            await _grant_once(work, signed_in.viewer, plan)
    try:
        yield viewers[Persona.EDITOR]
    finally:
        for viewer in viewers.values():
            async with runtime.work() as work:
                await sign_out(work, viewer=viewer)


async def _grant_once(work: Work, viewer: Viewer, plan: Plan) -> None:
    async def grant() -> Mapping[str, object]:
        await grant_access(
            work, account_id=viewer.account_id, plan=plan, starts_at=work.now, ends_at=None, source=SOURCE
        )
        return {"plan": plan}

    key = f"demo-plan-{plan}"
    request = {"plan": plan.value}
    await answer_once(work, account_id=viewer.account_id, operation="demoPlan", key=key, request=request, perform=grant)
