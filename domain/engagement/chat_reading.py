"""Reading a show's chat."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.accounts import Viewer, require_viewer
from domain.engagement.chat import ChatMessage, ChatRoom, Moderator
from domain.engagement.policy import ENGAGEMENT, EngagementAct
from domain.engagement.store import chat as store
from domain.kernel.paging import Page, PageRequest, decode_cursor, encode_cursor, page_of
from domain.kernel.refusals import Forbidden, InvalidInput, NotFound
from domain.kernel.work import Reads
from domain.live import Stream, visible_streams

# As many as a screen holds, for whoever comes in.
SNAPSHOT_MESSAGES = 50
MODERATORS_MAX = 50
_LIST = "chat"


@dataclass(frozen=True)
class ChatModeration:
    """What only those know who moderate a show."""

    moderators: Sequence[Moderator]
    blocked_words: Sequence[str]


async def rooms_of(reads: Reads, stream_ids: Sequence[UUID]) -> list[ChatRoom]:
    """Return the rules of chats, aligned with `stream_ids`."""
    async with reads.connection() as connection:
        return await store.rooms_of(connection, stream_ids)


async def messages_by_id(reads: Reads, ids: Sequence[UUID]) -> list[ChatMessage | None]:
    """Return messages, whoever may see them, aligned with `ids`."""
    async with reads.connection() as connection:
        return await store.messages_by_id(connection, ids)


async def visible_messages(reads: Reads, ids: Sequence[UUID], *, viewer: Viewer | None) -> list[ChatMessage | None]:
    """Return the messages of streams that the viewer may find, aligned with `ids`."""
    found = await messages_by_id(reads, ids)
    stream_ids = sorted({message.stream_id for message in found if message is not None})
    streams = await visible_streams(reads, stream_ids, viewer=viewer)
    shown = {id for id, stream in zip(stream_ids, streams, strict=True) if stream is not None}
    return [message if message is not None and message.stream_id in shown else None for message in found]


async def newest_messages(reads: Reads, stream_id: UUID) -> list[ChatMessage]:
    """Return what whoever comes in begins with, the oldest first."""
    async with reads.connection() as connection:
        found = await store.recent_messages(connection, stream_id, before=None, limit=SNAPSHOT_MESSAGES)
    return found[::-1]


async def chat_history(
    reads: Reads, stream_id: UUID, *, viewer: Viewer | None, request: PageRequest
) -> Page[ChatMessage]:
    """Return what was said in a chat, the newest first, without what was removed.

    Raises:
        NotFound: no such stream, or none that the viewer may find.
        InvalidInput: a cursor of another list, or a page from the end.
    """
    if request.backwards or request.before is not None:
        raise InvalidInput("last", "This list is read from its newest message on: give first and after.")
    (stream,) = await visible_streams(reads, [stream_id], viewer=viewer)
    if stream is None:
        raise NotFound("stream", stream_id)
    async with reads.connection() as connection:
        found = await store.recent_messages(
            connection, stream_id, before=_place(stream_id, request.after), limit=request.limit + 1
        )
    return page_of(found, request=request, cursor=lambda row: encode_cursor(_LIST, stream_id, row.id))


async def chat_moderation(reads: Reads, stream_id: UUID, *, viewer: Viewer | None) -> ChatModeration:
    """Return how a show is moderated, for those who do.

    Raises:
        SignInRequired, Forbidden.
        NotFound: no such stream, or none that the viewer may find.
    """
    await require_moderator(reads, stream_id, viewer=viewer)
    (room,) = await rooms_of(reads, [stream_id])
    async with reads.connection() as connection:
        moderators = await store.moderators_of(connection, stream_id, limit=MODERATORS_MAX)
    return ChatModeration(tuple(moderators), room.blocked_words)


async def require_moderator(reads: Reads, stream_id: UUID, *, viewer: Viewer | None) -> Viewer:
    """Return the viewer who moderates a show: one of its hosts, an editor, or whom they let do it.

    Raises:
        SignInRequired.
        NotFound: no such stream, or none that the viewer may find.
        Forbidden: the viewer does not moderate it.
    """
    viewer = require_viewer(viewer)
    (stream,) = await visible_streams(reads, [stream_id], viewer=viewer)
    if stream is None:
        raise NotFound("stream", stream_id)
    if not await moderates(reads, stream, viewer=viewer):
        raise Forbidden(EngagementAct.MODERATE.value)
    return viewer


async def moderates(reads: Reads, stream: Stream, *, viewer: Viewer | None) -> bool:
    """Tell whether the viewer moderates a show."""
    if viewer is None:
        return False
    if ENGAGEMENT.permits(viewer, EngagementAct.MODERATE, within=stream.title_id):
        return True
    async with reads.connection() as connection:
        return bool(await store.moderators_among(connection, stream.id, [viewer.account_id]))


def _place(stream_id: UUID, cursor: str | None) -> UUID | None:
    """Read where a page begins.

    Raises:
        InvalidInput: the cursor is of another list.
    """
    if cursor is None:
        return None
    try:
        of, id = (UUID(str(value)) for value in decode_cursor(_LIST, cursor))
    except ValueError as garbage:
        raise InvalidInput("cursor", "This cursor does not belong to this list.") from garbage
    if of != stream_id:
        raise InvalidInput("cursor", "This cursor does not belong to this list.")
    return id
