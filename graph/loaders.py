"""The loaders of one execution: keys asked for by sibling fields are loaded together, each key once."""

from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Any

from strawberry.dataloader import DataLoader

# A statement with more keys than this is split: the planner's time grows with the list.
BATCH_MAX_KEYS = 1_000

LoadMany = Callable[[list[Hashable]], Awaitable[Sequence[Any]]]


class Loaders:
    """One DataLoader for each load and arguments, made when first asked for."""

    def __init__(self) -> None:
        self._by_identity: dict[Hashable, DataLoader[Hashable, Any]] = {}

    def load(self, identity: Hashable, key: Hashable, load_many: Callable[[], LoadMany]) -> Awaitable[Any]:
        """Return a future for one key. `load_many` makes the load when `identity` is new."""
        loader = self._by_identity.get(identity)
        if loader is None:
            loader = self._by_identity[identity] = DataLoader(load_many(), max_batch_size=BATCH_MAX_KEYS)
        return loader.load(key)
