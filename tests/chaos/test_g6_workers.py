"""G6: a killed worker's job goes on. Real worker processes are killed and frozen in the middle of real encodes."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import psutil
import pytest
from sqlalchemy import text

from domain.kernel.bus import Bus
from domain.kernel.jobs import Job, dead_jobs
from domain.kernel.work import Database
from tests.chaos.g6_worker import POISON, POISON_TRIES
from tests.media_scene import MediaScene, Step

pytestmark = pytest.mark.chaos

WORKER = Path(__file__).with_name("g6_worker.py")
# Production leases last 15 s and are polled for every second; a shorter one proves the same in less time.
LEASE_S = 2.0
PROMISED_S = 30.0


@dataclass
class WorkerProcess:
    """One worker, and what it said so far."""

    process: asyncio.subprocess.Process
    log_path: Path

    @property
    def log(self) -> str:
        return self.log_path.read_text(errors="replace")

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    async def end(self) -> None:
        if self.process.returncode is None:
            # A stopped process takes SIGKILL all the same.
            self.process.kill()
        await self.process.wait()


@dataclass
class Floor:
    """Where the workers work."""

    scene: MediaScene
    environment: Mapping[str, str]
    log_folder: Path
    workers: list[WorkerProcess] = field(default_factory=list)

    async def start(self, *, twin: str = "", concurrency: int = 1) -> WorkerProcess:
        """Start one worker process."""
        path = self.log_folder / f"worker-{len(self.workers)}.log"
        environment = {**os.environ, **self.environment, "G6_LEASE_S": str(LEASE_S), "G6_TWIN": twin}
        environment["G6_CONCURRENCY"] = str(concurrency)
        with path.open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                "nice", sys.executable, str(WORKER), env=environment, stdout=log, stderr=log
            )
        worker = WorkerProcess(process, path)
        self.workers.append(worker)
        return worker

    async def until(self, condition: Callable[[], Awaitable[bool]], *, within_s: float = 60) -> float:
        """Wait for a condition and return how long it took, in seconds."""
        started = time.monotonic()
        try:
            async with asyncio.timeout(within_s):
                while not await condition():
                    await asyncio.sleep(0.05)
        except TimeoutError as late:
            logs = "\n".join(f"--- {worker.log_path.name}\n{worker.log[-3000:]}" for worker in self.workers)
            raise AssertionError(f"not within {within_s} s; the workers said:\n{logs}") from late
        return time.monotonic() - started

    async def until_state(self, asset_id: UUID, state: str, *, within_s: float = 120) -> float:
        async def there() -> bool:
            return await self.scene.state_of(asset_id) == state

        return await self.until(there, within_s=within_s)

    async def until_encoding_the_second_chunk(self, asset_id: UUID) -> Step:
        """Wait until one chunk is done and another is really being encoded; return that other."""
        found: list[Step] = []

        async def there() -> bool:
            chunks = [step for step in await self.scene.steps(asset_id) if step.kind == "CHUNK"]
            running = [step for step in chunks if step.state == "RUNNING" and step.fraction > 0]
            found[:] = running
            return bool(running) and any(step.state == "DONE" for step in chunks)

        await self.until(there, within_s=120)
        return found[0]

    async def until_attempt(self, asset_id: UUID, step: Step, attempt: int, state: str) -> float:
        async def there() -> bool:
            now = next(one for one in await self.scene.steps(asset_id) if one.name == step.name)
            return now.attempt == attempt and now.state == state

        return await self.until(there)


@pytest.fixture
async def floor(media_scene: MediaScene, tmp_path: Path) -> AsyncIterator[Floor]:
    floor = Floor(media_scene, media_scene.environment, tmp_path)
    try:
        yield floor
    finally:
        for worker in floor.workers:
            await worker.end()


def children_of(worker: WorkerProcess) -> list[psutil.Process]:
    return psutil.Process(worker.process.pid).children(recursive=True)


async def all_ended(processes: Sequence[psutil.Process]) -> bool:
    """Tell whether these have all ended; nobody reaps the children of a frozen process."""
    return all(not one.is_running() or one.status() == psutil.STATUS_ZOMBIE for one in processes)


def finished(steps: Sequence[Step]) -> dict[str, Step]:
    return {step.name: step for step in steps if step.state == "DONE"}


async def test_a_killed_workers_chunk_is_taken_over_and_finished_chunks_are_not_redone(floor: Floor) -> None:
    scene = floor.scene
    asset_id = await scene.create_asset(scene.film(seconds=12))
    first = await floor.start()
    interrupted = await floor.until_encoding_the_second_chunk(asset_id)
    encoders = children_of(first)
    assert encoders, "an encode is running"
    done_before = finished(await scene.steps(asset_id))
    first.signal(signal.SIGKILL)
    await first.process.wait()
    # Two at a time, so that the takeover does not have to wait for a chunk that comes first.
    second = await floor.start(concurrency=2)

    taken_over_s = await floor.until_attempt(asset_id, interrupted, 2, "RUNNING")
    assert taken_over_s < PROMISED_S
    _, alive = psutil.wait_procs(encoders, timeout=5)
    assert alive == [], "no encoder outlives its worker"
    await floor.until_state(asset_id, "READY")

    steps = await scene.steps(asset_id)
    # Every chunk was encoded once, but for the interrupted one; those done before are the very same objects.
    assert {step.name: step.attempt for step in steps if step.attempt != 1} == {interrupted.name: 2}
    assert {name: finished(steps)[name] for name in done_before} == done_before
    assert await scene.scratch_roots() == [await scene.scratch_root_of(second.process.pid)]
    await scene.assert_plays(asset_id)


@dataclass(frozen=True)
class Evidence:
    """What a zombie left: where the step's objects point, and whether the counting still adds up."""

    asset_state: str
    step: Step
    objects_attempt: int
    packages: int
    steps_counted_right: bool


async def freeze_and_wake_a_worker(floor: Floor, *, twin: str) -> Evidence:
    """Freeze a worker in an encode until another has finished its chunk, then wake it with the chunk in its hands.

    The last chunk is held back meanwhile: a late write must meet an asset that is still being encoded, where nothing
    but the fences keeps it out.
    """
    scene = floor.scene
    asset_id = await scene.create_asset(scene.film(seconds=12))
    zombie = await floor.start(twin=twin)
    frozen_step = await floor.until_encoding_the_second_chunk(asset_id)
    encoders = children_of(zombie)
    zombie.signal(signal.SIGSTOP)
    last = f"asset:{asset_id}:CHUNK:2"
    await scene.hold_back(last, seconds=3600)
    await floor.start(concurrency=2)
    taken_over_s = await floor.until_attempt(asset_id, frozen_step, 2, "DONE")
    assert taken_over_s < PROMISED_S
    # The zombie's encoder was not frozen: once it is over, the zombie wakes with a whole chunk.
    await floor.until(lambda: all_ended(encoders), within_s=30)
    zombie.signal(signal.SIGCONT)

    async def step_now() -> Step:
        return next(one for one in await scene.steps(asset_id) if one.name == frozen_step.name)

    async def zombie_is_through() -> bool:
        return "job_lease_lost" in zombie.log or (await step_now()).objects_attempt != 2

    await floor.until(zombie_is_through)
    counted_right = await scene.steps_counted_right(asset_id)
    await scene.hold_back(last, seconds=0)
    if not twin:
        await floor.until_state(asset_id, "READY")
    step = await step_now()
    return Evidence(
        asset_state=await scene.state_of(asset_id),
        step=step,
        objects_attempt=step.objects_attempt,
        packages=await scene.count_packages(asset_id),
        steps_counted_right=counted_right,
    )


def assert_no_late_write(evidence: Evidence) -> None:
    assert evidence.step.attempt == 2
    assert evidence.objects_attempt == 2, "the chunk is the one of the attempt that owned it"
    assert evidence.steps_counted_right
    assert (evidence.asset_state, evidence.packages) == ("READY", 1)


async def test_a_frozen_worker_that_wakes_up_late_writes_nothing(floor: Floor) -> None:
    assert_no_late_write(await freeze_and_wake_a_worker(floor, twin=""))


async def test_the_same_test_catches_a_worker_whose_fences_are_removed(floor: Floor) -> None:
    evidence = await freeze_and_wake_a_worker(floor, twin="unfenced")
    assert evidence.objects_attempt == 1, "the zombie's chunk replaced the owner's"
    with pytest.raises(AssertionError):
        assert_no_late_write(evidence)


async def test_a_worker_told_to_stop_leaves_nothing_running_and_nothing_behind(floor: Floor) -> None:
    scene = floor.scene
    asset_id = await scene.create_asset(scene.film(seconds=12))
    worker = await floor.start()
    await floor.until_encoding_the_second_chunk(asset_id)
    encoders = children_of(worker)
    worker.signal(signal.SIGTERM)
    assert await asyncio.wait_for(worker.process.wait(), PROMISED_S) == 0
    assert await all_ended(encoders)
    assert await scene.scratch_roots() == []
    async with scene.database.read() as connection:
        picked = await connection.execute(text("SELECT count(*) FROM pgqueuer WHERE status = 'picked'"))
        assert picked.scalar_one() == 0
    await floor.start()
    await floor.until_state(asset_id, "READY")
    assert {step.attempt for step in await scene.steps(asset_id)} <= {1, 2}


async def test_a_job_that_kills_every_worker_ends_as_a_dead_job_and_the_others_go_on(
    floor: Floor, database: Database, bus: Bus
) -> None:
    async with database.work(bus=bus) as work:
        await work.enqueue(Job(POISON, {"cup": 1}, priority=100))
    asset_id = await floor.scene.create_asset(floor.scene.film(seconds=2))
    for _ in range(POISON_TRIES):
        victim = await floor.start()
        assert await asyncio.wait_for(victim.process.wait(), 60) == -signal.SIGKILL
    await floor.start()
    await floor.until_state(asset_id, "READY")

    async def buried() -> bool:
        async with database.read() as connection:
            return bool(await dead_jobs(connection))

    await floor.until(buried, within_s=PROMISED_S)
    async with database.read() as connection:
        (dead,) = await dead_jobs(connection)
        starts = await connection.execute(
            text("SELECT count(*) FROM pgqueuer_log WHERE entrypoint = :name AND status = 'picked'"), {"name": POISON}
        )
        # One claim more than tries: the worker that buried it claimed it first, and did not run it.
        assert starts.scalar_one() == POISON_TRIES + 1
    assert (dead.entrypoint, dead.payload) == (POISON, {"cup": 1})
    assert dead.reason == f"the worker died in each of {POISON_TRIES} attempts"
