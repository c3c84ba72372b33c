"""Chats of shows, as everybody sees them alike who may follow the show, and reading them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import ID

from domain.accounts import Profile, profiles_by_id
from domain.engagement import chat_reading as domain
from domain.engagement.chat import ChatMessage as ChatMessageRow
from domain.engagement.chat import ChatRoom, Moderator, author_key
from domain.engagement.chat_reading import ChatModeration as ChatModerationRow
from domain.entitlements import Plan
from domain.kernel.paging import Page, PageRequest
from graph.batching import batched, derived
from graph.context import Context
from graph.global_ids import Kind, global_id, loads_node, read_id
from graph.nodes import Node
from graph.paging import After, Before, First, Last, connection_of
from graph.root_fields import query_field
from graph.rows import declares


@loads_node(Kind.CHAT_MESSAGE, row=ChatMessageRow)
async def visible_messages(context: Context, keys: Sequence[UUID]) -> list[ChatMessageRow | None]:
    """Load messages of streams that the viewer may find."""
    return await domain.visible_messages(context.reads, keys, viewer=context.viewer)


async def messages_for_all(context: Context, keys: Sequence[UUID]) -> list[ChatMessageRow | None]:
    """Load messages for those who follow their chat already, whoever they are."""
    return await domain.messages_by_id(context.reads, keys)


async def authors(context: Context, keys: Sequence[UUID]) -> list[Profile | None]:
    """Load the profiles of those who write, for their names."""
    return await profiles_by_id(context.reads, keys)


@declares(ChatMessageRow)
@strawberry.type(description="What somebody said in the chat of a show.")
class ChatMessage(Node):
    """A message."""

    stream_id: ID = derived(
        lambda message, _: global_id(Kind.STREAM, message.stream_id), is_shared=True, description="The show it is of."
    )
    text: str | None = derived(
        lambda message, _: message.text or None, is_shared=True, description="What was said; null once it was removed."
    )
    author_name: str | None = batched(
        authors,
        key=lambda message: message.profile_id,
        shape="name",
        is_shared=True,
        description="What the author's profile is called; null when it is gone.",
    )
    author_key: str = strawberry.field(
        description="The same for all that one account writes in this show, and for nothing else: to tell authors of"
        " one name apart, or to hide one."
    )
    is_by_staff: bool = strawberry.field(description="Whether its author moderated the show when it was sent.")
    is_removed: bool = strawberry.field(description="Whether it was taken away.")
    media_time: datetime = strawberry.field(
        description="What its author saw, on the programme clock: show it when the playhead is there, or at once."
    )
    sent_at: datetime = strawberry.field(description="When it was sent.")


@declares(ChatRoom)
@strawberry.type(description="The chat of a show, and its rules. The same for everybody.")
class Chat:
    """A chat."""

    is_open: bool = strawberry.field(description="Whether viewers write now. Moderators do always.")
    slow_mode_s: int = strawberry.field(
        name="slowModeSeconds", description="The least time between two messages of one viewer; 0 is none."
    )
    plans: list[Plan] = derived(
        lambda room, _: room.plans or (),
        is_shared=True,
        description="The plans whose holders may write; none of them when everybody may who is signed in.",
    )
    pinned_message: ChatMessage | None = batched(
        messages_for_all, key=lambda room: room.pinned_message_id, is_shared=True, description="The message on top."
    )
    version: int = strawberry.field(description="Grows with every change. Name it in a change to lose nobody else's.")


@declares(Moderator)
@strawberry.type(description="Somebody whom the hosts of a show let moderate it.")
class ChatModerator:
    """A moderator."""

    name: str | None = batched(
        authors,
        key=lambda moderator: moderator.profile_id,
        shape="name",
        description="What their profile is called; null when it is gone.",
    )
    author_key: str = derived(
        lambda moderator, _: author_key(moderator.stream_id, moderator.account_id),
        description="The `authorKey` of what they write.",
    )
    appointed_at: datetime = strawberry.field(description="Since when they may.")


@declares(ChatModerationRow)
@strawberry.type(description="What only those know who moderate a show.")
class ChatModeration:
    """How a show is moderated."""

    moderators: list[ChatModerator] = strawberry.field(description="Whom its hosts let moderate it.")
    blocked_words: list[str] = strawberry.field(description="The words that are blocked in its chat and questions.")


async def rooms(context: Context, keys: Sequence[UUID]) -> list[ChatRoom]:
    """Load the chats of streams."""
    return await domain.rooms_of(context.reads, keys)


ChatMessageConnection = connection_of(ChatMessage, plural="messages")

_StreamId = Annotated[ID, strawberry.argument(description="Which show.")]


@query_field(
    ChatMessageConnection,
    description="What was said in a show, the newest first, without what was removed. NOT_FOUND as an error when there"
    " is no such show, or none that the viewer may find.",
)
async def chat_history(
    context: Context,
    stream_id: _StreamId,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> Page[ChatMessageRow]:
    """Read a chat."""
    request = PageRequest.parse(first=first, after=after, last=last, before=before)
    id = read_id(Kind.STREAM, stream_id)
    return await domain.chat_history(context.reads, id, viewer=context.viewer, request=request)


@query_field(
    ChatModeration,
    description="How a show is moderated. For those who moderate it.",
)
async def chat_moderation(context: Context, stream_id: _StreamId) -> ChatModerationRow:
    """Tell how a show is moderated."""
    return await domain.chat_moderation(context.reads, read_id(Kind.STREAM, stream_id), viewer=context.viewer)


QUERIES: list[Any] = [chat_history, chat_moderation]
