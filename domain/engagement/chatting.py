"""Sending messages: many at a time, each held to the chat's rules in the transaction that writes it.

Messages of one moment go into one transaction and one fact, so a busy chat locks its topic's row once for dozens of
them, and its followers get one frame for dozens. A message that is sent again, with the same client id, is
acknowledged again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from domain.accounts import TooManyAttempts, Viewer, require_viewer
from domain.catalog import CATALOG_TOPIC, audience_of
from domain.engagement.chat import (
    TOLD_AT_ONCE,
    ChatClosed,
    ChatMessage,
    ChatMessageId,
    ChatMessagesSent,
    ChatRoom,
    PlanRequired,
    SlowMode,
    TimedOut,
    WordsBlocked,
    chat_topic,
    checked_client_id,
    checked_message,
)
from domain.engagement.policy import ENGAGEMENT, EngagementAct
from domain.engagement.store import chat as store
from domain.engagement.store.chat import Talker
from domain.engagement.words import BlockList
from domain.entitlements import plans_of
from domain.kernel.group_commit import GroupCommitter
from domain.kernel.refusals import NotFound, Refusal
from domain.kernel.work import Work
from domain.live import Stream, StreamState, streams_by_id, visible_streams
from domain.runtime import Runtime

CHAT = "chat"
# Five messages at once, then one every two seconds: more than a person types, less than a flood.
MESSAGES_AT_ONCE = 5
MESSAGE_SHARE = timedelta(seconds=2)


@dataclass(frozen=True)
class Draft:
    """A message on its way. `media_time` is what its author saw, on the programme clock."""

    stream_id: UUID
    author: Viewer
    client_id: str
    text: str
    media_time: datetime

    @property
    def name(self) -> tuple[UUID, str]:
        """What tells it from others of its chat."""
        return self.author.account_id, self.client_id


async def send_message(
    runtime: Runtime,
    *,
    viewer: Viewer | None,
    stream_id: UUID,
    text: str,
    client_id: str,
    media_time: datetime | None = None,
) -> ChatMessage:
    """Say something in a show's chat, and return it once it is durable and announced.

    `client_id` is chosen by the client: sent again with it, the message is there once. `media_time` is now unless
    given, and no later.

    Raises:
        SignInRequired, InvalidInput, ChatClosed, PlanRequired, SlowMode, TimedOut, WordsBlocked, TooManyAttempts,
        Unavailable.
        NotFound: no such stream, or none that the viewer may find.
    """
    viewer = require_viewer(viewer)
    client_id, text = checked_client_id(client_id), checked_message(text)
    now = runtime.clock()
    if not await may_find(runtime, viewer, stream_id, now):
        raise NotFound("stream", stream_id)
    seen = now if media_time is None else min(media_time, now)
    return await _committer(runtime).submit(Draft(stream_id, viewer, client_id, text, seen))


async def may_find(runtime: Runtime, viewer: Viewer, stream_id: UUID, now: datetime) -> bool:
    """Tell whether somebody may find a stream: the same for many, so asked once for all of them."""

    async def look() -> bool:
        return await visible_streams(runtime.reads(), [stream_id], viewer=viewer) != [None]

    key = ("stream", stream_id, audience_of(viewer), viewer.roles, viewer.scoped_roles)
    return await runtime.shared.get(key, look, rings=runtime.bus.rings(CATALOG_TOPIC), now=now)


def _committer(runtime: Runtime) -> GroupCommitter[Draft, ChatMessage]:
    def make() -> GroupCommitter[Draft, ChatMessage]:
        async def flush(drafts: Sequence[Draft]) -> list[ChatMessage | Refusal]:
            async with runtime.work() as work:
                return await write_messages(work, drafts=drafts)

        return GroupCommitter(flush, key=lambda draft: (draft.stream_id, draft.author.account_id))

    return runtime.commits.of(CHAT, make)


async def write_messages(work: Work, *, drafts: Sequence[Draft]) -> list[ChatMessage | Refusal]:
    """Write what may be written of messages by different people, and return for each what became of it."""
    outcomes: dict[int, ChatMessage | Refusal] = {}
    stream_ids = sorted({draft.stream_id for draft in drafts})
    streams = await streams_by_id(work.reads(), stream_ids)
    rooms = await store.rooms_of(work.connection, stream_ids)
    for stream, room in zip(streams, rooms, strict=True):
        chosen = {index: draft for index, draft in enumerate(drafts) if draft.stream_id == room.stream_id}
        if stream is None:
            outcomes |= {index: NotFound("stream", room.stream_id) for index in chosen}
        else:
            outcomes |= await _written(work, stream, room, chosen)
    return [outcomes[index] for index in range(len(drafts))]


async def _written(
    work: Work, stream: Stream, room: ChatRoom, drafts: dict[int, Draft]
) -> dict[int, ChatMessage | Refusal]:
    """Write the messages of one chat. Those sent before are found first: rules have no say about them any more."""
    names = [draft.name for draft in drafts.values()]
    sent = await store.messages_sent(work.connection, room.stream_id, names)
    fresh = {index: draft for index, draft in drafts.items() if draft.name not in sent}
    staff = await _staff_among(work, stream, fresh.values())
    refusals = await _refused(work, stream, room, fresh, staff)
    taken = [draft for index, draft in fresh.items() if index not in refusals]
    messages = {draft.name: _message(work, stream, draft, staff) for draft in taken}
    if messages:
        client_ids = [draft.client_id for draft in taken]
        written = await store.insert_messages(
            work.connection, room.stream_id, list(messages.values()), client_ids=client_ids, now=work.now
        )
        await _tell(work, room.stream_id, [message.id for message in messages.values() if message.id in written])
        messages = {name: message for name, message in messages.items() if message.id in written}
    if len(sent) + len(messages) < len(drafts):
        # Another process wrote the same message meanwhile: what was refused here, or not written, was sent there.
        sent |= await store.messages_sent(work.connection, room.stream_id, names)
    done = {**sent, **messages}
    return {index: done.get(draft.name) or refusals[index] for index, draft in drafts.items()}


async def _staff_among(work: Work, stream: Stream, drafts: Iterable[Draft]) -> set[UUID]:
    """Return the writers who moderate this show: slow mode, plans and blocked words are not for them."""
    writers = {draft.author.account_id: draft.author for draft in drafts}
    appointed = await store.moderators_among(work.connection, stream.id, list(writers))
    return {
        id
        for id, writer in writers.items()
        if id in appointed or ENGAGEMENT.permits(writer, EngagementAct.MODERATE, within=stream.title_id)
    }


async def _refused(
    work: Work, stream: Stream, room: ChatRoom, drafts: dict[int, Draft], staff: set[UUID]
) -> dict[int, Refusal]:
    """Return which messages are refused, and count the others: whoever is refused by the text has not written."""
    if not drafts:
        return {}
    if stream.state is StreamState.ENDED:
        return {index: ChatClosed() for index in drafts}
    others = {index: draft for index, draft in drafts.items() if draft.author.account_id not in staff}
    refusals: dict[int, Refusal] = {} if room.is_open else {index: ChatClosed() for index in others}
    refusals |= await _without_plan(work, room, _left(others, refusals))
    blocked = BlockList.of(room.blocked_words)
    refusals |= {index: WordsBlocked() for index, draft in _left(others, refusals).items() if blocked.finds(draft.text)}
    return refusals | await _too_soon(work, room, _left(others, refusals))


async def _without_plan(work: Work, room: ChatRoom, drafts: dict[int, Draft]) -> dict[int, Refusal]:
    if room.plans is None or not drafts:
        return {}
    held = await plans_of(work.reads(), [draft.author.account_id for draft in drafts.values()])
    wanted = set(room.plans)
    return {
        index: PlanRequired(room.plans) for index, plans in zip(drafts, held, strict=True) if not wanted & set(plans)
    }


async def _too_soon(work: Work, room: ChatRoom, drafts: dict[int, Draft]) -> dict[int, Refusal]:
    if not drafts:
        return {}
    pause = timedelta(seconds=room.slow_mode_s)
    admitted = await store.admit(
        work.connection,
        room.stream_id,
        [draft.author.account_id for draft in drafts.values()],
        now=work.now,
        pause=pause,
        share=MESSAGE_SHARE,
        whole=MESSAGE_SHARE * MESSAGES_AT_ONCE,
    )
    late = {
        index: draft.author.account_id for index, draft in drafts.items() if draft.author.account_id not in admitted
    }
    if not late:
        return {}
    found = await store.talkers(work.connection, room.stream_id, list(late.values()))
    return {index: _why_not(found[id], now=work.now, pause=pause) for index, id in late.items()}


def _why_not(talker: Talker, *, now: datetime, pause: timedelta) -> Refusal:
    if talker.timed_out_until is not None and talker.timed_out_until > now:
        return TimedOut(talker.timed_out_until)
    if talker.last_sent_at is not None and talker.last_sent_at + pause > now:
        return SlowMode((talker.last_sent_at + pause - now).total_seconds())
    ready_at = talker.full_at + MESSAGE_SHARE * (1 - MESSAGES_AT_ONCE)
    return TooManyAttempts(max((ready_at - now).total_seconds(), 0.0))


def _left(drafts: dict[int, Draft], refusals: dict[int, Refusal]) -> dict[int, Draft]:
    return {index: draft for index, draft in drafts.items() if index not in refusals}


def _message(work: Work, stream: Stream, draft: Draft, staff: set[UUID]) -> ChatMessage:
    return ChatMessage(
        id=ChatMessageId(work.new_id()),
        stream_id=draft.stream_id,
        author_id=draft.author.account_id,
        profile_id=draft.author.profile_id,
        text=draft.text,
        is_by_staff=draft.author.account_id in staff,
        # Nobody who takes part is further behind.
        media_time=max(draft.media_time, work.now - stream.max_latency),
        sent_at=work.now,
    )


async def _tell(work: Work, stream_id: UUID, ids: Sequence[UUID]) -> None:
    for start in range(0, len(ids), TOLD_AT_ONCE):
        await work.announce(chat_topic(stream_id), ChatMessagesSent(tuple(ids[start : start + TOLD_AT_ONCE])))
