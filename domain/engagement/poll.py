"""A poll: what is asked, and how far it is.

    DRAFT ──► SCHEDULED ──► OPEN ──► LOCKED ──► REVEALED ──► ARCHIVED
      └───────────────────────┘        a cancelled one goes to ARCHIVED from wherever it is

`opens_at` and `locks_at` are instants of the programme clock, and they alone decide which votes count. What a host or a
worker writes down later changes nothing for a vote: a poll is OPEN from `opens_at` on and LOCKED from `locks_at` on,
whenever somebody notes it.

Refusal
├── WrongPollState     the poll is not where the act begins
├── ResultsNotFinal    viewers who are behind may still vote
└── NothingToUndo      the last act is too long ago, or there was none
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import NewType
from uuid import UUID

from domain.entitlements import Plan
from domain.kernel.facts import Fact
from domain.kernel.refusals import Refusal

PollId = NewType("PollId", UUID)
OptionId = NewType("OptionId", UUID)

# A vote is on its way for a while after its viewer saw the last moment of the window.
STRAGGLERS = timedelta(seconds=5)
# How long a host may take back what was just done; nothing is paid out earlier.
UNDO = timedelta(seconds=10)


class PollKind(StrEnum):
    """What sort of question it is."""

    SINGLE = "SINGLE"
    MULTIPLE = "MULTIPLE"
    QUIZ = "QUIZ"
    RATING = "RATING"
    PREDICTION = "PREDICTION"


class PollState(StrEnum):
    """How far a poll is."""

    DRAFT = "DRAFT"
    SCHEDULED = "SCHEDULED"
    OPEN = "OPEN"
    LOCKED = "LOCKED"
    REVEALED = "REVEALED"
    ARCHIVED = "ARCHIVED"


class Reveal(StrEnum):
    """Who sees results before the poll is revealed."""

    LIVE = "LIVE"
    AFTER_VOTE = "AFTER_VOTE"
    AT_END = "AT_END"


class PollAct(StrEnum):
    """What hosts do to a poll."""

    SCHEDULE = "SCHEDULE"
    OPEN = "OPEN"
    LOCK = "LOCK"
    REVEAL = "REVEAL"
    CANCEL = "CANCEL"
    ARCHIVE = "ARCHIVE"


_BEGINS_IN: Mapping[PollAct, frozenset[PollState]] = MappingProxyType(
    {
        PollAct.SCHEDULE: frozenset({PollState.DRAFT, PollState.SCHEDULED}),
        PollAct.OPEN: frozenset({PollState.DRAFT, PollState.SCHEDULED}),
        PollAct.LOCK: frozenset({PollState.OPEN}),
        PollAct.REVEAL: frozenset({PollState.LOCKED}),
        PollAct.CANCEL: frozenset({PollState.DRAFT, PollState.SCHEDULED, PollState.OPEN, PollState.LOCKED}),
        PollAct.ARCHIVE: frozenset({PollState.REVEALED}),
    }
)
# Who may vote depends on what the poll is then; before, everything about it may be changed.
EDITABLE = frozenset({PollState.DRAFT, PollState.SCHEDULED})


class WrongPollState(Refusal):
    """The act does not begin in the poll's state."""

    def __init__(self, state: PollState) -> None:
        super().__init__(f"This cannot be done to a poll that is {state.value}. Load it again.")
        self.state = state.value


class ResultsNotFinal(Refusal):
    """Viewers who are behind may vote until `final_at`."""

    def __init__(self, final_at: datetime) -> None:
        super().__init__("Viewers who are behind may still vote. Reveal the results when the last of them is through.")
        self.final_at = final_at


class NothingToUndo(Refusal):
    """The last act is too long ago to be taken back, or there was none."""

    def __init__(self) -> None:
        super().__init__(f"An act can be taken back for {UNDO.total_seconds():.0f} seconds. Do something else instead.")


@dataclass(frozen=True)
class PollChanged(Fact):
    """A poll is in another state, or was changed."""

    poll_id: UUID
    state: str


@dataclass(frozen=True)
class LocalText:
    """A text in one language (BCP 47)."""

    language: str
    text: str


@dataclass(frozen=True)
class PollOption:
    """One answer. `number` counts from 1; of a RATING it is the grade. `is_right` is of a QUIZ and a PREDICTION."""

    id: OptionId
    number: int
    label: tuple[LocalText, ...]
    artwork_id: UUID | None
    is_right: bool


@dataclass(frozen=True)
class PollRules:
    """Who may vote, how, and who sees what.

    `points` is what a right answer of a QUIZ earns, and the highest stake of a PREDICTION. Without `plans` or
    `territories` anybody may vote who is signed in; `weights` are those of plans, 1 where none is named.
    """

    min_choices: int = 1
    max_choices: int = 1
    points: int = 0
    reveal: Reveal = Reveal.LIVE
    is_anonymous: bool = True
    allows_change: bool = True
    requires_playback: bool = False
    reveals_itself: bool = False
    duration_s: int | None = None
    plans: tuple[Plan, ...] | None = None
    territories: tuple[str, ...] | None = None
    weights: Mapping[Plan, int] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Undo:
    """What a poll was before its last act."""

    act: PollAct
    acted_at: datetime
    state: PollState
    opens_at: datetime | None
    locks_at: datetime | None


@dataclass(frozen=True)
class Poll:
    """A question of a stream. `max_latency_s` is the stream's: how far behind the slowest voter may be."""

    id: PollId
    stream_id: UUID
    kind: PollKind
    state: PollState
    question: tuple[LocalText, ...]
    options: tuple[PollOption, ...]
    rules: PollRules
    max_latency_s: int
    opens_at: datetime | None
    locks_at: datetime | None
    is_cancelled: bool
    paid_at: datetime | None
    undo: Undo | None
    created_by: UUID
    created_at: datetime
    version: int

    @property
    def final_at(self) -> datetime | None:
        """When the last viewer who is behind has had the same time as everybody; None while no end is set."""
        return None if self.locks_at is None else self.locks_at + timedelta(seconds=self.max_latency_s) + STRAGGLERS

    @property
    def shows_results(self) -> bool:
        """Whether everybody may see how the votes are."""
        if self.is_cancelled or self.state in (PollState.DRAFT, PollState.SCHEDULED):
            return False
        return self.rules.reveal is Reveal.LIVE or self.state in (PollState.REVEALED, PollState.ARCHIVED)

    @property
    def undo_until(self) -> datetime | None:
        """Until when the last act can be taken back; None: there is none."""
        return None if self.undo is None else self.undo.acted_at + UNDO

    @property
    def is_decided(self) -> bool:
        """Whether everybody may know which options are right."""
        return self.state in (PollState.REVEALED, PollState.ARCHIVED) and not self.is_cancelled

    @property
    def shows_results_to_voters(self) -> bool:
        """Whether those who have voted may see how the votes are."""
        is_asked = not self.is_cancelled and self.state not in (PollState.DRAFT, PollState.SCHEDULED)
        return is_asked and (self.shows_results or self.rules.reveal is Reveal.AFTER_VOTE)

    def turned(self, now: datetime) -> "Poll":
        """Return the poll as its instants make it by now, whether or not anybody has noted it."""
        poll = self
        if poll.state is PollState.SCHEDULED and poll.opens_at is not None and poll.opens_at <= now:
            poll = replace(poll, state=PollState.OPEN)
        if poll.state is PollState.OPEN and poll.locks_at is not None and poll.locks_at <= now:
            poll = replace(poll, state=PollState.LOCKED)
        return poll

    def turns_at(self) -> datetime | None:
        """Return when something about the poll is next to be done without a host; None: nothing is."""
        if self.state is PollState.SCHEDULED:
            return self.opens_at
        if self.state is PollState.OPEN:
            return self.locks_at
        if self.state is PollState.LOCKED and self.rules.reveals_itself and self.kind is not PollKind.PREDICTION:
            return self.final_at
        return self.pays_at()

    def pays_at(self) -> datetime | None:
        """Return when points are to be paid out, which is when nobody can take the result back; None: none are."""
        if self.kind not in (PollKind.QUIZ, PollKind.PREDICTION) or self.paid_at is not None:
            return None
        is_over = self.state is PollState.REVEALED or (self.state is PollState.ARCHIVED and self.opens_at is not None)
        if not is_over:
            return None
        return self.created_at if self.undo is None else self.undo.acted_at + UNDO


def acted(poll: Poll, act: PollAct, *, now: datetime) -> Poll:
    """Return the poll in the state that an act brings it to; what else the act sets is the caller's.

    Raises:
        WrongPollState, ResultsNotFinal.
    """
    if poll.state not in _BEGINS_IN[act]:
        raise WrongPollState(poll.state)
    if act is PollAct.REVEAL:
        assert poll.final_at is not None, "what is locked has an end"
        if now < poll.final_at:
            raise ResultsNotFinal(poll.final_at)
    after = {
        PollAct.SCHEDULE: PollState.SCHEDULED,
        PollAct.OPEN: PollState.OPEN,
        PollAct.LOCK: PollState.LOCKED,
        PollAct.REVEAL: PollState.REVEALED,
        PollAct.CANCEL: PollState.ARCHIVED,
        PollAct.ARCHIVE: PollState.ARCHIVED,
    }[act]
    undo = Undo(act, now, poll.state, poll.opens_at, poll.locks_at)
    return replace(
        poll,
        state=after,
        is_cancelled=poll.is_cancelled or act is PollAct.CANCEL,
        undo=undo,
        version=poll.version + 1,
    )


def undone(poll: Poll, *, now: datetime) -> Poll:
    """Return the poll as it was before its last act. An opened one is a draft again, whatever it was.

    Raises:
        NothingToUndo.
    """
    last = poll.undo
    # An instant that is ahead is one of a clock that was set back since.
    if last is None or not timedelta(0) <= now - last.acted_at <= UNDO or poll.paid_at is not None:
        raise NothingToUndo
    is_opening = last.act in (PollAct.OPEN, PollAct.SCHEDULE)
    return replace(
        poll,
        state=PollState.DRAFT if is_opening else last.state,
        opens_at=None if is_opening else last.opens_at,
        locks_at=None if is_opening else last.locks_at,
        is_cancelled=poll.is_cancelled and last.act is not PollAct.CANCEL,
        undo=None,
        version=poll.version + 1,
    )


def tally_topic(stream_id: UUID) -> str:
    """Return the topic that rings when votes of a show were counted."""
    return f"tallies:{stream_id}"


def poll_topic(poll_id: UUID) -> str:
    """Return the topic that rings when votes of one poll were counted, or may be seen."""
    return f"tally:{poll_id}"


def points_topic(stream_id: UUID) -> str:
    """Return the topic that rings when points of a show have moved."""
    return f"points:{stream_id}"
