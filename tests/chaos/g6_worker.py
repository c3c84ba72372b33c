"""A worker process for `test_g6_workers`: the real one with a short lease, or its twin whose fences are removed."""

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.kernel import job_handlers, job_runner
from domain.kernel.job_claims import Claim
from domain.kernel.job_handlers import Handler, Outcome, RunningJob
from domain.media.asset import StepStart
from domain.media.store import asset_steps
from domain.runtime import open_runtime
from domain.settings import Settings
from workers.run import run_worker

CHUNK_S = 4.0
POISON = "test.poison"
POISON_TRIES = 2


async def poison(job: RunningJob) -> Outcome:
    """Take the whole worker down, as a fault in a codec would."""
    os.kill(os.getpid(), signal.SIGKILL)
    await asyncio.Event().wait()
    raise AssertionError("killed")


def remove_fences() -> None:
    """Turn this process into the broken twin: it writes whatever it has made, whoever owns the job by now."""

    async def hold(connection: AsyncConnection, claim: Claim) -> None:
        return None

    async def renew_leases(connection: AsyncConnection, claims: Sequence[Claim]) -> set[int]:
        return {claim.job_id for claim in claims}

    async def finish_job(connection: AsyncConnection, claim: Claim, **_ending: object) -> None:
        await connection.execute(text("DELETE FROM pgqueuer WHERE id = :id"), {"id": claim.job_id})

    async def finish_step(
        connection: AsyncConnection, start: StepStart, *, objects: Mapping[str, str], now: datetime
    ) -> bool:
        steps = asset_steps.asset_steps
        one = (steps.c.kind == start.ref.kind) & (steps.c.position == start.ref.index)
        values = {"state": "DONE", "fraction": 1.0, "objects": dict(objects), "done_at": now}
        await connection.execute(update(steps).where(one, steps.c.asset_id == start.ref.asset_id).values(values))
        return True

    job_handlers.hold = hold
    job_runner.renew_leases = renew_leases  # type: ignore[assignment]  # the twin need not be exact
    job_runner.finish = finish_job  # type: ignore[assignment]  # the twin need not be exact
    asset_steps.finish = finish_step


async def main() -> None:
    if os.environ.get("G6_TWIN") == "unfenced":
        remove_fences()
    async with open_runtime(Settings.from_env(os.environ)) as runtime:
        await run_worker(
            runtime,
            concurrency=int(os.environ["G6_CONCURRENCY"]),
            lease_s=float(os.environ["G6_LEASE_S"]),
            chunk_s=CHUNK_S,
            extra_handlers=[Handler(POISON, poison, max_attempts=POISON_TRIES)],
        )


if __name__ == "__main__":
    asyncio.run(main())
