"""Starting sessions, keeping them alive, and ending them."""

from typing import Annotated

import strawberry
from strawberry import ID

from domain import playback as domain
from domain.drm import KeySystemUnavailable
from domain.kernel.idempotency import IdempotencyKeyReused, RequestInProgress
from domain.kernel.refusals import InvalidInput, NotFound, SignInRequired
from domain.kernel.work import Work
from graph.context import Context
from graph.global_ids import Kind, read_id
from graph.payloads import shown
from graph.playback.loads import (
    chosen_key_system,
    licence_request,
)
from graph.playback.playing import HeartbeatRow, PlayAddresses, PlaybackHeartbeat, PlaybackStarted, StartedRow
from graph.playback.refusals import GOING_ON, STARTING
from graph.playback.sessions import PlaybackSession
from graph.playback.vocabulary import KeySystem, PlayerState
from graph.root_fields import mutation_field


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


@mutation_field(
    PlaybackStarted,
    refusals=(*STARTING, NotFound, SignInRequired, IdempotencyKeyReused, RequestInProgress, InvalidInput),
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
        addresses=PlayAddresses(started.token, key_system),
        request=licence_request(context, started.session, token=started.token, key_system=key_system),
        decision=started.decision,
        resume_position_s=started.resume_position_s,
    )


@mutation_field(
    PlaybackHeartbeat,
    refusals=(*GOING_ON, NotFound, SignInRequired, InvalidInput, KeySystemUnavailable),
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
        addresses=PlayAddresses(accepted.token, key_system),
        request=licence_request(context, accepted.session, token=accepted.token, key_system=key_system),
    )


@mutation_field(
    PlaybackStopped,
    refusals=(*GOING_ON, NotFound, SignInRequired, InvalidInput),
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
