"""A load generator that costs little: keep-alive connections that send prepared requests and count whole answers.

It runs in a process of its own: `python -m bench.load HOST PORT CONNECTIONS SECONDS`, with the requests, one JSON text
a line, on standard input. It prints answers a second, the median and the 99th percentile in milliseconds, and one
answer's length.
"""

import asyncio
import json
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvloop

HEAD_END = b"\r\n\r\n"
ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Figures:
    """What one run came to. Times in milliseconds."""

    per_second: float
    median_ms: float
    p99_ms: float
    answer_bytes: int


class Client(asyncio.Protocol):
    """One connection: sends a request, reads its answer, and so on."""

    def __init__(self, requests: Sequence[bytes], until: float, took: list[float], *, number: int) -> None:
        self._requests, self._until, self._took = requests, until, took
        # Each connection in an order of its own, the same in each run.
        self._random = random.Random(number)
        self._buffer = bytearray()
        self._wanted = -1
        self.done = asyncio.get_running_loop().create_future()
        self.answer_bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        try:
            self._read()
        except (AssertionError, ValueError) as fault:
            # An answer that is none ends the run: nobody should wait for the next one.
            self._transport.abort()
            if not self.done.done():
                self.done.set_exception(fault)

    def _read(self) -> None:
        if self._wanted < 0 and not self._read_head():
            return
        if len(self._buffer) < self._wanted:
            return
        self._took.append(time.perf_counter() - self._sent_at)
        self.answer_bytes = self._wanted
        del self._buffer[: self._wanted]
        self._wanted = -1
        if time.perf_counter() < self._until:
            self._send()
        else:
            self._transport.close()
            self.done.set_result(None)

    def connection_lost(self, fault: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(fault or ConnectionError("the server closed the connection"))

    def _send(self) -> None:
        self._sent_at = time.perf_counter()
        self._transport.write(self._random.choice(self._requests))

    def _read_head(self) -> bool:
        end = self._buffer.find(HEAD_END)
        if end < 0:
            return False
        head = bytes(self._buffer[:end]).lower()
        assert head.startswith(b"http/1.1 200"), bytes(self._buffer[:400])
        start = head.index(b"content-length:") + len(b"content-length:")
        length = int(head[start:].split(b"\r\n", 1)[0])
        self._wanted = end + len(HEAD_END) + length
        return True


async def run(host: str, port: int, connections: int, seconds: float, requests: Sequence[bytes]) -> Figures:
    loop = asyncio.get_running_loop()
    took: list[float] = []
    began = time.perf_counter()
    clients = []
    for number in range(connections):
        _, client = await loop.create_connection(
            lambda number=number: Client(requests, began + seconds, took, number=number),  # type: ignore[misc]  # mypy infers no lambda with a default
            host,
            port,
        )
        clients.append(client)
    await asyncio.gather(*(client.done for client in clients))
    lasted = time.perf_counter() - began
    ordered = sorted(took)
    return Figures(
        per_second=len(took) / lasted,
        median_ms=statistics.median(ordered) * 1000,
        p99_ms=ordered[int(len(ordered) * 0.99)] * 1000,
        answer_bytes=clients[0].answer_bytes,
    )


async def load(url: str, requests: Sequence[bytes], *, connections: int = 16, seconds: float = 3.0) -> Figures:
    """Run the generator in a process of its own against `http://host:port`."""
    host, _, port = url.removeprefix("http://").partition(":")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.load", host, port, str(connections), str(seconds),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    given = "\n".join(json.dumps(request.decode()) for request in requests).encode()
    shown, _ = await process.communicate(given)
    assert process.returncode == 0, "the load generator failed"
    return Figures(**json.loads(shown))


def post(path: str, body: bytes, *headers: str) -> bytes:
    """Write a request with a JSON body."""
    lines = [f"POST {path} HTTP/1.1", "host: localhost", "content-type: application/json",
             f"content-length: {len(body)}", *headers]  # fmt: skip
    return "\r\n".join(lines).encode() + HEAD_END + body


def get(path: str, *headers: str) -> bytes:
    """Write a request without a body."""
    return "\r\n".join([f"GET {path} HTTP/1.1", "host: localhost", *headers]).encode() + HEAD_END


if __name__ == "__main__":
    host, port, connections, seconds = sys.argv[1:]
    requests = [json.loads(line).encode() for line in sys.stdin]
    figures = uvloop.run(run(host, int(port), int(connections), float(seconds), requests))
    print(json.dumps(figures.__dict__))
