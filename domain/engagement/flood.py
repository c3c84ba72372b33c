"""How often somebody may do what costs next to nothing: counted in the process, so N processes let N times as much."""

from collections import OrderedDict
from collections.abc import Hashable
from datetime import datetime, timedelta

from domain.accounts import TooManyAttempts

# Who acted last is remembered; a forgotten bucket is a full one, so being forgotten is never a penalty.
BUCKETS_MAX = 50_000


class FloodGate:
    """A bucket for each key that holds `burst` and fills evenly at `per_s`."""

    def __init__(self, *, burst: int, per_s: float) -> None:
        self._share = timedelta(seconds=1 / per_s)
        self._whole = self._share * burst
        # When each bucket will be full again.
        self._full_at: OrderedDict[Hashable, datetime] = OrderedDict()

    def take(self, key: Hashable, count: int, *, now: datetime) -> None:
        """Take `count` from a bucket.

        Raises:
            TooManyAttempts: the bucket holds less. Nothing is taken.
        """
        full_at = max(self._full_at.get(key, now), now) + self._share * count
        missing = full_at - now - self._whole
        if missing > timedelta(0):
            raise TooManyAttempts(missing.total_seconds())
        self._full_at[key] = full_at
        self._full_at.move_to_end(key)
        if len(self._full_at) > BUCKETS_MAX:
            self._full_at.popitem(last=False)
