"""Reads that many want at once are made once, and never for anybody who came after they had begun."""

import asyncio
from collections.abc import Sequence

import pytest

from domain.kernel import gathering as module
from domain.kernel.gathering import AT_ONCE, Gathering


class Source:
    """Something to read, slow enough to be waited for: each read gives the number of its turn."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.may_end = asyncio.Event()
        self.fault: Exception | None = None

    async def load(self, keys: Sequence[str]) -> list[tuple[str, int]]:
        self.asked.append(list(keys))
        turn = len(self.asked)
        await self.may_end.wait()
        if self.fault is not None:
            raise self.fault
        return [(key, turn) for key in keys]


def asking(
    gathering: Gathering, source: Source, *keys: str, name: str = "rows"
) -> "asyncio.Task[dict[str, tuple[str, int]]]":
    return asyncio.create_task(gathering.get(name, {key: key for key in keys}, source.load))


async def begun(source: Source, count: int) -> None:
    async with asyncio.timeout(5):
        while len(source.asked) < count:
            await asyncio.sleep(0)


async def busy(gathering: Gathering, source: Source) -> "list[asyncio.Task[dict[str, tuple[str, int]]]]":
    first = [asking(gathering, source, f"first {number}") for number in range(AT_ONCE)]
    await begun(source, AT_ONCE)
    return first


async def test_who_comes_meanwhile_shares_the_next_read() -> None:
    gathering, source = Gathering(), Source()
    first = await busy(gathering, source)
    later = [asking(gathering, source, "a", "b"), asking(gathering, source, "b", "c"), asking(gathering, source, "a")]
    await asyncio.sleep(0)
    assert len(source.asked) == AT_ONCE
    source.may_end.set()
    found = await asyncio.gather(*later)
    assert source.asked[AT_ONCE:] == [["a", "b", "c"]]
    turn = AT_ONCE + 1
    assert found == [
        {"a": ("a", turn), "b": ("b", turn)},
        {"b": ("b", turn), "c": ("c", turn)},
        {"a": ("a", turn)},
    ]
    assert [await one for one in first] == [{f"first {number}": (f"first {number}", number + 1)} for number in (0, 1)]


async def test_nobody_gets_what_was_read_before_they_asked() -> None:
    gathering, source = Gathering(), Source()
    await busy(gathering, source)
    same = asking(gathering, source, "first 0")
    source.may_end.set()
    assert (await same)["first 0"] == ("first 0", AT_ONCE + 1)


async def test_names_are_not_put_together() -> None:
    gathering, source = Gathering(), Source()
    await busy(gathering, source)
    other = asking(gathering, source, "a", name="others")
    await begun(source, AT_ONCE + 1)
    assert source.asked[-1] == ["a"]
    source.may_end.set()
    assert await other == {"a": ("a", AT_ONCE + 1)}


async def test_a_fault_is_each_callers_and_the_next_read_is_made() -> None:
    gathering, source = Gathering(), Source()
    first = await busy(gathering, source)
    later = [asking(gathering, source, "a"), asking(gathering, source, "b")]
    await asyncio.sleep(0)
    source.fault = ValueError("broken")
    source.may_end.set()
    results = await asyncio.gather(*first, *later, return_exceptions=True)
    assert [str(result) for result in results] == ["broken"] * (AT_ONCE + 2)
    source.fault = None
    assert await asking(gathering, source, "a") == {"a": ("a", AT_ONCE + 2)}


async def test_who_gives_up_takes_the_read_from_nobody() -> None:
    gathering, source = Gathering(), Source()
    first = await busy(gathering, source)
    leaving, staying = asking(gathering, source, "a"), asking(gathering, source, "b")
    await asyncio.sleep(0)
    leaving.cancel()
    first[0].cancel()
    await asyncio.wait([leaving, first[0]])
    source.may_end.set()
    assert await staying == {"b": ("b", AT_ONCE + 1)}
    assert leaving.cancelled()


async def test_a_read_has_no_more_keys_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEYS_MAX", 3)
    gathering, source = Gathering(), Source()
    await busy(gathering, source)
    later = [asking(gathering, source, *keys) for keys in ("ab", "c", "de", "f")]
    await asyncio.sleep(0)
    source.may_end.set()
    assert [sorted(found) for found in await asyncio.gather(*later)] == [["a", "b"], ["c"], ["d", "e"], ["f"]]
    assert source.asked[AT_ONCE:] == [["a", "b", "c"], ["d", "e", "f"]]


async def test_nothing_is_left_when_everybody_has_gone() -> None:
    gathering, source = Gathering(), Source()
    asked = [*await busy(gathering, source), asking(gathering, source, "a")]
    await asyncio.sleep(0)
    source.may_end.set()
    await asyncio.gather(*asked)
    await asyncio.sleep(0)
    assert gathering._kinds == {}
    assert gathering._tasks == set()
