"""A crowd of sockets or streams that costs little: it subscribes, then counts what it is told.

It runs in a process of its own: `python -m bench.crowd HOST PORT COUNT KIND QUERY`, where KIND is `ws` or `sse`. It
prints a line when all have subscribed, and from then on, twenty times a second, how many answers have come to all.
"""

import asyncio
import base64
import json
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bench.serving import ROOT

MARKS = {"ws": b'"type":"next"', "sse": b"event: next"}
READ_BYTES = 256 * 1024
TELL_EVERY_S = 0.05
SUBSCRIBE_TIMEOUT_S = 30.0


@dataclass
class Crowd:
    """A crowd in its process. `told` is how many answers it has counted."""

    process: asyncio.subprocess.Process
    told: int = 0

    async def read(self) -> None:
        """Keep `told` up to date until the crowd ends."""
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self.told = int(line)


@asynccontextmanager
async def crowd(url: str, *, count: int, query: str, kind: str = "ws") -> AsyncIterator[Crowd]:
    """Have a crowd subscribe, and yield it when all have had their first answer, if the server gives one."""
    host, _, port = url.removeprefix("http://").partition(":")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.crowd", host, port, str(count), kind, query, stdout=subprocess.PIPE, cwd=ROOT
    )
    assert process.stdout is not None
    ready = await process.stdout.readline()
    assert ready == b"ready\n", "the crowd could not subscribe"
    made = Crowd(process)
    reading = asyncio.create_task(made.read())
    try:
        yield made
    finally:
        process.kill()
        await process.wait()
        await reading


def frame(text: str) -> bytes:
    """Write a masked text frame (RFC 6455, section 5.3); a mask of zeros leaves the text as it is."""
    data = text.encode()
    length = bytes((0x80 | len(data),)) if len(data) < 126 else b"\xfe" + len(data).to_bytes(2, "big")
    return b"\x81" + length + bytes(4) + data


def subscribed(host: str, port: int, kind: str, query: str) -> socket.socket:
    """Connect and subscribe."""
    line = socket.create_connection((host, port))
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if kind == "sse":
        body = json.dumps({"query": query}).encode()
        line.sendall(
            b"POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
            b"accept: text/event-stream\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)
        )
        _until(line, b"\r\n\r\n")
        return line
    key = base64.b64encode(os.urandom(16))
    line.sendall(
        b"GET /graphql HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
        b"sec-websocket-key: %b\r\nsec-websocket-version: 13\r\nsec-websocket-protocol: graphql-transport-ws\r\n\r\n"
        % key
    )
    _until(line, b"\r\n\r\n")
    line.sendall(frame('{"type":"connection_init"}'))
    _until(line, b"connection_ack")
    line.sendall(frame(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": query}})))
    return line


def _until(line: socket.socket, mark: bytes) -> None:
    had = b""
    while mark not in had:
        more = line.recv(65536)
        assert more, had
        had += more


def count_answers(lines: list[socket.socket], mark: bytes) -> None:
    """Count answers until killed."""
    poll = select.epoll()
    by_number = {line.fileno(): line for line in lines}
    for number, line in by_number.items():
        line.setblocking(False)
        poll.register(number, select.EPOLLIN)
    told, next_at = 0, time.monotonic()
    while True:
        for number, _ in poll.poll(TELL_EVERY_S, 4096):
            data = by_number[number].recv(READ_BYTES)
            if not data:
                poll.unregister(number)
            told += data.count(mark)
        now = time.monotonic()
        if now >= next_at:
            next_at = now + TELL_EVERY_S
            print(told, flush=True)


if __name__ == "__main__":
    host, port, count, kind, query = sys.argv[1:]
    lines = [subscribed(host, int(port), kind, query) for _ in range(int(count))]
    # The servers answer the last ones too.
    time.sleep(0.3)
    print("ready", flush=True)
    count_answers(lines, MARKS[kind])
