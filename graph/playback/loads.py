"""What a started session leads to: its licence, and the tracks its viewer may have."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.delivery import select_tracks
from domain.drm import KeySystem, LicenceGrant, LicenceProvider, LicenceRequest
from domain.drm.licences import check_available
from domain.media.ladder import TrackClass
from domain.media.package import Package, Track
from domain.playback import PlaybackSession
from graph.batching import load_all
from graph.context import Context
from graph.loads import packages

# Which licences a player gets that does not say what it can use: ours first, then the most widespread.
_PREFERENCE = (KeySystem.CLEARKEY, KeySystem.WIDEVINE, KeySystem.PLAYREADY, KeySystem.FAIRPLAY)


@dataclass(frozen=True)
class Allowed:
    """What may be played of an asset."""

    asset_id: UUID
    track_classes: frozenset[TrackClass]
    max_height: int | None

    @classmethod
    def by(cls, session: PlaybackSession) -> "Allowed":
        """Return what a session may play."""
        return cls(session.asset_id, session.track_classes, session.max_height)


async def allowed_tracks(context: Context, keys: Sequence[Allowed]) -> list[Sequence[Track]]:
    """Load the tracks that may be played."""
    found: list[Package | None] = await load_all(context, packages, [key.asset_id for key in keys])
    return [
        ()
        if package is None
        else select_tracks(package, track_classes=key.track_classes, max_height=key.max_height).tracks
        for key, package in zip(keys, found, strict=True)
    ]


async def thumbnail_urls(context: Context, keys: Sequence[tuple[UUID, str]]) -> list[str | None]:
    """Load the addresses of thumbnail tracks: the path of a session, if its asset has one."""
    found: list[Package | None] = await load_all(context, packages, [asset_id for asset_id, _ in keys])
    return [
        context.address_of(path) if package is not None and package.has_thumbnails else None
        for (_, path), package in zip(keys, found, strict=True)
    ]


async def licences(context: Context, keys: Sequence[LicenceRequest]) -> list[LicenceGrant]:
    """Load where players get their licences."""
    provider = context.runtime.licences
    return [await provider.licence_for(context.reads, request=key) for key in keys]


def licence_request(context: Context, session: PlaybackSession, *, token: str, key_system: KeySystem) -> LicenceRequest:
    """Return what a session's licence is for."""
    return LicenceRequest(
        session_id=session.id,
        asset_id=session.asset_id,
        key_system=key_system,
        track_classes=session.track_classes,
        token=token,
        now=context.reads.now,
        expires_at=session.expires_at,
        address=context.caller.address,
    )


def chosen_key_system(provider: LicenceProvider, wanted: KeySystem | None) -> KeySystem:
    """Return the key system a player asks for, or the one it most likely has.

    Raises:
        KeySystemUnavailable.
    """
    if wanted is not None:
        check_available(provider, wanted)
        return wanted
    return next(system for system in _PREFERENCE if system in provider.key_systems)
