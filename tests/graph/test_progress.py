"""Following an asset: a snapshot, then the newest state, never too often, and never missing the end."""

import asyncio
from contextlib import aclosing
from uuid import UUID

import pytest

from domain.kernel.refusals import NotFound
from domain.media.asset import AssetState, topic_of
from graph import progress
from graph.context import Caller, Context
from graph.progress import follow_progress
from tests.graph.test_sse import an_asset
from tests.graph_scene import GraphScene, Person

WAIT_S = 10.0


def context(scene: GraphScene, by: Person) -> Context:
    return Context.of(scene.runtime, Caller(viewer=by.viewer), operation_id="x")


async def test_a_change_between_snapshot_and_doorbell_is_not_missed(
    scene: GraphScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = await scene.editor()
    _, asset_id = await an_asset(scene, editor)
    load = progress.transcode_progress

    async def changed_meanwhile(reads: object, id: UUID) -> object:
        found = await load(reads, id)  # type: ignore[arg-type]  # passed on
        if found is not None and found.state is AssetState.PROBING:
            await scene.set_asset(id, AssetState.CANCELLED)
        return found

    monkeypatch.setattr(progress, "transcode_progress", changed_meanwhile)
    async with asyncio.timeout(WAIT_S):
        # No poll would come in time: only the doorbell that rang in between tells.
        states = [told.state async for told in follow_progress(context(scene, editor), asset_id, pace_s=0, poll_s=600)]
    assert states == [AssetState.PROBING, AssetState.CANCELLED]


async def test_states_that_come_together_are_told_as_the_newest(scene: GraphScene) -> None:
    editor = await scene.editor()
    _, asset_id = await an_asset(scene, editor)
    async with aclosing(follow_progress(context(scene, editor), asset_id, pace_s=0.05, poll_s=600)) as followed:
        assert (await anext(followed)).fraction == 0.0
        waiting = asyncio.ensure_future(anext(followed))
        for done in range(1, 21):
            columns = {"plan": "{}", "duration_s": 1.0, "packaging_fraction": done / 20}
            await scene.set_asset(asset_id, AssetState.PACKAGING, **columns)
        told = [(await waiting).fraction]
        async with asyncio.timeout(WAIT_S):
            while told[-1] < 0.099:
                told.append((await anext(followed)).fraction)
    assert len(told) < 20
    assert told == sorted(told)
    assert told[-1] == pytest.approx(0.1)


async def test_a_lost_doorbell_costs_one_poll(scene: GraphScene) -> None:
    editor = await scene.editor()
    _, asset_id = await an_asset(scene, editor)
    async with aclosing(follow_progress(context(scene, editor), asset_id, pace_s=0, poll_s=0.02)) as followed:
        await anext(followed)
        async with scene.runtime.database.writes.begin() as connection:
            from sqlalchemy import text

            await connection.execute(text("UPDATE assets SET state = 'CANCELLED' WHERE id = :id"), {"id": asset_id})
        async with asyncio.timeout(WAIT_S):
            assert (await anext(followed)).state is AssetState.CANCELLED


async def test_an_ended_asset_is_told_once(scene: GraphScene) -> None:
    editor = await scene.editor()
    _, asset_id = await an_asset(scene, editor)
    await scene.set_asset(asset_id, AssetState.CANCELLED)
    async with asyncio.timeout(WAIT_S):
        told = [one.state async for one in follow_progress(context(scene, editor), asset_id)]
    assert told == [AssetState.CANCELLED]


async def test_nobody_else_follows_it(scene: GraphScene) -> None:
    _, asset_id = await an_asset(scene, await scene.editor())
    stranger = await scene.editor()
    with pytest.raises(NotFound):
        await anext(follow_progress(context(scene, stranger), asset_id))
    assert not scene.runtime.bus._doorbells.get(topic_of(asset_id))
