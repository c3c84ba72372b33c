"""Where hosts want to be told of what happens in the shows of a title.

Refusal
├── TooManyEndpoints    the title has as many as it may
└── EndpointDisabled    nothing is sent there: enable it first
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from domain.kernel.refusals import InvalidInput, Refusal

EndpointId = NewType("EndpointId", UUID)

ENDPOINTS_MAX = 10
DESCRIPTION_MAX_CHARS = 200


class EventType(StrEnum):
    """What is told. The values are what receivers branch on, and never change."""

    STREAM_PREPARED = "stream.prepared"
    STREAM_STARTED = "stream.started"
    STREAM_ENDED = "stream.ended"
    POLL_SCHEDULED = "poll.scheduled"
    POLL_OPENED = "poll.opened"
    POLL_LOCKED = "poll.locked"
    POLL_REVEALED = "poll.revealed"
    POLL_ARCHIVED = "poll.archived"
    MOMENT_ANNOUNCED = "moment.announced"
    MOMENT_REVOKED = "moment.revoked"
    QUESTION_APPROVED = "question.approved"


class DisabledReason(StrEnum):
    """Why nothing is sent to an endpoint."""

    BY_HOST = "BY_HOST"
    FAILED_FOR_LONG = "FAILED_FOR_LONG"
    GONE = "GONE"


class TooManyEndpoints(Refusal):
    """The title has as many endpoints as it may: `max`."""

    def __init__(self) -> None:
        super().__init__(f"A title has up to {ENDPOINTS_MAX} webhook endpoints. Remove one first.")
        self.max = ENDPOINTS_MAX


class EndpointDisabled(Refusal):
    """Nothing is sent to this endpoint."""

    def __init__(self) -> None:
        super().__init__("This endpoint is disabled. Enable it first.")


@dataclass(frozen=True)
class Endpoint:
    """An address, and what is told there. `failing_since` is since when nothing was taken there that was tried."""

    id: EndpointId
    title_id: UUID
    url: str
    description: str
    event_types: tuple[EventType, ...]
    disabled_reason: DisabledReason | None
    failing_since: datetime | None
    # Until when the secret before this one signs, too.
    rotates_until: datetime | None
    created_by: UUID
    created_at: datetime
    version: int

    @property
    def is_enabled(self) -> bool:
        """Whether anything is sent there."""
        return self.disabled_reason is None


def checked_types(types: Sequence[EventType]) -> tuple[EventType, ...]:
    """Return event types, each once.

    Raises:
        InvalidInput: there is none.
    """
    chosen = tuple(dict.fromkeys(types))
    if not chosen:
        raise InvalidInput("eventTypes", "must be one at least")
    return chosen


def checked_description(description: str) -> str:
    """Return what hosts call an endpoint.

    Raises:
        InvalidInput.
    """
    description = description.strip()
    if len(description) > DESCRIPTION_MAX_CHARS or (description and not description.isprintable()):
        raise InvalidInput("description", f"must have {DESCRIPTION_MAX_CHARS} printable characters at most")
    return description
