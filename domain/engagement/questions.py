"""Asking, upvoting, reading and moderating the questions of a show's audience."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from domain.accounts import Viewer, require_viewer
from domain.engagement.chat import ChatClosed, TimedOut, WordsBlocked, checked_client_id
from domain.engagement.chat_reading import moderates, require_moderator
from domain.engagement.chatting import may_find
from domain.engagement.flood import FloodGate
from domain.engagement.question import (
    ASKED_MAX,
    PENDING_MAX,
    SHOWN,
    Question,
    QuestionApproved,
    QuestionId,
    QuestionNotShown,
    QuestionState,
    TooManyQuestions,
    checked_question,
    questions_topic,
)
from domain.engagement.store import chat as chat_store
from domain.engagement.store import questions as store
from domain.engagement.store.questions import Ranking
from domain.engagement.words import BlockList
from domain.kernel.group_commit import GroupCommitter
from domain.kernel.paging import Page, PageRequest, decode_cursor, encode_cursor, page_of
from domain.kernel.refusals import InvalidInput, NotFound, Refusal, StaleVersion
from domain.kernel.work import Reads, Work
from domain.live import Stream, StreamState, stream_topic, visible_streams
from domain.runtime import Runtime

UPVOTES = "upvotes"
# A reader who agrees with everything upvotes one a second; more is a machine.
UPVOTES_BURST = 30
UPVOTES_PER_S = 2.0
UPVOTED_MAX = 500
# What everybody follows: more than a host reads out.
TOP_QUESTIONS = 50
_LIST = "questions"


@dataclass(frozen=True)
class Upvote:
    """Somebody's wish to have upvoted a question, or not."""

    question_id: UUID
    account_id: UUID
    is_wanted: bool


@dataclass(frozen=True)
class OwnQuestions:
    """What somebody asked in a show, the newest first, and which questions they have upvoted."""

    asked: Sequence[Question]
    upvoted_ids: Sequence[UUID]


class _Upvotes:
    """What one process takes upvotes by: how many of each account, and the committer that writes them."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self.gate = FloodGate(burst=UPVOTES_BURST, per_s=UPVOTES_PER_S)
        self.committer = GroupCommitter[Upvote, Question](
            self._flush, key=lambda upvote: (upvote.question_id, upvote.account_id)
        )

    async def close(self) -> None:
        """Write what is waiting, and end."""
        await self.committer.close()

    async def _flush(self, upvotes: Sequence[Upvote]) -> list[Question | Refusal]:
        async with self._runtime.work() as work:
            return await write_upvotes(work, upvotes=upvotes)


async def ask_question(work: Work, *, viewer: Viewer | None, stream_id: UUID, text: str, client_id: str) -> Question:
    """Ask something in a show; a moderator looks at it first. Asked again with the same client id, it is there once.

    Locks what the viewer writes in this show. Raises:
        SignInRequired, InvalidInput, ChatClosed, TimedOut, WordsBlocked, TooManyQuestions.
        NotFound: no such stream, or none that the viewer may find.
    """
    viewer = require_viewer(viewer)
    client_id, text = checked_client_id(client_id), checked_question(text)
    stream = await _stream(work.reads(), stream_id, viewer)
    silent_until = await store.hold_author(work.connection, stream_id, viewer.account_id, now=work.now)
    asked = await store.question_asked(work.connection, stream_id, viewer.account_id, client_id)
    if asked is not None:
        return asked
    if stream.state is StreamState.ENDED:
        raise ChatClosed
    if silent_until is not None and silent_until > work.now:
        raise TimedOut(silent_until)
    await _check_words_and_number(work, stream_id, viewer, text)
    question = Question(
        id=QuestionId(work.new_id()),
        stream_id=stream_id,
        author_id=viewer.account_id,
        profile_id=viewer.profile_id,
        text=text,
        state=QuestionState.PENDING,
        is_pinned=False,
        upvotes=0,
        asked_at=work.now,
        version=1,
    )
    await store.insert_question(work.connection, question, client_id=client_id)
    return question


async def upvote_question(
    runtime: Runtime, *, viewer: Viewer | None, question_id: UUID, is_wanted: bool = True
) -> Question:
    """Upvote a question, or take that back, and return it once that is durable. Again does nothing.

    Goes with others in one transaction. Raises:
        SignInRequired, TooManyAttempts, Unavailable.
        NotFound: no such question, none that everybody sees, or none of a stream that the viewer may find.
    """
    viewer = require_viewer(viewer)
    now = runtime.clock()
    (question,) = await questions_by_id(runtime.reads(), [question_id])
    if question is None or not question.is_shown or not await may_find(runtime, viewer, question.stream_id, now):
        raise NotFound("question", question_id)
    upvotes = runtime.commits.of(UPVOTES, lambda: _Upvotes(runtime))
    upvotes.gate.take(viewer.account_id, 1, now=now)
    return await upvotes.committer.submit(Upvote(question_id, viewer.account_id, is_wanted))


async def write_upvotes(work: Work, *, upvotes: Sequence[Upvote]) -> list[Question | Refusal]:
    """Write upvotes, and return for each the question as it is then."""
    ids = sorted({upvote.question_id for upvote in upvotes})
    shown = await store.hold_shown(work.connection, ids)
    chosen = [upvote for upvote in upvotes if upvote.question_id in shown]
    wanted = [(upvote.question_id, upvote.account_id) for upvote in chosen if upvote.is_wanted]
    unwanted = [(upvote.question_id, upvote.account_id) for upvote in chosen if not upvote.is_wanted]
    if wanted:
        await store.upvote(work.connection, wanted, now=work.now)
    if unwanted:
        await store.withdraw(work.connection, unwanted)
    counted = dict(zip(ids, await store.questions_by_id(work.connection, ids), strict=True))
    for question in counted.values():
        if question is not None:
            work.ring(questions_topic(question.stream_id))
    return [
        found if (found := counted[upvote.question_id]) is not None and upvote.question_id in shown
        else NotFound("question", upvote.question_id)
        for upvote in upvotes
    ]  # fmt: skip


async def moderate_question(
    work: Work,
    *,
    viewer: Viewer | None,
    question_id: UUID,
    expected_version: int,
    state: QuestionState | None = None,
    is_pinned: bool | None = None,
) -> Question:
    """Move a question, or pin it in place of the one before. What is None stays; what is hidden is not pinned.

    Locks the show's chat. Announces QuestionApproved when everybody sees it for the first time since it was hidden.

    Raises:
        SignInRequired, Forbidden, StaleVersion, QuestionNotShown.
        NotFound: no such question, or none that the viewer may find.
    """
    viewer = require_viewer(viewer)
    (seen,) = await visible_questions(work.reads(), [question_id], viewer=viewer)
    if seen is None:
        raise NotFound("question", question_id)
    await require_moderator(work.reads(), seen.stream_id, viewer=viewer)
    await chat_store.hold_room(work.connection, seen.stream_id)
    before = await store.hold_question(work.connection, question_id)
    if before is None:
        raise NotFound("question", question_id)
    if before.version != expected_version:
        raise StaleVersion(expected_version, before.version)
    after = _moved(before, state=state, is_pinned=is_pinned)
    if after.is_pinned:
        await store.unpin(work.connection, after.stream_id, but=after.id)
    await store.update_question(work.connection, after, by=viewer.account_id, now=work.now)
    work.ring(questions_topic(after.stream_id))
    if after.is_shown and not before.is_shown:
        await work.announce(stream_topic(after.stream_id), QuestionApproved(after.id))
    return after


async def questions_by_id(reads: Reads, ids: Sequence[UUID]) -> list[Question | None]:
    """Return questions, whoever may see them, aligned with `ids`."""
    async with reads.connection() as connection:
        return await store.questions_by_id(connection, ids)


async def visible_questions(reads: Reads, ids: Sequence[UUID], *, viewer: Viewer | None) -> list[Question | None]:
    """Return the questions that the viewer may see: those shown, their own, and all of shows that they moderate."""
    found = await questions_by_id(reads, ids)
    stream_ids = sorted({question.stream_id for question in found if question is not None})
    streams = dict(zip(stream_ids, await visible_streams(reads, stream_ids, viewer=viewer), strict=True))
    moderated = {
        id for id, stream in streams.items() if stream is not None and await moderates(reads, stream, viewer=viewer)
    }
    account_id = None if viewer is None else viewer.account_id

    def is_visible(question: Question) -> bool:
        if streams[question.stream_id] is None:
            return False
        return question.is_shown or question.author_id == account_id or question.stream_id in moderated

    return [question if question is not None and is_visible(question) else None for question in found]


async def ranked_questions(
    reads: Reads,
    stream_id: UUID,
    *,
    viewer: Viewer | None,
    request: PageRequest,
    states: Sequence[QuestionState] | None = None,
) -> Page[Question]:
    """Return a show's questions, the best ranked first: those that everybody sees, or for moderators any `states`.

    Raises:
        NotFound: no such stream, or none that the viewer may find.
        SignInRequired, Forbidden: other states than everybody sees, and the viewer does not moderate the show.
        InvalidInput: a cursor of another list, or a page from the end.
    """
    if request.backwards or request.before is not None:
        raise InvalidInput("last", "This list is read from its best question on: give first and after.")
    await _stream(reads, stream_id, viewer)
    wanted = SHOWN if states is None else tuple(dict.fromkeys(states))
    if not set(wanted) <= set(SHOWN):
        await require_moderator(reads, stream_id, viewer=viewer)
    async with reads.connection() as connection:
        found = await store.ranked(
            connection, stream_id, states=wanted, after=_place(stream_id, request.after), limit=request.limit + 1
        )
    return page_of(found, request=request, cursor=lambda row: _cursor(stream_id, row))


async def top_questions(reads: Reads, stream_id: UUID) -> list[Question]:
    """Return the questions that everybody sees, as far as everybody follows them."""
    async with reads.connection() as connection:
        return await store.ranked(connection, stream_id, states=SHOWN, after=None, limit=TOP_QUESTIONS)


async def own_questions(reads: Reads, stream_id: UUID, *, viewer: Viewer | None) -> OwnQuestions:
    """Return what the viewer asked and upvoted in a show.

    Raises:
        SignInRequired.
        NotFound: no such stream, or none that the viewer may find.
    """
    viewer = require_viewer(viewer)
    await _stream(reads, stream_id, viewer)
    async with reads.connection() as connection:
        asked = await store.questions_of(connection, stream_id, viewer.account_id, limit=ASKED_MAX)
        ids = await store.upvoted(connection, viewer.account_id, stream_id, limit=UPVOTED_MAX)
    return OwnQuestions(asked, ids)


async def _check_words_and_number(work: Work, stream_id: UUID, viewer: Viewer, text: str) -> None:
    (room,) = await chat_store.rooms_of(work.connection, [stream_id])
    if BlockList.of(room.blocked_words).finds(text):
        raise WordsBlocked
    waiting, asked = await store.counts_of(work.connection, stream_id, viewer.account_id)
    if waiting >= PENDING_MAX or asked >= ASKED_MAX:
        raise TooManyQuestions(PENDING_MAX)


async def _stream(reads: Reads, stream_id: UUID, viewer: Viewer | None) -> Stream:
    (stream,) = await visible_streams(reads, [stream_id], viewer=viewer)
    if stream is None:
        raise NotFound("stream", stream_id)
    return stream


def _moved(question: Question, *, state: QuestionState | None, is_pinned: bool | None) -> Question:
    state = question.state if state is None else state
    moved = replace(question, state=state, version=question.version + 1)
    if is_pinned and not moved.is_shown:
        raise QuestionNotShown(state)
    pinned = question.is_pinned if is_pinned is None else is_pinned
    return replace(moved, is_pinned=pinned and moved.is_shown)


def _cursor(stream_id: UUID, question: Question) -> str:
    return encode_cursor(_LIST, stream_id, int(question.is_pinned), question.upvotes, question.id)


def _place(stream_id: UUID, cursor: str | None) -> Ranking | None:
    """Read where a page begins.

    Raises:
        InvalidInput: the cursor is of another list.
    """
    if cursor is None:
        return None
    try:
        of, is_pinned, upvotes, id = decode_cursor(_LIST, cursor)
        place = Ranking(bool(is_pinned), int(str(upvotes)), UUID(str(id)))
    except ValueError as garbage:
        raise InvalidInput("cursor", "This cursor does not belong to this list.") from garbage
    if str(of) != str(stream_id):
        raise InvalidInput("cursor", "This cursor does not belong to this list.")
    return place
