"""Playback sessions: started, kept alive, stopped, ended from elsewhere, and explained."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import ID

from domain import playback as domain
from domain.drm import KeySystem, KeySystemUnavailable, LicenceGrant, LicenceRequest
from domain.entitlements import AccessDecision as DecisionRow
from domain.entitlements import Reason
from domain.kernel.idempotency import IdempotencyKeyReused, RequestInProgress
from domain.kernel.refusals import InvalidInput, NotFound, SignInRequired
from domain.kernel.work import Work
from domain.media.manifests import HLS_NAME, MPD_NAME
from domain.playback import HEARTBEAT_EVERY_S, PlaybackState, PlayerState
from domain.playback import PlaybackExplanation as ExplanationRow
from domain.playback import PlaybackSession as SessionRow
from domain.playback import ResumePoint as ResumeRow
from domain.playback.looking import CONTINUE_MAX
from graph.accounts import Device, own_devices
from graph.batching import batched, derived, load_all
from graph.catalog import Title
from graph.context import Context
from graph.entitlements import AccessDecision
from graph.enums import described
from graph.global_ids import Kind, loads_node, read_id
from graph.loads import visible_titles
from graph.media import Track
from graph.nodes import Node
from graph.payloads import shown
from graph.playback_loads import (
    Allowed,
    allowed_tracks,
    chosen_key_system,
    licence_request,
    licences,
    thumbnail_urls,
)
from graph.problems import Problem, problem
from graph.root_fields import mutation_field, query_field
from graph.rows import declares

CONTINUE_DEFAULT = 20
PLAY = "/play"
THUMBNAILS_NAME = "thumbnails.vtt"

described(
    PlaybackState,
    description="Whether a session goes on.",
    values={
        PlaybackState.ACTIVE: "It plays, or may.",
        PlaybackState.ENDED: "Its player stopped it.",
        PlaybackState.REVOKED: "It was ended from elsewhere, or access has gone.",
        PlaybackState.EXPIRED: "Its player gave no sign of life in time.",
    },
)
described(
    PlayerState,
    description="What a player is doing.",
    values={
        PlayerState.PLAYING: "It plays.",
        PlayerState.PAUSED: "Its viewer paused it.",
        PlayerState.BUFFERING: "It waits for media.",
    },
)
described(
    KeySystem,
    description="How a player decrypts.",
    values={
        KeySystem.CLEARKEY: "W3C ClearKey, in every browser.",
        KeySystem.WIDEVINE: "Google Widevine.",
        KeySystem.PLAYREADY: "Microsoft PlayReady.",
        KeySystem.FAIRPLAY: "Apple FairPlay Streaming.",
    },
)


@dataclass(frozen=True)
class PlayAddresses:
    """What stands below a session's path. The token in it is a secret of the session."""

    token: str = field(repr=False)

    def path(self, name: str) -> str:
        """Return the path of something in the session."""
        return f"{PLAY}/{self.token}/{name}"


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


@loads_node(Kind.PLAYBACK_SESSION, row=SessionRow)
async def own_sessions(context: Context, keys: Sequence[UUID]) -> list[SessionRow | None]:
    """Load sessions of the viewer's own account."""
    return await domain.sessions_by_id(context.reads, keys, viewer=context.viewer)


@declares(SessionRow)
@strawberry.type(description="One screen playing one title.")
class PlaybackSession(Node):
    """A playback session."""

    title: Title | None = batched(
        visible_titles, key=lambda session: session.title_id, description="What plays; null if it was withdrawn."
    )
    device: Device | None = batched(own_devices, key=lambda session: session.device_id, description="Where it plays.")
    state: PlaybackState = derived(
        lambda session, context: session.state_at(context.reads.now), description="Whether it goes on."
    )
    started_at: datetime = strawberry.field(description="When it was started.")
    lease_until: datetime = strawberry.field(
        name="leaseExpiresAt", description="When it ends unless a heartbeat comes before."
    )
    position_s: float = strawberry.field(
        name="positionSeconds", description="Where its player was at its last heartbeat, in media time."
    )


@declares(ResumeRow)
@strawberry.type(description="A title that was begun and not finished.")
class ResumePoint:
    """A place to go on from."""

    title: Title = batched(visible_titles, key=lambda point: point.title_id, description="The title.")
    position_s: float = strawberry.field(name="positionSeconds", description="Where it was left, in media time.")
    updated_at: datetime = strawberry.field(description="When it was left.")


@declares(PlayAddresses)
@strawberry.type(description="Where a session's manifests are. Both list the same segments.")
class ManifestUrls:
    """The addresses of the manifests."""

    dash: str = derived(
        lambda addresses, context: context.address_of(addresses.path(MPD_NAME)), description="The DASH manifest."
    )
    hls: str = derived(
        lambda addresses, context: context.address_of(addresses.path(HLS_NAME)),
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
        key=lambda started: (started.session.asset_id, started.addresses.path(f"thumbnails/{THUMBNAILS_NAME}")),
        description="A WebVTT track of thumbnails for seeking; null when there is none.",
    )
    heartbeat_interval_seconds: int = derived(
        lambda _row, _context: HEARTBEAT_EVERY_S, description="How often to send `heartbeatPlayback`."
    )
    decision: AccessDecision = strawberry.field(description="What was decided, and why.")
    title: Title = batched(visible_titles, key=lambda started: started.session.title_id, description="What is played.")


@problem(domain.AccessDenied, description="The viewer may not watch this title.")
class AccessDenied(Problem):
    """The access decision said no."""

    reasons: list[Reason] = strawberry.field(description="Every reason.")


@problem(domain.StreamLimitReached, description="All screens of the account are in use. End one with `revokePlayback`.")
class StreamLimitReached(Problem):
    """No screen is free."""

    limit: int = strawberry.field(description="How many screens the account has.")
    sessions: list[PlaybackSession] = strawberry.field(description="What plays on them.")


@problem(domain.StaleSequence, description="A newer message of this session was taken already; nothing moved.")
class StaleSequence(Problem):
    """Too old."""

    latest: int = strawberry.field(description="The highest sequence number taken.")


@problem(domain.SessionEnded, description="The session is over and does not come back. Start playback again.")
class SessionEnded(Problem):
    """The session is over."""

    state: PlaybackState = strawberry.field(description="How it ended.")
    reasons: list[Reason] = strawberry.field(description="Why access has gone, if that ended it.")


@problem(KeySystemUnavailable, description="No licences are issued for this key system here.")
class KeySystemUnsupported(Problem):
    """Another key system is needed."""

    available: list[KeySystem] = derived(
        lambda refusal, _: [KeySystem(name) for name in refusal.available], description="Those that would do."
    )


@strawberry.input(description="What to play, on what.")
class StartPlaybackInput:
    """What to play."""

    title_id: ID = strawberry.field(description="Which title.")
    idempotency_key: str = strawberry.field(
        description="A key of your own, 8 to 128 characters: repeating the input with it starts nothing twice."
    )
    max_height: int | None = strawberry.field(
        default=None, description="How many lines the screen shows; leave out for no limit."
    )
    key_system: KeySystem | None = strawberry.field(
        default=None, description="What the player decrypts with; leave out for ClearKey, or the next best there is."
    )


@strawberry.input(description="A sign of life of a session.")
class HeartbeatPlaybackInput:
    """A sign of life."""

    session_id: ID = strawberry.field(description="Which session; of this device.")
    sequence: int = strawberry.field(description="Grows with every message of the session, from 1.")
    position_seconds: float = strawberry.field(description="Where the player is, in media time.")
    state: PlayerState = strawberry.field(description="What the player is doing.")
    key_system: KeySystem | None = strawberry.field(default=None, description="As in `startPlayback`.")


@declares(HeartbeatRow)
@strawberry.type(description="The lease is renewed. Use these addresses for what you fetch from now on.")
class PlaybackHeartbeat:
    """What heartbeatPlayback gives."""

    session: PlaybackSession = strawberry.field(description="The session as it is now.")
    addresses: ManifestUrls = strawberry.field(name="manifests", description="Where its manifests are now.")
    licence: Licence = _licence()


@strawberry.input(description="The end of a session.")
class StopPlaybackInput:
    """The end of a session."""

    session_id: ID = strawberry.field(description="Which session; of this device.")
    sequence: int = strawberry.field(description="Higher than of any message before.")
    position_seconds: float = strawberry.field(description="Where the player is, in media time.")


@strawberry.type(description="The session is over and its screen is free.")
class PlaybackStopped:
    """What stopPlayback gives."""

    session: PlaybackSession = strawberry.field(description="The session as it is now.")


@strawberry.input(description="A session to end.")
class RevokePlaybackInput:
    """A session to end."""

    session_id: ID = strawberry.field(description="Which session; of any device of the account.")


@strawberry.type(description="The session is over; its player stops within seconds, and at the latest after a minute.")
class PlaybackRevoked:
    """What revokePlayback gives."""

    session: PlaybackSession = strawberry.field(description="The session as it is now.")


@strawberry.input(one_of=True, description="A title, or a session.")
class ExplainPlaybackInput:
    """What to explain."""

    title_id: ID | None = strawberry.field(default=strawberry.UNSET, description="Which title; decided as of now.")
    session_id: ID | None = strawberry.field(
        default=strawberry.UNSET, description="Which session; also replays what was decided at its start."
    )


@declares(ExplanationRow)
@strawberry.type(description="Why a title may or may not be played.")
class PlaybackExplanation:
    """An explanation."""

    decision: AccessDecision = strawberry.field(description="What is decided at this instant.")
    as_of: datetime = strawberry.field(description="This instant.")
    title: Title | None = batched(
        visible_titles, key=lambda row: row.title_id, description="The title; null if the viewer may not find it."
    )
    recorded: AccessDecision | None = strawberry.field(
        description="What was decided when the session started, replayed; null for a title."
    )


@query_field(
    list[ResumePoint],
    description="What the viewer's profile has begun and not finished, the last watched first. Empty for strangers.",
)
async def continue_watching(
    context: Context,
    first: Annotated[int, strawberry.argument(description="How many, 1 to 50.")] = CONTINUE_DEFAULT,
) -> list[ResumeRow]:
    """List what can be gone on with, as far as it can be found."""
    if not 1 <= first <= CONTINUE_MAX:
        raise InvalidInput("first", f"Ask for 1 to {CONTINUE_MAX} rows.")
    if context.viewer is None:
        return []
    points = await domain.continue_watching(context.reads, profile_id=context.viewer.profile_id, limit=first)
    titles = await load_all(context, visible_titles, [point.title_id for point in points])
    return [point for point, title in zip(points, titles, strict=True) if title is not None]


@query_field(
    PlaybackExplanation,
    refusals=(InvalidInput, NotFound, SignInRequired),
    description="Say why the viewer may or may not play a title.",
)
async def explain_playback(
    context: Context,
    input: Annotated[ExplainPlaybackInput, strawberry.argument(description="The title or the session.")],
) -> ExplanationRow:
    """Explain a decision."""
    return await domain.explain_playback(
        context.reads,
        viewer=context.viewer,
        title_id=read_id(Kind.TITLE, input.title_id) if input.title_id else None,
        session_id=read_id(Kind.PLAYBACK_SESSION, input.session_id) if input.session_id else None,
    )


@mutation_field(
    PlaybackStarted,
    refusals=(
        domain.AccessDenied,
        domain.StreamLimitReached,
        NotFound,
        SignInRequired,
        IdempotencyKeyReused,
        RequestInProgress,
        InvalidInput,
        KeySystemUnavailable,
    ),
    description="Decide, take a screen, and say what to play: one transaction.",
)
async def start_playback(
    work: Work,
    context: Context,
    input: Annotated[StartPlaybackInput, strawberry.argument(description="What to play.")],
) -> StartedRow:
    """Start playing."""
    key_system = chosen_key_system(context.runtime.licences, input.key_system)
    started = await domain.start_playback(
        work,
        viewer=context.viewer,
        keyring=context.runtime.keyring,
        title_id=read_id(Kind.TITLE, input.title_id),
        address=context.caller.address,
        idempotency_key=input.idempotency_key,
        max_height=input.max_height,
    )
    return StartedRow(
        session=started.session,
        addresses=PlayAddresses(started.token),
        request=licence_request(context, started.session, token=started.token, key_system=key_system),
        decision=started.decision,
        resume_position_s=started.resume_position_s,
    )


@mutation_field(
    PlaybackHeartbeat,
    refusals=(
        domain.StaleSequence,
        domain.SessionEnded,
        NotFound,
        SignInRequired,
        InvalidInput,
        KeySystemUnavailable,
    ),
    description="Renew a session's lease and note where its player is. Access is decided anew each time.",
)
async def heartbeat_playback(
    work: Work,
    context: Context,
    input: Annotated[HeartbeatPlaybackInput, strawberry.argument(description="The sign of life.")],
) -> HeartbeatRow:
    """Keep a session alive."""
    key_system = chosen_key_system(context.runtime.licences, input.key_system)
    accepted = await domain.heartbeat(
        work,
        viewer=context.viewer,
        keyring=context.runtime.keyring,
        session_id=read_id(Kind.PLAYBACK_SESSION, input.session_id),
        sequence=input.sequence,
        position_s=input.position_seconds,
        state=input.state,
        address=context.caller.address,
    )
    return HeartbeatRow(
        session=accepted.session,
        addresses=PlayAddresses(accepted.token),
        request=licence_request(context, accepted.session, token=accepted.token, key_system=key_system),
    )


@mutation_field(
    PlaybackStopped,
    refusals=(domain.StaleSequence, domain.SessionEnded, NotFound, SignInRequired, InvalidInput),
    description="Stop a session and free its screen. Repeating it changes nothing.",
)
async def stop_playback(
    work: Work,
    context: Context,
    input: Annotated[StopPlaybackInput, strawberry.argument(description="The end.")],
) -> PlaybackStopped:
    """Stop a session."""
    session = await domain.stop_playback(
        work,
        viewer=context.viewer,
        session_id=read_id(Kind.PLAYBACK_SESSION, input.session_id),
        sequence=input.sequence,
        position_s=input.position_seconds,
    )
    return PlaybackStopped(session=shown(session))


@mutation_field(
    PlaybackRevoked,
    refusals=(NotFound, SignInRequired),
    description="End a session of the account from any of its devices. Repeating it changes nothing.",
)
async def revoke_playback(
    work: Work,
    context: Context,
    input: Annotated[RevokePlaybackInput, strawberry.argument(description="The session.")],
) -> PlaybackRevoked:
    """End a session from elsewhere."""
    session_id = read_id(Kind.PLAYBACK_SESSION, input.session_id)
    session = await domain.revoke_session(work, viewer=context.viewer, session_id=session_id)
    return PlaybackRevoked(session=shown(session))


QUERIES = [continue_watching, explain_playback]
MUTATIONS = [start_playback, heartbeat_playback, stop_playback, revoke_playback]
