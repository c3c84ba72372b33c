"""What a player gets: where the media is, where the keys are, and what it may play."""

from dataclasses import dataclass, field
from uuid import UUID

import strawberry

from domain.drm import LicenceGrant, LicenceRequest
from domain.entitlements import AccessDecision as DecisionRow
from domain.media.manifests import HLS_NAME, MPD_NAME
from domain.media.packager import Scheme
from domain.playback import HEARTBEAT_EVERY_S
from domain.playback import PlaybackSession as SessionRow
from graph.batching import batched, derived
from graph.catalog import Title
from graph.entitlements import AccessDecision
from graph.loads import visible_titles
from graph.media import Track
from graph.playback.loads import (
    Allowed,
    allowed_tracks,
    licences,
    thumbnail_urls,
)
from graph.playback.sessions import PlaybackSession
from graph.playback.vocabulary import KeySystem
from graph.rows import declares

PLAY = "/play"
THUMBNAILS_NAME = "thumbnails.vtt"


@dataclass(frozen=True)
class PlayAddresses:
    """What stands below a session's path. The token in it is a secret of the session."""

    token: str = field(repr=False)
    key_system: KeySystem = KeySystem.CLEARKEY

    def path(self, name: str) -> str:
        """Return the path of something in the session."""
        return f"{PLAY}/{self.token}/{name}"

    @property
    def hls(self) -> str:
        """The path of the HLS playlist. FairPlay reads only `cbcs`; all others what most players can."""
        if self.key_system is KeySystem.FAIRPLAY:
            return self.path(f"{Scheme.CBCS.value}/{HLS_NAME}")
        return self.path(HLS_NAME)


@dataclass(frozen=True)
class Playing:
    """A session with what its player needs to go on. `request` is for its licence."""

    session: SessionRow
    addresses: PlayAddresses
    request: LicenceRequest = field(repr=False)


@dataclass(frozen=True)
class StartedRow(Playing):
    """A session that has just been started."""

    decision: DecisionRow
    resume_position_s: float


@dataclass(frozen=True)
class HeartbeatRow(Playing):
    """A session whose lease has just been renewed."""


@declares(PlayAddresses)
@strawberry.type(description="Where a session's manifests are. Both list the same segments.")
class ManifestUrls:
    """The addresses of the manifests."""

    dash: str = derived(
        lambda addresses, context: context.address_of(addresses.path(MPD_NAME)), description="The DASH manifest."
    )
    hls: str = derived(
        lambda addresses, context: context.address_of(addresses.hls),
        description="The HLS multivariant playlist.",
    )


@declares(LicenceGrant)
@strawberry.type(description="Where a player gets the keys of a session.")
class Licence:
    """The way to a licence."""

    key_system: KeySystem = strawberry.field(description="For which key system.")
    url: str = strawberry.field(description="Where to send the licence request.")
    token: str | None = strawberry.field(
        description="What to send with it as the `X-AxDRM-Message` header; null when the address is enough."
    )


def _thumbnails_of(started: StartedRow) -> tuple[UUID, str] | None:
    if started.session.stream_id is not None:
        return None
    return started.session.asset_id, started.addresses.path(f"thumbnails/{THUMBNAILS_NAME}")


def _licence() -> Licence:
    licence: Licence = batched(licences, key=lambda row: row.request, description="Where its player gets the keys.")
    return licence


@declares(StartedRow)
@strawberry.type(description="Playback may begin: everything a player needs.")
class PlaybackStarted:
    """What startPlayback gives."""

    session: PlaybackSession = strawberry.field(description="The session; it holds one screen of the account.")
    addresses: ManifestUrls = strawberry.field(
        name="manifests", description="What to play. Below the path of the session's token: keep it to yourself."
    )
    licence: Licence = _licence()
    resume_position_s: float = strawberry.field(
        name="resumePositionSeconds", description="Where to begin, in media time; 0 from the start."
    )
    tracks: list[Track] = batched(
        allowed_tracks,
        key=lambda started: Allowed.by(started.session),
        list_size=12,
        description="What is in the manifests for this viewer.",
    )
    thumbnails_url: str | None = batched(
        thumbnail_urls,
        key=_thumbnails_of,
        description="A WebVTT track of thumbnails for seeking; null when there is none, as of a stream.",
    )
    heartbeat_interval_seconds: int = derived(
        lambda _row, _context: HEARTBEAT_EVERY_S, description="How often to send `heartbeatPlayback`."
    )
    decision: AccessDecision = strawberry.field(description="What was decided, and why.")
    title: Title = batched(visible_titles, key=lambda started: started.session.title_id, description="What is played.")


@declares(HeartbeatRow)
@strawberry.type(description="The lease is renewed. Use these addresses for what you fetch from now on.")
class PlaybackHeartbeat:
    """What heartbeatPlayback gives."""

    session: PlaybackSession = strawberry.field(description="The session as it is now.")
    addresses: ManifestUrls = strawberry.field(name="manifests", description="Where its manifests are now.")
    licence: Licence = _licence()
