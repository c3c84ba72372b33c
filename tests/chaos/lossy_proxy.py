"""A TCP proxy that loses what it carries: it cuts connections before, between and in the middle of messages."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from enum import Enum, auto

CHUNK_BYTES = 64 * 1024
DELAY_MAX_S = 0.2


class Fault(Enum):
    """What becomes of a connection."""

    NONE = auto()
    # Cut before anything has been passed on.
    REFUSED = auto()
    # The request arrives, the reply never does.
    REPLY_LOST = auto()
    # The reply breaks off.
    REPLY_CUT = auto()
    LATE = auto()


WEIGHTS = {Fault.NONE: 50, Fault.REFUSED: 15, Fault.REPLY_LOST: 20, Fault.REPLY_CUT: 5, Fault.LATE: 10}


class LossyProxy:
    """Passes connections on to a port of loopback, each with a fault of its own, the same for the same seed."""

    def __init__(self, target_port: int, *, seed: int) -> None:
        self._target_port = target_port
        self._random = random.Random(seed)
        self.port = 0
        self.faults: Counter[Fault] = Counter()

    @classmethod
    @asynccontextmanager
    async def open(cls, target_port: int, *, seed: int) -> AsyncIterator["LossyProxy"]:
        """Listen on a free port until the block ends."""
        proxy = cls(target_port, seed=seed)
        server = await asyncio.start_server(proxy._carry, "127.0.0.1", 0, backlog=4096)
        proxy.port = server.sockets[0].getsockname()[1]
        try:
            yield proxy
        finally:
            server.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        (fault,) = self._random.choices(list(WEIGHTS), weights=list(WEIGHTS.values()))
        self.faults[fault] += 1
        late_s = self._random.uniform(0, DELAY_MAX_S) if fault is Fault.LATE else 0.0
        with suppress(OSError):
            if fault is not Fault.REFUSED:
                await asyncio.sleep(late_s)
                await self._pass_on(reader, writer, fault)
        writer.transport.abort() if fault in (Fault.REFUSED, Fault.REPLY_LOST) else writer.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, fault: Fault) -> None:
        from_target, to_target = await asyncio.open_connection("127.0.0.1", self._target_port)
        try:
            to_target.write(await reader.read(CHUNK_BYTES))
            reply = await from_target.read(CHUNK_BYTES)
            if fault is Fault.REPLY_LOST:
                return
            writer.write(reply[: len(reply) // 2] if fault is Fault.REPLY_CUT else reply)
            await writer.drain()
        finally:
            to_target.close()
