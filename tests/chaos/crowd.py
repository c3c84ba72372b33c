"""A crowd of plain sockets that subscribe, are cut off, and come back when they were told to.

In a process of its own, `python -m tests.chaos.crowd PORT COUNT QUERY OBEYS`, so that it slows nobody who measures. It
reads commands, a line each: `drop` cuts all of them off at once. It prints what happens, a JSON text a line.
"""

import asyncio
import base64
import json
import os
import sys
import time
from typing import Any

import uvloop

CONNECT_AT_ONCE = 50


def frame(text: str) -> bytes:
    """Write a masked text frame; a mask of zeros leaves the text as it is."""
    data = text.encode()
    length = bytes((0x80 | len(data),)) if len(data) < 126 else b"\xfe" + len(data).to_bytes(2, "big")
    return b"\x81" + length + bytes(4) + data


class Follower(asyncio.Protocol):
    """One socket."""

    def __init__(self, query: str) -> None:
        self._query = query
        self._buffer = b""
        self._is_open = False
        self.retry_after_ms = 0
        self.subscribed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        key = base64.b64encode(os.urandom(16))
        self.transport.write(
            b"GET /graphql HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
            b"sec-websocket-version: 13\r\nsec-websocket-protocol: graphql-transport-ws\r\n"
            b"sec-websocket-key: %b\r\n\r\n" % key
        )

    def data_received(self, data: bytes) -> None:
        self._buffer = (self._buffer + data)[-65536:]
        if not self._is_open and b"\r\n\r\n" in self._buffer:
            self._is_open = True
            self._buffer = self._buffer.partition(b"\r\n\r\n")[2]
            self.transport.write(frame('{"type":"connection_init"}'))
        for kind, begins in ((b"connection_ack", True), (b"ping", False)):
            mark = b'{"type":"%b","payload":{"retryAfterMs":' % kind
            if mark in self._buffer:
                self.retry_after_ms = int(self._buffer.partition(mark)[2].partition(b"}")[0])
                self._buffer = self._buffer.replace(mark, b"")
                if begins:
                    wanted = {"id": "1", "type": "subscribe", "payload": {"query": self._query}}
                    self.transport.write(frame(json.dumps(wanted)))
        if b'"type":"next"' in self._buffer and not self.subscribed.done():
            self.subscribed.set_result(None)

    def connection_lost(self, fault: Exception | None) -> None:
        if not self.subscribed.done():
            self.subscribed.set_exception(fault or ConnectionError("the server closed the socket"))


async def follow(port: int, query: str) -> Follower:
    """Connect and subscribe, as often as it takes."""
    while True:
        try:
            _, follower = await asyncio.get_running_loop().create_connection(lambda: Follower(query), "127.0.0.1", port)
            await follower.subscribed
            return follower
        except OSError:
            await asyncio.sleep(0.2)


async def crowd(port: int, count: int, query: str, *, obeys: bool) -> None:
    """Subscribe; at each `drop`, be cut off, and come back."""
    turnstile = asyncio.Semaphore(CONNECT_AT_ONCE)

    async def enter() -> Follower:
        async with turnstile:
            return await follow(port, query)

    followers = await asyncio.gather(*(enter() for _ in range(count)))
    print(json.dumps({"subscribed": count}), flush=True)
    loop = asyncio.get_running_loop()
    while await loop.run_in_executor(None, sys.stdin.readline):
        for follower in followers:
            follower.transport.abort()
        began = time.monotonic()

        async def come_back(follower: Follower) -> Follower:
            await asyncio.sleep(follower.retry_after_ms / 1000 if obeys else 0)
            return await follow(port, query)

        followers = await asyncio.gather(*(come_back(follower) for follower in followers))
        print(json.dumps({"back_after_s": time.monotonic() - began}), flush=True)


if __name__ == "__main__":
    port, count, query, obeys = sys.argv[1:]
    uvloop.run(crowd(int(port), int(count), query, obeys=obeys == "obeys"))
