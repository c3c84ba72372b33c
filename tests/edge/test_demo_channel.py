"""The demo's channel: on air once a film is ready, and once only."""

from domain.catalog import visible_titles
from domain.live import live_streams_of
from edge.demo.channel import put_on_air
from tests.play_scene import PlayScene


async def test_the_demo_has_one_channel_on_air(play_scene: PlayScene) -> None:
    runtime = play_scene.runtime
    for _ in range(2):
        await put_on_air(runtime, play_scene.editor, film_ids=[play_scene.title_id])
    async with runtime.database.read() as connection:
        rows = (await connection.exec_driver_sql("SELECT title_id FROM streams WHERE name = 'Round the clock'")).all()
    assert len(rows) == 1
    (stream,) = await live_streams_of(runtime.reads(), [rows[0].title_id])
    assert stream is not None
    assert stream.asset_id == play_scene.asset_id
    assert (await visible_titles(runtime.reads(), [stream.title_id], viewer=None))[0] is not None


async def test_without_a_film_nothing_is_on_air(play_scene: PlayScene) -> None:
    async with play_scene.runtime.database.read() as connection:
        before = (await connection.exec_driver_sql("SELECT count(*) FROM streams")).scalar()
    await put_on_air(play_scene.runtime, play_scene.editor, film_ids=[])
    async with play_scene.runtime.database.read() as connection:
        assert (await connection.exec_driver_sql("SELECT count(*) FROM streams")).scalar() == before
