"""Pruning: what was kept long enough goes, a little at a time; what is still of use stays."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from domain.accounts import Viewer, forget_devices, idle_devices, sign_in
from domain.kernel.bus import Bus
from domain.kernel.clock import Clock
from domain.kernel.crypto import Keyring
from domain.kernel.facts import Fact
from domain.kernel.job_handlers import Handler
from domain.kernel.work import Database, Work
from domain.playback import PlaybackSession, start_playback, stop_playback
from domain.settings import Retention
from tests.arrange import create_viewer
from tests.job_scene import Scene, until
from tests.playable import create_playable, create_subscriber
from workers.pruning import pruning_handlers

RETENTION = Retention(answers_days=7, facts_days=7, sign_ins_days=30, playback_sessions_days=90, devices_days=400)

HEADS = "SELECT head FROM fact_topics ORDER BY topic"


@dataclass(frozen=True)
class LampLit(Fact):
    number: int


@pytest.fixture
def scene(database: Database, bus: Bus) -> Scene:
    return Scene(database, bus)


def ago(now: datetime, days: float) -> Clock:
    """A clock that stands still, that many days before now."""
    return lambda: now - timedelta(days=days)


async def prune(scene: Scene, handlers: Sequence[Handler]) -> None:
    """Let every job run once."""

    async def all_ended() -> bool:
        async with scene.database.read() as connection:
            ended = await connection.execute(text("SELECT count(*) FROM pgqueuer_log WHERE status = 'successful'"))
        return int(ended.scalar_one()) == len(handlers)

    async with scene.running(*handlers):
        await until(all_ended)


async def values(scene: Scene, query: str) -> list[object]:
    async with scene.database.read() as connection:
        return list((await connection.execute(text(query))).scalars())


async def watch(work: Work, keyring: Keyring, viewer: Viewer, title_id: UUID, *, stops: bool) -> PlaybackSession:
    session = (
        await start_playback(
            work, viewer=viewer, keyring=keyring, title_id=title_id, address="192.0.2.7", idempotency_key=uuid4().hex
        )
    ).session
    if stops:
        await stop_playback(work, viewer=viewer, session_id=session.id, sequence=1, position_s=60)
    return session


async def test_sessions_answers_facts_and_sign_ins_go_when_they_are_old(scene: Scene, keyring: Keyring) -> None:
    now = datetime.now(UTC)
    kept: list[UUID] = []
    for days, stays in ((91.0, False), (90.9, False), (89.0, True), (0.0, True)):
        async with scene.database.work(bus=scene.bus, clock=ago(now, days)) as work:
            playable, viewer = await create_playable(work), await create_subscriber(work)
            session = await watch(work, keyring, viewer, playable.title_id, stops=days != 90.9)
        kept += [session.id] if stays else []
    heads = await values(scene, HEADS)

    await prune(scene, pruning_handlers(RETENTION))

    assert await values(scene, "SELECT id FROM playback_sessions ORDER BY started_at") == kept
    # Answers, facts and sign-ins are kept for less: today's are left.
    assert await values(scene, "SELECT count(*) FROM idempotent_answers") == [1]
    assert await values(scene, "SELECT DISTINCT at > now() - interval '7 days' FROM facts") == [True]
    assert await values(scene, "SELECT DISTINCT created_at > now() - interval '1 day' FROM sign_ins") == [True]
    # Where people left off is theirs.
    assert await values(scene, "SELECT count(*) FROM resume_points") == [3]
    assert await values(scene, HEADS) == heads


async def test_a_sign_in_goes_after_it_ended_or_ran_out(scene: Scene) -> None:
    now = datetime.now(UTC)
    async with scene.database.work(bus=scene.bus, clock=ago(now, 0)) as work:
        viewers = [await create_viewer(work) for _ in range(4)]
        for viewer, (expired_days, ended_days) in zip(
            viewers, [(31, None), (29, None), (29, 31), (-1, 31)], strict=True
        ):
            await work.connection.execute(
                text("UPDATE sign_ins SET expires_at = :expires_at, ended_at = :ended_at WHERE id = :id"),
                {
                    "id": viewer.sign_in_id,
                    "expires_at": now - timedelta(days=expired_days),
                    "ended_at": None if ended_days is None else now - timedelta(days=ended_days),
                },
            )

    await prune(scene, pruning_handlers(RETENTION))

    assert await values(scene, "SELECT id FROM sign_ins") == [viewers[1].sign_in_id]


async def test_a_device_stays_as_long_as_something_names_it(scene: Scene, keyring: Keyring) -> None:
    now = datetime.now(UTC)
    async with scene.database.work(bus=scene.bus, clock=ago(now, 401)) as work:
        playable = await create_playable(work)
        forgotten, watching, signed_in = [await create_subscriber(work) for _ in range(3)]
        await watch(work, keyring, watching, playable.title_id, stops=True)
        await work.connection.execute(
            text("UPDATE sign_ins SET expires_at = :later WHERE id = :id"),
            {"later": now, "id": signed_in.sign_in_id},
        )
        await work.connection.execute(text("UPDATE playback_sessions SET ended_at = :now"), {"now": now})
    async with scene.database.work(bus=scene.bus, clock=ago(now, 399)) as work:
        lately = await create_viewer(work)

    handlers = {handler.entrypoint: handler for handler in pruning_handlers(RETENTION)}
    await prune(scene, [handlers["accounts.prune_sign_ins"]])
    async with scene.database.work(bus=scene.bus) as work:
        await work.connection.execute(text("TRUNCATE pgqueuer, pgqueuer_log"))
    await prune(scene, [handlers["accounts.prune_devices"]])

    left = set(await values(scene, "SELECT id FROM devices"))
    assert left == {watching.device_id, signed_in.device_id, lately.device_id}
    assert forgotten.device_id not in left


async def test_a_run_deletes_many_batches_but_not_without_end(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.pruning.PRUNED_AT_ONCE", 3)
    monkeypatch.setattr("workers.pruning.BATCHES_MAX", 4)
    old = datetime.now(UTC) - timedelta(days=8)
    async with scene.database.work(bus=scene.bus, clock=ago(old, 0)) as work:
        for number in range(14):
            await work.announce("lamps", LampLit(number))
    facts = [handler for handler in pruning_handlers(RETENTION) if handler.entrypoint == "kernel.prune_facts"]

    await prune(scene, facts)

    assert await values(scene, "SELECT count(*) FROM facts") == [2]


async def test_whoever_signs_in_on_a_device_that_goes_gets_a_new_one(scene: Scene) -> None:
    old = datetime.now(UTC) - timedelta(days=500)
    async with scene.database.work(bus=scene.bus, clock=ago(old, 0)) as work:
        viewer = await create_viewer(work)
        await work.connection.execute(text("DELETE FROM sign_ins"))

    async def come_back() -> UUID:
        async with scene.database.work(bus=scene.bus) as work:
            signed_in = await sign_in(work, account_id=viewer.account_id, device_name="Old", device_id=viewer.device_id)
        return signed_in.viewer.device_id

    async with scene.database.work(bus=scene.bus) as work:
        assert await idle_devices(work, kept=timedelta(days=400), limit=10) == [viewer.device_id]
        coming = asyncio.create_task(come_back())
        await until(lambda: _somebody_waits(scene))
        assert await forget_devices(work, device_ids=[viewer.device_id]) == 1
    device_id = await coming

    assert device_id != viewer.device_id
    assert await values(scene, "SELECT id FROM devices") == [device_id]


async def test_a_device_that_somebody_signs_in_on_is_left_alone(scene: Scene) -> None:
    old = datetime.now(UTC) - timedelta(days=500)
    async with scene.database.work(bus=scene.bus, clock=ago(old, 0)) as work:
        viewer = await create_viewer(work)
        await work.connection.execute(text("DELETE FROM sign_ins"))
    async with scene.database.work(bus=scene.bus) as returning:
        await sign_in(returning, account_id=viewer.account_id, device_name="Old", device_id=viewer.device_id)
        async with scene.database.work(bus=scene.bus) as work:
            assert await idle_devices(work, kept=timedelta(days=400), limit=10) == []
    assert await values(scene, "SELECT id FROM devices") == [viewer.device_id]


async def _somebody_waits(scene: Scene) -> bool:
    waiting = await values(scene, "SELECT count(*) FROM pg_locks WHERE NOT granted")
    return waiting != [0]
