"""What is told of facts: their type, what they are about, and their body.

Bodies name things by the ids that the API takes. Whoever wants more asks for it there, as it is then.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import orjson

from domain.kernel.facts import LoggedFact
from domain.webhooks.endpoint import EventType

# `(kind of thing, its id) -> the id that clients know`.
WriteId = Callable[[str, UUID], str]

_OF_STREAMS = {
    "PREPARED": EventType.STREAM_PREPARED,
    "LIVE": EventType.STREAM_STARTED,
    "ENDED": EventType.STREAM_ENDED,
}
_OF_POLLS = {
    "SCHEDULED": EventType.POLL_SCHEDULED,
    "OPEN": EventType.POLL_OPENED,
    "LOCKED": EventType.POLL_LOCKED,
    "REVEALED": EventType.POLL_REVEALED,
    "ARCHIVED": EventType.POLL_ARCHIVED,
}
_OF_OTHERS = {
    "MomentAnnounced": (EventType.MOMENT_ANNOUNCED, "MOMENT", "moment_id"),
    "MomentRevoked": (EventType.MOMENT_REVOKED, "MOMENT", "moment_id"),
    "QuestionApproved": (EventType.QUESTION_APPROVED, "QUESTION", "question_id"),
}


@dataclass(frozen=True)
class Event:
    """Something that is told. What has one `object_key` is told in order."""

    id: str
    type: EventType
    object_key: str
    body: bytes
    occurred_at: datetime


def event_of(fact: LoggedFact, *, stream_id: UUID, title_id: UUID, write_id: WriteId) -> Event | None:
    """Return what is told of a fact on the topic of a stream; None for facts that nobody is told of."""
    found = _found(fact)
    if found is None:
        return None
    type, kind, id = found
    data = {"streamId": write_id("STREAM", stream_id), "titleId": write_id("TITLE", title_id)}
    if kind != "STREAM":
        data[f"{kind.lower()}Id"] = write_id(kind, id)
    body = {"type": type.value, "timestamp": _instant(fact.at), "data": data}
    return Event(_event_id(fact), type, f"{kind.lower()}:{id}", orjson.dumps(body), fact.at)


def _found(fact: LoggedFact) -> tuple[EventType, str, UUID] | None:
    """Return a fact's type, and the kind and id of what it is about."""
    if fact.kind in _OF_OTHERS:
        type, kind, name = _OF_OTHERS[fact.kind]
        return type, kind, UUID(str(fact.body[name]))
    if fact.kind not in ("StreamChanged", "PollChanged"):
        return None
    types, kind = (_OF_STREAMS, "STREAM") if fact.kind == "StreamChanged" else (_OF_POLLS, "POLL")
    moved = types.get(str(fact.body["state"]))
    return None if moved is None else (moved, kind, UUID(str(fact.body[f"{kind.lower()}_id"])))


def _event_id(fact: LoggedFact) -> str:
    """Return the id of a fact's event: the same however often it is read."""
    place = f"{fact.topic}\n{fact.position.epoch}\n{fact.position.offset}".encode()
    return "msg_" + hashlib.sha256(place).hexdigest()[:32]


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
