"""Jobs that fail in ways nobody planned for: they are tried, they die, and their reason can be read."""

import asyncio

import pytest
from sqlalchemy import text

from domain.kernel.facts import Fact, head
from domain.kernel.job_claims import FAILURE_MAX_CHARS, Failure, bury
from domain.kernel.job_handlers import Done, Handler, RunningJob
from domain.kernel.jobs import Job, dead_jobs, insert_job, requeue_dead_job
from domain.kernel.refusals import Unavailable
from domain.kernel.work import Database, Work
from tests.job_scene import Scene, claim_one, endings, stale, statuses


class Mourned(Fact):
    """Somebody was told of a death."""


class Unspeakable(Exception):
    """Cannot even say what is wrong."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


@pytest.mark.parametrize(
    ("raised", "kept"),
    [
        ("bad \x00 byte", r"ValueError: bad \x00 byte"),
        ("bad \udcff name", r"ValueError: bad \udcff name"),
        ("x" * 20_000, "ValueError: " + "x" * (FAILURE_MAX_CHARS - 12)),
    ],
    ids=["NUL", "lone surrogate", "endless"],
)
async def test_a_reason_is_kept_whatever_it_quotes(scene: Scene, raised: str, kept: str) -> None:
    told: list[str] = []

    async def perform(job: RunningJob) -> Done:
        scene.seen.append(job.claim.attempt)
        raise ValueError(raised)

    async def on_dead(work: Work, payload: object, reason: str) -> None:
        await work.connection.execute(text("SELECT CAST(:reason AS text)"), {"reason": reason})
        told.append(reason)

    async with scene.running(Handler("encode", perform, max_attempts=1, on_dead=on_dead)):
        await scene.enqueue(Job("encode", {}))
        await scene.queue_is(("encode", "failed", 1))
    async with scene.database.read() as connection:
        assert [dead.reason for dead in await dead_jobs(connection)] == [kept]
    assert (scene.seen, told) == ([1], [kept])


def test_a_stack_is_kept_from_its_end_in_storable_words() -> None:
    failure = Failure("failed", ValueError("\x00" + "x" * 20_000 + "\udcff the cause"))
    assert len(failure.stack) == FAILURE_MAX_CHARS
    assert failure.stack.endswith("x\\udcff the cause\n")
    failure.stack.encode()
    assert "\x00" not in Failure("failed", ValueError("\x00")).stack
    assert Failure("failed").stack == ""


async def test_a_domain_that_cannot_be_told_leaves_the_job_dead(scene: Scene) -> None:
    async def perform(job: RunningJob) -> Done:
        raise ValueError("no such codec")

    async def on_dead(work: Work, payload: object, reason: str) -> None:
        scene.seen.append(reason)
        await insert_job(work.connection, Job("half told", {}))
        await work.announce("deaths", Mourned())
        await work.connection.execute(text("SELECT 1 / 0"))

    async with scene.running(Handler("encode", perform, max_attempts=1, on_dead=on_dead, every_s=3600)):
        await scene.queue_is(("encode", "failed", 1), ("encode", "queued", 0))
    # The next life of the repeating job is inserted after what was undone.
    assert scene.seen == ["ValueError: no such codec"]
    async with scene.database.read() as connection:
        assert await head(connection, "deaths") is None
        assert await endings(connection) == ["queued", "picked", "failed", "queued"]


async def test_a_death_is_told_again_after_a_fault_that_passes(scene: Scene) -> None:
    async def perform(job: RunningJob) -> Done:
        raise ValueError("no such codec")

    async def on_dead(work: Work, payload: object, reason: str) -> None:
        scene.seen.append(reason)
        if len(scene.seen) == 1:
            await work.connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        await insert_job(work.connection, Job("mourn", {}, delay_s=3600))

    async with scene.running(Handler("encode", perform, max_attempts=1, on_dead=on_dead)):
        await scene.enqueue(Job("encode", {}))
        await scene.queue_is(("encode", "failed", 1), ("mourn", "queued", 0))
    assert len(scene.seen) == 2


async def test_an_attempt_that_cannot_be_settled_ends_with_its_lease(scene: Scene) -> None:
    async def perform(job: RunningJob) -> Done:
        scene.seen.append(job.claim.attempt)
        if job.claim.attempt == 1:
            raise Unspeakable
        return Done()

    async with scene.running(Handler("encode", perform)) as runner:
        await scene.enqueue(Job("encode", {}))
        await scene.queue_is(("encode", "picked", 1))
        while runner.running:
            await scene.queue()
        async with scene.database.work(bus=scene.bus) as work:
            await stale(work.connection)
        await scene.queue_is()
    assert scene.seen == [1, 2]


async def test_a_part_that_fails_takes_its_facts_and_rings_with_it(database: Database, scene: Scene) -> None:
    async with database.work(bus=scene.bus) as work:
        await work.announce("births", Mourned())
        with pytest.raises(Unavailable):
            async with work.part():
                await work.announce("deaths", Mourned())
                await work.enqueue(Job("mourn", {}))
                raise Unavailable
        async with work.part():
            work.ring("feasts")
        assert work.rung == {"births", "feasts"}
    async with database.read() as connection:
        assert await head(connection, "births") is not None
        assert await head(connection, "deaths") is None
    assert await scene.queue() == []


async def test_a_dead_job_whose_key_is_in_use_again_only_goes(work: Work) -> None:
    twin = Job("encode", {}, dedupe_key="asset:1:chunk:0")
    await insert_job(work.connection, twin)
    await stale(work.connection)
    claim = await claim_one(work.connection)
    assert claim is not None
    await bury(work.connection, claim, failure=Failure("no such codec"))
    await insert_job(work.connection, twin)

    assert await requeue_dead_job(work.connection, job_id=claim.job_id) is True

    assert await statuses(work.connection) == [("encode", "queued", 0)]
    assert await endings(work.connection) == ["queued", "picked", "failed", "queued", "deleted"]
    assert await requeue_dead_job(work.connection, job_id=claim.job_id) is False


async def test_a_repeating_job_that_keeps_dying_is_one_dead_job(scene: Scene) -> None:
    async def perform(job: RunningJob) -> Done:
        scene.seen.append(job.claim.job_id)
        raise OSError(f"store away {len(scene.seen)}")

    async with scene.running(Handler("sweep", perform, max_attempts=1, every_s=0.01)):
        async with asyncio.timeout(20):
            while len(scene.seen) < 4:
                await asyncio.sleep(0.01)
    async with scene.database.read() as connection:
        (dead,) = await dead_jobs(connection)
        assert dead.id == scene.seen[-1]
        assert dead.reason == f"OSError: store away {len(scene.seen)}"
        assert [status for _, status, _ in await statuses(connection)] == ["failed", "queued"]


async def test_enqueueing_notifies_nobody(database: Database, scene: Scene) -> None:
    heard: list[object] = []
    async with database.writes.connect() as connection:
        raw = await connection.get_raw_connection()
        listener = raw.driver_connection
        assert listener is not None
        await listener.add_listener("ch_pgqueuer", lambda *what: heard.append(what))
        await scene.enqueue(Job("encode", {}))
        await listener.execute("SELECT 1")
        await listener.remove_listener("ch_pgqueuer", heard.append)
        triggers = await listener.fetch("SELECT tgname FROM pg_trigger WHERE tgrelid = 'pgqueuer'::regclass")
    assert (heard, triggers) == ([], [])
