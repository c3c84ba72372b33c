"""What happens in a chat, told to everybody who follows it: `chat`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import ID

from domain.engagement import chat as chats
from domain.engagement import chat_reading as domain
from domain.engagement.chat import ChatMessage as ChatMessageRow
from domain.engagement.chat import chat_topic
from domain.kernel.facts import LoggedFact
from graph.batching import batched, derived
from graph.context import Context
from graph.engagement.chat import Chat, ChatMessage, rooms
from graph.global_ids import Kind, global_id, read_id
from graph.live.events import may_follow
from graph.rows import declares
from graph.shared_fields import Feed, shared_subscription_field


@dataclass(frozen=True)
class SnapshotRow:
    """How a chat is when somebody comes in."""

    stream_id: UUID


@dataclass(frozen=True)
class SentRow:
    """Messages that were sent."""

    message_ids: tuple[UUID, ...]


@dataclass(frozen=True)
class GoneRow:
    """Messages that were taken away."""

    message_ids: tuple[UUID, ...]


@dataclass(frozen=True)
class ChangedRow:
    """A chat with other rules."""

    stream_id: UUID


async def newest(context: Context, keys: Sequence[UUID]) -> list[list[ChatMessageRow]]:
    """Load what whoever comes in begins with; one chat is followed at a time."""
    return [await domain.newest_messages(context.reads, key) for key in keys]


async def sent(context: Context, keys: Sequence[tuple[UUID, ...]]) -> list[list[ChatMessageRow]]:
    """Load groups of messages with one read, without those that are gone by now."""
    ids = [id for group in keys for id in group]
    found = {message.id: message for message in await domain.messages_by_id(context.reads, ids) if message is not None}
    return [[found[id] for id in group if id in found and not found[id].is_removed] for group in keys]  # type: ignore[index]  # plain ids


@declares(SnapshotRow)
@strawberry.type(description="How the chat is now: the first event, and again for whoever was away too long.")
class ChatSnapshot:
    """Where to begin."""

    chat: Chat = batched(rooms, key=lambda row: row.stream_id, is_shared=True, description="The chat and its rules.")
    messages: list[ChatMessage] = batched(
        newest, key=lambda row: row.stream_id, is_shared=True, list_size=50,
        description="What was said last, the oldest first.",
    )  # fmt: skip


@declares(SentRow)
@strawberry.type(description="Messages were sent. Those of one moment come together, in order.")
class ChatMessages:
    """New messages."""

    messages: list[ChatMessage] = batched(
        sent, key=lambda row: row.message_ids, is_shared=True, list_size=20,
        description="The messages, without those that were removed meanwhile.",
    )  # fmt: skip


@declares(GoneRow)
@strawberry.type(description="Messages were removed. Take them off the screen.")
class ChatMessagesGone:
    """Removed messages."""

    message_ids: list[ID] = derived(
        lambda row, _: [global_id(Kind.CHAT_MESSAGE, id) for id in row.message_ids],
        is_shared=True,
        description="Which messages.",
    )


@declares(ChangedRow)
@strawberry.type(description="The chat has other rules, or another message on top.")
class ChatUpdate:
    """Another state of the chat."""

    chat: Chat = batched(rooms, key=lambda row: row.stream_id, is_shared=True, description="The chat as it is.")


ChatEvent = Annotated[
    ChatSnapshot | ChatMessages | ChatMessagesGone | ChatUpdate,
    strawberry.union(name="ChatEvent", description="Something that happens in a chat."),
]


def _ids(fact: LoggedFact) -> tuple[UUID, ...]:
    ids = fact.body["message_ids"]
    assert isinstance(ids, list)
    return tuple(UUID(str(id)) for id in ids)


FACTS: Mapping[str, Callable[[LoggedFact], Any]] = {
    chats.ChatMessagesSent.kind: lambda fact: SentRow(_ids(fact)),
    chats.ChatMessagesRemoved.kind: lambda fact: GoneRow(_ids(fact)),
    chats.ChatRoomChanged.kind: lambda fact: ChangedRow(UUID(str(fact.body["stream_id"]))),
}


def event_of(fact: LoggedFact) -> Any | None:
    """Return the row of a fact."""
    made = FACTS.get(fact.kind)
    return None if made is None else made(fact)


@shared_subscription_field(
    ChatEvent,
    gate=may_follow,
    description="What is said in a show, from how the chat is now on: every message, in order. Give the `position` of"
    " the last event as `since` when you come back.",
)
def chat(stream_id: Annotated[ID, strawberry.argument(description="Which show.")]) -> Feed:
    """Follow a chat."""
    id = read_id(Kind.STREAM, stream_id)

    async def snapshot(_context: Context) -> SnapshotRow:
        return SnapshotRow(id)

    return Feed(topic=chat_topic(id), event_of=event_of, snapshot=snapshot)


SUBSCRIPTIONS: list[Any] = [chat]
