"""Chat: each message once, told to all, held to the rules of its room, and gone when it is taken away."""

import asyncio
from uuid import UUID, uuid4

import pytest

from domain.accounts import Role
from domain.engagement.chat import ChatClosed, PlanRequired, SlowMode, TimedOut, WordsBlocked, author_key, chat_topic
from domain.engagement.chat_reading import chat_history, chat_moderators, newest_messages, visible_messages
from domain.engagement.chatting import MESSAGES_AT_ONCE, send_message
from domain.engagement.moderating import (
    ChatRules,
    appoint_moderator,
    dismiss_moderator,
    pin_message,
    prune_messages,
    remove_message,
    time_out_author,
    update_chat,
)
from domain.entitlements import Plan
from domain.kernel.paging import PageRequest
from domain.kernel.personal import Person, erase_rows
from domain.kernel.refusals import (
    Forbidden,
    InvalidInput,
    NotFound,
    RateLimited,
    SignInRequired,
    StaleVersion,
)
from domain.live import end_stream
from tests.domain.engagement.conftest import Show
from tests.live_streams import create_live_stream
from workers.personal import PERSONAL


async def ruled(show: Show, version: int = 0, **rules: object) -> None:
    async with show.runtime.work() as work:
        await update_chat(
            work, viewer=show.host, stream_id=show.stream.id, expected_version=version, rules=ChatRules(**rules)  # type: ignore[arg-type]  # as given
        )  # fmt: skip


async def texts(show: Show) -> list[str]:
    return [message.text for message in await newest_messages(show.runtime.reads(), show.stream.id)]


async def told(show: Show) -> list[tuple[str, object]]:
    return [(fact.kind, fact.body.get("message_ids")) for fact in await show.facts(chat_topic(show.stream.id))]


async def test_a_message_is_kept_and_announced_by_its_id_alone(show: Show) -> None:
    ada = await show.viewer()
    sent = await show.say(ada, " Hello \U0001f44b ")
    assert (sent.text, sent.is_by_staff, sent.media_time) == ("Hello \U0001f44b", False, show.clock())
    assert await texts(show) == ["Hello \U0001f44b"]
    assert await told(show) == [("ChatMessagesSent", [str(sent.id)])]
    assert await visible_messages(show.runtime.reads(), [sent.id, uuid4()], viewer=ada) == [sent, None]


async def test_a_message_that_is_sent_again_is_there_once(show: Show) -> None:
    ada, ben = await show.viewer(), await show.viewer()
    sent = await asyncio.gather(*(show.say(ada, f"Hello {number}", "one") for number in range(3)))
    assert len({message.id for message in sent}) == 1
    assert (await show.say(ben, "Hello", "one")).id != sent[0].id
    assert await show.count("SELECT count(*) FROM chat_messages") == 2
    # Rules that came since have no say about what was sent before.
    await ruled(show, slow_mode_s=60)
    assert (await show.say(ada, "Hello 0", "one")).id == sent[0].id


async def test_messages_of_one_moment_are_one_fact(show: Show) -> None:
    people = [await show.viewer() for _ in range(8)]
    sent = await asyncio.gather(*(show.say(one, "Hello") for one in people))
    facts = await told(show)
    assert sorted(id for _, ids in facts for id in ids) == sorted(str(message.id) for message in sent)  # type: ignore[attr-defined]  # a list
    assert len(facts) < len(people)


@pytest.mark.parametrize("text", ["", "  ", "a" * 501, "x" * 100_000, "a\x00b", "a\nb", "\u202eabc", "\u200b"])
async def test_what_is_no_text_is_refused(show: Show, text: str) -> None:
    ada = await show.viewer()
    with pytest.raises(InvalidInput):
        await send_message(show.runtime, viewer=ada, stream_id=show.stream.id, text=text, client_id="one")
    for name in ("", "x" * 65, "a\x00", "\u00e9"):
        with pytest.raises(InvalidInput):
            await send_message(show.runtime, viewer=ada, stream_id=show.stream.id, text="Hi", client_id=name)
    assert await show.count("SELECT count(*) FROM chat_messages") == 0


async def test_floods_are_stopped_and_flow_again_with_time(show: Show) -> None:
    ada = await show.viewer()
    for number in range(MESSAGES_AT_ONCE):
        await show.say(ada, f"{number}")
    with pytest.raises(RateLimited) as limited:
        await show.say(ada, "more")
    assert limited.value.retry_after_s == 2.0
    show.clock.advance(2)
    await show.say(ada, "more")
    with pytest.raises(RateLimited):
        await show.say(ada, "even more")
    await show.say(show.host, "Hosts are not held to it")


async def test_slow_mode_keeps_messages_of_one_writer_apart(show: Show) -> None:
    ada, ben = await show.viewer(), await show.viewer()
    await ruled(show, slow_mode_s=30)
    await show.say(ada, "1")
    show.clock.advance(10)
    with pytest.raises(SlowMode) as slow:
        await show.say(ada, "2")
    assert slow.value.retry_after_s == 20.0
    await show.say(ben, "3")
    for number in range(3):
        await show.say(show.host, f"Host {number}")
    show.clock.advance(20)
    await show.say(ada, "2")
    assert await texts(show) == ["1", "3", "Host 0", "Host 1", "Host 2", "2"]


async def test_two_messages_at_once_do_not_slip_through_slow_mode(show: Show) -> None:
    ada = await show.viewer()
    await ruled(show, slow_mode_s=30)
    outcomes = await asyncio.gather(*(show.say(ada, f"{number}") for number in range(4)), return_exceptions=True)
    assert sum(isinstance(outcome, SlowMode) for outcome in outcomes) == 3
    assert await show.count("SELECT count(*) FROM chat_messages") == 1


async def test_a_chat_for_members_takes_only_their_words(show: Show) -> None:
    ada, ben = await show.viewer(), await show.viewer(plan=Plan.PREMIUM)
    await ruled(show, plans=[Plan.PREMIUM])
    with pytest.raises(PlanRequired) as refused:
        await show.say(ada, "Hello")
    assert refused.value.plans == (Plan.PREMIUM,)
    await show.say(ben, "Hello")
    await ruled(show, 1, plans=[])
    await show.say(ada, "Hello")


async def test_blocked_words_are_refused_but_to_staff(show: Show) -> None:
    ada = await show.viewer()
    await ruled(show, blocked_words=["badword"])
    for number, text in enumerate(("BADWORD", "b\u0430d\u200cw0rd")):
        with pytest.raises(WordsBlocked):
            await show.say(ada, text, f"{number}")
    await show.say(show.host, "badword")
    assert await texts(show) == ["badword"]


async def test_a_closed_chat_takes_words_of_staff_only_and_that_of_an_ended_show_none(show: Show) -> None:
    ada = await show.viewer()
    await ruled(show, is_open=False)
    with pytest.raises(ChatClosed):
        await show.say(ada, "Hello")
    await show.say(show.host, "Back soon")
    await ruled(show, 1, is_open=True)
    async with show.runtime.work() as work:
        await end_stream(work, viewer=show.host, stream_id=show.stream.id, expected_version=show.stream.version)
    for one in (ada, show.host):
        with pytest.raises(ChatClosed):
            await show.say(one, "Good night")


async def test_who_is_silenced_writes_again_when_the_time_is_over(show: Show) -> None:
    ada, host = await show.viewer(), show.host
    first, second = await show.say(ada, "Rude"), await show.say(ada, "Ruder")
    async with show.runtime.work() as work:
        await time_out_author(work, viewer=host, message_id=first.id, seconds=60, removes_messages=True)
    with pytest.raises(TimedOut):
        await show.say(ada, "Hello")
    assert await texts(show) == []
    assert await show.count("SELECT count(*) FROM chat_messages WHERE text <> ''") == 0
    assert (await told(show))[-1] == ("ChatMessagesRemoved", [str(first.id), str(second.id)])
    show.clock.advance(60)
    await show.say(ada, "Sorry")
    async with show.runtime.work() as work:
        await time_out_author(work, viewer=host, message_id=first.id, seconds=60)
        await time_out_author(work, viewer=host, message_id=first.id, seconds=0)
    await show.say(ada, "Thanks")


async def test_staff_cannot_be_silenced(show: Show) -> None:
    other = await show.viewer(Role.HOST)
    said = await show.say(other, "I run this too")
    async with show.runtime.work() as work:
        with pytest.raises(Forbidden):
            await time_out_author(work, viewer=show.host, message_id=said.id, seconds=60)
        with pytest.raises(InvalidInput):
            await time_out_author(work, viewer=show.host, message_id=said.id, seconds=86_401)
    await show.say(other, "Still here")


async def test_a_message_is_removed_by_its_author_or_a_moderator_and_its_text_is_gone(show: Show) -> None:
    ada, ben = await show.viewer(), await show.viewer()
    first, second = await show.say(ada, "First"), await show.say(ada, "Second")
    async with show.runtime.work() as work:
        await pin_message(work, viewer=show.host, stream_id=show.stream.id, message_id=first.id)
    async with show.runtime.work() as work:
        with pytest.raises(Forbidden):
            await remove_message(work, viewer=ben, message_id=first.id)
    for viewer, message in ((ada, first), (show.host, second), (show.host, second)):
        async with show.runtime.work() as work:
            removed = await remove_message(work, viewer=viewer, message_id=message.id)
        assert (removed.text, removed.is_removed) == ("", True)
    assert [kind for kind, _ in await told(show)] == [
        "ChatMessagesSent", "ChatMessagesSent", "ChatRoomChanged", "ChatMessagesRemoved", "ChatRoomChanged",
        "ChatMessagesRemoved",
    ]  # fmt: skip
    assert await show.count("SELECT count(*) FROM chat_rooms WHERE pinned_message_id IS NOT NULL") == 0
    assert await show.count("SELECT count(*) FROM facts WHERE encode(body, 'escape') LIKE '%First%'") == 0


async def test_only_what_is_there_is_pinned(show: Show) -> None:
    ada = await show.viewer()
    said = await show.say(ada, "Hello")
    async with show.runtime.work() as work:
        other, _ = await create_live_stream(work)
    elsewhere = await send_message(show.runtime, viewer=ada, stream_id=other.id, text="Hi", client_id="one")
    for message_id in (elsewhere.id, uuid4()):
        with pytest.raises(NotFound):
            async with show.runtime.work() as work:
                await pin_message(work, viewer=show.host, stream_id=show.stream.id, message_id=message_id)
    with pytest.raises(Forbidden):
        async with show.runtime.work() as work:
            await pin_message(work, viewer=ada, stream_id=show.stream.id, message_id=said.id)
    for wanted in (said.id, said.id, None):
        async with show.runtime.work() as work:
            room = await pin_message(work, viewer=show.host, stream_id=show.stream.id, message_id=wanted)
    assert (room.pinned_message_id, room.version) == (None, 2)


async def test_moderators_are_let_in_and_out_by_hosts(show: Show) -> None:
    ada, ben = await show.viewer(), await show.viewer()
    hers, his = await show.say(ada, "Hello"), await show.say(ben, "Hi")
    with pytest.raises(Forbidden):
        async with show.runtime.work() as work:
            await appoint_moderator(work, viewer=ben, message_id=hers.id)
    for _ in range(2):
        async with show.runtime.work() as work:
            (moderator,) = await appoint_moderator(work, viewer=show.host, message_id=hers.id)
    assert moderator.account_id == ada.account_id
    async with show.runtime.work() as work:
        await remove_message(work, viewer=ada, message_id=his.id)
        with pytest.raises(Forbidden):
            await appoint_moderator(work, viewer=ada, message_id=his.id)
        with pytest.raises(Forbidden):
            await time_out_author(work, viewer=show.host, message_id=hers.id, seconds=1)
    with pytest.raises(Forbidden):
        await chat_moderators(show.runtime.reads(), show.stream.id, viewer=ben)
    assert await chat_moderators(show.runtime.reads(), show.stream.id, viewer=ada) == [moderator]
    key = author_key(show.stream.id, ada.account_id)
    async with show.runtime.work() as work:
        assert await dismiss_moderator(work, viewer=show.host, stream_id=show.stream.id, key=key) == []


async def test_rules_change_only_as_they_are_known(show: Show) -> None:
    ada = await show.viewer()
    for viewer, version, rules, refusal in (
        (ada, 0, ChatRules(is_open=False), Forbidden),
        (None, 0, ChatRules(is_open=False), SignInRequired),
        (show.host, 1, ChatRules(is_open=False), StaleVersion),
        (show.host, 0, ChatRules(slow_mode_s=-1), InvalidInput),
        (show.host, 0, ChatRules(slow_mode_s=3_601), InvalidInput),
        (show.host, 0, ChatRules(blocked_words=["..."]), InvalidInput),
    ):
        with pytest.raises(refusal):
            async with show.runtime.work() as work:
                await update_chat(
                    work, viewer=viewer, stream_id=show.stream.id, expected_version=version, rules=rules
                )  # fmt: skip
    assert await show.count("SELECT count(*) FROM chat_rooms") == 0
    assert await told(show) == []


async def test_a_chat_of_a_hidden_title_looks_like_none(show: Show) -> None:
    german = await show.viewer()
    async with show.runtime.work() as work:
        hidden, editor = await create_live_stream(work, territory="FR")
    said = await send_message(show.runtime, viewer=editor, stream_id=hidden.id, text="Salut", client_id="one")

    async def tried(verb: object, **given: object) -> str:
        with pytest.raises(NotFound) as refused:
            async with show.runtime.work() as work:
                await verb(work, viewer=german, **given)  # type: ignore[operator]  # a verb
        return refused.value.message.replace(str(next(iter(given.values()))), "ID")

    for verb in (remove_message, appoint_moderator):
        assert await tried(verb, message_id=said.id) == await tried(verb, message_id=uuid4())
    for stream_id in (hidden.id, UUID(int=0)):
        with pytest.raises(NotFound):
            await send_message(show.runtime, viewer=german, stream_id=stream_id, text="Hallo", client_id="one")
        with pytest.raises(NotFound):
            await chat_history(show.runtime.reads(), stream_id, viewer=german, request=PageRequest(limit=5))
    with pytest.raises(SignInRequired):
        await send_message(show.runtime, viewer=None, stream_id=show.stream.id, text="Hallo", client_id="one")


async def test_history_is_read_page_by_page_from_the_newest_on(show: Show) -> None:
    for number in range(5):
        await show.say(show.host, f"{number}")
    pages, after = [], None
    while True:
        page = await chat_history(
            show.runtime.reads(), show.stream.id, viewer=show.host, request=PageRequest(limit=2, after=after)
        )
        pages.append([message.text for message in page.items])
        if not page.has_next:
            break
        after = page.cursors[-1]
    assert pages == [["4", "3"], ["2", "1"], ["0"]]
    for request in (PageRequest(limit=2, after="garbage"), PageRequest(limit=2, backwards=True)):
        with pytest.raises(InvalidInput):
            await chat_history(show.runtime.reads(), show.stream.id, viewer=show.host, request=request)


async def test_what_a_person_wrote_goes_with_the_person(show: Show) -> None:
    ada = await show.viewer()
    said = await show.say(ada, "My address is 1 Main Street")
    async with show.runtime.work() as work:
        await pin_message(work, viewer=show.host, stream_id=show.stream.id, message_id=said.id)
        await appoint_moderator(work, viewer=show.host, message_id=said.id)
    person = Person(ada.account_id, [ada.profile_id])
    async with show.runtime.work() as work:
        for data in PERSONAL:
            if data.table.startswith("chat_"):
                await erase_rows(work.connection, data, person)
    for table in ("chat_messages", "chat_talkers", "chat_moderators"):
        assert await show.count(f"SELECT count(*) FROM {table}") == 0
    assert await show.count("SELECT count(*) FROM facts WHERE encode(body, 'escape') LIKE '%Main Street%'") == 0
    assert await visible_messages(show.runtime.reads(), [said.id], viewer=show.host) == [None]


async def test_old_messages_are_pruned_but_pinned_ones(show: Show) -> None:
    pinned, old = await show.say(show.host, "Pinned"), await show.say(show.host, "Old")
    async with show.runtime.work() as work:
        await pin_message(work, viewer=show.host, stream_id=show.stream.id, message_id=pinned.id)
    show.clock.advance(100)
    new = await show.say(show.host, "New")
    async with show.runtime.work() as work:
        assert (
            await prune_messages(work, kept=show.clock() - old.sent_at - (show.clock() - new.sent_at) / 2, limit=9) == 0
        )
    show.clock.advance(1)
    async with show.runtime.work() as work:
        assert await prune_messages(work, kept=show.clock() - new.sent_at, limit=9) == 1
    assert await texts(show) == ["Pinned", "New"]
