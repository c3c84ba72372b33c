"""Writing in chats of shows, and keeping order in them."""

from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry import ID

from domain.accounts import TooManyAttempts
from domain.engagement import chat as rules
from domain.engagement import chatting, moderating
from domain.engagement.moderating import ChatRules
from domain.entitlements import Plan
from domain.kernel.refusals import Forbidden, InvalidInput, NotFound, SignInRequired, StaleVersion
from domain.kernel.work import Work
from graph.context import Context
from graph.engagement.chat import Chat, ChatMessage, ChatModerator
from graph.global_ids import Kind, read_id
from graph.payloads import shown
from graph.problems import Problem, problem
from graph.root_fields import mutation_field, stepwise_mutation_field

# Many messages are written in one transaction.
MESSAGE_COST = 2
_BY_MODERATORS = (NotFound, SignInRequired, Forbidden)


@problem(rules.ChatClosed, description="Nobody writes now: the hosts closed the chat, or the show is over.")
class ChatClosed(Problem):
    """It is closed."""


@problem(rules.PlanRequired, description="Only who holds one of these plans may write.")
class PlanRequired(Problem):
    """A plan is missing."""

    plans: list[Plan] = strawberry.field(description="Any of these would do.")


@problem(rules.SlowMode, description="Slow mode is on, and the viewer's last message is too recent.")
class SlowMode(Problem):
    """Too soon."""

    retry_after_s: float = strawberry.field(name="retryAfterSeconds", description="How long to wait.")


@problem(rules.TimedOut, description="A moderator has silenced the viewer for a while.")
class TimedOut(Problem):
    """Silenced."""

    until: datetime = strawberry.field(description="When the viewer may write again.")


@problem(rules.WordsBlocked, description="A word in the text is not welcome here. Which one is not said.")
class WordsBlocked(Problem):
    """Say it otherwise."""


@strawberry.input(description="A message to send.")
class SendChatMessageInput:
    """A message."""

    stream_id: ID = strawberry.field(description="Which show.")
    client_id: str = strawberry.field(
        description="Your own name for this message, 1 to 64 characters: sent again with it, it is there once."
    )
    text: str = strawberry.field(description="1 to 500 characters.")
    media_time: datetime | None = strawberry.field(
        default=None,
        description="Which instant of the programme the author sees, by its EXT-X-PROGRAM-DATE-TIME; now unless given.",
    )


@strawberry.input(description="A message to take away.")
class RemoveChatMessageInput:
    """A message."""

    chat_message_id: ID = strawberry.field(description="Which message.")


@strawberry.input(description="Whom to silence.")
class TimeOutAuthorInput:
    """An author, by what they wrote."""

    chat_message_id: ID = strawberry.field(description="Something that they wrote.")
    seconds: int = strawberry.field(description="For how long, up to a day; 0 lets them write again.")
    removes_messages: bool = strawberry.field(
        default=False, description="Whether to take their newest messages of this show away, too; 100 at most."
    )


@strawberry.input(description="A message to pin.")
class PinChatMessageInput:
    """A message to show on top."""

    stream_id: ID = strawberry.field(description="Which show.")
    chat_message_id: ID | None = strawberry.field(
        default=None, description="Which message goes on top, in place of the one before; none when left out."
    )


@strawberry.input(description="Rules to change. What is left out stays.")
class UpdateChatInput:
    """Rules of a chat."""

    stream_id: ID = strawberry.field(description="Which show.")
    expected_version: int = strawberry.field(description="The chat's `version` as you know it.")
    is_open: bool | None = strawberry.field(default=None, description="Whether viewers may write.")
    slow_mode_s: int | None = strawberry.field(
        name="slowModeSeconds",
        default=None,
        description="The least time between two messages of one viewer; 0 to 3600.",
    )
    plans: list[Plan] | None = strawberry.field(
        default=None, description="The plans whose holders may write; none of them lets everybody."
    )
    blocked_words: list[str] | None = strawberry.field(
        default=None,
        description="Words and phrases that nobody may use, 200 at most, found however they are disguised. A `*` at the"
        " end stands for any ending.",
    )


@strawberry.input(description="Whom to let moderate a show.")
class AppointModeratorInput:
    """An author, by what they wrote."""

    chat_message_id: ID = strawberry.field(description="Something that they wrote in the show.")


@strawberry.input(description="Whom to let moderate a show no longer.")
class DismissModeratorInput:
    """A moderator."""

    stream_id: ID = strawberry.field(description="Which show.")
    author_key: str = strawberry.field(description="The moderator's `authorKey`.")


@strawberry.type(description="The message is there, and told to everybody.")
class ChatMessageSent:
    """What sendChatMessage gives."""

    chat_message: ChatMessage = strawberry.field(description="The message.")


@strawberry.type(description="The message is gone, and its text with it.")
class ChatMessageRemoved:
    """What removeChatMessage gives."""

    chat_message: ChatMessage = strawberry.field(description="What is left of the message.")


@strawberry.type(description="Its author is silenced.")
class AuthorTimedOut:
    """What timeOutAuthor gives."""

    chat_message: ChatMessage = strawberry.field(description="The message that was named.")


@strawberry.type(description="The message is on top.")
class ChatMessagePinned:
    """What pinChatMessage gives."""

    chat: Chat = strawberry.field(description="The chat as it is now.")


@strawberry.type(description="The chat has these rules now.")
class ChatUpdated:
    """What updateChat gives."""

    chat: Chat = strawberry.field(description="The chat as it is now.")


@strawberry.type(description="They may moderate the show.")
class ModeratorAppointed:
    """What appointModerator gives."""

    moderators: list[ChatModerator] = strawberry.field(description="All who may, besides its hosts and editors.")


@strawberry.type(description="They may not moderate the show any more.")
class ModeratorDismissed:
    """What dismissModerator gives."""

    moderators: list[ChatModerator] = strawberry.field(description="All who still may, besides its hosts and editors.")


@stepwise_mutation_field(
    ChatMessageSent,
    refusals=(
        InvalidInput, NotFound, SignInRequired, rules.ChatClosed, rules.PlanRequired, rules.SlowMode, rules.TimedOut,
        rules.WordsBlocked, TooManyAttempts,
    ),
    cost=MESSAGE_COST,
    description="Say something in the chat of a show. Answered once it is durable.",
)  # fmt: skip
async def send_chat_message(
    context: Context, input: Annotated[SendChatMessageInput, strawberry.argument(description="The message.")]
) -> ChatMessageSent:
    """Send a message."""
    message = await chatting.send_message(
        context.runtime,
        viewer=context.viewer,
        stream_id=read_id(Kind.STREAM, input.stream_id),
        text=input.text,
        client_id=input.client_id,
        media_time=input.media_time,
    )
    return ChatMessageSent(chat_message=shown(message))


@mutation_field(
    ChatMessageRemoved,
    refusals=_BY_MODERATORS,
    description="Take a message away, its text with it. One's own, or for those who moderate the show.",
)
async def remove_chat_message(
    work: Work,
    context: Context,
    input: Annotated[RemoveChatMessageInput, strawberry.argument(description="The message.")],
) -> ChatMessageRemoved:
    """Remove a message."""
    id = read_id(Kind.CHAT_MESSAGE, input.chat_message_id)
    message = await moderating.remove_message(work, viewer=context.viewer, message_id=id)
    return ChatMessageRemoved(chat_message=shown(message))


@mutation_field(
    AuthorTimedOut,
    refusals=(InvalidInput, *_BY_MODERATORS),
    description="Silence somebody in the chat and the questions of a show for a while. Those who moderate it.",
)
async def time_out_author(
    work: Work, context: Context, input: Annotated[TimeOutAuthorInput, strawberry.argument(description="Whom.")]
) -> AuthorTimedOut:
    """Silence somebody."""
    message = await moderating.time_out_author(
        work,
        viewer=context.viewer,
        message_id=read_id(Kind.CHAT_MESSAGE, input.chat_message_id),
        seconds=input.seconds,
        removes_messages=input.removes_messages,
    )
    return AuthorTimedOut(chat_message=shown(message))


@mutation_field(
    ChatMessagePinned, refusals=_BY_MODERATORS, description="Show a message on top. Those who moderate the show."
)
async def pin_chat_message(
    work: Work,
    context: Context,
    input: Annotated[PinChatMessageInput, strawberry.argument(description="The message.")],
) -> ChatMessagePinned:
    """Pin a message."""
    given = input.chat_message_id
    room = await moderating.pin_message(
        work,
        viewer=context.viewer,
        stream_id=read_id(Kind.STREAM, input.stream_id),
        message_id=None if given is None else read_id(Kind.CHAT_MESSAGE, given),
    )
    return ChatMessagePinned(chat=shown(room))


@mutation_field(
    ChatUpdated,
    refusals=(InvalidInput, StaleVersion, *_BY_MODERATORS),
    description="Change the rules of the chat of a show. Those who moderate it.",
)
async def update_chat(
    work: Work, context: Context, input: Annotated[UpdateChatInput, strawberry.argument(description="The rules.")]
) -> ChatUpdated:
    """Change rules."""
    room = await moderating.update_chat(
        work,
        viewer=context.viewer,
        stream_id=read_id(Kind.STREAM, input.stream_id),
        expected_version=input.expected_version,
        rules=ChatRules(input.is_open, input.slow_mode_s, input.plans, input.blocked_words),
    )
    return ChatUpdated(chat=shown(room))


@mutation_field(
    ModeratorAppointed,
    refusals=(InvalidInput, *_BY_MODERATORS),
    description="Let somebody moderate the chat and the questions of a show. Its hosts, and editors.",
)
async def appoint_moderator(
    work: Work, context: Context, input: Annotated[AppointModeratorInput, strawberry.argument(description="Whom.")]
) -> ModeratorAppointed:
    """Appoint a moderator."""
    id = read_id(Kind.CHAT_MESSAGE, input.chat_message_id)
    found = await moderating.appoint_moderator(work, viewer=context.viewer, message_id=id)
    return ModeratorAppointed(moderators=shown(found))


@mutation_field(
    ModeratorDismissed,
    refusals=_BY_MODERATORS,
    description="Let somebody moderate a show no longer. Its hosts, and editors.",
)
async def dismiss_moderator(
    work: Work, context: Context, input: Annotated[DismissModeratorInput, strawberry.argument(description="Whom.")]
) -> ModeratorDismissed:
    """Dismiss a moderator."""
    id = read_id(Kind.STREAM, input.stream_id)
    found = await moderating.dismiss_moderator(work, viewer=context.viewer, stream_id=id, key=input.author_key)
    return ModeratorDismissed(moderators=shown(found))


MUTATIONS: list[Any] = [
    send_chat_message, remove_chat_message, time_out_author, pin_chat_message, update_chat, appoint_moderator,
    dismiss_moderator,
]  # fmt: skip
