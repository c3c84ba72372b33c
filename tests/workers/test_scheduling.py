"""A worker lets happen what is due, also what fell due while no worker ran."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from domain.catalog.review import ScheduledAction, schedule_title
from tests.media_scene import MediaScene
from tests.workers.test_media import until, working


async def test_what_fell_due_without_a_worker_happens_once_one_runs(media_scene: MediaScene) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    async with media_scene.database.work(bus=media_scene.bus, clock=lambda: yesterday) as work:
        for hours, action in (
            (1, ScheduledAction.PUBLISH),
            (2, ScheduledAction.WITHDRAW),
            (48, ScheduledAction.PUBLISH),
        ):
            await schedule_title(
                work, viewer=media_scene.viewer, title_id=media_scene.title_id, action=action,
                at=yesterday + timedelta(hours=hours),
            )  # fmt: skip

    async def states() -> list[tuple[str, str]]:
        async with media_scene.database.read() as connection:
            rows = await connection.execute(text("SELECT action, state FROM scheduled_changes ORDER BY at"))
            return [(row.action, row.state) for row in rows]

    async def is_done() -> bool:
        return [state for _, state in await states()].count("DONE") == 2

    async with working(media_scene.runtime()):
        await until(is_done)
    async with media_scene.database.read() as connection:
        state = (await connection.execute(text("SELECT state FROM titles"))).scalar_one()
    assert state == "WITHDRAWN"
    assert await states() == [("PUBLISH", "DONE"), ("WITHDRAW", "DONE"), ("PUBLISH", "PENDING")]
