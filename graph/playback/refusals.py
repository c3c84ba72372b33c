"""Why playback does not start or go on."""

import strawberry

from domain import playback as domain
from domain.drm import KeySystemUnavailable
from domain.entitlements import Reason
from graph.batching import derived
from graph.playback.sessions import PlaybackSession
from graph.playback.vocabulary import KeySystem, PlaybackState
from graph.problems import Problem, problem


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


# What may stand in the way of starting, and of going on.
STARTING = (domain.AccessDenied, domain.StreamLimitReached, KeySystemUnavailable)
GOING_ON = (domain.StaleSequence, domain.SessionEnded)
