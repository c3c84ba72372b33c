"""Sources are fetched once for all who use them, and dropped when room is short."""

import asyncio
from pathlib import Path

import pytest

from workers.sources import Sources


class CountingStore:
    """An object store that counts fetches and holds each until released."""

    def __init__(self) -> None:
        self.fetched: list[str] = []
        self.released = asyncio.Event()
        self.fault: Exception | None = None

    async def get_file(self, key: str, path: Path) -> None:
        self.fetched.append(key)
        path.write_bytes(b"half")
        await self.released.wait()
        if self.fault is not None:
            raise self.fault
        path.write_bytes(b"0123456789")


@pytest.fixture
def store() -> CountingStore:
    return CountingStore()


def sources_of(store: CountingStore, root: Path, kept_bytes: int = 25) -> Sources:
    return Sources(store, root, kept_bytes=kept_bytes)  # type: ignore[arg-type]  # only get_file is used


async def test_two_jobs_share_one_fetch(store: CountingStore, tmp_path: Path) -> None:
    sources = sources_of(store, tmp_path)

    async def use() -> bytes:
        async with sources.file("a") as path:
            return path.read_bytes()

    both = [asyncio.create_task(use()) for _ in range(2)]
    await asyncio.sleep(0)
    store.released.set()
    assert await asyncio.gather(*both) == [b"0123456789"] * 2
    assert store.fetched == ["a"]


async def test_a_fetch_cut_short_is_not_taken_for_the_whole(store: CountingStore, tmp_path: Path) -> None:
    sources = sources_of(store, tmp_path)
    store.released.set()
    store.fault = OSError("gone")
    with pytest.raises(OSError, match="gone"):
        async with sources.file("a"):
            pass
    # Half of it is no more than a full disk can do without.
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    store.fault = None
    async with sources.file("a") as path:
        assert path.read_bytes() == b"0123456789"
    assert store.fetched == ["a", "a"]


async def test_the_longest_unused_is_dropped_first_and_none_in_use(store: CountingStore, tmp_path: Path) -> None:
    sources = sources_of(store, tmp_path)
    store.released.set()
    async with sources.file("held") as held:
        for key in ("a", "b", "c"):
            async with sources.file(key):
                pass
        assert held.exists()
        assert sorted(path.read_bytes() for path in tmp_path.glob("*/source")) == [b"0123456789"] * 2
    async with sources.file("c"):
        pass
    assert store.fetched == ["held", "a", "b", "c"]
