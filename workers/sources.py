"""The sources a worker has at hand: fetched from the object store once, shared by jobs, dropped when room is short."""

import asyncio
import shutil
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp

from domain.media.encode import SeekableSource, make_seekable
from domain.media.object_store import ObjectStore
from domain.media.plan import EncodePlan
from domain.media.tools import MediaTools

# Sources that nobody uses are dropped, the longest unused first, while all together exceed this.
KEPT_BYTES = 32 << 30


@dataclass(eq=False)
class _Kept:
    folder: Path
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0
    size_bytes: int = 0

    @property
    def path(self) -> Path:
        return self.folder / "source"


class Sources:
    """Local copies of sources, by object key."""

    def __init__(self, objects: ObjectStore, root: Path, *, kept_bytes: int = KEPT_BYTES) -> None:
        self._objects = objects
        self._root = root
        self._kept_bytes = kept_bytes
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    @asynccontextmanager
    async def file(self, key: str) -> AsyncIterator[Path]:
        """Lend a local copy of an object; it stays at least until it is given back."""
        async with self._hold(key) as kept:
            yield kept.path

    @asynccontextmanager
    async def seekable(self, key: str, tools: MediaTools, plan: EncodePlan) -> AsyncIterator[SeekableSource]:
        """Lend a local copy in which seeking works; a container without an index is rewritten once."""
        async with self._hold(key) as kept:
            async with kept.lock:
                source = await make_seekable(tools, kept.path, plan, folder=kept.folder)
                kept.size_bytes = _size_of(kept.folder)
            yield source

    @asynccontextmanager
    async def _hold(self, key: str) -> AsyncIterator[_Kept]:
        kept = self._kept.get(key)
        if kept is None:
            kept = self._kept[key] = _Kept(Path(mkdtemp(prefix="source-", dir=self._root)))
        kept.users += 1
        self._kept.move_to_end(key)
        try:
            async with kept.lock:
                if not kept.path.exists():
                    await _fetched(lambda target: self._objects.get_file(key, target), kept.path)
                    kept.size_bytes = _size_of(kept.folder)
            yield kept
        finally:
            kept.users -= 1
            self.drop_unused(kept_bytes=self._kept_bytes)

    def drop_unused(self, *, kept_bytes: int) -> None:
        """Drop sources that nobody uses, the longest unused first, while all together exceed `kept_bytes`."""
        for key, kept in list(self._kept.items()):
            if sum(other.size_bytes for other in self._kept.values()) <= kept_bytes:
                return
            if kept.users == 0:
                del self._kept[key]
                shutil.rmtree(kept.folder, ignore_errors=True)


async def _fetched(fetch: Callable[[Path], Awaitable[None]], path: Path) -> None:
    """Fetch under another name first, so that a fetch cut short is never taken for the whole."""
    part = path.with_suffix(".part")
    try:
        await fetch(part)
        part.rename(path)
    finally:
        part.unlink(missing_ok=True)


def _size_of(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())
