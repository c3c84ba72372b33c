"""Questions: looked at first, ranked by upvotes that are counted exactly, seen by those who may."""

import asyncio
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from domain.accounts import Viewer
from domain.engagement.chat import ChatClosed, TimedOut, WordsBlocked
from domain.engagement.moderating import ChatRules, time_out_author, update_chat
from domain.engagement.question import PENDING_MAX, Question, QuestionNotShown, QuestionState, TooManyQuestions
from domain.engagement.questions import (
    UPVOTES_BURST,
    ask_question,
    moderate_question,
    own_questions,
    ranked_questions,
    top_questions,
    upvote_question,
    visible_questions,
)
from domain.kernel.paging import PageRequest
from domain.kernel.personal import Person, erase_rows
from domain.kernel.refusals import Forbidden, InvalidInput, NotFound, RateLimited, SignInRequired, StaleVersion
from domain.live import end_stream, stream_topic
from tests.live_streams import create_live_stream
from tests.talk_scene import TalkShow
from workers.personal import PERSONAL


async def ask(
    talk: TalkShow, viewer: Viewer | None, text: str, client_id: str = "", stream_id: UUID | None = None
) -> Question:
    name = client_id or text.encode().hex()[:64] or "none"
    async with talk.work() as work:
        return await ask_question(
            work, viewer=viewer, stream_id=stream_id or talk.stream.id, text=text, client_id=name
        )  # fmt: skip


async def moderate(talk: TalkShow, question: Question, viewer: Viewer | None = None, **change: object) -> Question:
    async with talk.work() as work:
        return await moderate_question(
            work, viewer=viewer or talk.host, question_id=question.id, expected_version=question.version, **change  # type: ignore[arg-type]  # as given
        )  # fmt: skip


async def approved(talk: TalkShow, text: str) -> Question:
    return await moderate(talk, await ask(talk, await talk.viewer(), text), state=QuestionState.APPROVED)


async def ranking(talk: TalkShow) -> list[tuple[str, int]]:
    return [(question.text, question.upvotes) for question in await top_questions(talk.reads(), talk.stream.id)]


async def test_a_question_is_seen_by_all_once_a_moderator_let_it_through(talk: TalkShow) -> None:
    ada, ben = await talk.viewer(), await talk.viewer()
    asked = await ask(talk, ada, " Why? ")
    assert (asked.text, asked.state, asked.version) == ("Why?", QuestionState.PENDING, 1)
    for viewer, sees in ((ada, asked), (ben, None), (None, None), (talk.host, asked)):
        assert await visible_questions(talk.reads(), [asked.id], viewer=viewer) == [sees]
    assert await ranking(talk) == []
    with pytest.raises(NotFound):
        await upvote_question(talk.runtime, viewer=ben, question_id=asked.id)
    shown = await moderate(talk, asked, state=QuestionState.APPROVED)
    assert await visible_questions(talk.reads(), [asked.id], viewer=ben) == [shown]
    kinds = [(fact.kind, fact.body.get("question_id")) for fact in await talk.facts(stream_topic(talk.stream.id))]
    assert kinds[-1] == ("QuestionApproved", str(asked.id))
    answered = await moderate(talk, shown, state=QuestionState.ANSWERED)
    hidden = await moderate(talk, answered, state=QuestionState.HIDDEN)
    assert len(await talk.facts(stream_topic(talk.stream.id))) == len(kinds)
    assert await visible_questions(talk.reads(), [hidden.id], viewer=ben) == [None]


async def test_upvotes_count_once_for_each_account_however_often_they_come(talk: TalkShow) -> None:
    question = await approved(talk, "Why?")
    people = [await talk.viewer() for _ in range(6)]
    await asyncio.gather(
        *(upvote_question(talk.runtime, viewer=one, question_id=question.id) for one in people for _ in range(3))
    )
    assert await ranking(talk) == [("Why?", 6)]
    counted = await upvote_question(talk.runtime, viewer=people[0], question_id=question.id, is_wanted=False)
    assert counted.upvotes == 5
    await upvote_question(talk.runtime, viewer=people[0], question_id=question.id, is_wanted=False)
    assert await ranking(talk) == [("Why?", 5)]
    assert await talk.count("SELECT count(*) FROM question_upvotes") == 5
    person = Person(people[1].account_id, [people[1].profile_id])
    async with talk.work() as work:
        for data in PERSONAL:
            if data.table.startswith("question"):
                await erase_rows(work.connection, data, person)
    assert await ranking(talk) == [("Why?", 4)]


@pytest.mark.parametrize("is_broken", [False, True])
async def test_votes_of_many_on_many_questions_are_counted_exactly(talk: TalkShow, is_broken: bool) -> None:
    if is_broken:
        async with talk.work() as work:
            await work.connection.execute(text("DROP TRIGGER question_upvotes_count_old ON question_upvotes"))
    questions = [await approved(talk, f"Why {number}?") for number in range(4)]
    people = [await talk.viewer() for _ in range(12)]

    async def both(viewer: Viewer, question: Question) -> None:
        for is_wanted in (True, False, True):
            await upvote_question(talk.runtime, viewer=viewer, question_id=question.id, is_wanted=is_wanted)

    await asyncio.gather(*(both(one, question) for one in people for question in questions))
    assert (await ranking(talk) == [(f"Why {number}?", 12) for number in range(4)]) is not is_broken
    rows = "(SELECT count(*) FROM question_upvotes WHERE question_id = q.id)"
    wrong = f"SELECT count(*) FROM questions q WHERE upvotes <> {rows}"
    assert (await talk.count(wrong) == 0) is not is_broken


async def test_questions_are_ranked_pinned_first_then_by_upvotes_page_by_page(talk: TalkShow) -> None:
    questions = [await approved(talk, f"{number}") for number in range(5)]
    people = [await talk.viewer() for _ in range(3)]
    for number, votes in ((1, 2), (3, 3), (4, 2)):
        for one in people[:votes]:
            await upvote_question(talk.runtime, viewer=one, question_id=questions[number].id)
    first = await moderate(talk, questions[0], is_pinned=True)
    await moderate(talk, questions[2], is_pinned=True)
    assert (await visible_questions(talk.reads(), [first.id], viewer=None))[0].is_pinned is False  # type: ignore[union-attr]  # it is shown
    pages, after = [], None
    while True:
        page = await ranked_questions(
            talk.reads(), talk.stream.id, viewer=None, request=PageRequest(limit=2, after=after)
        )
        pages.append([question.text for question in page.items])
        if not page.has_next:
            break
        after = page.cursors[-1]
    assert pages == [["2", "3"], ["1", "4"], ["0"]]
    for request in (PageRequest(limit=2, after="garbage"), PageRequest(limit=2, backwards=True)):
        with pytest.raises(InvalidInput):
            await ranked_questions(talk.reads(), talk.stream.id, viewer=None, request=request)


async def test_only_moderators_read_what_is_not_shown(talk: TalkShow) -> None:
    ada = await talk.viewer()
    asked, request = await ask(talk, ada, "Why?"), PageRequest(limit=5)
    pending = (QuestionState.PENDING,)
    page = await ranked_questions(talk.reads(), talk.stream.id, viewer=talk.host, request=request, states=pending)
    assert list(page.items) == [asked]
    for viewer, refusal in ((ada, Forbidden), (None, SignInRequired)):
        with pytest.raises(refusal):
            await ranked_questions(talk.reads(), talk.stream.id, viewer=viewer, request=request, states=pending)
    with pytest.raises(Forbidden):
        await moderate(talk, asked, viewer=ada, state=QuestionState.APPROVED)
    assert await ranking(talk) == []


async def test_own_questions_and_upvotes_are_told(talk: TalkShow) -> None:
    ada = await talk.viewer()
    mine, other = [await ask(talk, ada, "Mine"), await ask(talk, ada, "Mine too")], await approved(talk, "Why?")
    await upvote_question(talk.runtime, viewer=ada, question_id=other.id)
    own = await own_questions(talk.reads(), talk.stream.id, viewer=ada)
    assert (list(own.asked), list(own.upvoted_ids)) == (mine[::-1], [other.id])
    with pytest.raises(SignInRequired):
        await own_questions(talk.reads(), talk.stream.id, viewer=None)


async def test_a_moderator_changes_only_what_they_know(talk: TalkShow) -> None:
    asked = await ask(talk, await talk.viewer(), "Why?")
    with pytest.raises(QuestionNotShown):
        await moderate(talk, asked, is_pinned=True)
    shown = await moderate(talk, asked, state=QuestionState.APPROVED, is_pinned=True)
    assert shown.is_pinned
    with pytest.raises(StaleVersion):
        await moderate(talk, asked, state=QuestionState.HIDDEN)
    hidden = await moderate(talk, shown, state=QuestionState.HIDDEN)
    assert (hidden.is_pinned, hidden.version) == (False, 3)


async def test_a_question_asked_again_is_there_once_and_so_many_wait_at_most(talk: TalkShow) -> None:
    ada = await talk.viewer()
    asked = await asyncio.gather(*(ask(talk, ada, "Why?", "one") for _ in range(4)))
    assert len({question.id for question in asked}) == 1
    outcomes = await asyncio.gather(*(ask(talk, ada, f"{number}") for number in range(8)), return_exceptions=True)
    assert sum(isinstance(outcome, TooManyQuestions) for outcome in outcomes) == 8 - (PENDING_MAX - 1)
    assert await talk.count("SELECT count(*) FROM questions") == PENDING_MAX


@pytest.mark.parametrize("text", ["", " ", "a" * 301, "x" * 100_000, "a\x00b", "\u202eabc", "\u2066a\u2069"])
async def test_what_is_no_text_is_refused(talk: TalkShow, text: str) -> None:
    with pytest.raises(InvalidInput):
        await ask(talk, await talk.viewer(), text)
    assert await talk.count("SELECT count(*) FROM questions") == 0


async def test_silenced_viewers_blocked_words_and_ended_shows_ask_nothing(talk: TalkShow) -> None:
    ada, ben = await talk.viewer(), await talk.viewer()
    said = await talk.say(ada, "Rude")
    async with talk.work() as work:
        await time_out_author(work, viewer=talk.host, message_id=said.id, seconds=60)
        await update_chat(
            work, viewer=talk.host, stream_id=talk.stream.id, expected_version=0,
            rules=ChatRules(blocked_words=["badword"]),
        )  # fmt: skip
    with pytest.raises(TimedOut):
        await ask(talk, ada, "Why?")
    with pytest.raises(WordsBlocked):
        await ask(talk, ben, "Why b4dword?")
    async with talk.work() as work:
        await end_stream(work, viewer=talk.host, stream_id=talk.stream.id, expected_version=talk.stream.version)
    with pytest.raises(ChatClosed):
        await ask(talk, ben, "Why?")
    assert await talk.count("SELECT count(*) FROM questions") == 0


async def test_a_question_of_a_hidden_show_looks_like_none(talk: TalkShow) -> None:
    ada = await talk.viewer()
    async with talk.work() as work:
        hidden, editor = await create_live_stream(work, territory="FR")
    asked = await ask(talk, editor, "Pourquoi?", stream_id=hidden.id)
    shown = await moderate(talk, asked, viewer=editor, state=QuestionState.APPROVED)
    for question_id in (shown.id, uuid4()):
        with pytest.raises(NotFound):
            await upvote_question(talk.runtime, viewer=ada, question_id=question_id)
        with pytest.raises(NotFound):
            async with talk.work() as work:
                await moderate_question(work, viewer=ada, question_id=question_id, expected_version=1)  # type: ignore[arg-type]  # an id
    for stream_id in (hidden.id, uuid4()):
        with pytest.raises(NotFound):
            await ask(talk, ada, "Warum?", stream_id=stream_id)
        with pytest.raises(NotFound):
            await ranked_questions(talk.reads(), stream_id, viewer=ada, request=PageRequest(limit=2))
    assert await talk.count("SELECT count(*) FROM question_upvotes") == 0


async def test_floods_of_upvotes_are_stopped(talk: TalkShow) -> None:
    ada, question = await talk.viewer(), await approved(talk, "Why?")
    for _ in range(UPVOTES_BURST):
        await upvote_question(talk.runtime, viewer=ada, question_id=question.id)
    with pytest.raises(RateLimited):
        await upvote_question(talk.runtime, viewer=ada, question_id=question.id)
