"""Which network addresses webhooks may go to: public ones, and nothing of ours.

A name is resolved once; every address it has must be public, and the connection goes to that very address, so that a
name which points elsewhere a moment later gains nothing. An address that carries another is judged by that one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Self
from urllib.parse import urlsplit

from domain.kernel.refusals import InvalidInput

URL_MAX_CHARS = 2_000
HTTPS_PORT = 443
# Below it, other services than web servers listen.
HIGH_PORTS = 1_024
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")

# Everything that IANA's registries of special-purpose addresses do not give to the public Internet.
_NOT_PUBLIC_4 = [
    ip_network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4",
    )
]  # fmt: skip
_GLOBAL_6 = ip_network("2000::/3")
# Tunnels (Teredo, 6to4) among them: whatever they carry, nobody's web server needs them.
_NOT_PUBLIC_6 = [
    ip_network(network) for network in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "2620:4f:8000::/48")
]
# What networks without IPv4 reach the rest of the world by (RFC 6052).
_NAT64 = ip_network("64:ff9b::/96")


@dataclass(frozen=True)
class Target:
    """An endpoint's address in parts. `path` includes the query."""

    scheme: str
    host: str
    port: int
    path: str

    @classmethod
    def of(cls, url: str) -> Self:
        """Take a checked address apart."""
        parts = urlsplit(url)
        assert parts.hostname is not None, "it was checked"
        port = parts.port or (HTTPS_PORT if parts.scheme == "https" else 80)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return cls(parts.scheme, parts.hostname, port, path)

    @property
    def authority(self) -> str:
        """The host as a Host header names it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (HTTPS_PORT if self.scheme == "https" else 80) else f"{host}:{self.port}"


def checked_url(url: str, *, allows_loopback: bool) -> str:
    """Return an endpoint's address.

    Raises:
        InvalidInput: it is no https address of a public host. Development also allows this machine, without TLS.
    """
    refusal = InvalidInput("url", "must be an https:// address of a public host, on port 443 or from 1024 on")
    if len(url) > URL_MAX_CHARS or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise refusal
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as malformed:
        raise refusal from malformed
    if not host or "@" in parts.netloc or parts.fragment or parts.scheme not in ("https", "http"):
        raise refusal
    if allows_loopback and host in LOOPBACK_NAMES:
        return url
    if parts.scheme != "https" or not (port is None or port == HTTPS_PORT or port >= HIGH_PORTS):
        raise refusal
    if not _may_be_public(host):
        raise refusal
    return url


def is_public(address: str) -> bool:
    """Tell whether an address belongs to the public Internet."""
    try:
        ip = ip_address(address)
    except ValueError:
        # With a zone, and so of one link only; or no address at all.
        return False
    if isinstance(ip, IPv4Address):
        return not any(ip in network for network in _NOT_PUBLIC_4)
    carried = _carried(ip)
    if carried is not None:
        return is_public(str(carried))
    return ip in _GLOBAL_6 and not any(ip in network for network in _NOT_PUBLIC_6)


def chosen_address(addresses: Sequence[str], *, allows_loopback: bool) -> str | None:
    """Return the address to connect to; None when one of them is not public, or there is none."""
    allowed = [is_public(address) or (allows_loopback and _is_loopback(address)) for address in addresses]
    return addresses[0] if addresses and all(allowed) else None


def _carried(ip: IPv6Address) -> IPv4Address | None:
    if ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    return IPv4Address(ip.packed[12:]) if ip in _NAT64 else None


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def _may_be_public(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        # A name; `0x7f.1` and `2130706433` are numbers to resolvers, and no name ends with one.
        last = host.rstrip(".").rpartition(".")[2]
        return "." in host.rstrip(".") and not last.isdigit() and not last.lower().startswith("0x")
    return is_public(host)
