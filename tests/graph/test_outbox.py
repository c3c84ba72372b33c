"""What a socket still has to be told, when its client reads slowly, or not at all."""

import asyncio

import orjson
import pytest
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from graph.transports import outbox
from graph.transports.outbox import FRAMES_FULL, FRAMES_MAX, TOO_SLOW, Outbox

WAIT_S = 10.0


class Reader:
    """The server's end of a socket, whose client reads when it is let."""

    application_state = WebSocketState.CONNECTED

    def __init__(self) -> None:
        self.reads = asyncio.Event()
        self.read: list[str] = []
        self.closed: tuple[int, str] | None = None
        self.is_gone = False

    async def send_text(self, text: str) -> None:
        if self.is_gone:
            raise WebSocketDisconnect(1006)
        await self.reads.wait()
        self.read.append(text)

    async def close(self, code: int, reason: str) -> None:
        self.closed = (code, reason)


def box_of(reader: Reader) -> Outbox:
    socket: WebSocket = reader  # type: ignore[assignment]  # it has what an outbox uses
    return Outbox(socket)


async def test_frames_arrive_in_order_as_text() -> None:
    reader = Reader()
    reader.reads.set()
    box = box_of(reader)
    writing = asyncio.create_task(box.write())
    for number in range(50):
        box.send({"n": number})
    async with asyncio.timeout(WAIT_S):
        while len(reader.read) < 50:
            await asyncio.sleep(0)
    writing.cancel()
    assert [orjson.loads(frame)["n"] for frame in reader.read] == list(range(50))


async def test_a_stream_waits_while_the_box_is_full() -> None:
    reader = Reader()
    box = box_of(reader)
    writing = asyncio.create_task(box.write())
    for _ in range(FRAMES_FULL + 1):
        box.send({})
    waiting = asyncio.create_task(box.room())
    await asyncio.sleep(0)
    assert not waiting.done()
    reader.reads.set()
    async with asyncio.timeout(WAIT_S):
        await waiting
    writing.cancel()


async def test_a_client_that_never_reads_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "STALL_TIMEOUT_S", 0.02)
    reader = Reader()
    box = box_of(reader)
    box.send({})
    async with asyncio.timeout(WAIT_S):
        await box.write()
    assert box.close_code == TOO_SLOW
    await box.close(box.close_code, box.close_reason)
    assert reader.closed == (TOO_SLOW, "The client reads too slowly")
    assert reader.read == []


@pytest.mark.parametrize(("padding", "kept"), [("", FRAMES_MAX), ("x" * 100_000, 3)])
async def test_a_box_never_grows_beyond_its_bounds(padding: str, kept: int) -> None:
    reader = Reader()
    box = box_of(reader)
    for _ in range(kept):
        box.send({"padding": padding})
    assert not box.overflowed.is_set()
    for _ in range(1000):
        box.send({"padding": padding})
    assert box.overflowed.is_set()
    assert box.close_code == TOO_SLOW
    await box.close(1000, "")
    assert reader.closed is None or len(reader.read) <= kept


async def test_an_answer_larger_than_the_box_reaches_a_client_that_reads() -> None:
    reader = Reader()
    reader.reads.set()
    box = box_of(reader)
    writing = asyncio.create_task(box.write())
    box.send({"padding": "x" * 300_000})
    async with asyncio.timeout(WAIT_S):
        while not reader.read:
            await asyncio.sleep(0)
    assert not box.overflowed.is_set()
    writing.cancel()


async def test_of_several_waiting_streams_only_as_many_go_on_as_there_is_room_for() -> None:
    reader = Reader()
    box = box_of(reader)

    async def stream() -> None:
        await box.room()
        box.send({"padding": "x" * 300_000})

    streams = [asyncio.create_task(stream()) for _ in range(20)]
    await asyncio.sleep(0.01)
    assert not box.overflowed.is_set()
    writing = asyncio.create_task(box.write())
    reader.reads.set()
    async with asyncio.timeout(WAIT_S):
        await asyncio.gather(*streams)
    assert not box.overflowed.is_set()
    writing.cancel()


async def test_a_client_that_is_gone_is_no_error() -> None:
    reader = Reader()
    reader.is_gone = True
    box = box_of(reader)
    box.send({})
    async with asyncio.timeout(WAIT_S):
        await box.write()
        await box.close(1012, "The server restarts")
