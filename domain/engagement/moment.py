"""Moments: what happens in a show, each at its instant of the programme clock, and the show as they make it.

A moment is told as soon as it is known, often before its `present_at`; a client shows it when its playhead is there, so
whoever is twenty seconds behind sees it twenty seconds later. The log of a stream's moments replays it: `fold` makes
the show's state at any instant of the log alone.

Refusal
├── MomentNotRevocable   it belongs to a poll, which is taken back instead
└── TooManyMoments       the stream has as many moments as it may
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from domain.engagement.poll import LocalText
from domain.kernel.facts import Fact
from domain.kernel.refusals import Refusal

MomentId = NewType("MomentId", UUID)

TEXT_MAX_CHARS = 200
# A shout-out stays on the screen for so long unless it says otherwise.
SHOWN_S = 15
SHOWN_MIN_S, SHOWN_MAX_S = 1, 300
# More than a day of show has; the log of a stream is read in pages of this bound or less.
MOMENTS_OF_STREAM_MAX = 5000


class MomentKind(StrEnum):
    """What happens at a moment."""

    POLL_OPENED = "POLL_OPENED"
    POLL_LOCKED = "POLL_LOCKED"
    POLL_REVEALED = "POLL_REVEALED"
    CHAPTER = "CHAPTER"
    SHOUT_OUT = "SHOUT_OUT"
    PRODUCT_PINNED = "PRODUCT_PINNED"
    PRODUCT_UNPINNED = "PRODUCT_UNPINNED"


# In the order in which a poll goes through them, so that two at one instant have an order too.
POLL_KINDS = (MomentKind.POLL_OPENED, MomentKind.POLL_LOCKED, MomentKind.POLL_REVEALED)
# What hosts announce by hand; the others come with what they tell of.
SPOKEN_KINDS = frozenset({MomentKind.CHAPTER, MomentKind.SHOUT_OUT})


class MomentNotRevocable(Refusal):
    """The moment came with a poll: take back what was done to the poll."""

    def __init__(self) -> None:
        super().__init__("This moment belongs to a poll. Take back what was done to the poll instead.")


class TooManyMoments(Refusal):
    """The stream has as many moments as it may."""

    def __init__(self) -> None:
        super().__init__(f"A stream has at most {MOMENTS_OF_STREAM_MAX} moments.")


@dataclass(frozen=True)
class Moment:
    """Something that happens at `present_at` on the programme clock; a shout-out is over at `until`.

    `subject_id` is the poll or product that it is about; `text` is of a chapter or shout-out, in each language once.
    """

    id: MomentId
    stream_id: UUID
    kind: MomentKind
    present_at: datetime
    until: datetime | None
    subject_id: UUID | None
    text: tuple[LocalText, ...]
    announced_by: UUID | None
    announced_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True)
class PollPhase:
    """How far a poll is for whoever sees this instant of the programme: `kind` is the last that happened to it."""

    poll_id: UUID
    kind: MomentKind


@dataclass(frozen=True)
class ShowState:
    """A show as it is for whoever sees the instant `at` of the programme. Polls and products are in order of id."""

    stream_id: UUID
    at: datetime
    chapter_id: MomentId | None
    shout_out_ids: tuple[MomentId, ...]
    polls: tuple[PollPhase, ...]
    product_ids: tuple[UUID, ...]


@dataclass(frozen=True)
class MomentAnnounced(Fact):
    """Something will happen, or happens."""

    moment_id: UUID


@dataclass(frozen=True)
class MomentRevoked(Fact):
    """Something that was announced does not happen, or has not happened."""

    moment_id: UUID


def fold(moments: Iterable[Moment], *, stream_id: UUID, at: datetime) -> ShowState:
    """Return the show at an instant of the programme, from the log of its moments in whatever order."""
    log = sorted(
        (moment for moment in moments if moment.revoked_at is None and moment.present_at <= at),
        key=lambda moment: (moment.present_at, moment.id),
    )
    chapter: MomentId | None = None
    shout_outs: list[MomentId] = []
    polls: dict[UUID, MomentKind] = {}
    products: set[UUID] = set()
    for moment in log:
        if moment.kind is MomentKind.CHAPTER:
            chapter = moment.id
        elif moment.kind is MomentKind.SHOUT_OUT:
            if moment.until is not None and at < moment.until:
                shout_outs.append(moment.id)
        elif moment.kind in POLL_KINDS:
            _turn(polls, moment)
        else:
            _pin(products, moment)
    phases = tuple(PollPhase(id, polls[id]) for id in sorted(polls))
    return ShowState(stream_id, at, chapter, tuple(shout_outs), phases, tuple(sorted(products)))


def known_at(moments: Sequence[Moment], instant: datetime) -> list[Moment]:
    """Return the log as it was at an instant of the wall clock: without what was announced or revoked later."""
    return [
        replace(moment, revoked_at=None) if moment.revoked_at is not None and moment.revoked_at > instant else moment
        for moment in moments
        if moment.announced_at <= instant
    ]


def _turn(polls: dict[UUID, MomentKind], moment: Moment) -> None:
    assert moment.subject_id is not None, "a poll's moment names its poll"
    before = polls.get(moment.subject_id)
    # A poll goes only forward: what is taken back is revoked.
    if before is None or POLL_KINDS.index(before) < POLL_KINDS.index(moment.kind):
        polls[moment.subject_id] = moment.kind


def _pin(products: set[UUID], moment: Moment) -> None:
    assert moment.subject_id is not None, "a pin names its product"
    if moment.kind is MomentKind.PRODUCT_PINNED:
        products.add(moment.subject_id)
    else:
        products.discard(moment.subject_id)
