"""A live show with polls and voters, on a database of its own, for tests of verbs that commit by themselves."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self, cast
from uuid import UUID

from sqlalchemy import text

from domain.accounts import Viewer
from domain.engagement import (
    LocalText,
    NewOption,
    NewPoll,
    Poll,
    PollKind,
    PollRules,
    Tally,
    Vote,
    cast_vote,
    create_poll,
    open_poll,
    tallies_of,
)
from domain.entitlements import Plan
from domain.kernel.bus import Bus
from domain.kernel.group_commit import GroupCommits
from domain.kernel.sharing import Shared
from domain.kernel.work import Database, Reads, Work
from domain.live import Stream
from domain.runtime import Runtime
from tests.conftest import SettableClock
from tests.live_streams import create_live_stream
from tests.playable import create_subscriber


def question(kind: PollKind = PollKind.SINGLE, *, options: int = 3, right: Sequence[int] = (), **rules: Any) -> NewPoll:
    """A question; `right` are numbers of right answers."""
    return NewPoll(
        kind,
        [LocalText("en", "Who wins?"), LocalText("de", "Wer gewinnt?")],
        [NewOption([LocalText("en", f"Option {number}")], is_right=number in right) for number in range(1, options + 1)]
        if kind is not PollKind.RATING
        else [],
        PollRules(**rules),
        grades=options if kind is PollKind.RATING else None,
    )


@dataclass
class Show:
    """A live stream, its host, and what votes go through."""

    database: Database
    bus: Bus
    clock: SettableClock
    stream: Stream
    host: Viewer
    shared: Shared = field(default_factory=Shared)
    commits: GroupCommits = field(default_factory=GroupCommits)

    @classmethod
    async def begin(cls, database: Database, bus: Bus, clock: SettableClock, **stream: Any) -> Self:
        """Go live."""
        async with database.work(bus=bus, clock=clock) as work:
            made, host = await create_live_stream(work, **stream)
        return cls(database, bus, clock, made, host)

    def work(self) -> AbstractAsyncContextManager[Work]:
        return self.database.work(bus=self.bus, clock=self.clock)

    def reads(self) -> Reads:
        return Reads(self.database, now=self.clock())

    @property
    def runtime(self) -> Runtime:
        """What verbs take that open their own works; this has all of it that they use."""
        return cast(Runtime, self)

    async def voter(self, *, plan: Plan | None = None, territory: str = "DE") -> Viewer:
        """Sign somebody in."""
        async with self.work() as work:
            return await create_subscriber(work, plan=plan, territory=territory)

    async def voters(self, count: int) -> list[Viewer]:
        """Sign many in."""
        async with self.work() as work:
            return [await create_subscriber(work, plan=None) for _ in range(count)]

    async def draft(self, new: NewPoll | None = None) -> Poll:
        """Write a poll down."""
        async with self.work() as work:
            return await create_poll(work, viewer=self.host, stream_id=self.stream.id, new=new or question())

    async def opened(self, new: NewPoll | None = None) -> Poll:
        """Open a poll."""
        poll = await self.draft(new)
        async with self.work() as work:
            return await open_poll(work, viewer=self.host, poll_id=poll.id, expected_version=1)

    async def vote(self, viewer: Viewer, poll: Poll, *numbers: int, behind_s: float = 0, **given: Any) -> Vote:
        """Vote for options by their numbers, as somebody who is so far behind."""
        choices = [poll.options[number - 1].id for number in numbers]
        media_time: datetime = given.pop("media_time", self.clock() - timedelta(seconds=behind_s))
        return await cast_vote(
            self.runtime, viewer=viewer, poll_id=poll.id, choices=choices, media_time=media_time, **given
        )

    async def tally(self, poll: Poll) -> Tally:
        """Return how the votes are, after making sure that the tally is their sum."""
        (found,) = await tallies_of(self.reads(), [poll.id])
        assert found is not None
        for option in found.options:
            assert (
                await self.scalar(
                    "SELECT (count(*), coalesce(sum(weight), 0), coalesce(sum(stake), 0))::text FROM votes"
                    " WHERE poll_id = :poll AND option_id = :option",
                    poll=poll.id,
                    option=option.option_id,
                )
                == f"({option.votes},{option.weight},{option.stake})"
            )
        voters = await self.scalar("SELECT count(DISTINCT voter_id) FROM votes WHERE poll_id = :poll", poll=poll.id)
        assert voters == found.voters
        return found

    async def counts(self, poll: Poll) -> list[int]:
        """Return the votes for each option."""
        return [option.votes for option in (await self.tally(poll)).options]

    async def points(self, holder_id: UUID) -> int:
        """Return what somebody has, 0 for who has never taken part; the whole ledger must come to zero."""
        assert await self.scalar("SELECT coalesce(sum(points), 0) FROM point_entries") == 0
        assert (
            await self.scalar(
                "SELECT count(*) FROM point_balances b WHERE points <> (SELECT sum(e.points) FROM point_entries e"
                " WHERE e.stream_id = b.stream_id AND e.holder_id = b.holder_id)"
            )
            == 0
        )
        return int(await self.scalar("SELECT points FROM point_balances WHERE holder_id = :id", id=holder_id) or 0)

    async def scalar(self, sql: str, **values: object) -> Any:
        """Look into the database."""
        async with self.database.read() as connection:
            return (await connection.execute(text(sql), values)).scalar()
