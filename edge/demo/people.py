"""The demo's people: their accounts, what each of them has paid for, and the clients they may use."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from domain.accounts import Persona, Viewer, sign_in_demo, sign_out
from domain.authorization import ensure_demo_clients
from domain.entitlements import DEMO_PLANS, ensure_plan
from domain.runtime import Runtime

SIGN_INS = ", ".join(DEMO_PLANS)


@asynccontextmanager
async def acting_editor(runtime: Runtime) -> AsyncIterator[Viewer]:
    """Make sure that everybody has an account and a plan, and lend the editor, signed in until the block ends."""
    viewers = {}
    async with runtime.work() as work:
        await ensure_demo_clients(work)
    for persona, plan in DEMO_PLANS.items():
        async with runtime.work() as work:
            signed_in = await sign_in_demo(work, persona=persona, device_name="Demo seed")
            viewers[persona] = signed_in.viewer
            await ensure_plan(work, account_id=signed_in.viewer.account_id, plan=plan)
    try:
        yield viewers[Persona.EDITOR]
    finally:
        for viewer in viewers.values():
            async with runtime.work() as work:
                await sign_out(work, viewer=viewer)
