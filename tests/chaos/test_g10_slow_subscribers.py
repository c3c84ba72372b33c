"""G10: subscribers that never read harm nobody: little memory each, healthy ones told in time, closed soon."""

import asyncio
import json
import socket
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.chaos.crowd import frame
from tests.chaos.shows import Show, show
from tests.conftest import ScratchDatabases

pytestmark = pytest.mark.chaos

SLOW, HEALTHY = 40, 40
EACH_MAX_BYTES = 1024 * 1024
TOLD_WITHIN_S = 0.05
CLOSED_WITHIN_S = 30.0
# Enough for what the system's own buffers hold of a socket that is not read, and for an outbox.
EVENTS, USUALLY, AT_ONCE, EVERY_S = 400, 100, 5, 0.05
# An answer of some 10 KB, so that a socket is full soon.
LONG = "x" * 250
NAMES = " ".join(f"{LONG}{number}: id" for number in range(35))
WIDE = 'subscription { streamEvents(streamId: "%s") { ... on StreamUpdate { stream { ' + NAMES + " } } } }"
NARROW = 'subscription { streamEvents(streamId: "%s") { ... on StreamUpdate { stream { version } } } }'


def never_reads(port: int, query: str) -> socket.socket:
    """Subscribe, and read nothing from then on."""
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    line.connect(("127.0.0.1", port))
    line.sendall(
        b"GET /graphql HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
        b"sec-websocket-version: 13\r\nsec-websocket-protocol: graphql-transport-ws\r\n"
        b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    had = b""
    while b"\r\n\r\n" not in had:
        had += line.recv(4096)
    line.sendall(frame('{"type":"connection_init"}'))
    while b"connection_ack" not in had:
        had += line.recv(4096)
    line.sendall(frame(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": query}})))
    return line


@dataclass
class Healthy:
    """Subscribers that read, and how long after they were announced things came to them."""

    sockets: list[ClientConnection] = field(default_factory=list)
    announced_at: list[float] = field(default_factory=list)
    late_s: list[float] = field(default_factory=list)

    async def open(self, port: int, query: str) -> None:
        for _ in range(HEALTHY):
            socket = await connect(f"ws://127.0.0.1:{port}/graphql", subprotocols=["graphql-transport-ws"])  # type: ignore[list-item]  # a protocol's name
            await socket.send('{"type":"connection_init"}')
            await socket.recv()
            await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": query}}))
            await socket.recv()
            self.sockets.append(socket)

    async def read(self, socket: ClientConnection, events: int) -> None:
        number = 0
        while number < events:
            text = await socket.recv()
            assert isinstance(text, str)
            if "version" in text:
                self.late_s.append(time.monotonic() - self.announced_at[number])
                number += 1

    def p99(self) -> float:
        return sorted(self.late_s)[int(len(self.late_s) * 0.99)]

    async def told(self, live: Show, events: int) -> None:
        """Have so many things told to all of them."""
        self.announced_at, self.late_s = [], []
        reading = [asyncio.create_task(self.read(socket, events)) for socket in self.sockets]
        await tell(live, self, events)
        await asyncio.gather(*reading)


async def tell(live: Show, healthy: Healthy, events: int) -> None:
    for _ in range(events // AT_ONCE):
        await asyncio.sleep(EVERY_S)
        healthy.announced_at += [time.monotonic()] * AT_ONCE
        await live.tell(AT_ONCE)


@dataclass(frozen=True)
class Trouble:
    """How late the healthy were told, usually and then; what a slow one costs in bytes; how many are open at last."""

    usual_s: float
    late_s: float
    each: float
    still_open: int


async def trouble(live: Show) -> Trouble:
    healthy = Healthy()
    await healthy.open(live.port, NARROW % live.id)
    await healthy.told(live, USUALLY)
    usual_s = healthy.p99()
    before = live.process.memory_info().rss
    slow = [never_reads(live.port, WIDE % live.id) for _ in range(SLOW)]
    most = before
    telling = asyncio.create_task(healthy.told(live, EVENTS))
    while not telling.done():
        most = max(most, live.process.memory_info().rss)
        await asyncio.sleep(0.05)
    await telling
    ends_at = time.monotonic() + CLOSED_WITHIN_S
    while await live.sockets_open() > HEALTHY and time.monotonic() < ends_at:
        await asyncio.sleep(0.2)
    still_open = await live.sockets_open()
    for line in slow:
        line.close()
    await asyncio.gather(*(one.close() for one in healthy.sockets))
    return Trouble(usual_s, healthy.p99(), (most - before) / SLOW, still_open)


async def test_sockets_that_never_read_cost_little_and_are_closed_and_nobody_else_notices(
    scratch_databases: ScratchDatabases, tmp_path: Path
) -> None:
    for _ in range(3):
        async with show(await scratch_databases.create(), tmp_path) as live:
            seen = await trouble(live)
        assert seen.each <= EACH_MAX_BYTES
        assert seen.still_open == HEALTHY
        # A machine that is busy with something else is late by itself.
        if seen.late_s <= max(TOLD_WITHIN_S, 1.5 * seen.usual_s):
            return
        print(f"p99 usually {seen.usual_s * 1000:.0f} ms, then {seen.late_s * 1000:.0f} ms")
    pytest.fail("the healthy were told late three times")


async def test_the_same_test_catches_outboxes_without_bounds(
    scratch_databases: ScratchDatabases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.chaos.test_g10_slow_subscribers.CLOSED_WITHIN_S", 5.0)
    async with show(await scratch_databases.create(), tmp_path, "unbounded") as live:
        seen = await trouble(live)
    assert seen.each > EACH_MAX_BYTES
    assert seen.still_open == HEALTHY + SLOW
