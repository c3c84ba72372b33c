"""What all media steps of one worker share: the runtime, room to work, sources at hand, and the object store."""

import asyncio
from collections.abc import Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from domain.media.chunks import DEFAULT_CHUNK_S
from domain.runtime import Runtime
from workers.scratch import Scratch
from workers.sources import Sources

# Segments are many and small: a few at a time fill the line, more would only hold memory.
TRANSFERS_AT_ONCE = 8


@dataclass(frozen=True)
class Studio:
    """One worker's room. `threads` is what one encode may use, `chunk_s` how long a chunk about lasts."""

    runtime: Runtime
    scratch: Scratch
    sources: Sources
    threads: int
    chunk_s: float = DEFAULT_CHUNK_S
    _transfers: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(TRANSFERS_AT_ONCE))

    async def store(self, files: Mapping[str, Path]) -> int:
        """Put local files into the object store by key and return their bytes together."""
        await self._all(self._put(key, path) for key, path in files.items())
        return sum(path.stat().st_size for path in files.values())

    async def fetch(self, files: Mapping[str, Path]) -> None:
        """Get objects by key into local files."""
        await self._all(self._get(key, path) for key, path in files.items())

    async def remove(self, prefixes: Iterable[str]) -> None:
        """Delete everything below these prefixes."""
        for prefix in prefixes:
            await self.runtime.objects.delete_prefix(prefix)

    async def _all(self, transfers: Iterable[Coroutine[None, None, None]]) -> None:
        """Run transfers together; the first to fail stops the others and is raised as it is."""
        tasks = [asyncio.create_task(transfer) for transfer in transfers]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _put(self, key: str, path: Path) -> None:
        async with self._transfers:
            await self.runtime.objects.put_file(key, path)

    async def _get(self, key: str, path: Path) -> None:
        async with self._transfers:
            path.parent.mkdir(parents=True, exist_ok=True)
            await self.runtime.objects.get_file(key, path)
