"""Reactions: emojis that viewers tap while they watch, shown as rates and never one by one.

A process counts what it is sent, by the second, and adds its counts to the table twice a second; the sum over all
processes is the rate. A tap is acknowledged before it is written: a process that dies takes half a second of them
along, which nobody misses.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from contextvars import Context
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from domain.accounts import Viewer, require_viewer
from domain.engagement.chatting import may_find
from domain.engagement.flood import FloodGate
from domain.engagement.hosting import hosted_stream
from domain.engagement.store import reactions as store
from domain.engagement.store.reactions import ReactionSecond
from domain.engagement.words import checked_text
from domain.kernel.refusals import InvalidInput, NotFound, Refusal, StaleVersion, Unavailable
from domain.kernel.work import Reads, Work
from domain.live import Stream, StreamNotLive, StreamState, stream_topic, streams_by_id
from domain.runtime import Runtime

REACTIONS = "reactions"
DEFAULT_EMOJIS = ("❤️", "👏", "😂", "😮", "🔥", "🎉")
EMOJIS_MAX = 12
EMOJI_MAX_CHARS = 16
# Taps of one finger between two requests of a page.
TAPS_MAX = 20
# A quick thumb taps six times a second for a moment, not for a minute.
TAPS_BURST = 40
TAPS_PER_S = 8.0
RATED_OVER_S = 5
WRITTEN_EVERY_S = 0.5
# Seconds, emojis and streams that wait to be written: beyond them the database has been away for long.
WAITING_MAX = 10_000
_SECOND = timedelta(seconds=1)


class NoSuchReaction(Refusal):
    """The emoji is none of the show's. `emojis` are."""

    def __init__(self, emojis: Sequence[str]) -> None:
        super().__init__("This show has other reactions.")
        self.emojis = tuple(emojis)


@dataclass(frozen=True)
class ReactionSet:
    """Which emojis a show has, in the order in which they are offered."""

    stream_id: UUID
    emojis: tuple[str, ...] = DEFAULT_EMOJIS
    version: int = 0


@dataclass(frozen=True)
class ReactionRate:
    """How often an emoji was tapped in a second, on average over the last `RATED_OVER_S` seconds."""

    emoji: str
    per_s: float


def reactions_topic(stream_id: UUID) -> str:
    """Return the topic that rings when rates have moved."""
    return f"reactions:{stream_id}"


class ReactionCounter:
    """What one process was sent and has not written yet. It writes by itself while there is anything to write."""

    def __init__(self, runtime: Runtime, *, every_s: float = WRITTEN_EVERY_S) -> None:
        self._runtime = runtime
        self._every_s = every_s
        self._counts: dict[ReactionSecond, int] = {}
        self._gate = FloodGate(burst=TAPS_BURST, per_s=TAPS_PER_S)
        # Until when the rates of a stream move by themselves: they fall when nobody taps any more.
        self._moving: dict[UUID, datetime] = {}
        self._writer: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()

    def add(self, viewer: Viewer, second: ReactionSecond, taps: int, *, now: datetime) -> None:
        """Count taps of a viewer.

        Raises:
            TooManyAttempts: too many of them.
            Unavailable: the process is ending, or has not been able to write for long.
        """
        if self._closing.is_set() or (len(self._counts) >= WAITING_MAX and second not in self._counts):
            raise Unavailable
        self._gate.take(viewer.account_id, taps, now=now)
        self._counts[second] = self._counts.get(second, 0) + taps
        self._moving[second.stream_id] = second.at + _SECOND * (RATED_OVER_S + 1)
        if self._writer is None:
            # In a context of its own: what one viewer is traced by is nothing to the others.
            self._writer = asyncio.get_running_loop().create_task(self._run(), context=Context())

    async def write(self) -> None:
        """Add what was counted to the table, and ring the streams whose rates have moved."""
        counts, self._counts = self._counts, {}
        if counts:
            try:
                async with self._runtime.work() as work:
                    await store.add_counts(work.connection, counts)
            except BaseException:
                for second, count in counts.items():
                    self._counts[second] = self._counts.get(second, 0) + count
                raise
        self._runtime.bus.ring([reactions_topic(stream_id) for stream_id in self._moving])
        now = self._runtime.clock()
        self._moving = {stream_id: until for stream_id, until in self._moving.items() if until > now}

    async def close(self) -> None:
        """Take nothing new, write what was counted, and end."""
        self._closing.set()
        if self._writer is not None:
            # Not cancelled: nobody could say whether what it was writing is counted.
            await self._writer

    async def _run(self) -> None:
        try:
            while self._counts or self._moving:
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._every_s):
                        await self._closing.wait()
                # As a value: what could not be written is written with the next.
                await asyncio.gather(self.write(), return_exceptions=True)
                if self._closing.is_set():
                    return
        finally:
            self._writer = None


async def send_reaction(runtime: Runtime, *, viewer: Viewer | None, stream_id: UUID, emoji: str, taps: int = 1) -> None:
    """Tap an emoji, `taps` times since the last request. Counted at once, written within a second.

    Raises:
        SignInRequired, InvalidInput, NoSuchReaction, StreamNotLive, TooManyAttempts, Unavailable.
        NotFound: no such stream, or none that the viewer may find.
    """
    viewer = require_viewer(viewer)
    if not 1 <= taps <= TAPS_MAX:
        raise InvalidInput("taps", f"must be 1 to {TAPS_MAX}")
    now = runtime.clock()
    if not await may_find(runtime, viewer, stream_id, now):
        raise NotFound("stream", stream_id)
    stream, chosen = await _offered(runtime, stream_id, now)
    if stream.state is not StreamState.LIVE:
        raise StreamNotLive(stream.state)
    if emoji not in chosen.emojis:
        raise NoSuchReaction(chosen.emojis)
    second = ReactionSecond(stream_id, now.replace(microsecond=0), emoji)
    reaction_counter(runtime).add(viewer, second, taps, now=now)


def reaction_counter(runtime: Runtime) -> ReactionCounter:
    """Return what counts the reactions of this process."""
    return runtime.commits.of(REACTIONS, lambda: ReactionCounter(runtime))


async def choose_reactions(
    work: Work, *, viewer: Viewer | None, stream_id: UUID, expected_version: int, emojis: Sequence[str]
) -> ReactionSet:
    """Choose a show's reactions; with none of them there are none. Its hosts, and editors.

    Raises:
        SignInRequired, Forbidden, NotFound, InvalidInput, StaleVersion.
    """
    await hosted_stream(work.reads(), viewer=viewer, stream_id=stream_id)
    chosen = tuple(dict.fromkeys(_checked_emoji(emoji) for emoji in emojis[: EMOJIS_MAX + 1]))
    if len(emojis) > EMOJIS_MAX:
        raise InvalidInput("emojis", f"must be {EMOJIS_MAX} at most")
    version = await store.hold_version(work.connection, stream_id, emojis=DEFAULT_EMOJIS)
    if version != expected_version:
        raise StaleVersion(expected_version, version)
    await store.put_set(work.connection, stream_id, emojis=chosen, version=version + 1)
    work.ring(reactions_topic(stream_id))
    # What processes keep of a stream is out of date.
    work.ring(stream_topic(stream_id))
    return ReactionSet(stream_id, chosen, version + 1)


async def reactions_of(reads: Reads, stream_ids: Sequence[UUID]) -> list[ReactionSet]:
    """Return which reactions shows have, aligned with `stream_ids`."""
    async with reads.connection() as connection:
        found = await store.sets_of(connection, stream_ids)
    return [ReactionSet(id, *found[id]) if id in found else ReactionSet(id) for id in stream_ids]


async def reaction_rates(reads: Reads, stream_id: UUID) -> list[ReactionRate]:
    """Return the rates of a show's reactions in their order: of all of them, the silent ones too."""
    (chosen,) = await reactions_of(reads, [stream_id])
    until = reads.now.replace(microsecond=0)
    async with reads.connection() as connection:
        sums = await store.sums_of(connection, stream_id, after=until - _SECOND * RATED_OVER_S, until=until)
    return [ReactionRate(emoji, sums.get(emoji, 0) / RATED_OVER_S) for emoji in chosen.emojis]


async def prune_reactions(work: Work, *, kept: timedelta, limit: int) -> int:
    """Delete up to `limit` counts of seconds that were `kept` ago; return how many."""
    return await store.prune_seconds(work.connection, before=work.now - kept, limit=limit)


async def _offered(runtime: Runtime, stream_id: UUID, now: datetime) -> tuple[Stream, ReactionSet]:
    """Return a stream and its reactions: the same for everybody, so read once for all of them."""

    async def look() -> tuple[Stream, ReactionSet]:
        reads = runtime.reads()
        (stream,), (chosen,) = await streams_by_id(reads, [stream_id]), await reactions_of(reads, [stream_id])
        if stream is None:
            raise NotFound("stream", stream_id)
        return stream, chosen

    rings = runtime.bus.rings(stream_topic(stream_id))
    return await runtime.shared.get(("reactions", stream_id), look, rings=rings, now=now)


def _checked_emoji(emoji: str) -> str:
    emoji = checked_text(emoji, field="emojis", max_chars=EMOJI_MAX_CHARS)
    if any(sign.isalnum() or sign.isspace() for sign in emoji):
        raise InvalidInput("emojis", "must be emojis, not words")
    return emoji
