"""Why a vote does not count, and why a poll does not do what its host wants."""

from datetime import datetime

import strawberry

from domain import engagement as domain
from domain.kernel.refusals import Forbidden, InvalidInput, NotFound, SignInRequired
from graph.engagement.vocabulary import Missing, PollState
from graph.live.running import StreamNotLive
from graph.problems import Problem, problem

# Another module's, which has to be there before the results of opening a poll are.
__all__ = ["BY_HOSTS", "NOT_COUNTED", "StreamNotLive"]


@problem(domain.PollNotOpen, description="What the viewer has seen is from before the poll opened. Vote after that.")
class PollNotOpen(Problem):
    """Too early."""

    opens_at: datetime | None = strawberry.field(description="When it opens on the programme clock; null: unknown.")


@problem(domain.PollClosed, description="What the viewer has seen is from after the poll locked, or it was called off.")
class PollClosed(Problem):
    """Too late."""

    closed_at: datetime | None = strawberry.field(
        description="When it locked on the programme clock; null when it never did."
    )


@problem(domain.OptionNotInPoll, description="A choice is no option of this poll.")
class OptionNotInPoll(Problem):
    """Another poll's option."""


@problem(domain.ChoicesOutOfRange, description="Too few or too many choices, or one twice.")
class ChoicesOutOfRange(Problem):
    """The number of choices."""

    min_choices: int = strawberry.field(description="How many to choose at least.")
    max_choices: int = strawberry.field(description="How many to choose at most.")


@problem(domain.VoteUnchangeable, description="There is a vote already, and it cannot be changed (any more).")
class VoteUnchangeable(Problem):
    """A vote that stays."""


@problem(domain.NotEligible, description="The poll is for other viewers.")
class NotEligible(Problem):
    """Not a voter."""

    missing: Missing = strawberry.field(description="What is asked for.")


@problem(domain.MediaTimeInFuture, description="Nobody has seen that instant yet. Check the clock of the player.")
class MediaTimeInFuture(Problem):
    """A time to come."""

    now: datetime = strawberry.field(description="The service's clock.")


@problem(domain.TooFarBehind, description="The viewer is further behind than the stream allows to take part.")
class TooFarBehind(Problem):
    """Too far behind."""

    max_latency_s: int = strawberry.field(name="maxLatencySeconds", description="How far behind one may be.")


@problem(domain.PlaybackRequired, description="Name a living playback session of yours that plays this stream.")
class PlaybackRequired(Problem):
    """Not watching."""


@problem(domain.StakeOutOfRange, description="A PREDICTION needs a stake within its bounds, and others take none.")
class StakeOutOfRange(Problem):
    """A stake that cannot be."""

    max_stake: int = strawberry.field(description="The highest stake; 0 where there is none.")


@problem(domain.NotEnoughPoints, description="The stake is more than the viewer has in this show.")
class NotEnoughPoints(Problem):
    """Too few points."""

    points: int = strawberry.field(description="How many there are.")


@problem(domain.WrongPollState, description="This cannot be done to a poll in its state. Load it again.")
class WrongPollState(Problem):
    """Not where the act begins."""

    state: PollState = strawberry.field(description="How far it is.")


@problem(domain.ResultsNotFinal, description="Viewers who are behind may still vote. Reveal the results later.")
class ResultsNotFinal(Problem):
    """Too early to tell."""

    final_at: datetime = strawberry.field(description="From when on results may be revealed.")


@problem(domain.NothingToUndo, description="The last act is too long ago to be taken back, or there was none.")
class NothingToUndo(Problem):
    """Nothing to take back."""


@problem(domain.TooManyPolls, description="The stream has as many polls as it may.")
class TooManyPolls(Problem):
    """A bound."""


BY_HOSTS = (InvalidInput, NotFound, SignInRequired, Forbidden)
NOT_COUNTED = (
    domain.PollNotOpen,
    domain.PollClosed,
    domain.OptionNotInPoll,
    domain.ChoicesOutOfRange,
    domain.VoteUnchangeable,
    domain.NotEligible,
    domain.MediaTimeInFuture,
    domain.TooFarBehind,
    domain.PlaybackRequired,
    domain.StakeOutOfRange,
    domain.NotEnoughPoints,
)
