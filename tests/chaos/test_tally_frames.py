"""Twenty thousand votes in five seconds are at most twenty-two frames for a subscriber, and the last one is exact."""

import asyncio
import time
from dataclasses import replace

import pytest

from domain.accounts import ProfileId
from domain.accounts.people import AccountId
from domain.engagement import cast_vote, create_poll, open_poll
from domain.kernel.ids import new_id
from graph.global_ids import Kind, global_id
from tests.graph.test_websocket import Talk, talk
from tests.graph_scene import GraphScene, scene
from tests.live_streams import create_live_stream
from tests.poll_scene import question

__all__ = ["scene"]

pytestmark = pytest.mark.chaos

VOTES, SECONDS, FRAMES_MAX = 20_000, 5.0, 22
STEPS = 100
EXACT_WITHIN_S = 2.0
TALLY = "subscription($id: ID!) { pollTally(pollId: $id) { voters options { votes } } }"


async def heard(socket: Talk, *, until: int) -> list[list[int]]:
    """Hear tallies until that many have voted."""
    frames: list[list[int]] = []
    while not frames or sum(frames[-1]) < until:
        tally = (await socket.hear())["payload"]["data"]["pollTally"]
        frames.append([option["votes"] for option in tally["options"]])
        assert sum(frames[-1]) == tally["voters"]
    return frames


async def test_a_crowds_votes_are_few_frames_and_the_last_is_exact(scene: GraphScene) -> None:
    async with scene.runtime.work() as work:
        stream, host = await create_live_stream(work)
        poll = await create_poll(work, viewer=host, stream_id=stream.id, new=question(options=4))
        poll = await open_poll(work, viewer=host, poll_id=poll.id, expected_version=1)
    person = await scene.person()
    async with talk(scene) as socket:
        await socket.open()
        await socket.subscribe("tally", TALLY, id=global_id(Kind.POLL, poll.id))
        listening = asyncio.create_task(heard(socket, until=VOTES))
        began = time.monotonic()
        votes: list[asyncio.Task[object]] = []
        for step in range(STEPS):
            for number in range(VOTES // STEPS):
                voter = replace(person.viewer, account_id=AccountId(new_id()), profile_id=ProfileId(new_id()))
                choices = [poll.options[number % 4].id]
                votes.append(
                    asyncio.create_task(cast_vote(scene.runtime, viewer=voter, poll_id=poll.id, choices=choices))
                )
            await asyncio.sleep(max(0.0, began + (step + 1) * SECONDS / STEPS - time.monotonic()))
        await asyncio.gather(*votes)
        took = time.monotonic() - began
        async with asyncio.timeout(EXACT_WITHIN_S):
            frames = await listening
    assert frames[-1] == [VOTES // 4] * 4
    assert frames == sorted(frames, key=sum)
    # A slow machine takes longer, at four frames a second.
    assert len(frames) <= FRAMES_MAX + 4 * max(0.0, took - SECONDS)
