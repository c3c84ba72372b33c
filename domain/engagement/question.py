"""A question from the audience.

    PENDING ──► APPROVED ──► ANSWERED
       └──────────► HIDDEN ◄────┘          moderators move it, in any direction

Everybody sees what is approved or answered; a pending or hidden one is seen by its author and by moderators. Upvotes
are rows, one for each account, and triggers count them.

Refusal
├── TooManyQuestions   so many of the viewer's questions wait for a moderator
└── QuestionNotShown   only what everybody sees is pinned
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from domain.engagement.chat import author_key
from domain.engagement.words import checked_text
from domain.kernel.facts import Fact
from domain.kernel.refusals import Refusal

QuestionId = NewType("QuestionId", UUID)

TEXT_MAX_CHARS = 300
# Of one account in one show. Whoever has more to ask waits until some were looked at.
PENDING_MAX = 5
# In all its states: no show answers more of one person.
ASKED_MAX = 50


class QuestionState(StrEnum):
    """How far a question is."""

    PENDING = "PENDING"
    APPROVED = "APPROVED"
    ANSWERED = "ANSWERED"
    HIDDEN = "HIDDEN"


SHOWN = (QuestionState.APPROVED, QuestionState.ANSWERED)


class TooManyQuestions(Refusal):
    """The viewer has `max` questions that wait for a moderator, or has asked too many in this show."""

    def __init__(self, max: int) -> None:
        super().__init__("Your questions are waiting. Ask again when some of them were looked at.")
        self.max = max


class QuestionNotShown(Refusal):
    """Only what everybody sees is pinned; `state` says how far the question is."""

    def __init__(self, state: QuestionState) -> None:
        super().__init__("Approve this question first.")
        self.state = state.value


@dataclass(frozen=True)
class Question:
    """What somebody asks in a show. `version` grows with what moderators do, not with upvotes."""

    id: QuestionId
    stream_id: UUID
    author_id: UUID
    profile_id: UUID
    text: str
    state: QuestionState
    is_pinned: bool
    upvotes: int
    asked_at: datetime
    version: int

    @property
    def is_shown(self) -> bool:
        """Whether everybody sees it."""
        return self.state in SHOWN

    @property
    def author_key(self) -> str:
        """The same for all that one account writes in one show, and for nothing else."""
        return author_key(self.stream_id, self.author_id)


@dataclass(frozen=True)
class QuestionApproved(Fact):
    """A question was let through: everybody sees it from now on."""

    question_id: UUID


def questions_topic(stream_id: UUID) -> str:
    """Return the topic that rings when what everybody sees of a show's questions has changed."""
    return f"questions:{stream_id}"


def checked_question(text: str) -> str:
    """Return a question's text.

    Raises:
        InvalidInput.
    """
    return checked_text(text, field="text", max_chars=TEXT_MAX_CHARS)
