"""What one execution has loaded: each key of a load once, whoever asks for it.

A compiled plan asks for a whole level at once with `many`. The interpreter asks for one key at a time with `load`, and
keys asked for by sibling fields are gathered into one `many`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

from strawberry.dataloader import DataLoader

# A statement with more keys than this is split: the planner's time grows with the list.
BATCH_MAX_KEYS = 1_000

LoadMany = Callable[[list[Any]], Awaitable[Sequence[Any]]]


@dataclass(frozen=True)
class Failed:
    """Stands for a row whose load failed."""

    error: Exception


@dataclass
class _Known:
    """The rows of one load. `pending` are keys that are on their way, and when they will have come."""

    rows: dict[Hashable, Any] = field(default_factory=dict)
    pending: dict[Hashable, asyncio.Future[None]] = field(default_factory=dict)


class Loaders:
    """The rows of each load and its arguments. `has_failed` when some load did."""

    def __init__(self) -> None:
        self.has_failed = False
        self._known: dict[Hashable, _Known] = {}
        self._by_identity: dict[Hashable, DataLoader[Hashable, Any]] = {}

    async def many(self, identity: Hashable, keys: Sequence[Hashable], load_many: LoadMany) -> list[Any]:
        """Return the rows of these keys, in their order.

        Raises:
            Whatever the load raised for one of them.
        """
        found = await self.settle(identity, keys, load_many)
        for row in found:
            if row.__class__ is Failed:
                raise row.error
        return found

    async def settle(self, identity: Hashable, keys: Sequence[Hashable], load_many: LoadMany) -> list[Any]:
        """Return the rows of these keys, in their order, and `Failed` for those that could not be loaded."""
        known = self._known.get(identity)
        if known is None:
            known = self._known[identity] = _Known()
        rows, pending = known.rows, known.pending
        if not rows and not pending:
            # The usual case: a whole level of new rows.
            await self._fetch(known, list(dict.fromkeys(keys)), load_many)
        while missing := [key for key in dict.fromkeys(keys) if key not in rows]:
            fresh = [key for key in missing if key not in pending] if pending else missing
            if fresh:
                await self._fetch(known, fresh, load_many)
            else:
                # Not awaited itself: whoever gives up waiting must not cancel it for the others.
                await asyncio.wait([pending[missing[0]]])
        return [rows[key] for key in keys]

    def load(self, identity: Hashable, key: Hashable, load_many: Callable[[], LoadMany]) -> Awaitable[Any]:
        """Return a future for one key. `load_many` makes the load when `identity` is new."""
        loader = self._by_identity.get(identity)
        if loader is None:
            made = load_many()
            loader = self._by_identity[identity] = DataLoader(
                lambda keys: self.many(identity, keys, made), max_batch_size=BATCH_MAX_KEYS
            )
        return loader.load(key)

    async def _fetch(self, known: _Known, keys: list[Hashable], load_many: LoadMany) -> None:
        arrived: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        known.pending.update(dict.fromkeys(keys, arrived))
        try:
            for start in range(0, len(keys), BATCH_MAX_KEYS):
                part = keys[start : start + BATCH_MAX_KEYS]
                found = await load_many(part)
                assert len(found) == len(part), "a load gives one row for each key"
                known.rows.update(zip(part, found, strict=True))
        except Exception as error:  # kept for each field that asked: the edge of the load
            self.has_failed = True
            for key in keys:
                known.rows.setdefault(key, Failed(error))
        finally:
            for key in keys:
                del known.pending[key]
            arrived.set_result(None)
