"""Admission: whether a media or licence request of a session may pass."""

import time
from collections import OrderedDict
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from domain.kernel.crypto import Keyring
from domain.kernel.work import Reads
from domain.playback import store
from domain.playback.session import Admissible, Admitted, PlaybackTokenRefused
from domain.playback.token import TokenClaims, read_token

# How long an answer may be reused: a revocation bites within this time, and a busy player costs one query in it.
ANSWER_KEPT_S = 2.0
ANSWERS_MAX = 50_000
# A household's devices share an IPv6 /64 and change the rest of their address as they like (RFC 8981).
IPV6_PREFIX = 64


async def admit(reads: Reads, *, keyring: Keyring, token: str, address: str) -> Admitted:
    """Let a request pass that carries a living session's token and comes from where its viewer is.

    One indexed query for a genuine token, none for a forged one.

    Raises:
        PlaybackTokenRefused: forged, of an ended, revoked or abandoned session, or from another network address.
    """
    claims = read_token(keyring, token, now=reads.now)
    return _check(await _load(reads, claims), address)


class AdmissionCache:
    """Keeps answers for `ANSWER_KEPT_S`, in one process, so that a player's burst of segments costs one query."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[float, Admissible | None]] = OrderedDict()

    async def admit(self, reads: Reads, *, keyring: Keyring, token: str, address: str) -> Admitted:
        """As `admit`, at most `ANSWER_KEPT_S` late.

        Raises:
            PlaybackTokenRefused.
        """
        claims = read_token(keyring, token, now=reads.now)
        kept = self._kept.get(token)
        if kept is not None and kept[0] > time.monotonic() and _still_answers(kept[1], address, reads):
            return _check(kept[1], address)
        # Also after a mismatch: the viewer may just have told its new address.
        found = await _load(reads, claims)
        self._keep(token, found)
        return _check(found, address)

    def _keep(self, token: str, found: Admissible | None) -> None:
        self._kept[token] = (time.monotonic() + ANSWER_KEPT_S, found)
        self._kept.move_to_end(token)
        while len(self._kept) > ANSWERS_MAX:
            self._kept.popitem(last=False)


def _still_answers(kept: Admissible | None, address: str, reads: Reads) -> bool:
    # No answer outlives the lease it was given under.
    return kept is None or (_is_same(kept.address, address) and kept.lease_until > reads.now)


async def _load(reads: Reads, claims: TokenClaims) -> Admissible | None:
    async with reads.connection() as connection:
        return await store.admissible(connection, claims.session_id, now=reads.now)


def _check(found: Admissible | None, address: str) -> Admitted:
    if found is None or not _is_same(found.address, address):
        raise PlaybackTokenRefused
    return found.admitted


def _is_same(known: str, seen: str) -> bool:
    if known == seen:
        return True
    try:
        known_ip, seen_ip = _ip(known), _ip(seen)
    except ValueError:
        return False
    if known_ip == seen_ip:
        return True
    if not isinstance(known_ip, IPv6Address) or not isinstance(seen_ip, IPv6Address):
        return False
    return seen_ip in ip_network((known_ip, IPV6_PREFIX), strict=False)


def _ip(address: str) -> IPv4Address | IPv6Address:
    """Parse an address. An IPv4 address written as IPv6 is one host, not a household (RFC 4291, section 2.5.5.2)."""
    parsed = ip_address(address)
    return (isinstance(parsed, IPv6Address) and parsed.ipv4_mapped) or parsed
