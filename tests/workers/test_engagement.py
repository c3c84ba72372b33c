"""A worker notes what the clock has made of polls, reveals what reveals itself, and pays out."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from domain.engagement import PollChanged, PollKind, create_poll, open_poll
from domain.kernel.facts import read_facts
from domain.live import stream_topic
from tests.live_streams import create_live_stream
from tests.media_scene import MediaScene
from tests.poll_scene import question
from tests.workers.test_media import until, working


async def test_a_poll_runs_its_course_without_a_host(media_scene: MediaScene) -> None:
    # As if no worker had run since: a minute and a half ago the poll opened, for five seconds.
    then = datetime.now(UTC) - timedelta(seconds=90)
    async with media_scene.database.work(bus=media_scene.bus, clock=lambda: then) as work:
        stream, host = await create_live_stream(work)
        new = question(PollKind.QUIZ, right=(1,), points=5, duration_s=5, reveals_itself=True)
        poll = await create_poll(work, viewer=host, stream_id=stream.id, new=new)
        await open_poll(work, viewer=host, poll_id=poll.id, expected_version=1)
        await work.connection.execute(text("UPDATE pgqueuer SET execute_after = now()"))

    async def states() -> list[str]:
        async with media_scene.database.read() as connection:
            told = await read_facts(connection, stream_topic(stream.id), after=0)
        return [str(fact.body["state"]) for fact in told if fact.kind == PollChanged.kind]

    async def is_revealed() -> bool:
        return (await states())[-1] == "REVEALED"

    async with working(media_scene.runtime()):
        await until(is_revealed)
    assert await states() == ["OPEN", "REVEALED"]
