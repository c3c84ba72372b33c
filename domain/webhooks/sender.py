"""Sends deliveries: the one module that connects to where hosts say. It trusts nothing about the other side.

Each delivery resolves the name itself and connects to the address it has looked at, for a few seconds; redirects are
not followed, proxies of the environment not used, and nothing of the answer is read but its status.
"""

import asyncio
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from types import TracebackType
from typing import Self

import httpx

from domain.kernel.clock import Clock, system_clock
from domain.webhooks.addresses import Target, chosen_address

TIMEOUT_S = 10.0
USER_AGENT = "Marquee-Webhooks/1"
ERROR_MAX_CHARS = 200

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


@dataclass(frozen=True)
class Outcome:
    """What became of one attempt: a status, or the reason why there is none. `retry_after_s` is what was asked for."""

    status: int | None
    error: str | None
    took_ms: int
    retry_after_s: float | None = None

    @property
    def is_delivered(self) -> bool:
        """Whether the receiver took it."""
        return self.status is not None and HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES


async def resolve(host: str, port: int) -> Sequence[str]:
    """Return the addresses of a host."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


class Sender:
    """Sends deliveries, each on a connection of its own."""

    def __init__(
        self,
        *,
        allows_loopback: bool = False,
        resolve: Resolve = resolve,
        timeout_s: float = TIMEOUT_S,
        trusted: ssl.SSLContext | None = None,
        clock: Clock = system_clock,
    ) -> None:
        """`trusted` says whose certificates are good; the system's authorities unless given."""
        self._allows_loopback = allows_loopback
        self._resolve = resolve
        self._timeout_s = timeout_s
        self._clock = clock
        self._client = httpx.AsyncClient(
            verify=trusted or ssl.create_default_context(),
            trust_env=False,
            follow_redirects=False,
            timeout=timeout_s,
            # A kept connection belongs to an address, and several names may share one: none would be checked again.
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _fault: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def send(self, url: str, *, headers: Mapping[str, str], body: bytes) -> Outcome:
        """Post a body, and return what became of it, whatever it was."""
        begun = time.monotonic()
        try:
            async with asyncio.timeout(self._timeout_s):
                status, retry_after_s = await self._posted(Target.of(url), headers, body)
        except TimeoutError:
            return Outcome(None, "there was no answer in time", _since(begun))
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError, ValueError) as fault:
            return Outcome(None, f"{type(fault).__name__}: {fault}"[:ERROR_MAX_CHARS], _since(begun))
        return Outcome(status, None, _since(begun), retry_after_s)

    async def _posted(self, target: Target, headers: Mapping[str, str], body: bytes) -> tuple[int, float | None]:
        address = chosen_address(await self._resolve(target.host, target.port), allows_loopback=self._allows_loopback)
        if address is None:
            raise ValueError("the host has no public address")
        literal = f"[{address}]" if ":" in address else address
        request = self._client.build_request(
            "POST",
            f"{target.scheme}://{literal}:{target.port}{target.path}",
            content=body,
            headers={
                **headers, "host": target.authority, "content-type": "application/json", "user-agent": USER_AGENT,
            },
            # The certificate has to be that of the name, not of the address.
            extensions={"sni_hostname": target.host},
        )  # fmt: skip
        answer = await self._client.send(request, stream=True)
        await answer.aclose()
        return answer.status_code, self._retry_after(answer.headers.get("retry-after"))

    def _retry_after(self, value: str | None) -> float | None:
        """Read a Retry-After header: seconds, or an instant (RFC 9110, section 10.2.3)."""
        if value is None:
            return None
        if value.isascii() and value.isdigit():
            return float(value[:9])
        try:
            at = parsedate_to_datetime(value)
        except ValueError:
            return None
        return (at - self._clock()).total_seconds() if at.tzinfo is not None else None


def _since(begun: float) -> int:
    return int((time.monotonic() - begun) * 1000)
