"""Starting playback: one transaction that decides, takes a screen, and says where to go on."""

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from domain.accounts import Viewer, require_viewer
from domain.entitlements import AccessDecision, Reason, decide, gather
from domain.kernel.crypto import Keyring
from domain.kernel.idempotency import answer_once
from domain.kernel.refusals import InvalidInput, NotFound
from domain.kernel.work import Reads, Work
from domain.live import Stream, live_streams_of
from domain.media.asset import Asset, AssetState
from domain.media.assets import assets_by_id
from domain.playback import store
from domain.playback.policy import PLAYBACK, PlaybackAct
from domain.playback.session import (
    LEASE,
    LIVE_POSITION_MAX_S,
    SESSION_MAX,
    AccessDenied,
    PlaybackBegan,
    PlaybackSession,
    PlaybackStarted,
    PlaybackState,
    SessionId,
    StreamLimitReached,
    account_topic,
)
from domain.playback.token import make_token

MAX_HEIGHT_LIMIT = 4320


async def start_playback(
    work: Work,
    *,
    viewer: Viewer | None,
    keyring: Keyring,
    title_id: UUID,
    address: str,
    idempotency_key: str,
    max_height: int | None = None,
) -> PlaybackStarted:
    """Start playing a title on the viewer's device: live when it is on air, else its media on demand.

    A retry with the same key returns the same session, which follows its viewer to the address the retry comes from.
    A device that plays the same title already, after a reload say, replaces its own session and takes no second
    screen. `max_height` is in lines, what the device can show. `address` is where the viewer's requests come from.
    Locks the account's screens until the transaction ends. Announces PlaybackBegan.

    Raises:
        SignInRequired, InvalidInput.
        NotFound: no such title, or one that the viewer must not know of.
        AccessDenied: the decision said no.
        StreamLimitReached: all screens of the account are in use.
        IdempotencyKeyReused, RequestInProgress.
    """
    viewer = require_viewer(viewer)
    if max_height is not None and not 0 < max_height <= MAX_HEIGHT_LIMIT:
        raise InvalidInput("maxHeight", f"Use 1 to {MAX_HEIGHT_LIMIT} lines.")

    begun: list[store.StartedSession] = []

    async def perform() -> Mapping[str, object]:
        begun.append(await _start(work, viewer, title_id, address, max_height))
        return {"session_id": begun[0].session.id}

    answer = await answer_once(
        work,
        account_id=viewer.account_id,
        operation="startPlayback",
        key=idempotency_key,
        request={"title": title_id, "device": viewer.device_id, "max_height": max_height},
        perform=perform,
    )
    session_id = UUID(str(answer["session_id"]))
    started = begun[0] if begun else await _started_before(work, session_id, address)
    token = make_token(keyring, session_id=session_id, expires_at=started.session.expires_at)
    return PlaybackStarted(started.session, decide(started.question), started.resume_position_s, token)


async def _started_before(work: Work, session_id: UUID, address: str) -> store.StartedSession:
    # The first answer may have been lost together with the network it was asked from.
    await store.follow(work.connection, session_id, address=address, now=work.now)
    return await store.started_session(work.connection, session_id)


async def _start(
    work: Work, viewer: Viewer, title_id: UUID, address: str, max_height: int | None
) -> store.StartedSession:
    stream, on_air = await what_is_on_air(work.reads(), title_id)
    gathered = await gather(work.reads(), viewer=viewer, title_id=title_id, on_air=on_air)
    decision = decide(gathered.question)
    if not decision.allowed:
        raise _refusal(viewer, title_id, decision)
    assert gathered.asset is not None, "allowed only with ready media"
    session = _new_session(work, viewer, title_id, gathered.asset, decision, max_height)
    if stream is not None:
        session = replace(session, stream_id=stream.id, duration_s=LIVE_POSITION_MAX_S)
    await store.claim_screens(work.connection, session, now=work.now)
    started = await store.insert_session(
        work.connection, session, address=address, question=gathered.question, limit=decision.concurrent_streams
    )
    if started is None:
        running = await store.active_sessions(work.connection, viewer.account_id)
        raise StreamLimitReached(decision.concurrent_streams, running)
    await work.announce(account_topic(viewer.account_id), PlaybackBegan(session.id, title_id, viewer.device_id))
    return started


async def what_is_on_air(reads: Reads, title_id: UUID) -> tuple[Stream | None, Asset | None]:
    """Return the stream of a title that is live, and what it sends; None and None when nothing is on."""
    (stream,) = await live_streams_of(reads, [title_id])
    if stream is None:
        return None, None
    (asset,) = await assets_by_id(reads, [stream.asset_id])
    if asset is None or asset.state is not AssetState.READY:
        return None, None
    return stream, asset


def _new_session(
    work: Work, viewer: Viewer, title_id: UUID, asset: Asset, decision: AccessDecision, max_height: int | None
) -> PlaybackSession:
    heights = [height for height in (decision.max_height, max_height) if height is not None]
    return PlaybackSession(
        id=SessionId(work.new_id()),
        account_id=viewer.account_id,
        profile_id=viewer.profile_id,
        device_id=viewer.device_id,
        title_id=title_id,
        asset_id=asset.id,
        state=PlaybackState.ACTIVE,
        started_at=work.now,
        lease_until=work.now + LEASE,
        expires_at=work.now + SESSION_MAX,
        sequence=0,
        position_s=0.0,
        duration_s=asset.duration_s or 0.0,
        track_classes=decision.track_classes,
        max_height=min(heights, default=None),
    )


def _refusal(viewer: Viewer, title_id: UUID, decision: AccessDecision) -> NotFound | AccessDenied:
    # To all but editors an unpublished title is one that does not exist.
    if Reason.TITLE_NOT_PUBLISHED in decision.reasons and not PLAYBACK.permits(viewer, PlaybackAct.SEE_REASONS):
        return NotFound("title", title_id)
    return AccessDenied(decision.reasons)
