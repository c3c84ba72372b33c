"""The loop of a worker process: claim, run, renew, settle, and stop without losing anything.

    JobRunner.run
    ├── claims what is due, up to `concurrency`, woken by a doorbell or every `poll_s`
    ├── runs each claim's handler in a task of its own
    ├── renews all leases every `beat_s`, and stops the tasks whose lease is lost
    └── on stop: claims nothing new, waits up to `drain_s`, gives the rest back

Database and bus may go away at any point; the loop goes on when they return.
"""

import asyncio
import contextlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import assert_never
from uuid import uuid4

import structlog

from domain.kernel.bus import Bus
from domain.kernel.faults import DRIVER_FAULTS, is_closed, is_passing
from domain.kernel.job_claims import (
    Claim,
    Failure,
    LeaseLost,
    bound_transaction,
    bury,
    claim_jobs,
    finish,
    give_back,
    renew_leases,
    retry_later,
)
from domain.kernel.job_handlers import (
    Cancelled,
    Discarded,
    Done,
    Handler,
    OpenWork,
    Outcome,
    RetryAt,
    RunningJob,
    backoff_s,
)
from domain.kernel.jobs import JOBS_TOPIC, Job, insert_job
from domain.kernel.refusals import Unavailable
from domain.kernel.tracing import job_span
from domain.kernel.work import Work

# A worker that dies is replaced one lease and one poll later: 16 s, where 30 s are promised. A shorter lease would
# be lost to a database that freezes for ten seconds.
LEASE_S = 15.0
POLL_S = 1.0
# Also how soon a cancelled job's handler is stopped when its doorbell is lost.
BEAT_S = 1.0
# Long enough for an upload or a packaging step to end; an encode is given back and starts again from its chunk.
DRAIN_S = 20.0
# How long a settled outcome is offered to a database that is away, before the lease decides.
SETTLE_S = 60.0
RECONNECT_PAUSE_S = 0.5
# However often the doorbell rings, running jobs are looked after no more often than this.
LOOK_PAUSE_S = 0.1

log = structlog.get_logger("jobs")


@dataclass(eq=False)
class _Slot:
    """A running attempt. `settling` is set once its handler has answered: from then on it is not stopped."""

    claim: Claim
    task: "asyncio.Task[None] | None" = None
    lost: bool = False
    settling: bool = False


@dataclass
class JobRunner:
    """Runs jobs until told to stop. One instance per worker process."""

    open_work: OpenWork
    bus: Bus
    handlers: Sequence[Handler]
    concurrency: int
    lease_s: float = LEASE_S
    poll_s: float = POLL_S
    beat_s: float = BEAT_S
    drain_s: float = DRAIN_S
    _slots: set[_Slot] = field(default_factory=set, init=False)
    _wake: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    def __post_init__(self) -> None:
        self._worker_id = uuid4()
        self._by_entrypoint = {handler.entrypoint: handler for handler in self.handlers}
        assert len(self._by_entrypoint) == len(self.handlers), "two handlers for one entrypoint"

    @property
    def running(self) -> int:
        """How many jobs this process is running."""
        return len(self._slots)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, then drain."""
        try:
            async with asyncio.TaskGroup() as background:
                tasks = [
                    background.create_task(self._watch_doorbell()),
                    background.create_task(self._beat()),
                    background.create_task(self._wake_on(stop)),
                ]
                await self._keep_periodic_jobs(stop)
                await self._claim_until(stop)
                await self._stop_slots(after_s=self.drain_s)
                for task in tasks:
                    task.cancel()
        finally:
            await self._stop_slots(after_s=0)

    async def _claim_until(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            self._wake.clear()
            started = await self._claim_free()
            if not started or self.running >= self.concurrency:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self.poll_s):
                        await self._wake.wait()

    async def _claim_free(self) -> int:
        free = self.concurrency - self.running
        if free <= 0:
            return 0
        try:
            async with self.open_work() as work:
                claims = await claim_jobs(
                    work.connection,
                    worker_id=self._worker_id,
                    entrypoints=list(self._by_entrypoint),
                    limit=free,
                    lease_s=self.lease_s,
                )
        except Unavailable:
            await asyncio.sleep(RECONNECT_PAUSE_S * random.uniform(0.5, 1.0))  # noqa: S311 - spreads load
            return 0
        for claim in claims:
            slot = _Slot(claim)
            self._slots.add(slot)
            slot.task = asyncio.create_task(self._run_slot(slot), name=f"job-{claim.entrypoint}-{claim.job_id}")
        return len(claims)

    async def _run_slot(self, slot: _Slot) -> None:
        claim = slot.claim
        context = {"job_id": claim.job_id, "entrypoint": claim.entrypoint, "attempt": claim.attempt}
        with structlog.contextvars.bound_contextvars(**context):
            try:
                outcome = await self._traced(claim)
                slot.settling = True
                await self._settle(claim, outcome)
            except LeaseLost:
                log.warning("job_lease_lost")
            except asyncio.CancelledError:
                if slot.lost:
                    log.warning("job_lease_lost")
                else:
                    await self._give_back(claim)
            except Exception:
                # Its lease runs out, and it is tried again as if this worker had died.
                log.exception("job_unsettled")
            finally:
                self._slots.discard(slot)
                self._wake.set()

    async def _traced(self, claim: Claim) -> Outcome | Failure:
        numbers = {"marquee.job.id": claim.job_id, "marquee.job.attempt": claim.attempt}
        with job_span(claim.entrypoint, cause=claim.cause, attributes=numbers) as span:
            # Unless it answers: stopped because another worker has the job, or because this one ends.
            span.end_with("stopped")
            outcome = await self._perform(claim)
            error = outcome.error if isinstance(outcome, Failure) else None
            error_type = None if error is None else type(error).__name__
            span.end_with(self._outcome_name(claim, outcome), error_type=error_type)
            return outcome

    def _outcome_name(self, claim: Claim, outcome: Outcome | Failure) -> str:
        match outcome:
            case Done():
                return "done"
            case Cancelled():
                return "cancelled"
            case Discarded():
                return "discarded"
            case RetryAt() | Failure():
                may_try_again = claim.tries < self._by_entrypoint[claim.entrypoint].max_attempts
                return "tried again" if may_try_again else "dead"

    async def _perform(self, claim: Claim) -> Outcome | Failure:
        handler = self._by_entrypoint[claim.entrypoint]
        if claim.tries > handler.max_attempts:
            # Nobody settled the attempts before: whatever ran them died with them.
            return Failure(f"the worker died in each of {handler.max_attempts} attempts")
        try:
            return await handler.perform(RunningJob(claim, self.open_work))
        except LeaseLost:
            raise
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            return Failure("the handler was cancelled from within")
        except Exception as error:
            failure = Failure(f"{type(error).__name__}: {error}", error)
            log.warning("job_failed", error=type(error).__name__, reason=failure.reason)
            return failure

    async def _settle(self, claim: Claim, outcome: Outcome | Failure) -> None:
        """Record the outcome, offering it again while the database is away."""
        deadline = asyncio.get_running_loop().time() + SETTLE_S
        while True:
            try:
                async with self.open_work() as work:
                    await bound_transaction(work.connection)
                    await self._record(work, claim, outcome)
            except Unavailable:
                if asyncio.get_running_loop().time() > deadline:
                    log.warning("job_outcome_unrecorded")
                    return
                await asyncio.sleep(RECONNECT_PAUSE_S)
            else:
                return

    async def _record(self, work: Work, claim: Claim, outcome: Outcome | Failure) -> None:
        handler = self._by_entrypoint[claim.entrypoint]
        match outcome:
            case Done():
                await finish(work.connection, claim, ending="successful")
            case Cancelled(reason):
                await finish(work.connection, claim, ending="canceled", note=Failure(reason))
            case Discarded(reason):
                await finish(work.connection, claim, ending="deleted", note=Failure(reason))
            case RetryAt(at, reason):
                if await self._may_try_again(work, claim, handler, Failure(reason)):
                    delay_s = max(0.0, (at - work.now).total_seconds())
                    await retry_later(work.connection, claim, delay_s=delay_s, failure=Failure(reason))
                return
            case Failure():
                if await self._may_try_again(work, claim, handler, outcome):
                    await retry_later(work.connection, claim, delay_s=backoff_s(claim.tries), failure=outcome)
                return
            case _:
                assert_never(outcome)
        if handler.every_s is not None:
            await insert_job(work.connection, _periodic(handler, delay_s=handler.every_s))

    async def _may_try_again(self, work: Work, claim: Claim, handler: Handler, failure: Failure) -> bool:
        """Bury the job when its tries are used up, and tell its domain in the same transaction."""
        if claim.tries < handler.max_attempts:
            return True
        await bury(work.connection, claim, failure=failure)
        await self._tell_of_death(work, claim, handler, failure)
        if handler.every_s is not None:
            await insert_job(work.connection, _periodic(handler, delay_s=handler.every_s))
        log.error("job_dead", reason=failure.reason, tries=claim.tries)
        return False

    async def _tell_of_death(self, work: Work, claim: Claim, handler: Handler, failure: Failure) -> None:
        if handler.on_dead is None:
            return
        try:
            async with work.part():
                await handler.on_dead(work, claim.payload, failure.reason)
        except Exception as fault:
            if isinstance(fault, DRIVER_FAULTS) and is_passing(fault, is_closed=is_closed(work.connection)):
                # Burying and telling are tried again together.
                raise
            # The job is dead all the same: undone with this, it would be run for ever.
            log.exception("job_death_untold")

    async def _give_back(self, claim: Claim) -> None:
        try:
            async with self.open_work() as work:
                await give_back(work.connection, claim)
                work.ring(JOBS_TOPIC)
        except (LeaseLost, Unavailable):
            # The lease runs out by itself.
            log.warning("job_not_given_back")

    async def _stop_slots(self, *, after_s: float) -> None:
        """Let running jobs end by themselves for `after_s`, then stop them; each gives its job back."""
        tasks = {slot.task for slot in self._slots if slot.task is not None}
        if not tasks:
            return
        log.info("draining", jobs=len(tasks), up_to_s=after_s)
        _, late = await asyncio.wait(tasks, timeout=after_s)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self.beat_s)
            await self._renew()

    async def _renew(self) -> None:
        slots = [slot for slot in self._slots if not slot.lost]
        if not slots:
            return
        try:
            async with self.open_work() as work:
                await bound_transaction(work.connection)
                held = await renew_leases(work.connection, [slot.claim for slot in slots])
        except Unavailable:
            return
        for slot in slots:
            if slot.claim.job_id not in held and not slot.settling and slot.task is not None:
                slot.lost = True
                slot.task.cancel()

    async def _watch_doorbell(self) -> None:
        async with self.bus.listen(JOBS_TOPIC) as doorbell:
            while True:
                if await doorbell.wait(self.poll_s):
                    self._wake.set()
                    await self._renew()
                    await asyncio.sleep(LOOK_PAUSE_S)

    async def _wake_on(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._wake.set()

    async def _keep_periodic_jobs(self, stop: asyncio.Event) -> None:
        """Put every repeating job on the queue unless it is there; its key lets one through."""
        periodic = [_periodic(handler, delay_s=0) for handler in self.handlers if handler.every_s is not None]
        while periodic and not stop.is_set():
            try:
                async with self.open_work() as work:
                    for job in periodic:
                        await insert_job(work.connection, job)
            except Unavailable:
                await asyncio.sleep(RECONNECT_PAUSE_S)
            else:
                return


def _periodic(handler: Handler, *, delay_s: float) -> Job:
    return Job(handler.entrypoint, {}, delay_s=delay_s, dedupe_key=f"periodic:{handler.entrypoint}")
