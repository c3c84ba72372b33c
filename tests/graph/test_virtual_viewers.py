"""Viewers 2, 20 and 45 seconds behind one show: each sees everything at its own moment, has the same time to vote, and
no result before the last of them has voted.

They follow the real subscription and vote through the real mutation. Time is real, and ahead by what the test adds, so
what is slow here is late here.
"""

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.graph.test_moments import announced
from tests.graph.test_polls import Desk, begin
from tests.graph.test_websocket import Talk, talk, token
from tests.graph_scene import GraphScene, Person

STEP_S = 0.04
TOLERANCE_S = 0.25
OPEN_FOR_S = 30
HEARD_WITHIN_S = 1.0
EVENTS = """subscription($id: ID!) { streamEvents(streamId: $id) {
  __typename
  ... on MomentAnnounced { moment { id kind presentAt } }
  ... on MomentRevoked { momentId }
  ... on PollUpdate { poll { state tally { voters } } }
  ... on TallyUpdate { tally { voters } }
} }"""


@dataclass
class VirtualViewer:
    """Somebody whose playhead is so far behind the programme; `shown` is how late each moment was, in seconds."""

    scene: GraphScene
    person: Person
    behind_s: float
    known: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    shown: dict[str, float] = field(default_factory=dict)
    results: list[float] = field(default_factory=list)
    voted: list[tuple[datetime, str]] = field(default_factory=list)

    @property
    def playhead(self) -> datetime:
        return self.scene.clock() - timedelta(seconds=self.behind_s)

    async def follow(self, socket: Talk) -> None:
        """Take in what is told."""
        while True:
            event: dict[str, Any] = (await socket.hear())["payload"]["data"]["streamEvents"]
            match event["__typename"]:
                case "MomentAnnounced":
                    moment = event["moment"]
                    self.known[moment["id"]] = (moment["kind"], datetime.fromisoformat(moment["presentAt"]))
                case "MomentRevoked":
                    self.known.pop(event["momentId"], None)
                case "TallyUpdate":
                    self.results.append(time.monotonic())
                case "PollUpdate" if event["poll"] is not None and event["poll"]["tally"] is not None:
                    self.results.append(time.monotonic())

    def look(self) -> list[str]:
        """Show what is due at the playhead, and return what has just been shown."""
        due = [id for id, (_, at) in self.known.items() if id not in self.shown and at <= self.playhead]
        for id in due:
            self.shown[id] = (self.playhead - self.known[id][1]).total_seconds()
        return [self.known[id][0] for id in due]

    async def vote(self, desk: Desk, poll: dict[str, Any], number: int) -> None:
        """Vote with what is on the screen."""
        at = self.playhead
        answer = await desk.vote(self.person, poll, number, mediaTime=at.isoformat())
        self.voted.append((at, answer.get("code", "COUNTED")))


async def until_heard(viewers: list[VirtualViewer], count: int) -> None:
    """Wait, in real time, until everybody knows of so many moments."""
    async with asyncio.timeout(HEARD_WITHIN_S):
        while any(len(viewer.known) < count for viewer in viewers):
            await asyncio.sleep(0.005)


@pytest.mark.compiled_only
async def test_each_viewer_sees_and_votes_at_its_own_time(fresh_scene: GraphScene) -> None:
    scene, desk = fresh_scene, await begin(fresh_scene)
    viewers = [VirtualViewer(scene, await scene.person(), behind_s) for behind_s in (2, 20, 45)]
    draft = await desk.create(reveal="AT_END", durationSeconds=OPEN_FOR_S)
    async with AsyncExitStack() as stack:
        followers = []
        for viewer in viewers:
            socket = await stack.enter_async_context(talk(scene))
            await socket.open(**token(viewer.person))
            await socket.subscribe("show", EVENTS, id=desk.stream_id)
            followers.append(asyncio.ensure_future(viewer.follow(socket)))
        await asyncio.sleep(0.2)
        poll = (await desk.act("openPoll", draft))["poll"]["poll"]
        await until_heard(viewers, 2)
        await announced(desk, presentAt=(scene.clock() + timedelta(seconds=3)).isoformat())
        await until_heard(viewers, 3)
        revealed_at = await play_through(desk, poll, viewers)
        for follower in followers:
            follower.cancel()
        await asyncio.gather(*followers, return_exceptions=True)
    for viewer in viewers:
        assert len(viewer.shown) == 4
        assert all(0 <= off <= TOLERANCE_S for off in viewer.shown.values()), viewer.shown
        assert [answer for _, answer in viewer.voted] == ["COUNTED", "COUNTED", "POLL_CLOSED"]
        first, last = viewer.voted[0][0], viewer.voted[1][0]
        assert OPEN_FOR_S - 2 * TOLERANCE_S <= (last - first).total_seconds() <= OPEN_FOR_S
        # Nobody has heard of a number before the host showed them, and the host could not before all had voted.
        assert viewer.results
        assert min(viewer.results) >= revealed_at


async def play_through(desk: Desk, poll: dict[str, Any], viewers: list[VirtualViewer]) -> float:
    """Let time pass until everybody has seen the results; return when they were shown, by the process's clock.

    Each votes when the poll appears, again in its last fifth of a second, and once more after it has locked.
    """
    revealed_at: float | None = None
    final_at = datetime.fromisoformat(poll["finalAt"])
    locks_at = next(at for kind, at in viewers[0].known.values() if kind == "POLL_LOCKED")
    last_call = timedelta(seconds=0.2)
    asked_early = False
    while any(len(viewer.shown) < 4 for viewer in viewers):
        desk.scene.clock.advance(STEP_S)
        for viewer in viewers:
            for kind in viewer.look():
                if kind == "POLL_OPENED" or kind == "POLL_LOCKED":
                    await viewer.vote(desk, poll, 1)
            if len(viewer.voted) == 1 and locks_at - last_call <= viewer.playhead < locks_at:
                await viewer.vote(desk, poll, 2)
        if not asked_early and desk.scene.clock() > final_at - timedelta(seconds=1):
            asked_early = True
            assert (await desk.act("revealPoll", poll))["code"] == "RESULTS_NOT_FINAL"
        if revealed_at is None and desk.scene.clock() >= final_at:
            revealed_at = time.monotonic()
            answer = await desk.act("revealPoll", poll)
            assert answer["poll"]["tally"]["voters"] == len(viewers)
            await until_heard(viewers, 4)
        await asyncio.sleep(0)
    assert asked_early
    assert revealed_at is not None
    return revealed_at
