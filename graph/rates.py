"""How much each viewer and each network address may ask for, in cost per second (token buckets).

Who is signed in is counted as a viewer, wherever they are; everybody else, and every attempt before it is known whose
it is, by address. Counts are kept in the process: N processes let N times as much through, which is enough to keep one
client from taking a process for itself. Attempts at secrets are not counted here but in the domain.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address

from domain.kernel.refusals import RateLimited
from graph.context import Caller

# What somebody may save up while asking nothing.
BURST_S = 10.0
# The ones used last are kept; a new bucket is full, so being forgotten is never a penalty.
BUCKETS_MAX = 50_000
# What a request costs its address before anything of it is known, and one more time when its document is refused:
# finding out that a document is wrong costs more than many right ones that are kept.
ATTEMPT_COST = 10
REFUSED_COST = 500
# Providers give a customer a network of this size (RFC 6177), so its addresses are one client.
IPV6_NETWORK_BITS = 64


@dataclass
class _Bucket:
    level: float
    filled_at: float


class Buckets:
    """One bucket for each key, all of one size."""

    def __init__(self, *, per_s: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`per_s` flows in each second; 0 never runs dry."""
        self._per_s = per_s
        self._monotonic = monotonic
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, key: str, cost: float) -> None:
        """Take from a bucket that holds something, perhaps more than it holds: then the next one waits longer.

        Raises:
            RateLimited: the bucket is empty.
        """
        if self._per_s == 0:
            return
        bucket = self._filled(key)
        if bucket.level <= 0:
            raise RateLimited(1.0 - bucket.level / self._per_s)
        bucket.level -= cost

    def _filled(self, key: str) -> _Bucket:
        now, full = self._monotonic(), self._per_s * BURST_S
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket(full, now)
            if len(self._buckets) > BUCKETS_MAX:
                self._buckets.popitem(last=False)
            return bucket
        self._buckets.move_to_end(key)
        bucket.level = min(full, bucket.level + (now - bucket.filled_at) * self._per_s)
        bucket.filled_at = now
        return bucket


@dataclass(frozen=True)
class Rates:
    """What viewers and addresses may still ask of this process."""

    viewers: Buckets
    addresses: Buckets

    @classmethod
    def of(cls, *, viewer_per_s: int, address_per_s: int) -> "Rates":
        """Make full buckets; 0 is no limit."""
        return cls(Buckets(per_s=viewer_per_s), Buckets(per_s=address_per_s))

    def attempt(self, address: str) -> None:
        """Count a request, whoever it turns out to be from.

        Raises:
            RateLimited.
        """
        self.addresses.take(network_of(address), ATTEMPT_COST)

    def refused(self, address: str) -> None:
        """Count a document that was refused."""
        try:
            self.addresses.take(network_of(address), REFUSED_COST)
        except RateLimited:
            # It is refused already, for the better reason.
            return

    def operation(self, caller: Caller, cost: int) -> None:
        """Count an operation that is about to run.

        Raises:
            RateLimited.
        """
        if caller.viewer is None:
            self.addresses.take(network_of(caller.address), cost)
        else:
            self.viewers.take(caller.viewer.account_id.hex, cost)


@lru_cache(maxsize=10_000)
def network_of(address: str) -> str:
    """Return what counts as one client: an IPv4 address, or the network of an IPv6 address."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        # A Unix socket, or a test, has none.
        return address
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return f"{int(parsed) >> (128 - IPV6_NETWORK_BITS):x}"
    return str(parsed)
