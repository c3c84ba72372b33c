"""Heartbeats, stopping, and ending sessions from elsewhere."""

import math
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar
from uuid import UUID

from domain.accounts import Viewer, require_viewer
from domain.entitlements import AccessDecision, Reason, decide, gather
from domain.kernel.crypto import Keyring
from domain.kernel.refusals import InvalidInput, NotFound, Refusal
from domain.kernel.work import Work
from domain.media.assets import assets_by_id
from domain.playback import store
from domain.playback.session import (
    LEASE,
    HeartbeatAccepted,
    PlaybackRevoked,
    PlaybackSession,
    PlaybackState,
    PlaybackStopped,
    PlayerState,
    SessionEnded,
    StaleSequence,
    account_topic,
)
from domain.playback.token import make_token

SEQUENCE_MAX = 2**31 - 1
# Players report the end a little late: their clock runs on past the last frame.
POSITION_SLACK_S = 10.0
# Between a message that changed nothing and the look for the reason, another message may have renewed the session.
TRIES_MAX = 2

_Taken = TypeVar("_Taken")


async def heartbeat(
    work: Work,
    *,
    viewer: Viewer | None,
    keyring: Keyring,
    session_id: UUID,
    sequence: int,
    position_s: float,
    state: PlayerState,
    address: str,
) -> HeartbeatAccepted:
    """Renew a session's lease and note where the player is. `sequence` grows with every message of the session.

    Access is decided anew each time, so a right, grant or title that is gone ends the session with its lease, and so
    does a plan with fewer screens: those that started first go on. The session follows its viewer to a new network
    address.

    Raises:
        SignInRequired, InvalidInput.
        NotFound: no such session of this account and device.
        StaleSequence: an older message than one already taken; nothing moves.
        SessionEnded: stopped, revoked, left too long, or access has gone.
    """
    viewer = require_viewer(viewer)
    _check(sequence, position_s)
    renew = partial(
        store.renew,
        work.connection,
        session_id,
        device_id=viewer.device_id,
        sequence=sequence,
        position_s=position_s,
        player_state=state,
        address=address,
        now=work.now,
        lease_until=work.now + LEASE,
        slack_s=POSITION_SLACK_S,
    )
    renewed = await _taken(work, renew, viewer, session_id, sequence, position_s)
    # Raising takes the renewal back: the session ends with the lease it had.
    decision = await _still_allowed(work, viewer, renewed)
    session = await _narrowed(work, renewed.session, decision)
    await store.keep_resume_point(work.connection, session, now=work.now)
    token = make_token(keyring, session_id=session.id, expires_at=session.expires_at)
    return HeartbeatAccepted(session, token)


async def stop_playback(
    work: Work, *, viewer: Viewer | None, session_id: UUID, sequence: int, position_s: float
) -> PlaybackSession:
    """Stop a session and free its screen. Stopping again with the same sequence returns it as it is.

    Whatever a player says about its position, a stop is taken: behind the end of the title means at its end.

    Announces PlaybackStopped. Raises:
        SignInRequired, InvalidInput.
        NotFound: no such session of this account and device.
        StaleSequence: an older message than one already taken; nothing moves.
        SessionEnded: it was ended another way.
    """
    viewer = require_viewer(viewer)
    _check(sequence, position_s)
    stop = partial(
        store.stop,
        work.connection,
        session_id,
        device_id=viewer.device_id,
        sequence=sequence,
        position_s=position_s,
        now=work.now,
    )
    session = await stop()
    if session is None:
        earlier = await store.session_of_device(work.connection, session_id, viewer.device_id)
        if earlier is not None and earlier.state is PlaybackState.ENDED and earlier.sequence == sequence:
            return earlier
        session = await _taken(work, stop, viewer, session_id, sequence, None)
    await store.keep_resume_point(work.connection, session, now=work.now)
    await work.announce(account_topic(session.account_id), PlaybackStopped(session.id, session.position_s))
    return session


async def revoke_session(work: Work, *, viewer: Viewer | None, session_id: UUID) -> PlaybackSession:
    """End a session of the viewer's account from any of its devices. Doing it twice changes nothing.

    Announces PlaybackRevoked. Raises:
        SignInRequired.
        NotFound: no such session of this account.
    """
    viewer = require_viewer(viewer)
    revoked = await store.revoke(work.connection, account_id=viewer.account_id, session_id=session_id, now=work.now)
    for session in revoked:
        await work.announce(account_topic(session.account_id), PlaybackRevoked(session.id))
        return session
    found = await store.session_of_account(work.connection, session_id, viewer.account_id)
    if found is None:
        raise NotFound("playback session", session_id)
    return found


async def revoke_all(work: Work, *, account_id: UUID) -> int:
    """End every session of an account, as signing out everywhere does. Returns how many were ended."""
    revoked = await store.revoke(work.connection, account_id=account_id, session_id=None, now=work.now)
    for session in revoked:
        await work.announce(account_topic(account_id), PlaybackRevoked(session.id))
    return len(revoked)


async def _still_allowed(work: Work, viewer: Viewer, renewed: store.RenewedSession) -> AccessDecision:
    session, on_air = renewed.session, None
    if session.stream_id is not None:
        (on_air,) = await assets_by_id(work.reads(), [session.asset_id])
    gathered = await gather(work.reads(), viewer=viewer, title_id=session.title_id, on_air=on_air)
    decision = decide(gathered.question)
    if not decision.allowed:
        raise SessionEnded(PlaybackState.REVOKED, decision.reasons)
    if renewed.earlier >= decision.concurrent_streams:
        raise SessionEnded(PlaybackState.REVOKED, (Reason.STREAM_LIMIT,))
    return decision


async def _narrowed(work: Work, session: PlaybackSession, decision: AccessDecision) -> PlaybackSession:
    """After a change to a smaller plan, have the session give up what it may no longer have."""
    if session.track_classes <= decision.track_classes:
        return session
    return await store.narrow(
        work.connection,
        session,
        track_classes=session.track_classes & decision.track_classes,
        max_height=decision.max_height,
    )


def _check(sequence: int, position_s: float) -> None:
    if not 1 <= sequence <= SEQUENCE_MAX:
        raise InvalidInput("sequence", f"Count from 1 to {SEQUENCE_MAX}.")
    if not math.isfinite(position_s) or position_s < 0:
        raise InvalidInput("positionSeconds", "Use seconds of media time from 0 on.")


async def _taken(
    work: Work,
    send: Callable[[], Awaitable[_Taken | None]],
    viewer: Viewer,
    session_id: UUID,
    sequence: int,
    position_s: float | None,
) -> _Taken:
    """Send a message to a session, once more if what spoke against it has gone meanwhile; else raise why it was not."""
    for _ in range(TRIES_MAX):
        taken = await send()
        if taken is not None:
            return taken
        refusal = await _why_not(work, viewer, session_id, sequence, position_s)
        if refusal is not None:
            raise refusal
    raise SessionEnded(PlaybackState.EXPIRED)


async def _why_not(
    work: Work, viewer: Viewer, session_id: UUID, sequence: int, position_s: float | None
) -> Refusal | None:
    """Find out why a message to a session changed nothing. None: by now it would."""
    session = await store.session_of_device(work.connection, session_id, viewer.device_id)
    if session is None:
        return NotFound("playback session", session_id)
    state = session.state_at(work.now)
    if state is not PlaybackState.ACTIVE or session.expires_at <= work.now:
        return SessionEnded(PlaybackState.EXPIRED if state is PlaybackState.ACTIVE else state)
    if session.sequence >= sequence:
        return StaleSequence(session.sequence)
    if position_s is not None and position_s > session.duration_s + POSITION_SLACK_S:
        return InvalidInput("positionSeconds", f"The title ends at {session.duration_s:.0f} s.")
    return None
