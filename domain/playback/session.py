"""What a playback session is, and the refusals around it.

Refusal
├── AccessDenied           the decision said no, with its reasons
├── StreamLimitReached     all screens of the account are in use
├── StaleSequence          an older message than one already taken
├── SessionEnded           the session is over; start a new one
└── PlaybackTokenRefused   a media or licence request that may not pass
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType
from uuid import UUID

from domain.entitlements import AccessDecision, Reason
from domain.kernel.facts import Fact
from domain.kernel.refusals import Refusal
from domain.media.ladder import TrackClass

SessionId = NewType("SessionId", UUID)

# A session lives this long after its last sign of life, and so does everything it lets through.
LEASE = timedelta(seconds=60)
HEARTBEAT_EVERY_S = 20
# However alive, a session ends after this time and is started anew with a fresh decision.
SESSION_MAX = timedelta(hours=12)
# A stream has no length. Players count its positions from whenever they like; a year is more than any show has.
LIVE_POSITION_MAX_S = 366 * 86_400.0


class PlaybackState(StrEnum):
    """ACTIVE until stopped, revoked from elsewhere, or left without a sign of life."""

    ACTIVE = "ACTIVE"
    ENDED = "ENDED"
    REVOKED = "REVOKED"
    EXPIRED = "EXPIRED"


class PlayerState(StrEnum):
    """What a player says it is doing."""

    PLAYING = "PLAYING"
    PAUSED = "PAUSED"
    BUFFERING = "BUFFERING"


@dataclass(frozen=True)
class PlaybackSession:
    """One screen playing one title. `position_s` is in seconds of media time.

    `stream_id` is what it plays live; then the position is the player's own, and nothing goes on from it.
    """

    id: SessionId
    account_id: UUID
    profile_id: UUID
    device_id: UUID
    title_id: UUID
    asset_id: UUID
    state: PlaybackState
    started_at: datetime
    lease_until: datetime
    expires_at: datetime
    sequence: int
    position_s: float
    duration_s: float
    track_classes: frozenset[TrackClass]
    max_height: int | None
    stream_id: UUID | None = None

    def state_at(self, now: datetime) -> PlaybackState:
        """Return the state as a person sees it: a session without a lease is over, even if nobody noted it yet."""
        is_lapsed = self.state is PlaybackState.ACTIVE and self.lease_until <= now
        return PlaybackState.EXPIRED if is_lapsed else self.state


@dataclass(frozen=True, repr=False)
class PlaybackStarted:
    """A started session with the decision behind it. `token` stands in the path of everything it fetches."""

    session: PlaybackSession
    decision: AccessDecision
    resume_position_s: float
    token: str


@dataclass(frozen=True, repr=False)
class HeartbeatAccepted:
    """A heartbeat that renewed the lease."""

    session: PlaybackSession
    token: str


@dataclass(frozen=True)
class Admitted:
    """A media or licence request that may pass, and for what."""

    session_id: SessionId
    account_id: UUID
    device_id: UUID
    title_id: UUID
    asset_id: UUID
    track_classes: frozenset[TrackClass]
    max_height: int | None
    expires_at: datetime
    stream_id: UUID | None = None


@dataclass(frozen=True)
class Admissible:
    """What a living session lets through, from which network address, and until when if nothing renews it."""

    admitted: Admitted
    address: str
    lease_until: datetime


@dataclass(frozen=True)
class PlaybackExplanation:
    """Why a title may or may not be played: decided now, and as it was decided when the session started."""

    title_id: UUID
    as_of: datetime
    decision: AccessDecision
    recorded: AccessDecision | None


@dataclass(frozen=True)
class ResumePoint:
    """Where a profile left a title. `position_s` is 0 when it was watched to the end."""

    profile_id: UUID
    title_id: UUID
    position_s: float
    duration_s: float
    updated_at: datetime


@dataclass(frozen=True)
class PlaybackBegan(Fact):
    """A session started."""

    session_id: UUID
    title_id: UUID
    device_id: UUID


@dataclass(frozen=True)
class PlaybackStopped(Fact):
    """A session was stopped by its player."""

    session_id: UUID
    position_s: float


@dataclass(frozen=True)
class PlaybackRevoked(Fact):
    """A session was ended from elsewhere."""

    session_id: UUID


class AccessDenied(Refusal):
    """The access decision said no."""

    def __init__(self, reasons: Sequence[Reason]) -> None:
        super().__init__(f"This cannot be played: {', '.join(reason.value for reason in reasons)}.")
        self.reasons = tuple(reasons)


class StreamLimitReached(Refusal):
    """All screens of the account are in use. `sessions` are the ones that use them."""

    def __init__(self, limit: int, sessions: Sequence[PlaybackSession]) -> None:
        super().__init__(f"Your plan plays on {limit} screens at once. Stop one of them first.")
        self.limit = limit
        self.sessions = tuple(sessions)


class StaleSequence(Refusal):
    """A message older than one already taken. `latest` is the highest sequence number taken."""

    def __init__(self, latest: int) -> None:
        super().__init__(f"Sequence numbers must grow: {latest} was taken already. Send a higher one.")
        self.latest = latest


class SessionEnded(Refusal):
    """The session is over and does not come back."""

    def __init__(self, state: PlaybackState, reasons: Sequence[Reason] = ()) -> None:
        super().__init__("This playback session is over. Start playback again.")
        self.state = state
        self.reasons = tuple(reasons)


class PlaybackTokenRefused(Refusal):
    """A media or licence request may not pass. It is not told why."""

    def __init__(self) -> None:
        super().__init__("This playback address is not valid here or not any more. Start playback again.")


def account_topic(account_id: UUID) -> str:
    """Return the topic of an account's playback facts."""
    return f"account:{account_id}"
