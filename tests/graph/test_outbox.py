"""What a client still has to be told, when it reads slowly, or not at all."""

import asyncio

import pytest

from graph.transports import outbox
from graph.transports.outbox import BYTES_MAX, FRAMES_FULL, FRAMES_MAX, Outbox

WAIT_S = 10.0


class Reader:
    """A client that reads when it is let, and what it has read."""

    def __init__(self, *, reads: bool = False) -> None:
        self.reads = asyncio.Event()
        if reads:
            self.reads.set()
        self.read: list[bytes] = []
        self.given_up = 0
        self.is_gone = False

    async def send(self, frame: bytes) -> None:
        if self.is_gone:
            raise OSError
        await self.reads.wait()
        self.read.append(frame)

    def give_up(self) -> None:
        self.given_up += 1

    async def has_read(self, count: int) -> None:
        async with asyncio.timeout(WAIT_S):
            while len(self.read) < count:
                await asyncio.sleep(0)


class Line:
    """A wire that is clear as long as it is told to be."""

    def __init__(self) -> None:
        self.is_clear = True
        self.written: list[bytes] = []

    def write(self, frame: bytes) -> None:
        self.written.append(frame)

    def abort(self) -> None:
        raise AssertionError("nobody asked for that")


def box_of(reader: Reader, wire: Line | None = None) -> Outbox:
    return Outbox(reader.send, wire, reader.give_up)


async def test_frames_arrive_in_order() -> None:
    reader = Reader(reads=True)
    box = box_of(reader)
    for number in range(50):
        box.put(b"%d" % number)
    await reader.has_read(50)
    assert reader.read == [b"%d" % number for number in range(50)]


async def test_a_clear_wire_gets_a_frame_at_once_and_none_overtakes_another() -> None:
    reader, wire = Reader(), Line()
    box = box_of(reader, wire)
    box.put(b"1")
    wire.is_clear = False
    box.put(b"2")
    wire.is_clear = True
    box.put(b"3")
    assert wire.written == [b"1"]
    reader.reads.set()
    await reader.has_read(2)
    assert reader.read == [b"2", b"3"]
    await asyncio.sleep(0)
    box.put(b"4")
    assert wire.written == [b"1", b"4"]


async def test_waiting_state_is_replaced_and_comes_after_the_facts_before_it() -> None:
    reader = Reader()
    box = box_of(reader)
    box.put(b"first")
    await asyncio.sleep(0)
    for number in range(1000):
        box.put(b"state %d" % number, key="tally")
        if number == 500:
            box.put(b"fact")
    reader.reads.set()
    await reader.has_read(3)
    assert reader.read == [b"first", b"fact", b"state 999"]
    assert reader.given_up == 0


async def test_a_stream_waits_while_the_box_is_full() -> None:
    reader = Reader()
    box = box_of(reader)
    for _ in range(FRAMES_FULL + 1):
        box.put(b"x")
    waiting = asyncio.create_task(box.room())
    await asyncio.sleep(0)
    assert not waiting.done()
    reader.reads.set()
    async with asyncio.timeout(WAIT_S):
        await waiting


async def test_a_client_that_never_reads_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "STALL_TIMEOUT_S", 0.02)
    reader = Reader()
    box = box_of(reader)
    box.put(b"x")
    async with asyncio.timeout(WAIT_S):
        while not reader.given_up:
            await asyncio.sleep(0.005)
    assert box.is_given_up
    assert reader.read == []


@pytest.mark.parametrize(("size", "kept"), [(1, FRAMES_MAX), (100_000, BYTES_MAX // 100_000 + 1)])
async def test_a_box_never_grows_beyond_its_bounds(size: int, kept: int) -> None:
    reader = Reader()
    box = box_of(reader)
    for _ in range(kept):
        box.put(b"x" * size)
    assert not box.is_given_up
    for _ in range(1000):
        box.put(b"x" * size)
    assert (box.is_given_up, reader.given_up) == (True, 1)
    reader.reads.set()
    await box.finish()
    assert len(reader.read) == kept


async def test_an_answer_larger_than_the_box_reaches_a_client_that_reads() -> None:
    reader = Reader(reads=True)
    box = box_of(reader)
    box.put(b"x" * 300_000)
    await reader.has_read(1)
    assert not box.is_given_up


async def test_of_several_waiting_streams_only_as_many_go_on_as_there_is_room_for() -> None:
    reader = Reader()
    box = box_of(reader)

    async def stream() -> None:
        await box.room()
        box.put(b"x" * 300_000)

    streams = [asyncio.create_task(stream()) for _ in range(20)]
    await asyncio.sleep(0.01)
    assert not box.is_given_up
    reader.reads.set()
    async with asyncio.timeout(WAIT_S):
        await asyncio.gather(*streams)
    assert not box.is_given_up


async def test_a_client_that_is_gone_is_told_nothing_more() -> None:
    reader = Reader()
    reader.is_gone = True
    box = box_of(reader)
    box.put(b"x")
    async with asyncio.timeout(WAIT_S):
        while not box.is_given_up:
            await asyncio.sleep(0)
    assert reader.given_up == 0
