"""The courier: tells hosts' systems what happens in shows. Every worker process has one, and they share the work.

It is no job: events go out within a second or two, however long the jobs before them take.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from domain.kernel.refusals import Unavailable
from domain.runtime import Runtime
from domain.webhooks.delivering import Desk, attempt, claim_due
from domain.webhooks.delivery import Claimed
from domain.webhooks.events import WriteId
from domain.webhooks.following import follow_stream, streams_behind
from domain.webhooks.sender import Sender

LOOK_EVERY_S = 1.0
# After a fault of the database, or one of ours, that the log has.
PAUSE_S = 5.0
AT_ONCE = 32
# A slow receiver leaves room for the others.
OF_ENDPOINT_AT_ONCE = 4

log = structlog.get_logger(__name__)


@dataclass(eq=False)
class Courier:
    """Reads what happened and sends it, until it is told to stop."""

    runtime: Runtime
    sender: Sender
    write_id: WriteId
    look_every_s: float = LOOK_EVERY_S
    # Set when there may be something to send that was not due before.
    _woken: asyncio.Event = field(default_factory=asyncio.Event)
    _running: dict["asyncio.Task[None]", UUID] = field(default_factory=dict)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, then finish what was begun."""
        stopping = asyncio.create_task(self._wake_at(stop))
        try:
            await asyncio.gather(self._repeat(self.follow, stop, stop), self._repeat(self.send, stop, self._woken))
        finally:
            stopping.cancel()
            await asyncio.gather(stopping, *self._running, return_exceptions=True)

    async def follow(self) -> None:
        """Write the deliveries of everything that happened since the last time."""
        for stream_id in await streams_behind(self.runtime.reads()):
            more = True
            while more:
                async with self.runtime.work() as work:
                    more = await follow_stream(work, stream_id=stream_id, write_id=self.write_id)
                self._woken.set()

    async def send(self) -> None:
        """Begin attempts at what is due, as many as there is room for, until nothing is."""
        while room := AT_ONCE - len(self._running):
            async with self.runtime.work() as work:
                claimed = await claim_due(work, busy=self._busy(), limit=min(room, OF_ENDPOINT_AT_ONCE))
            if not claimed:
                return
            for one in claimed:
                task = asyncio.create_task(self._attempt(one))
                self._running[task] = one.endpoint_id
                task.add_done_callback(self._running.pop)
        await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)

    async def settled(self) -> None:
        """Wait until every attempt that was begun has ended."""
        while self._running:
            await asyncio.wait(self._running)

    def _busy(self) -> list[UUID]:
        return [id for id, count in Counter(self._running.values()).items() if count >= OF_ENDPOINT_AT_ONCE]

    async def _attempt(self, claimed: Claimed) -> None:
        desk = Desk(self.runtime.work, self.sender, self.runtime.keyring)
        try:
            outcome = await attempt(desk, claimed)
        except Unavailable:
            # The claim runs out, and somebody sends it again.
            return
        # What stands behind it in line may be due now.
        self._woken.set()
        if outcome is not None and not outcome.is_delivered:
            log.info("webhooks.refused", delivery_id=str(claimed.id), status=outcome.status, error=outcome.error)

    async def _repeat(self, step: Callable[[], Awaitable[None]], stop: asyncio.Event, sooner: asyncio.Event) -> None:
        """Take a step again and again, sooner than usual when an event is set."""
        while not stop.is_set():
            if sooner is not stop:
                sooner.clear()
            (ended,) = await asyncio.gather(step(), return_exceptions=True)
            if isinstance(ended, Exception):
                if not isinstance(ended, Unavailable):
                    log.error("webhooks.failed", exc_info=ended)
                await _pause(stop, PAUSE_S)
            else:
                await _pause(sooner, self.look_every_s)

    async def _wake_at(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._woken.set()


async def run_courier(runtime: Runtime, *, write_id: WriteId, stop: asyncio.Event) -> None:
    """Tell hosts' systems what happens in shows, until `stop` is set."""
    async with Sender(allows_loopback=runtime.settings.webhooks_to_loopback, clock=runtime.clock) as sender:
        await Courier(runtime, sender, write_id).run(stop)


async def _pause(until: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await until.wait()
