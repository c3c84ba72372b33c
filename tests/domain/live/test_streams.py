"""Streams: prepared, started and ended once, by those who may."""

import asyncio
from uuid import uuid4

import pytest

from domain.accounts import Role
from domain.catalog import TitleKind
from domain.kernel.bus import Bus
from domain.kernel.facts import read_facts
from domain.kernel.refusals import Forbidden, InvalidInput, NotFound, SignInRequired, StaleVersion
from domain.kernel.work import Database, Work
from domain.live import (
    NotAShow,
    StreamNotLive,
    StreamNotPrepared,
    StreamState,
    TitleOnAir,
    end_stream,
    live_streams_of,
    prepare_stream,
    start_stream,
    stream_topic,
    visible_streams,
)
from tests.arrange import create_viewer
from tests.live_streams import create_live_stream, create_stream
from tests.playable import create_playable, create_subscriber


async def test_a_stream_goes_live_and_ends_and_says_so(work: Work) -> None:
    stream, editor = await create_stream(work)
    started = await start_stream(work, viewer=editor, stream_id=stream.id, expected_version=1)
    assert (started.state, started.went_live_at, started.version) == (StreamState.LIVE, work.now, 2)
    assert await live_streams_of(work.reads(), [stream.title_id, uuid4()]) == [started, None]
    ended = await end_stream(work, viewer=editor, stream_id=stream.id, expected_version=2)
    assert (ended.state, ended.ended_at, ended.version) == (StreamState.ENDED, work.now, 3)
    assert await live_streams_of(work.reads(), [stream.title_id]) == [None]
    await work.write_facts()
    told = await read_facts(work.connection, stream_topic(stream.id), after=0)
    assert [fact.body["state"] for fact in told] == ["PREPARED", "LIVE", "ENDED"]


async def test_nothing_starts_or_ends_twice(work: Work) -> None:
    stream, editor = await create_live_stream(work)
    with pytest.raises(StaleVersion):
        await end_stream(work, viewer=editor, stream_id=stream.id, expected_version=1)
    with pytest.raises(StreamNotPrepared):
        await start_stream(work, viewer=editor, stream_id=stream.id, expected_version=2)
    await end_stream(work, viewer=editor, stream_id=stream.id, expected_version=2)
    with pytest.raises(StreamNotLive):
        await end_stream(work, viewer=editor, stream_id=stream.id, expected_version=3)


async def test_a_title_is_on_air_once(database: Database, bus: Bus) -> None:
    async with database.work(bus=bus) as work:
        first, editor = await create_stream(work)
        second = await prepare_stream(
            work, viewer=editor, title_id=first.title_id, asset_id=first.asset_id, name="Second"
        )

    async def start(stream_id: object) -> str:
        try:
            async with database.work(bus=bus) as work:
                await start_stream(work, viewer=editor, stream_id=stream_id, expected_version=1)  # type: ignore[arg-type]  # an id
        except TitleOnAir:
            return "refused"
        return "started"

    outcomes = await asyncio.gather(start(first.id), start(second.id))
    assert sorted(outcomes) == ["refused", "started"]


async def test_only_channels_and_live_events_go_live(work: Work) -> None:
    film = await create_playable(work, kind=TitleKind.MOVIE)
    with pytest.raises(NotAShow):
        await prepare_stream(work, viewer=film.editor, title_id=film.title_id, asset_id=film.asset_id, name="No")
    event = await create_playable(work, kind=TitleKind.LIVE_EVENT)
    with pytest.raises(NotFound):
        await prepare_stream(work, viewer=event.editor, title_id=event.title_id, asset_id=uuid4(), name="No")
    with pytest.raises(NotFound):
        await prepare_stream(work, viewer=event.editor, title_id=uuid4(), asset_id=event.asset_id, name="No")
    for name, latency in (("", 60), ("a\nb", 60), ("a" * 201, 60), ("A", 0), ("A", 601)):
        with pytest.raises(InvalidInput):
            await prepare_stream(
                work, viewer=event.editor, title_id=event.title_id, asset_id=event.asset_id, name=name,
                max_latency_s=latency,
            )  # fmt: skip


async def test_viewers_and_strangers_run_no_show(work: Work) -> None:
    stream, _ = await create_stream(work)
    viewer = await create_viewer(work)
    with pytest.raises(SignInRequired):
        await start_stream(work, viewer=None, stream_id=stream.id, expected_version=1)
    with pytest.raises(Forbidden):
        await start_stream(work, viewer=viewer, stream_id=stream.id, expected_version=1)
    host = await create_viewer(work, roles=frozenset({Role.VIEWER, Role.HOST}))
    assert (await start_stream(work, viewer=host, stream_id=stream.id, expected_version=1)).state is StreamState.LIVE


async def test_a_stream_of_a_hidden_title_looks_like_none(work: Work) -> None:
    stream, editor = await create_live_stream(work, territory="FR")
    german, french = await create_subscriber(work), await create_subscriber(work, territory="FR")
    reads = work.reads()
    assert await visible_streams(reads, [stream.id], viewer=german) == [None]
    assert await visible_streams(reads, [stream.id], viewer=french) == [stream]
    assert await visible_streams(reads, [stream.id, uuid4()], viewer=editor) == [stream, None]
    with pytest.raises(NotFound):
        await end_stream(work, viewer=german, stream_id=stream.id, expected_version=2)
