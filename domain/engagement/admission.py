"""Whether a vote counts: a pure rule over a poll that nobody changes meanwhile.

Time is the viewer's: a vote counts when what the viewer saw, `media_time` on the programme clock, lies in the poll's
window. So whoever is twenty seconds behind has as long as whoever is two seconds behind, and a minute of it after the
lock is nobody's advantage: results are not final before the slowest has had the same time.

Refusal
├── PollNotOpen          what the viewer saw is from before the poll opened
├── PollClosed           what the viewer saw is from after the poll locked
├── OptionNotInPoll      a choice is none of this poll's
├── ChoicesOutOfRange    too few or too many choices
├── VoteUnchangeable     the poll takes one vote, and there is one, or it was changed too often
├── NotEligible          the poll is for other plans or territories
├── MediaTimeInFuture    nobody has seen that yet
├── TooFarBehind         the viewer is further behind than the stream allows
├── PlaybackRequired     the poll asks for a playback session that plays the stream
├── StakeOutOfRange      a prediction needs a stake within its bounds
└── NotEnoughPoints      the stake is more than the viewer has
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from domain.engagement.poll import STRAGGLERS, Poll, PollKind, PollState
from domain.entitlements import Plan
from domain.kernel.refusals import Refusal

# Clocks of players differ from ours by that much when they are set from the network.
CLOCK_SLACK = timedelta(seconds=1)


class PollNotOpen(Refusal):
    """What the viewer saw is from before the poll opened. `opens_at` is None while no opening is set."""

    def __init__(self, opens_at: datetime | None) -> None:
        super().__init__("This poll is not open yet.")
        self.opens_at = opens_at


class PollClosed(Refusal):
    """What the viewer saw is from after the poll locked. `closed_at` is None when it was called off."""

    def __init__(self, closed_at: datetime | None) -> None:
        super().__init__("This poll takes no more votes.")
        self.closed_at = closed_at


class OptionNotInPoll(Refusal):
    """A choice is none of this poll's options."""

    def __init__(self) -> None:
        super().__init__("Choose options of this poll.")


class ChoicesOutOfRange(Refusal):
    """Too few or too many choices, or one twice."""

    def __init__(self, min_choices: int, max_choices: int) -> None:
        wanted = str(min_choices) if min_choices == max_choices else f"{min_choices} to {max_choices}"
        super().__init__(f"Choose {wanted} different options.")
        self.min_choices = min_choices
        self.max_choices = max_choices


class VoteUnchangeable(Refusal):
    """There is a vote already, and it stays."""

    def __init__(self) -> None:
        super().__init__("You have voted. This vote cannot be changed any more.")


class Missing(StrEnum):
    """What somebody lacks who may not vote."""

    PLAN = "PLAN"
    TERRITORY = "TERRITORY"


class NotEligible(Refusal):
    """The poll is for others; `missing` says what was asked for."""

    def __init__(self, missing: Missing) -> None:
        super().__init__("This poll is for other viewers.")
        self.missing = missing.value


class MediaTimeInFuture(Refusal):
    """Nobody has seen that instant of the programme yet. `now` is the service's clock."""

    def __init__(self, now: datetime) -> None:
        super().__init__("This instant of the programme is still to come. Check the clock of the player.")
        self.now = now


class TooFarBehind(Refusal):
    """The viewer is further behind than the stream allows, `max_latency_s` in seconds."""

    def __init__(self, max_latency_s: int) -> None:
        super().__init__(f"You are more than {max_latency_s} s behind. Move closer to the live edge.")
        self.max_latency_s = max_latency_s


class PlaybackRequired(Refusal):
    """The poll asks for a living playback session of the voter that plays this stream."""

    def __init__(self) -> None:
        super().__init__("Watch the stream to vote, and name the playback session.")


class StakeOutOfRange(Refusal):
    """A prediction needs a stake from 1 to `max_stake`; other polls take none, and then it is 0."""

    def __init__(self, max_stake: int) -> None:
        super().__init__(f"Stake 1 to {max_stake} points." if max_stake else "This poll takes no stake.")
        self.max_stake = max_stake


class NotEnoughPoints(Refusal):
    """The stake is more than the `points` the viewer has in this show."""

    def __init__(self, points: int) -> None:
        super().__init__(f"You have {points} points. Stake less.")
        self.points = points


class Ballot(NamedTuple):
    """A vote as it arrived. A tuple, since a show brings tens of thousands in a second."""

    poll_id: UUID
    voter_id: UUID
    choices: tuple[UUID, ...]
    stake: int | None
    media_time: datetime
    received_at: datetime
    territory: str
    session_id: UUID | None


@dataclass(frozen=True)
class Admitting:
    """A locked poll, with what asking it for each of a thousand votes would take too long."""

    poll: Poll
    option_ids: frozenset[UUID]
    max_latency: timedelta
    takes_votes: bool
    # Whether the poll alone says who may vote, and every vote weighs one.
    is_plain: bool

    @classmethod
    def of(cls, poll: Poll) -> "Admitting":
        """Prepare a poll."""
        rules = poll.rules
        return cls(
            poll,
            frozenset(option.id for option in poll.options),
            timedelta(seconds=poll.max_latency_s) + STRAGGLERS,
            poll.state in (PollState.SCHEDULED, PollState.OPEN, PollState.LOCKED),
            poll.kind is not PollKind.PREDICTION and not (rules.plans or rules.weights or rules.requires_playback),
        )


def refusal_of(admitting: Admitting, ballot: Ballot) -> Refusal | None:
    """Return why a vote does not count, as far as the poll alone can say; None when nothing speaks against it."""
    return _untimely(admitting, ballot) or _unfit(admitting, ballot)


def ineligible(poll: Poll, held: Collection[Plan]) -> Refusal | None:
    """Return why somebody with these plans may not vote."""
    wanted = poll.rules.plans
    return NotEligible(Missing.PLAN) if wanted is not None and not set(wanted) & set(held) else None


def weight_of(poll: Poll, held: Collection[Plan]) -> int:
    """Return what somebody's vote weighs: by the plan that weighs most."""
    return max((poll.rules.weights.get(plan, 1) for plan in held), default=1)


def _untimely(admitting: Admitting, ballot: Ballot) -> Refusal | None:
    poll, seen, now = admitting.poll, ballot.media_time, ballot.received_at
    if not admitting.takes_votes:
        return PollNotOpen(None) if poll.state is PollState.DRAFT else PollClosed(poll.locks_at)
    if poll.opens_at is None or seen < poll.opens_at:
        return PollNotOpen(poll.opens_at)
    if poll.locks_at is not None and seen > poll.locks_at:
        return PollClosed(poll.locks_at)
    if seen > now + CLOCK_SLACK:
        return MediaTimeInFuture(now)
    if now - seen > admitting.max_latency:
        return TooFarBehind(poll.max_latency_s)
    return None


def _unfit(admitting: Admitting, ballot: Ballot) -> Refusal | None:
    rules, choices = admitting.poll.rules, ballot.choices
    if not admitting.option_ids.issuperset(choices):
        return OptionNotInPoll()
    if not rules.min_choices <= len(choices) <= rules.max_choices or len(set(choices)) != len(choices):
        return ChoicesOutOfRange(rules.min_choices, rules.max_choices)
    if rules.territories is not None and ballot.territory not in rules.territories:
        return NotEligible(Missing.TERRITORY)
    if admitting.poll.kind is PollKind.PREDICTION:
        return None if ballot.stake and 1 <= ballot.stake <= rules.points else StakeOutOfRange(rules.points)
    return None if ballot.stake is None else StakeOutOfRange(0)
