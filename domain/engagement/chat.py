"""A show's chat: the room with its rules, and what is said in it.

    ChatRoom     who may write, how often, and which words are blocked
    ChatMessage  what somebody said; its text lives in its row alone, and goes with it

Facts name messages by id, so that what is removed or erased is gone from the log too.

Refusal
├── ChatClosed       nobody writes now: the hosts closed the chat, or the show is over
├── PlanRequired     the chat is for those who hold one of its plans
├── SlowMode         the writer's last message is too recent
├── TimedOut         a moderator has silenced the writer for a while
└── WordsBlocked     a blocked word is in the text
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NewType
from uuid import UUID

from domain.engagement.words import checked_text
from domain.entitlements import Plan
from domain.kernel.facts import Fact
from domain.kernel.refusals import InvalidInput, Refusal

ChatMessageId = NewType("ChatMessageId", UUID)

TEXT_MAX_CHARS = 500
CLIENT_ID_MAX_CHARS = 64
SLOW_MODE_MAX_S = 3_600
# A day; who should stay out for longer is suspended.
TIME_OUT_MAX_S = 86_400
# Messages that one fact names: as many as one frame should hold.
TOLD_AT_ONCE = 100
AUTHOR_KEY_CHARS = 16


class ChatClosed(Refusal):
    """Nobody writes now: the hosts closed the chat, or the show is over."""

    def __init__(self) -> None:
        super().__init__("The chat is closed.")


class PlanRequired(Refusal):
    """Who wants to write needs one of the `plans`."""

    def __init__(self, plans: Sequence[Plan]) -> None:
        super().__init__("This chat is for members.")
        self.plans = tuple(plans)


class SlowMode(Refusal):
    """The writer's last message is too recent. `retry_after_s` is in seconds."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(f"Slow mode is on. Write again in {max(retry_after_s, 1):.0f} s.")
        self.retry_after_s = retry_after_s


class TimedOut(Refusal):
    """A moderator has silenced the writer until `until`."""

    def __init__(self, until: datetime) -> None:
        super().__init__("A moderator asked you to pause. You can write again later.")
        self.until = until


class WordsBlocked(Refusal):
    """A blocked word is in the text. Which one is not said."""

    def __init__(self) -> None:
        super().__init__("This text has words that are not welcome here. Say it otherwise.")


@dataclass(frozen=True)
class ChatRoom:
    """The rules of a show's chat. Without a row, they are these.

    `plans` are those whose holders may write; None is everybody who is signed in. `slow_mode_s` is the least time
    between two messages of one writer, in seconds; 0 is none.
    """

    stream_id: UUID
    is_open: bool = True
    slow_mode_s: int = 0
    plans: tuple[Plan, ...] | None = None
    blocked_words: tuple[str, ...] = ()
    pinned_message_id: UUID | None = None
    version: int = 0


@dataclass(frozen=True)
class ChatMessage:
    """What somebody said; `text` is empty once it was removed. They saw `media_time` of the programme."""

    id: ChatMessageId
    stream_id: UUID
    author_id: UUID
    profile_id: UUID
    text: str
    is_by_staff: bool
    media_time: datetime
    sent_at: datetime
    removed_at: datetime | None = None

    @property
    def is_removed(self) -> bool:
        """Whether a moderator took it away."""
        return self.removed_at is not None

    @property
    def author_key(self) -> str:
        """The same for all that one account says in one show, and for nothing else."""
        return author_key(self.stream_id, self.author_id)


@dataclass(frozen=True)
class Moderator:
    """Somebody whom a show's hosts let moderate it."""

    stream_id: UUID
    account_id: UUID
    profile_id: UUID
    appointed_at: datetime


@dataclass(frozen=True)
class ChatMessagesSent(Fact):
    """Messages were sent, in this order."""

    message_ids: tuple[UUID, ...]


@dataclass(frozen=True)
class ChatMessagesRemoved(Fact):
    """Messages were taken away; their texts are gone."""

    message_ids: tuple[UUID, ...]


@dataclass(frozen=True)
class ChatRoomChanged(Fact):
    """The chat has other rules, or another pinned message."""

    stream_id: UUID


def chat_topic(stream_id: UUID) -> str:
    """Return the topic of a show's chat."""
    return f"chat:{stream_id}"


def author_key(stream_id: UUID, account_id: UUID) -> str:
    """Return what tells a writer from others in one show, without saying which account it is."""
    return hashlib.sha256(stream_id.bytes + account_id.bytes).hexdigest()[:AUTHOR_KEY_CHARS]


def checked_message(text: str) -> str:
    """Return a message's text.

    Raises:
        InvalidInput.
    """
    return checked_text(text, field="text", max_chars=TEXT_MAX_CHARS)


def checked_client_id(client_id: str) -> str:
    """Return what the client calls the thing it sends.

    Raises:
        InvalidInput.
    """
    if not 1 <= len(client_id) <= CLIENT_ID_MAX_CHARS or not client_id.isprintable() or not client_id.isascii():
        raise InvalidInput("clientId", f"must have 1 to {CLIENT_ID_MAX_CHARS} printable ASCII characters")
    return client_id
