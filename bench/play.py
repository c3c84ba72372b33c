"""Law `play`: `startPlayback` through GraphQL against its own SQL statements run bare.

The statements of one request are recorded and replayed with fresh ids over plain asyncpg: same database, same
transaction, same number of callers, and nothing of ours around them. Marquee is asked through its ASGI application
in this process, from identity to the last byte, as a server would call it.
"""

import asyncio
import contextlib
import gc
import os
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import orjson
import uvloop
from sqlalchemy import event
from starlette.applications import Starlette

from bench.harness import Target, conclude, print_machine, rounds
from domain.accounts import sign_in
from domain.runtime import Runtime, open_runtime
from domain.settings import Settings
from edge.app import create_app
from edge.local.postgres import LocalPostgres
from edge.logs import configure_logs
from graph.global_ids import Kind, global_id
from migrations import upgrade
from tests.playable import create_playable, create_subscriber

ROUNDS = 5
CALLERS = 8
ROUND_S = 4.0
WARM_UP = 20
LEAST = 0.5
TRANSACTION_WORDS = ("BEGIN", "COMMIT", "ROLLBACK", "SELECT 1")
DOCUMENT = """
mutation Start($input: StartPlaybackInput!) { startPlayback(input: $input) {
  __typename
  ... on PlaybackStarted {
    session { id leaseExpiresAt } manifests { dash hls } licence { keySystem url token } resumePositionSeconds
    tracks { kind language height } thumbnailsUrl heartbeatIntervalSeconds decision { allowed reasons }
  }
} }
"""


@dataclass(frozen=True)
class Caller:
    """One viewer on one device, who starts the same title again and again."""

    token: str
    account_id: UUID
    device_id: UUID
    title_id: UUID


@dataclass(frozen=True)
class Statement:
    """One recorded statement; `writes` tells whether it ran in the transaction."""

    sql: str
    values: tuple[Any, ...]
    writes: bool


async def prepare(runtime: Runtime) -> list[Caller]:
    """Sign callers in, each with a title of its own."""
    callers = []
    for _ in range(CALLERS):
        async with runtime.work() as work:
            playable = await create_playable(work)
            viewer = await create_subscriber(work)
            signed = await sign_in(work, account_id=viewer.account_id, device_name="Bench")
        device_id = signed.viewer.device_id
        callers.append(Caller(signed.token, viewer.account_id, device_id, playable.title_id))
    return callers


async def ask(app: Starlette, caller: Caller) -> None:
    """Send one `startPlayback` to the application and check its answer."""
    variables = {"input": {"titleId": global_id(Kind.TITLE, caller.title_id), "idempotencyKey": uuid4().hex}}
    body = orjson.dumps({"query": DOCUMENT, "variables": variables})
    headers = [
        (b"host", b"localhost"),
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"authorization", f"Bearer {caller.token}".encode()),
    ]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": "/graphql", "raw_path": b"/graphql", "query_string": b"", "root_path": "", "headers": headers,
        "client": ("127.0.0.1", 50000), "server": ("localhost", 80), "app": app,
    }  # fmt: skip
    requests = [{"type": "http.request", "body": body, "more_body": False}]
    answered = bytearray()

    async def receive() -> dict[str, Any]:
        if requests:
            return requests.pop()
        await asyncio.sleep(3600)
        raise AssertionError

    async def send(message: Any) -> None:
        answered.extend(message.get("body", b""))

    await app(scope, receive, send)
    assert b'"PlaybackStarted"' in answered, bytes(answered[:500])


class Recorder:
    """Listens to what the driver's connections of both pools are asked, while it records."""

    def __init__(self, runtime: Runtime) -> None:
        self._statements: list[Statement] = []
        self._connections: list[tuple[Any, bool]] = []
        for engine, writes in ((runtime.database.writes, True), (runtime.database.reading, False)):
            event.listen(engine.sync_engine, "connect", self._note(writes=writes))

    async def record(self, app: Starlette, caller: Caller) -> list[Statement]:
        """Return the statements of one request, in order."""
        self._statements = []
        loggers = [(connection, self._keeper(writes)) for connection, writes in self._connections]
        for connection, keep in loggers:
            connection.add_query_logger(keep)
        await ask(app, caller)
        for connection, keep in loggers:
            # A logged connection is slower, and the replay's are not logged.
            connection.remove_query_logger(keep)
        return self._statements

    def _note(self, *, writes: bool) -> Callable[..., None]:
        return lambda connection, _record: self._connections.append((connection.driver_connection, writes))

    def _keeper(self, writes: bool) -> Callable[[Any], None]:
        def keep(logged: Any) -> None:
            if not logged.query.startswith(TRANSACTION_WORDS):
                self._statements.append(Statement(logged.query, tuple(logged.args), writes))

        return keep


class Replay:
    """One caller's recorded statements on one plain connection, with ids of their own each time."""

    def __init__(self, connection: "asyncpg.Connection[Any]", statements: Sequence[Statement], kept: set[UUID]) -> None:
        self._connection = connection
        self._statements = statements
        self._kept = kept

    async def run(self) -> None:
        fresh: dict[Any, Any] = {}
        values = [tuple(self._fresh(value, fresh) for value in one.values) for one in self._statements]
        writes = [number for number, one in enumerate(self._statements) if one.writes]
        before, after = range(writes[0]), range(writes[-1] + 1, len(values))
        for number in before:
            await self._connection.fetch(self._statements[number].sql, *values[number])
        async with self._connection.transaction():
            for number in range(writes[0], writes[-1] + 1):
                await self._connection.fetch(self._statements[number].sql, *values[number])
        for number in after:
            await self._connection.fetch(self._statements[number].sql, *values[number])

    def _fresh(self, value: Any, fresh: dict[Any, Any]) -> Any:
        """Give what one request made up another value each time: its ids, its idempotency key, its lock number."""
        if isinstance(value, UUID) and value not in self._kept:
            return fresh.setdefault(value, uuid4())
        is_key = isinstance(value, str) and len(value) == 32
        if is_key:
            return fresh.setdefault(value, uuid4().hex)
        if isinstance(value, int) and abs(value) > 2**40:
            return fresh.setdefault(value, int.from_bytes(os.urandom(7), "big"))
        return value


async def per_second(calls: Sequence[Callable[[], Awaitable[None]]]) -> float:
    """Let every caller repeat its call for a while. Returns calls a second, of all together."""
    end = time.perf_counter() + ROUND_S
    done = 0

    async def repeat(call: Callable[[], Awaitable[None]]) -> None:
        nonlocal done
        while time.perf_counter() < end:
            await call()
            done += 1

    began = time.perf_counter()
    await asyncio.gather(*(repeat(call) for call in calls))
    return done / (time.perf_counter() - began)


async def known_ids(connection: "asyncpg.Connection[Any]") -> set[UUID]:
    """Return the ids that must stay as they are: what existed before the recorded request."""
    tables = ("accounts", "profiles", "devices", "sign_ins", "titles", "assets")
    rows = await connection.fetch(" UNION ALL ".join(f"SELECT id FROM {table}" for table in tables))
    return {row["id"] for row in rows}


async def measure() -> None:
    with tempfile.TemporaryDirectory(prefix="marquee-bench-") as name:
        postgres = LocalPostgres.start(Path(name) / "postgres")
        try:
            await upgrade(postgres.url)
            settings = Settings(data_dir=Path(name), database_url=postgres.url)
            async with open_runtime(settings) as runtime:
                await compare(runtime, postgres.url)
        finally:
            postgres.stop()


async def compare(runtime: Runtime, url: str) -> None:
    # Before any connection is made: what runs on an earlier one would not be replayed.
    recorder = Recorder(runtime)
    app = create_app(runtime)
    async with app.router.lifespan_context(app):
        # As the server does when it has started.
        gc.freeze()
        callers = await prepare(runtime)
        for _ in range(WARM_UP):
            await asyncio.gather(*(ask(app, caller) for caller in callers))
        connections = [await asyncpg.connect(url) for _ in callers]
        kept = await known_ids(connections[0])
        replays = [
            Replay(connection, await recorder.record(app, caller), kept)
            for connection, caller in zip(connections, callers, strict=True)
        ]
        print(f"{len(replays[0]._statements)} statements a request, {CALLERS} callers")
        marquee = [lambda caller=caller: ask(app, caller) for caller in callers]
        medians = await rounds(
            {
                "marquee": lambda: per_second(marquee),
                "bare_sql": lambda: per_second([replay.run for replay in replays]),
            },
            count=ROUNDS,
        )
        for connection in connections:
            await connection.close()
    conclude("play", [Target("marquee/bare_sql", medians["marquee"] / medians["bare_sql"], least=LEAST)])


if __name__ == "__main__":
    print_machine()
    # Lines are written as in production, and go nowhere.
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stderr(nowhere):
        configure_logs(Settings(log_format="json"))
        # The loop that `marquee serve` runs on.
        uvloop.run(measure())
