"""Jobs: inserted with their cause, run under a lease, fenced, retried, cancelled and kept when they fail for good."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.kernel.bus import Bus
from domain.kernel.job_claims import (
    Claim,
    Failure,
    LeaseLost,
    bury,
    claim_jobs,
    finish,
    give_back,
    hold,
    prune_job_log,
    renew_leases,
    retry_later,
)
from domain.kernel.job_handlers import (
    BACKOFF_MAX_S,
    Cancelled,
    Discarded,
    Done,
    Handler,
    RetryAt,
    RunningJob,
    backoff_s,
)
from domain.kernel.jobs import (
    JOBS_TOPIC,
    Job,
    QueueDepth,
    cancel_jobs,
    dead_jobs,
    insert_job,
    insert_jobs,
    queue_depths,
    requeue_dead_job,
)
from domain.kernel.refusals import Unavailable
from domain.kernel.work import Database, Work
from tests.job_scene import LEASE_S, Scene, claim_one, endings, stale, stale_heartbeat, statuses, until


async def test_a_rolled_back_transaction_leaves_no_job(database: Database) -> None:
    async with database.writes.connect() as connection:
        # The job is the very first statement, before SQLAlchemy has begun a transaction by itself.
        await insert_job(connection, Job("encode", {"asset": 1}))
        assert await statuses(connection) == [("encode", "queued", 0)]
        await connection.rollback()
    async with database.read() as connection:
        assert await statuses(connection) == []
        assert await endings(connection) == []


async def test_a_job_is_there_once_the_work_commits(database: Database, bus: Bus) -> None:
    async with database.work(bus=bus) as work:
        await work.enqueue(Job("encode", {"asset": 1}, priority=3))
        async with database.read() as connection:
            assert await statuses(connection) == []
    async with database.read() as connection:
        assert await statuses(connection) == [("encode", "queued", 0)]
        (depth,) = await queue_depths(connection)
        assert depth == QueueDepth("encode", "queued", 1, depth.oldest_s)


async def test_a_dedupe_key_lets_one_job_through_until_it_ends(work: Work) -> None:
    twin = Job("encode", {}, dedupe_key="asset:1:chunk:0")
    await insert_job(work.connection, twin)
    await insert_job(work.connection, twin)
    assert await statuses(work.connection) == [("encode", "queued", 0)]
    await stale(work.connection)
    claim = await claim_one(work.connection)
    assert claim is not None
    await insert_job(work.connection, twin)
    assert await statuses(work.connection) == [("encode", "picked", 1)]
    await finish(work.connection, claim, ending="successful")
    await insert_job(work.connection, twin)
    assert await statuses(work.connection) == [("encode", "queued", 0)]


async def test_higher_priority_goes_first_and_a_delay_is_kept(work: Work) -> None:
    for priority in (0, 5, 1):
        await insert_job(work.connection, Job("encode", {"priority": priority}, priority=priority))
    await insert_job(work.connection, Job("encode", {}, priority=9, delay_s=60))
    await work.connection.execute(text("UPDATE pgqueuer SET execute_after = execute_after - interval '1 second'"))
    order = [await claim_one(work.connection) for _ in range(4)]
    assert [claim and claim.payload for claim in order] == [{"priority": 5}, {"priority": 1}, {"priority": 0}, None]


async def _taken_over(work: Work) -> tuple[Claim, Claim]:
    await insert_job(work.connection, Job("encode", {}, group="asset:1"))
    await stale(work.connection)
    first = await claim_one(work.connection)
    await stale(work.connection)
    second = await claim_one(work.connection)
    assert first is not None
    assert second is not None
    return first, second


async def test_a_job_whose_lease_ran_out_is_claimed_as_the_next_attempt(work: Work) -> None:
    first, second = await _taken_over(work)
    assert second.job_id == first.job_id
    assert (first.attempt, second.attempt) == (1, 2)
    assert await claim_one(work.connection) is None


@pytest.mark.parametrize(
    "write",
    [
        lambda c, claim: hold(c, claim),
        lambda c, claim: finish(c, claim, ending="successful"),
        lambda c, claim: retry_later(c, claim, delay_s=0, failure=Failure("late")),
        lambda c, claim: give_back(c, claim),
        lambda c, claim: bury(c, claim, failure=Failure("late")),
    ],
    ids=["hold", "finish", "retry_later", "give_back", "bury"],
)
async def test_every_write_of_an_attempt_that_was_taken_over_is_refused(
    work: Work, write: Callable[[AsyncConnection, Claim], Awaitable[None]]
) -> None:
    first, second = await _taken_over(work)
    logged = await endings(work.connection)
    with pytest.raises(LeaseLost):
        await write(work.connection, first)
    assert await statuses(work.connection) == [("encode", "picked", 2)]
    assert await endings(work.connection) == logged
    await write(work.connection, second)


async def test_a_lease_that_was_taken_over_cannot_be_renewed(work: Work) -> None:
    first, second = await _taken_over(work)
    await stale(work.connection)
    beat = "SELECT heartbeat > now() - interval '1 minute' FROM pgqueuer"
    assert await renew_leases(work.connection, [first]) == set()
    assert (await work.connection.execute(text(beat))).scalar_one() is False
    assert await renew_leases(work.connection, [first, second]) == {second.job_id}
    assert (await work.connection.execute(text(beat))).scalar_one() is True


async def test_a_dead_job_is_listed_with_its_reason_and_put_back_with_fresh_tries(work: Work) -> None:
    await insert_job(work.connection, Job("encode", {"asset": 7}))
    await stale(work.connection)
    claim = await claim_one(work.connection)
    assert claim is not None
    await bury(work.connection, claim, failure=Failure("the picture is upside down", ValueError("?")))
    (dead,) = await dead_jobs(work.connection)
    assert (dead.id, dead.entrypoint, dead.payload, dead.attempts, dead.reason) == (
        claim.job_id, "encode", {"asset": 7}, 1, "the picture is upside down",
    )  # fmt: skip
    assert await claim_one(work.connection) is None
    assert await requeue_dead_job(work.connection, job_id=dead.id) is True
    assert await requeue_dead_job(work.connection, job_id=dead.id) is False
    assert await dead_jobs(work.connection) == []
    await stale(work.connection)
    again = await claim_one(work.connection)
    assert again is not None
    # The attempt goes on counting, so a zombie of the first attempt stays fenced off; the tries start anew.
    assert (again.attempt, again.tries) == (2, 1)
    with pytest.raises(LeaseLost):
        await hold(work.connection, claim)


async def test_a_job_given_back_by_a_draining_worker_keeps_its_tries(work: Work) -> None:
    await insert_job(work.connection, Job("encode", {}))
    await stale(work.connection)
    for attempt in (1, 2, 3):
        claim = await claim_one(work.connection)
        assert claim is not None
        assert (claim.attempt, claim.tries) == (attempt, 1)
        await give_back(work.connection, claim)
        await stale(work.connection)


async def test_cancelling_a_group_removes_its_jobs_and_no_others(work: Work) -> None:
    await insert_job(work.connection, Job("encode", {}, group="asset:1"))
    await insert_job(work.connection, Job("encode", {}, group="asset:1"))
    await insert_job(work.connection, Job("encode", {}, group="asset:2"))
    await insert_job(work.connection, Job("sweep", {}))
    await stale(work.connection)
    claim = await claim_one(work.connection)
    assert claim is not None
    assert await cancel_jobs(work.connection, group="asset:1") == 2
    assert await statuses(work.connection) == [("encode", "queued", 0), ("sweep", "queued", 0)]
    with pytest.raises(LeaseLost):
        await hold(work.connection, claim)


async def test_old_log_rows_are_pruned_except_of_jobs_still_there(work: Work) -> None:
    await insert_job(work.connection, Job("encode", {}))
    await insert_job(work.connection, Job("encode", {}))
    await stale(work.connection)
    claim = await claim_one(work.connection)
    assert claim is not None
    await finish(work.connection, claim, ending="successful")
    await work.connection.execute(text("UPDATE pgqueuer_log SET created = created - interval '8 days'"))
    assert await prune_job_log(work.connection, kept=timedelta(days=7), limit=2) == 2
    assert await prune_job_log(work.connection, kept=timedelta(days=7), limit=2) == 1
    assert await endings(work.connection) == ["queued"]


def test_backoff_doubles_with_jitter_up_to_its_bound() -> None:
    for tries, longest in ((1, 2.0), (2, 4.0), (5, 32.0), (50, BACKOFF_MAX_S)):
        waits = [backoff_s(tries) for _ in range(200)]
        assert longest / 2 <= min(waits) < max(waits) <= longest


async def test_the_runner_ends_jobs_as_their_handlers_say(scene: Scene) -> None:
    outcomes = {"done": Done(), "cancelled": Cancelled("called off"), "discarded": Discarded("hopeless")}

    async def perform(job: RunningJob) -> Done | Cancelled | Discarded:
        return outcomes[str(job.payload["outcome"])]

    async with scene.running(Handler("encode", perform)):
        await scene.enqueue(*(Job("encode", {"outcome": name}) for name in outcomes))
        await scene.queue_is()
    async with scene.database.read() as connection:
        assert sorted(await endings(connection)) == sorted(
            ["queued"] * 3 + ["picked"] * 3 + ["successful", "canceled", "deleted"]
        )


async def test_retry_at_waits_for_its_instant(scene: Scene) -> None:
    async def perform(job: RunningJob) -> RetryAt | Done:
        scene.seen.append(job.claim.attempt)
        async with job.work() as work:
            return RetryAt(work.now + timedelta(seconds=0.2), "too early") if job.claim.attempt == 1 else Done()

    async with scene.running(Handler("encode", perform)):
        await scene.enqueue(Job("encode", {}))
        await scene.queue_is(("encode", "queued", 1))
        await scene.queue_is()
    assert scene.seen == [1, 2]


async def test_a_job_that_keeps_failing_becomes_a_dead_job_and_its_domain_is_told(scene: Scene) -> None:
    async def perform(job: RunningJob) -> Done:
        scene.seen.append(job.claim.attempt)
        raise ValueError("no such codec")

    async def on_dead(work: Work, payload: object, reason: str) -> None:
        await insert_job(work.connection, Job("mourn", {"reason": reason}, delay_s=3600))

    async with scene.running(Handler("encode", perform, max_attempts=2, on_dead=on_dead)):
        await scene.enqueue(Job("encode", {}))
        await scene.queue_is(("encode", "queued", 1))
        async with scene.database.work(bus=scene.bus) as work:
            await stale(work.connection)
        await scene.queue_is(("encode", "failed", 2), ("mourn", "queued", 0))
    assert scene.seen == [1, 2]
    async with scene.database.read() as connection:
        assert [dead.reason for dead in await dead_jobs(connection)] == ["ValueError: no such codec"]


async def test_a_job_that_kills_its_workers_becomes_a_dead_job_unrun(scene: Scene) -> None:
    await scene.enqueue(Job("encode", {}))
    for _ in range(2):
        # A worker that claims and is never heard of again.
        async with scene.database.work(bus=scene.bus) as work:
            await stale(work.connection)
            assert await claim_one(work.connection) is not None
    async with scene.database.work(bus=scene.bus) as work:
        await stale(work.connection)
    async with scene.running(Handler("encode", scene.wait_forever, max_attempts=2)):
        await scene.queue_is(("encode", "failed", 3))
    assert scene.seen == []


async def test_a_cancelled_job_is_stopped_at_once_and_writes_nothing_more(scene: Scene) -> None:
    async with scene.running(Handler("encode", scene.wait_forever)):
        await scene.enqueue(Job("encode", {}, group="asset:1"))
        await scene.queue_is(("encode", "picked", 1))
        async with scene.database.work(bus=scene.bus) as work:
            await cancel_jobs(work.connection, group="asset:1")
            work.ring(JOBS_TOPIC)
        async with asyncio.timeout(2):
            while not scene.stopped:
                await asyncio.sleep(0.01)
        assert await scene.queue() == []


async def test_a_running_job_keeps_its_lease(scene: Scene) -> None:
    async with scene.running(Handler("encode", scene.wait_forever), drain_s=0):
        await scene.enqueue(Job("encode", {"asset": 1}))
        await scene.queue_is(("encode", "picked", 1))
        await asyncio.sleep(LEASE_S * 3)  # Time itself is under test: three leases go by.
        assert await scene.queue() == [("encode", "picked", 1)]
    assert scene.seen == [{"asset": 1}]


async def test_a_stopping_worker_lets_jobs_end_and_gives_the_rest_back(scene: Scene) -> None:
    release = asyncio.Event()

    async def quick(job: RunningJob) -> Done:
        await release.wait()
        return Done()

    async with scene.running(Handler("encode", scene.wait_forever), Handler("quick", quick), drain_s=0.2):
        await scene.enqueue(Job("encode", {}), Job("quick", {}))
        await scene.queue_is(("encode", "picked", 1), ("quick", "picked", 1))
        release.set()
    assert scene.stopped == ["encode"]
    assert await scene.queue() == [("encode", "queued", 1)]


async def test_a_repeating_job_is_queued_once_however_many_workers_start(scene: Scene) -> None:
    async def perform(job: RunningJob) -> Done:
        scene.seen.append(job.claim.attempt)
        return Done()

    sweep = Handler("sweep", perform, every_s=3600)
    async with scene.running(sweep), scene.running(sweep):
        async with asyncio.timeout(5):
            while not scene.seen:
                await asyncio.sleep(0.01)
        await scene.queue_is(("sweep", "queued", 0))
    assert scene.seen == [1]


async def test_a_handler_that_cancels_itself_has_failed(scene: Scene) -> None:
    async def perform(job: RunningJob) -> Done:
        raise asyncio.CancelledError

    async with scene.running(Handler("encode", perform, max_attempts=1)):
        await scene.enqueue(Job("encode", {}))
        await scene.queue_is(("encode", "failed", 1))


async def test_a_fenced_work_holds_off_a_takeover_until_it_commits(scene: Scene) -> None:
    await scene.enqueue(Job("encode", {}))
    async with scene.database.work(bus=scene.bus) as work:
        claim = await claim_one(work.connection)
    assert claim is not None
    async with RunningJob(claim, lambda: scene.database.work(bus=scene.bus)).work() as fenced:
        async with scene.database.work(bus=scene.bus) as other:
            await stale_heartbeat(other.connection)
            assert await claim_one(other.connection) is None
        await insert_job(fenced.connection, Job("written", {}, delay_s=60))
    async with scene.database.work(bus=scene.bus) as other:
        taken = await claim_one(other.connection)
    assert taken is not None
    assert taken.attempt == 2


async def test_a_worker_frozen_inside_a_transaction_does_not_keep_its_job(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("domain.kernel.job_claims.FROZEN_TRANSACTION_MS", 200)
    await scene.enqueue(Job("encode", {}))
    async with scene.database.work(bus=scene.bus) as work:
        claim = await claim_one(work.connection)
    assert claim is not None
    taken: list[Claim] = []

    async def taken_over() -> bool:
        async with scene.database.work(bus=scene.bus) as other:
            await stale_heartbeat(other.connection)
            taken.extend(await claim_jobs(
                other.connection, worker_id=uuid4(), entrypoints=["encode"], limit=1, lease_s=15
            ))  # fmt: skip
        return bool(taken)

    async def write_late() -> None:
        async with RunningJob(claim, lambda: scene.database.work(bus=scene.bus)).work() as fenced:
            # As if frozen: nothing is said to the server until another worker has the job.
            await until(taken_over)
            await insert_job(fenced.connection, Job("written too late", {}))

    with pytest.raises(Unavailable):
        await write_late()
    assert [one.attempt for one in taken] == [2]
    assert await scene.queue() == [("encode", "picked", 2)]


async def test_many_jobs_are_inserted_with_one_statement(work: Work) -> None:
    jobs = [Job("encode", {"number": number}, priority=number, dedupe_key=f"key {number % 2}") for number in range(3)]
    await insert_jobs(work.connection, jobs)
    await insert_jobs(work.connection, [])
    rows = await work.connection.execute(text("SELECT priority, dedupe_key FROM pgqueuer ORDER BY id"))
    assert [(row.priority, row.dedupe_key) for row in rows] == [(0, "key 0"), (1, "key 1")]
