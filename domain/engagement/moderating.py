"""Keeping order in a show's chat: its rules, what is taken away or pinned, who pauses, and who else may do that."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from domain.accounts import Viewer, require_viewer
from domain.engagement.chat import (
    SLOW_MODE_MAX_S,
    TIME_OUT_MAX_S,
    ChatMessage,
    ChatMessagesRemoved,
    ChatRoom,
    ChatRoomChanged,
    Moderator,
    author_key,
    chat_topic,
)
from domain.engagement.chat_reading import MODERATORS_MAX, require_moderator, visible_messages
from domain.engagement.hosting import hosted_stream
from domain.engagement.policy import EngagementAct
from domain.engagement.store import chat as store
from domain.engagement.words import checked_words
from domain.entitlements import Plan
from domain.kernel.refusals import Forbidden, InvalidInput, NotFound, StaleVersion
from domain.kernel.work import Work


@dataclass(frozen=True)
class ChatRules:
    """What is to be different of a chat; None is what stays. Empty `plans` let everybody write again."""

    is_open: bool | None = None
    slow_mode_s: int | None = None
    plans: Sequence[Plan] | None = None
    blocked_words: Sequence[str] | None = None


async def update_chat(
    work: Work, *, viewer: Viewer | None, stream_id: UUID, expected_version: int, rules: ChatRules
) -> ChatRoom:
    """Change the rules of a show's chat. Announces the change.

    Raises:
        SignInRequired, Forbidden, NotFound, InvalidInput, StaleVersion.
    """
    await require_moderator(work.reads(), stream_id, viewer=viewer)
    room = await store.hold_room(work.connection, stream_id)
    if room.version != expected_version:
        raise StaleVersion(expected_version, room.version)
    return await _changed(work, _with(room, rules))


async def remove_message(work: Work, *, viewer: Viewer | None, message_id: UUID) -> ChatMessage:
    """Take a message away, its text with it. Its author may, and whoever moderates the show. Again does nothing.

    Raises:
        SignInRequired, Forbidden.
        NotFound: no such message, or none that the viewer may find.
    """
    viewer = require_viewer(viewer)
    message = await _found(work, viewer, message_id)
    if message.author_id != viewer.account_id:
        await require_moderator(work.reads(), message.stream_id, viewer=viewer)
    room = await store.hold_room(work.connection, message.stream_id)
    held = await store.hold_message(work.connection, message_id)
    if held is None:
        raise NotFound("chat message", message_id)
    if held.is_removed:
        return held
    await store.remove_message(work.connection, message_id, by=viewer.account_id, now=work.now)
    await _tell_removed(work, room, [message_id])
    return replace(held, text="", removed_at=work.now)


async def time_out_author(
    work: Work, *, viewer: Viewer | None, message_id: UUID, seconds: int, removes_messages: bool = False
) -> ChatMessage:
    """Silence a message's author in this show for a while; 0 ends that. Staff and moderators cannot be silenced.

    Raises:
        SignInRequired, Forbidden, InvalidInput.
        NotFound: no such message, or none that the viewer may find.
    """
    viewer = require_viewer(viewer)
    if not 0 <= seconds <= TIME_OUT_MAX_S:
        raise InvalidInput("seconds", f"must be 0 to {TIME_OUT_MAX_S}")
    message = await _found(work, viewer, message_id)
    await require_moderator(work.reads(), message.stream_id, viewer=viewer)
    appointed = await store.moderators_among(work.connection, message.stream_id, [message.author_id])
    if message.is_by_staff or appointed or message.author_id == viewer.account_id:
        raise Forbidden("silence who moderates")
    until = work.now + timedelta(seconds=seconds)
    await store.time_out(
        work.connection, message.stream_id, message.author_id, until=until, by=viewer.account_id, now=work.now
    )
    if removes_messages:
        room = await store.hold_room(work.connection, message.stream_id)
        removed = await store.remove_messages_of(
            work.connection, message.stream_id, message.author_id, by=viewer.account_id, now=work.now
        )
        await _tell_removed(work, room, removed)
    return message


async def pin_message(work: Work, *, viewer: Viewer | None, stream_id: UUID, message_id: UUID | None) -> ChatRoom:
    """Pin a message of a show's chat in place of the one before; None pins none.

    Raises:
        SignInRequired, Forbidden.
        NotFound: no such stream or message, none that the viewer may find, or one that is removed or of another chat.
    """
    await require_moderator(work.reads(), stream_id, viewer=viewer)
    room = await store.hold_room(work.connection, stream_id)
    if message_id is not None:
        message = await store.hold_message(work.connection, message_id)
        if message is None or message.stream_id != stream_id or message.is_removed:
            raise NotFound("chat message", message_id)
    if room.pinned_message_id == message_id:
        return room
    return await _changed(work, replace(room, pinned_message_id=message_id))


async def appoint_moderator(work: Work, *, viewer: Viewer | None, message_id: UUID) -> list[Moderator]:
    """Let a message's author moderate the show it is of. Returns all who may. Its hosts, and editors.

    Raises:
        SignInRequired, Forbidden.
        NotFound: no such message, or none that the viewer may find.
        InvalidInput: there are as many as there may be.
    """
    viewer = require_viewer(viewer)
    message = await _found(work, viewer, message_id)
    await hosted_stream(work.reads(), viewer=viewer, stream_id=message.stream_id, act=EngagementAct.MODERATE)
    # The room is the lock: moderators are counted.
    await store.hold_room(work.connection, message.stream_id)
    moderator = Moderator(message.stream_id, message.author_id, message.profile_id, work.now)
    await store.insert_moderator(work.connection, moderator, by=viewer.account_id)
    found = await store.moderators_of(work.connection, message.stream_id, limit=MODERATORS_MAX + 1)
    if len(found) > MODERATORS_MAX:
        raise InvalidInput("messageId", f"A show has {MODERATORS_MAX} moderators at most. Dismiss one first.")
    return found


async def dismiss_moderator(work: Work, *, viewer: Viewer | None, stream_id: UUID, key: str) -> list[Moderator]:
    """Let somebody moderate a show no longer; whoever does not is no moderator already. Its hosts, and editors.

    Raises:
        SignInRequired, Forbidden, NotFound.
    """
    await hosted_stream(work.reads(), viewer=viewer, stream_id=stream_id, act=EngagementAct.MODERATE)
    found = await store.moderators_of(work.connection, stream_id, limit=MODERATORS_MAX)
    for moderator in found:
        if author_key(stream_id, moderator.account_id) == key:
            await store.delete_moderator(work.connection, stream_id, moderator.account_id)
    return await store.moderators_of(work.connection, stream_id, limit=MODERATORS_MAX)


async def prune_messages(work: Work, *, kept: timedelta, limit: int) -> int:
    """Delete up to `limit` messages that were sent `kept` ago, but pinned ones; return how many."""
    return await store.prune_messages(work.connection, before=work.now - kept, limit=limit)


async def _found(work: Work, viewer: Viewer, message_id: UUID) -> ChatMessage:
    (message,) = await visible_messages(work.reads(), [message_id], viewer=viewer)
    if message is None:
        raise NotFound("chat message", message_id)
    return message


async def _changed(work: Work, room: ChatRoom) -> ChatRoom:
    room = replace(room, version=room.version + 1)
    await store.update_room(work.connection, room)
    await work.announce(chat_topic(room.stream_id), ChatRoomChanged(room.stream_id))
    return room


async def _tell_removed(work: Work, room: ChatRoom, ids: Sequence[UUID]) -> None:
    if ids:
        await work.announce(chat_topic(room.stream_id), ChatMessagesRemoved(tuple(ids)))
    if room.pinned_message_id in ids:
        await _changed(work, replace(room, pinned_message_id=None))


def _with(room: ChatRoom, rules: ChatRules) -> ChatRoom:
    slow_mode_s = room.slow_mode_s if rules.slow_mode_s is None else rules.slow_mode_s
    if not 0 <= slow_mode_s <= SLOW_MODE_MAX_S:
        raise InvalidInput("slowModeSeconds", f"must be 0 to {SLOW_MODE_MAX_S}")
    plans = room.plans if rules.plans is None else tuple(dict.fromkeys(rules.plans)) or None
    words = room.blocked_words
    if rules.blocked_words is not None:
        words = checked_words(rules.blocked_words, field="blockedWords")
    is_open = room.is_open if rules.is_open is None else rules.is_open
    return replace(room, is_open=is_open, slow_mode_s=slow_mode_s, plans=plans, blocked_words=words)
