"""One thing that is followed: what is told of it is executed once, and written to all of its members.

Who joins gets, in this order: what it missed, or a snapshot; then the newest states; then everything as it comes. The
snapshot stands at a place of the log that was read before it, so nothing falls between the two.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Any

import structlog

from domain.kernel.bus import Bus
from domain.kernel.facts import READ_LIMIT, LoggedFact, Position, Readable, facts_since
from domain.kernel.refusals import Unavailable
from graph import measures
from graph.answering import Answer
from graph.context import Context
from graph.shared_fields import Feed, State
from graph.transports.hub.frames import Frame, Member
from graph.transports.hub.tails import Gap, Tail

# What was told last is kept for those who come back.
KEPT_MAX = 256
# What of the log somebody who was away longer is told, at most; whoever missed more gets a snapshot.
RECOVERED_MAX = READ_LIMIT
# State is told at most four times a second, and looked at every few seconds although no doorbell rang.
PACE_S = 0.25
POLL_S = 5.0
# How long those who come together are given the same snapshot, or the same past.
SHARED_S = 0.5
# How many members are told before others get their turn: what the process does besides must not wait for all of them.
TOLD_AT_ONCE = 256
# How long a fact waits for a database that is away before it is looked at again, at first and at most.
RETRY_S, RETRY_MAX_S = 0.25, 2.0
READY_TIMEOUT_S = 5.0

log = structlog.get_logger(__name__)

# Executes the operation with a row as its event.
Execute = Callable[[Context, Any], Awaitable[Answer]]


class Broadcast:
    """What all members of one operation are told."""

    def __init__(
        self,
        feed: Feed,
        execute: Execute,
        begin: Callable[[], Context],
        *,
        tail: Tail | None,
        database: Readable,
        bus: Bus,
    ) -> None:
        """`begin` makes the context of one execution."""
        self.feed = feed
        self.members: dict[Member, None] = {}
        # Those on their way in, and when the last one left.
        self.joining = 0
        self.left_at = time.monotonic()
        self.has_failed = False
        self._execute, self._begin = execute, begin
        self._tail, self._database, self._bus = tail, database, bus
        self._position: Position | None = None
        # Each with the position of its fact; those without a frame are of no concern to this operation.
        self._told: deque[tuple[Position, Frame | None]] = deque(maxlen=KEPT_MAX)
        self._states: dict[tuple[int, Hashable], Frame] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._ready = asyncio.Event()
        self._shared: dict[Hashable, tuple[float, asyncio.Task[Any]]] = {}

    def start(self) -> None:
        """Begin to follow."""
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._follow_facts())] + [
            loop.create_task(self._follow_state(number, state)) for number, state in enumerate(self.feed.states)
        ]
        for task in self._tasks:
            task.add_done_callback(self._check)

    async def close(self) -> None:
        """Stop following. Members are told nothing more."""
        tasks = [*self._tasks, *(task for _, task in self._shared.values())]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def join(self, member: Member, since: Position | None, *, is_returning: bool) -> None:
        """Tell a newcomer what it has to know, and everything from then on. `is_returning` says that it gave a place.

        Raises:
            Unavailable: the database is away.
        """
        self.joining += 1
        try:
            if not self._ready.is_set():
                await self._until_ready()
            past = await self._past_of(since, is_returning)
            while past:
                told_to = self._position
                for frame in past:
                    await member.room()
                    member.tell(frame)
                # More may have come while the client took its time.
                past = [] if told_to == self._position else await self._past_of(told_to, is_returning=True)
            # From here on nothing waits, so nothing is told between the past and the first of what comes.
            for frame in self._states.values():
                member.tell(frame)
            self.members[member] = None
            measures.subscriptions_open.inc()
        finally:
            self.joining -= 1

    async def _past_of(self, since: Position | None, is_returning: bool) -> list[Frame]:
        """Return what comes before now for somebody who was at a place, or is new. Nothing waits once it is known."""
        past = None if since is None else self._since(since)
        if past is None and since is not None:
            past = await self._recovered(since)
        return await self._beginning(is_returning) if past is None else past

    async def _until_ready(self) -> None:
        try:
            async with asyncio.timeout(READY_TIMEOUT_S):
                await self._ready.wait()
        except TimeoutError:
            raise Unavailable(RETRY_S) from None

    def leave(self, member: Member) -> None:
        """Tell a member nothing more."""
        if member in self.members:
            del self.members[member]
            measures.subscriptions_open.dec()
            self.left_at = time.monotonic()

    async def tell(self, frame: Frame) -> None:
        """Tell everybody who is a member now."""
        members = list(self.members)
        measures.hub_frames_total.inc()
        measures.hub_deliveries_total.inc(len(members))
        for start in range(0, len(members), TOLD_AT_ONCE):
            if start:
                await asyncio.sleep(0)
            for member in members[start : start + TOLD_AT_ONCE]:
                # It may have left, or been given up, meanwhile.
                if member in self.members:
                    member.tell(frame)

    def end(self, errors: Sequence[Mapping[str, Any]]) -> None:
        """Tell every member that there is no more."""
        for member in list(self.members):
            self.leave(member)
            member.end(errors)

    def _since(self, since: Position | None) -> list[Frame] | None:
        """Return what was told after a position, None being the start of an empty log; None when that is not kept."""
        position = self._position
        if position is None or (since is not None and since.epoch != position.epoch):
            return None
        begun = 0 if since is None else since.offset
        if not 0 <= position.offset - begun <= len(self._told):
            return None
        return [frame for place, frame in self._told if place.offset > begun and frame is not None]

    async def _recovered(self, since: Position) -> list[Frame] | None:
        """Return what the log has after a position, and what was told meanwhile; None when it does not go back so far.

        Whoever was away equally long is given the same.
        """
        if self._position is None or since.epoch != self._position.epoch or since.offset > self._position.offset:
            # A place in another life of the log.
            return None
        past = await self._together(("past", since), lambda: self._past(since))
        if past is None:
            return None
        frames, position = past
        later = self._since(position)
        return None if later is None else [*frames, *later]

    async def _past(self, since: Position) -> tuple[list[Frame], Position] | None:
        """Return what the log has after a position, up to where everybody has been told, and that place."""
        position = self._position
        assert position is not None, "positions are in logs"
        assert self.feed.topic is not None, "and logs are of topics"
        missing = position.offset - since.offset
        if missing > RECOVERED_MAX:
            return None
        found = (await facts_since(self._database, self.feed.topic, since))[:missing]
        if len(found) < missing or not all(isinstance(fact, LoggedFact) for fact in found):
            return None
        frames = [await self._frame_of(fact) for fact in found if isinstance(fact, LoggedFact)]
        return [frame for frame in frames if frame is not None], position

    async def _beginning(self, is_returning: bool) -> list[Frame]:
        """Return how things are now; nothing where there are only states."""
        if self.feed.snapshot is None:
            return []
        name = ("snapshot", is_returning)
        while True:
            frame, position = await self._together(name, lambda: self._snapshot(is_returning))
            later = [] if position == self._position else self._since(position)
            if later is not None:
                return [frame, *later]
            # More has been told since than is kept, or the log began another life: look again.
            self._shared.pop(name, None)

    async def _snapshot(self, is_returning: bool) -> tuple[Frame, Position | None]:
        # The place first, so that what is told after it can only be newer.
        position = self._position
        assert self.feed.snapshot is not None
        context = self._begin()
        answer = await self._execute(context, await self.feed.snapshot(context))
        if _is_away(answer):
            raise Unavailable(RETRY_S)
        return Frame(answer.payload, position=position, recovered=False if is_returning else None), position

    async def _together(self, name: Hashable, make: Callable[[], Awaitable[Any]]) -> Any:
        """Make something once for those who come within half a second."""
        begun_at, task = self._shared.get(name, (0.0, None))
        if task is None or time.monotonic() - begun_at > SHARED_S or (task.done() and task.exception() is not None):
            task = asyncio.ensure_future(make())
            now = time.monotonic()
            self._shared = {
                key: kept for key, kept in self._shared.items() if now - kept[0] <= SHARED_S or not kept[1].done()
            }
            self._shared[name] = now, task
        return await asyncio.shield(task)

    async def _follow_facts(self) -> None:
        if self._tail is None:
            self._ready.set()
            return
        await self._tail.known()
        self._position = self._tail.position
        self._ready.set()
        while True:
            found = await self._tail.beyond(self._position)
            if isinstance(found, Gap):
                await self._begin_again(found.position)
                continue
            for fact in found:
                await self._tell_fact(fact)

    async def _tell_fact(self, fact: LoggedFact) -> None:
        frame = await self._frame_of(fact)
        self._told.append((fact.position, frame))
        self._position = fact.position
        if frame is not None:
            await self.tell(frame)

    async def _frame_of(self, fact: LoggedFact) -> Frame | None:
        row = self.feed.event_of(fact)
        if row is None:
            return None
        delay_s = RETRY_S
        while _is_away(answer := await self._execute(self._begin(), row)):
            # A fact is told once, so it waits until all of it can be.
            await asyncio.sleep(delay_s)
            delay_s = min(delay_s * 2, RETRY_MAX_S)
        return Frame(answer.payload, position=fact.position)

    async def _begin_again(self, position: Position | None) -> None:
        """Tell everybody how things are now: the log lost its thread."""
        self._told.clear()
        self._shared.clear()
        self._position = position
        beginning: list[Frame] | None = None
        while beginning is None:
            try:
                beginning = await self._beginning(is_returning=True)
            except Unavailable:
                await asyncio.sleep(RETRY_S)
        for frame in beginning:
            await self.tell(frame)

    async def _follow_state(self, number: int, state: State) -> None:
        async with self._bus.listen(state.topic) as doorbell:
            while True:
                try:
                    await self._tell_state(number, state)
                except Unavailable:
                    log.debug("hub.state_unread", topic=state.topic)
                await asyncio.sleep(PACE_S)
                await doorbell.wait(POLL_S)

    async def _tell_state(self, number: int, state: State) -> None:
        context = self._begin()
        rows = await state.load(context)
        for key, row in rows.items():
            answer = await self._execute(context, row)
            if _is_away(answer):
                return
            frame = Frame(answer.payload, key=(number, key))
            before = self._states.get((number, key))
            if before is None or before.payload != frame.payload:
                self._states[number, key] = frame
                await self.tell(frame)
        for gone in [kept for kept in self._states if kept[0] == number and kept[1] not in rows]:
            del self._states[gone]

    def _check(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (fault := task.exception()) is not None:
            log.error("hub.broadcast_failed", topic=self.feed.topic, exc_info=fault)
            self.has_failed = True
            self.end([{"message": "Something went wrong on our side.", "extensions": {"code": "INTERNAL_ERROR"}}])


def _is_away(answer: Answer) -> bool:
    """Tell whether a part of the answer is missing because the database is away."""
    errors: Sequence[Mapping[str, Any]] = answer.payload.get("errors", ())
    return any(error.get("extensions", {}).get("code") == Unavailable.code for error in errors)
