"""Law `votes`: durable votes a second, each acknowledged after its COMMIT, tallies exact.

Two parts. Through servers: GraphQL's `castVote` over HTTP, from the bearer token to the last byte, against a bare
Starlette endpoint that finds the voter by the same token and hands ballots to the same batcher; what an endpoint does
that believes whatever voter a ballot names is shown beside it. In this process: the batcher with 2,000 callers,
admission and tally included, against the same statement with 500 rows at a time on two connections, and with one row in
a transaction of its own.
"""

import asyncio
import gc
import json
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import uvloop
from asyncpg.pgproto import pgproto

from bench.harness import Target, conclude, print_machine, rounds
from bench.load import load, post
from bench.serving import database, marquee, python_peer
from bench.shows import open_show
from domain.accounts import sign_in
from domain.engagement import LocalText, NewOption, NewPoll, Poll, PollKind, create_poll, open_poll
from domain.engagement.admission import Ballot
from domain.engagement.store.votes import WRITE
from domain.engagement.voting import committer_of
from domain.kernel.work import Database
from domain.live import streams_by_id
from domain.runtime import Runtime, open_runtime
from domain.settings import Settings
from graph.global_ids import Kind, global_id
from tests.arrange import create_editor
from tests.playable import create_subscriber

ROUNDS = 5
ROUND_S = 3.0
OPTIONS = 4
VOTERS = 2_000
POLLS = 6
CONNECTIONS = 64
CALLERS = 2_000
BATCH = 500
# The pool size at which single transactions did best: more of them wait for the same tally.
SINGLES = 16
DOCUMENT = """mutation Vote($input: CastVoteInput!) { castVote(input: $input) {
  __typename ... on VoteCast { vote { castAt optionIds } } ... on Problem { code }
} }"""


@dataclass(frozen=True)
class Crowd:
    """Open polls, and people to vote in them."""

    polls: list[Poll]
    tokens: list[str]
    voter_ids: list[UUID]


async def prepare(url: str) -> Crowd:
    """Open polls in a live stream, and sign voters in."""
    async with open_show(url) as show:
        base: Database = show.database
        async with base.work(bus=show.bus) as work:
            editor = await create_editor(work)
            polls = [await _opened(work, editor, show.stream_id) for _ in range(POLLS)]
        tokens, ids = [], []
        for _ in range(VOTERS // 100):
            async with base.work(bus=show.bus) as work:
                for _ in range(100):
                    viewer = await create_subscriber(work, plan=None)
                    signed = await sign_in(work, account_id=viewer.account_id, device_name="Bench")
                    tokens.append(signed.token)
                    ids.append(viewer.account_id)
    return Crowd(polls, tokens, ids)


async def _opened(work: Any, editor: Any, stream_id: UUID) -> Poll:
    assert await streams_by_id(work.reads(), [stream_id]) != [None]
    options = [NewOption([LocalText("en", f"Option {number}")]) for number in range(OPTIONS)]
    new = NewPoll(PollKind.SINGLE, [LocalText("en", "Who wins?")], options)
    poll = await create_poll(work, viewer=editor, stream_id=stream_id, new=new)
    return await open_poll(work, viewer=editor, poll_id=poll.id, expected_version=1)


def graphql_votes(crowd: Crowd) -> list[bytes]:
    """Return a vote of every voter in every poll, as a client sends it."""
    return [
        post("/graphql", json.dumps({"query": DOCUMENT, "variables": {"input": {
            "pollId": global_id(Kind.POLL, poll.id),
            "optionIds": [global_id(Kind.POLL_OPTION, poll.options[number % OPTIONS].id)],
        }}}).encode(), f"authorization: Bearer {token}")
        for poll in crowd.polls
        for number, token in enumerate(crowd.tokens)
    ]  # fmt: skip


def bare_votes(crowd: Crowd, path: str) -> list[bytes]:
    """Return the same for the bare server."""
    return [
        post(path, json.dumps({
            "pollId": str(poll.id), "voterId": str(voter_id), "optionId": str(poll.options[number % OPTIONS].id),
        }).encode(), f"authorization: Bearer {token}")
        for poll in crowd.polls
        for number, (voter_id, token) in enumerate(zip(crowd.voter_ids, crowd.tokens, strict=True))
    ]  # fmt: skip


@dataclass
class InProcess:
    """Ways to write votes of voters who come once, in one poll."""

    runtime: Runtime
    url: str
    poll: Poll
    waits: list[float]

    def ids(self) -> Iterator[UUID]:
        """Give voters, made beforehand: making them is no part of the law."""
        # As the driver reads ids of accounts; they hash faster than Python's own.
        return iter([pgproto.UUID(uuid4().bytes) for _ in range(1_000_000)])

    async def batcher(self) -> float:
        """Let 2,000 callers vote, each as soon as its last vote is durable."""
        votes, ids, options = committer_of(self.runtime), self.ids(), [option.id for option in self.poll.options]
        waits: list[float] = []

        async def call(number: int) -> None:
            now = datetime.now(UTC)
            choice = (options[number % OPTIONS],)
            began = time.perf_counter()
            await votes.submit(Ballot(self.poll.id, next(ids), choice, None, now, now, "DE", None))
            waits.append(time.perf_counter() - began)

        per_second = await _per_second([lambda number=number: call(number) for number in range(CALLERS)])  # type: ignore[misc]  # mypy infers no lambda with a default
        self.waits.append(statistics.quantiles(waits, n=100)[98] * 1000)
        return per_second

    async def raw(self, *, connections: int, rows: int) -> float:
        """Run the batcher's statement by itself, `rows` at a time; return rows a second."""
        ids, pool = self.ids(), [await asyncpg.connect(self.url) for _ in range(connections)]
        options = [self.poll.options[number % OPTIONS].id for number in range(rows)]
        poll_ids, zeros, ones = [self.poll.id] * rows, [0] * rows, [1] * rows

        async def write(connection: "asyncpg.Connection[Any]") -> None:
            voters = [next(ids) for _ in range(rows)]
            await connection.execute(WRITE, poll_ids, voters, zeros, options, ones, zeros, datetime.now(UTC), [], 50)

        written = await _per_second([lambda one=one: write(one) for one in pool])  # type: ignore[misc]  # as above
        for connection in pool:
            await connection.close()
        return written * rows


async def _per_second(calls: list[Callable[[], Awaitable[None]]]) -> float:
    end, done, began = time.perf_counter() + ROUND_S, 0, time.perf_counter()

    async def repeat(call: Callable[[], Awaitable[None]]) -> None:
        nonlocal done
        while time.perf_counter() < end:
            await call()
            done += 1

    await asyncio.gather(*(repeat(call) for call in calls))
    return done / (time.perf_counter() - began)


async def exact(url: str) -> None:
    """Make sure that every tally is the sum of its votes."""
    connection = await asyncpg.connect(url)
    wrong = await connection.fetchval(
        "SELECT count(*) FROM poll_tallies t WHERE votes <> (SELECT count(*) FROM votes v"
        " WHERE v.poll_id = t.poll_id AND v.option_id = t.option_id)"
    )
    await connection.close()
    assert wrong == 0, f"{wrong} tallies are not the sum of their votes"


async def through_servers(url: str, crowd: Crowd) -> tuple[float, float]:
    """Return GraphQL against the bare server, and the 99th percentile of GraphQL's answers in milliseconds."""
    async with AsyncExitStack() as stack:
        with_graphql = await stack.enter_async_context(marquee(url))
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="marquee-bench-votes-"))
        os.environ["DATA_DIR"] = folder
        bare = await stack.enter_async_context(python_peer("bench.votes_server", url))
        ours, theirs, trusting = graphql_votes(crowd), bare_votes(crowd, "/vote"), bare_votes(crowd, "/trusting-vote")
        p99: list[float] = []

        async def graphql() -> float:
            figures = await load(with_graphql, ours, connections=CONNECTIONS, seconds=ROUND_S)
            p99.append(figures.p99_ms)
            return figures.per_second

        async def starlette(requests: list[bytes]) -> float:
            return (await load(bare, requests, connections=CONNECTIONS, seconds=ROUND_S)).per_second

        await graphql()
        medians = await rounds(
            {"marquee": graphql, "starlette": lambda: starlette(theirs), "trusting": lambda: starlette(trusting)},
            count=ROUNDS,
        )
        print(f"marquee/trusting = {medians['marquee'] / medians['trusting']:.3g}")
    return medians["marquee"] / medians["starlette"], statistics.median(p99[1:])


async def in_process(url: str, crowd: Crowd) -> tuple[float, float, float]:
    """Return the batcher against raw batches, against single transactions, and its 99th percentile in milliseconds."""
    with tempfile.TemporaryDirectory(prefix="marquee-bench-votes-") as folder:
        async with open_runtime(Settings(data_dir=Path(folder), database_url=url)) as runtime:
            gc.freeze()
            ways = InProcess(runtime, url, crowd.polls[0], [])
            medians = await rounds(
                {
                    "batcher": ways.batcher,
                    "raw": lambda: ways.raw(connections=2, rows=BATCH),
                    "singles": lambda: ways.raw(connections=SINGLES, rows=1),
                },
                count=ROUNDS,
            )
    return medians["batcher"] / medians["raw"], medians["batcher"] / medians["singles"], statistics.median(ways.waits)


async def measure() -> None:
    async with database() as url:
        crowd = await prepare(url)
        raw, singles, batcher_p99 = await in_process(url, crowd)
        starlette, p99 = await through_servers(url, crowd)
        await exact(url)
    conclude(
        "votes",
        [
            Target("marquee/starlette", starlette, least=0.5),
            Target("batcher/raw", raw, least=0.6),
            Target("batcher/singles", singles, least=8),
            Target("batcher_p99_ms", batcher_p99, most=60),
            Target("graphql_p99_ms", p99, most=60),
        ],
    )


if __name__ == "__main__":
    print_machine()
    uvloop.run(measure())
