"""Entity fragments: what everybody sees alike of one thing, completed once and kept until a fact says it is another.

Of a title it is the object, by id, so that a viewer's own fields can be put in. Of a row that a whole class of viewers
shares (`kept_by_row`) it is the written JSON, for as long as its viewers share that very row.

Whether a viewer may see a thing is asked each time; a fragment is only what it shows once it is seen. It is kept for
the part of a selection that depends on nothing but the thing, the field arguments and the wanted languages.

A fragment is never older than the facts read before it: `look` reads what the topic's doorbell announced, and puts are
refused as soon as the doorbell has rung again. A lost doorbell costs `POLL_S`.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

import orjson

from domain.kernel.bus import Bus
from domain.kernel.facts import POLL_S, LoggedFact, Position, Readable, Resync, facts_since

T = TypeVar("T", bound=type)

# What is announced faster than this is not looked at fact by fact.
BATCHES_MAX = 4
# What is kept as written. Such rows live for seconds, so most of what is too much is old.
WRITTEN_MAX_BYTES = 32 * 1024 * 1024

Fragment = Mapping[str, Any]

_kept_types: set[type] = set()
_shared_rows: dict[type, Callable[[Any], bool]] = {}


def kept(declared: T) -> T:
    """Say that fragments of a type are kept. Its rows have an `id`, and facts of the topic name it as `title_id`."""
    _kept_types.add(declared)
    return declared


def is_kept(declared: type) -> bool:
    """Tell whether fragments of a type are kept."""
    return declared in _kept_types


def kept_by_row(is_shared: Callable[[Any], bool]) -> Callable[[T], T]:
    """Say that a type's rows are kept as written. `is_shared` tells of a row whether its class of viewers shares it.

    Whoever shares rows gives out new ones as soon as anything that they lead to has changed.
    """

    def declare(declared: T) -> T:
        _shared_rows[declared] = is_shared
        return declared

    return declare


def shared_rows_of(declared: type) -> Callable[[Any], bool] | None:
    """Return what tells which rows of a type are kept as written; None when none are."""
    return _shared_rows.get(declared)


class Fragments:
    """The fragments of one process, by shelf (a part of a selection) and id. `size` of them are kept, the last used."""

    def __init__(self, database: Readable, bus: Bus, topic: str, *, size: int) -> None:
        self._database, self._bus, self._topic, self._size = database, bus, topic, size
        self._shelves: OrderedDict[Hashable, dict[UUID, Fragment]] = OrderedDict()
        self._count = 0
        # By what is asked, then by the number of the row, which is held so that no other gets its number.
        self._rows: dict[Hashable, dict[int, tuple[object, orjson.Fragment]]] = {}
        self._row_bytes = 0
        self._position: Position | None = None
        self._rings = -1
        self._drops = 0
        self._looked_at = 0.0
        self._lock = asyncio.Lock()

    async def look(self) -> "Sight":
        """Drop what was announced since the last look, and return what the caller may use.

        Look before any row is loaded: what is put must not be older than this.
        """
        if self._size and self._is_behind():
            async with self._lock:
                if self._is_behind():
                    await self._catch_up()
        return Sight(self, self._rings, self._drops)

    def shelf(self, key: Hashable) -> Mapping[UUID, Fragment]:
        """Return the fragments of one part of a selection."""
        shelf = self._shelves.get(key)
        if shelf is None:
            shelf = self._shelves[key] = {}
        self._shelves.move_to_end(key)
        return shelf

    def put(self, key: Hashable, made: Mapping[UUID, Fragment], sight: "Sight") -> None:
        """Keep fragments, unless something was announced since the caller looked."""
        if not self._is_current(sight):
            return
        shelf = self._shelves.setdefault(key, {})
        before = len(shelf)
        shelf.update(made)
        self._count += len(shelf) - before
        while self._count > self._size:
            self._give_up()

    def written_rows(self, key: Hashable, rows: Sequence[object]) -> list[orjson.Fragment | None]:
        """Return the JSON of rows, None for those that are not kept."""
        kept = self._rows.get(key)
        if kept is None:
            return [None] * len(rows)
        return [None if (found := kept.get(id(row))) is None else found[1] for row in rows]

    def put_row(self, key: Hashable, row: object, made: Fragment, sight: "Sight") -> orjson.Fragment:
        """Write a row, and keep it unless something was announced since the caller looked."""
        text = orjson.dumps(made)
        written = orjson.Fragment(text)
        if self._is_current(sight):
            if self._row_bytes + len(text) > WRITTEN_MAX_BYTES:
                self._forget_rows()
            self._rows.setdefault(key, {})[id(row)] = row, written
            self._row_bytes += len(text)
        return written

    def _forget_rows(self) -> None:
        self._rows.clear()
        self._row_bytes = 0

    def _is_current(self, sight: "Sight") -> bool:
        return self._size > 0 and sight.drops == self._drops and sight.rings == self._bus.rings(self._topic)

    def _is_behind(self) -> bool:
        is_told = self._rings != self._bus.rings(self._topic)
        return is_told or time.monotonic() - self._looked_at > POLL_S

    async def _catch_up(self) -> None:
        rings, looked_at = self._bus.rings(self._topic), time.monotonic()
        is_told, drops = rings != self._rings, self._drops
        for _ in range(BATCHES_MAX):
            batch = await facts_since(self._database, self._topic, self._position)
            if not batch:
                break
            self._drop(batch)
            self._position = batch[-1].position
        else:
            self._clear()
            self._position = None
        if not is_told and drops != self._drops:
            # The doorbell was lost on its way: others here wait for it too.
            self._bus.ring([self._topic])
        self._rings, self._looked_at = rings, looked_at

    def _drop(self, batch: Sequence[LoggedFact | Resync]) -> None:
        self._drops += 1
        self._forget_rows()
        for item in batch:
            if isinstance(item, Resync):
                self._clear()
                continue
            changed = item.body.get("title_id")
            if not isinstance(changed, str):
                continue
            id = UUID(changed)
            for shelf in self._shelves.values():
                if shelf.pop(id, None) is not None:
                    self._count -= 1

    def _give_up(self) -> None:
        """Give up the shelf that was used least lately; of the only one, the older half."""
        if len(self._shelves) > 1:
            _, shelf = self._shelves.popitem(last=False)
            self._count -= len(shelf)
            return
        (shelf,) = self._shelves.values()
        for id in list(shelf)[: len(shelf) // 2 + 1]:
            del shelf[id]
            self._count -= 1

    def _clear(self) -> None:
        self._shelves.clear()
        self._forget_rows()
        self._count = 0
        self._drops += 1


@dataclass(frozen=True)
class Sight:
    """What one execution may use and keep: fragments as they were when it looked."""

    fragments: Fragments
    rings: int
    drops: int

    def shelf(self, key: Hashable) -> Mapping[UUID, Fragment]:
        """Return the fragments of one part of a selection."""
        return self.fragments.shelf(key)

    def put(self, key: Hashable, made: Mapping[UUID, Fragment]) -> None:
        """Keep fragments."""
        self.fragments.put(key, made, self)

    def written_rows(self, key: Hashable, rows: Sequence[object]) -> list[orjson.Fragment | None]:
        """Return the JSON of rows, None for those that are not kept."""
        return self.fragments.written_rows(key, rows)

    def put_row(self, key: Hashable, row: object, made: Fragment) -> orjson.Fragment:
        """Write a row and keep it."""
        return self.fragments.put_row(key, row, made, self)
