"""A real HTTP server that takes webhooks, refuses them, hangs, or is away, as a test says."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from standardwebhooks import Webhook

ANSWERED = b"HTTP/1.1 %d Whatever\r\n%scontent-length: 0\r\nconnection: close\r\n\r\n"


@dataclass
class Received:
    """One request as it came."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    def verified(self, secret: str) -> Any:
        """Return its body once the public library has verified it."""
        return Webhook(secret).verify(self.body, dict(self.headers))


@dataclass
class Receiver:
    """A server on a port of loopback that stays its own. `status` is what it answers; None is nothing at all."""

    port: int = 0
    status: int | None = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    tls: ssl.SSLContext | None = None
    received: list[Received] = field(default_factory=list)
    _server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks?from=marquee"

    def bodies(self) -> list[Any]:
        return [json.loads(one.body) for one in self.received]

    def types(self) -> list[str]:
        return [body["type"] for body in self.bodies()]

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            request, *lines = head.strip().split("\r\n")
            headers = dict(_parsed(line) for line in lines)
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            self.received.append(Received(request.split(" ")[1], headers, body))
            if self.status is None:
                await reader.read()
            elif self.raw is not None:
                writer.write(self.raw)
            else:
                more = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items()).encode()
                writer.write(ANSWERED % (self.status, more))
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            return
        finally:
            writer.close()


def _parsed(line: str) -> tuple[str, str]:
    name, _, value = line.partition(": ")
    return name.lower(), value


@asynccontextmanager
async def receiving(**given: Any) -> AsyncIterator[Receiver]:
    """Run a receiver until the block ends."""
    receiver = Receiver(**given)
    await receiver.start()
    try:
        yield receiver
    finally:
        await receiver.stop()
