"""Where people prove who they are: what verbs need that count an attempt, then compute, then change something.

Such a verb is several works: an attempt counts although the verb refuses, and nothing is locked while a password is
hashed. So it takes a `Desk` first, where other verbs take a work.

Refusal
└── SignInFailed   what was given proves nothing; what of it is wrong, nobody is told
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from uuid import UUID

from domain.accounts.attempts import Limit, take_attempts
from domain.accounts.passwords import Passwords
from domain.accounts.people import DeviceClass
from domain.kernel.crypto import Keyring
from domain.kernel.refusals import Refusal
from domain.kernel.work import Work

OpenWork = Callable[[], AbstractAsyncContextManager[Work]]


class SignInFailed(Refusal):
    """What was given proves nothing."""

    def __init__(self) -> None:
        super().__init__("The address or what you proved it with is wrong. Check both, or reset your password.")


@dataclass(frozen=True)
class Desk:
    """What proving needs: transactions, the hashing of passwords, keys, and the address people see."""

    open_work: OpenWork
    passwords: Passwords
    keyring: Keyring
    public_url: str


@dataclass(frozen=True)
class Place:
    """Where somebody signs in: the device as it names itself, the ids it had here before, and its network.

    `network` is what counts as one client, such as an IPv4 address.
    """

    device_name: str
    device_class: DeviceClass
    network: str
    devices: tuple[UUID, ...] = ()


async def attempt(desk: Desk, *, subjects: dict[Limit, str]) -> None:
    """Count an attempt in all of these buckets, in a transaction of its own.

    Raises:
        TooManyAttempts: one of them is empty; none was counted.
    """
    async with desk.open_work() as work:
        await take_attempts(work, subjects=subjects)
