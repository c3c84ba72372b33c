"""One way to a licence, whoever issues it: `LicenceProvider`.

Refusal
└── KeySystemUnavailable    the provider issues no licences for this key system
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.kernel.refusals import Refusal
from domain.kernel.work import Reads
from domain.media.ladder import TrackClass
from domain.media.protection_systems import KeySystem


class KeySystemUnavailable(Refusal):
    """Licences for this key system are not issued here; `available` names those that are."""

    def __init__(self, key_system: KeySystem, available: Collection[KeySystem]) -> None:
        names = ", ".join(sorted(available))
        super().__init__(f"There are no {key_system} licences here. Use {names}.")
        self.key_system = key_system.value
        self.available = sorted(system.value for system in available)


@dataclass(frozen=True)
class LicenceRequest:
    """What a licence is for. `token` is the playback token of the session, `address` the viewer's, if bound to it.

    `expires_at` is when the session ends at the latest. No licence may be kept for offline use.
    """

    session_id: UUID
    asset_id: UUID
    key_system: KeySystem
    track_classes: frozenset[TrackClass]
    token: str = field(repr=False)
    now: datetime
    expires_at: datetime
    address: str | None = None


@dataclass(frozen=True)
class LicenceGrant:
    """Where a player sends its licence request, and the token that goes with it as a header, if any."""

    key_system: KeySystem
    url: str = field(repr=False)
    token: str | None = field(default=None, repr=False)


class LicenceProvider(Protocol):
    """Issues licences, or has them issued."""

    @property
    def key_systems(self) -> frozenset[KeySystem]:
        """The key systems this provider serves."""
        ...

    async def licence_for(self, reads: Reads, *, request: LicenceRequest) -> LicenceGrant:
        """Return the address of the licence server, and the token to show it.

        Raises:
            KeySystemUnavailable.
        """
        ...


def check_available(provider: LicenceProvider, key_system: KeySystem) -> None:
    """Refuse a key system that a provider does not serve.

    Raises:
        KeySystemUnavailable.
    """
    if key_system not in provider.key_systems:
        raise KeySystemUnavailable(key_system, provider.key_systems)
