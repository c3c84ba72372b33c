"""Chat: each message once, told to all, held to the rules of its room, and gone when it is taken away."""

import asyncio
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from domain.accounts import Role
from domain.engagement.chat import ChatClosed, PlanRequired, SlowMode, TimedOut, WordsBlocked, author_key, chat_topic
from domain.engagement.chat_reading import chat_history, chat_moderation, newest_messages, visible_messages
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
from domain.engagement.store import chat as store
from domain.entitlements import Plan
from domain.kernel.group_commit import GroupCommits
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
from tests.live_streams import create_live_stream
from tests.talk_scene import TalkShow
from workers.personal import PERSONAL


async def ruled(talk: TalkShow, version: int = 0, **rules: object) -> None:
    async with talk.work() as work:
        await update_chat(
            work, viewer=talk.host, stream_id=talk.stream.id, expected_version=version, rules=ChatRules(**rules)  # type: ignore[arg-type]  # as given
        )  # fmt: skip


async def texts(talk: TalkShow) -> list[str]:
    return [message.text for message in await newest_messages(talk.reads(), talk.stream.id)]


async def told(talk: TalkShow) -> list[tuple[str, object]]:
    return [(fact.kind, fact.body.get("message_ids")) for fact in await talk.facts(chat_topic(talk.stream.id))]


async def test_a_message_is_kept_and_announced_by_its_id_alone(talk: TalkShow) -> None:
    ada = await talk.viewer()
    sent = await talk.say(ada, " Hello \U0001f44b ")
    assert (sent.text, sent.is_by_staff, sent.media_time) == ("Hello \U0001f44b", False, talk.clock())
    assert await texts(talk) == ["Hello \U0001f44b"]
    assert await told(talk) == [("ChatMessagesSent", [str(sent.id)])]
    assert await visible_messages(talk.reads(), [sent.id, uuid4()], viewer=ada) == [sent, None]


async def test_a_message_that_is_sent_again_is_there_once(talk: TalkShow) -> None:
    ada, ben = await talk.viewer(), await talk.viewer()
    sent = await asyncio.gather(*(talk.say(ada, f"Hello {number}", "one") for number in range(3)))
    assert len({message.id for message in sent}) == 1
    assert (await talk.say(ben, "Hello", "one")).id != sent[0].id
    assert await talk.count("SELECT count(*) FROM chat_messages") == 2
    # Rules that came since have no say about what was sent before.
    await ruled(talk, slow_mode_s=60)
    assert (await talk.say(ada, "Hello 0", "one")).id == sent[0].id


async def test_messages_of_one_moment_are_one_fact(talk: TalkShow) -> None:
    people = [await talk.viewer() for _ in range(8)]
    sent = await asyncio.gather(*(talk.say(one, "Hello") for one in people))
    facts = await told(talk)
    assert sorted(id for _, ids in facts for id in ids) == sorted(str(message.id) for message in sent)  # type: ignore[attr-defined]  # a list
    assert len(facts) < len(people)


@pytest.mark.parametrize("text", ["", "  ", "a" * 501, "x" * 100_000, "a\x00b", "a\nb", "\u202eabc", "\u200b"])
async def test_what_is_no_text_is_refused(talk: TalkShow, text: str) -> None:
    ada = await talk.viewer()
    with pytest.raises(InvalidInput):
        await send_message(talk.runtime, viewer=ada, stream_id=talk.stream.id, text=text, client_id="one")
    for name in ("", "x" * 65, "a\x00", "\u00e9"):
        with pytest.raises(InvalidInput):
            await send_message(talk.runtime, viewer=ada, stream_id=talk.stream.id, text="Hi", client_id=name)
    assert await talk.count("SELECT count(*) FROM chat_messages") == 0


async def test_floods_are_stopped_and_flow_again_with_time(talk: TalkShow) -> None:
    ada = await talk.viewer()
    for number in range(MESSAGES_AT_ONCE):
        await talk.say(ada, f"{number}")
    with pytest.raises(RateLimited) as limited:
        await talk.say(ada, "more")
    assert limited.value.retry_after_s == 2.0
    talk.clock.advance(2)
    await talk.say(ada, "more")
    with pytest.raises(RateLimited):
        await talk.say(ada, "even more")
    await talk.say(talk.host, "Hosts are not held to it")


async def test_slow_mode_keeps_messages_of_one_writer_apart(talk: TalkShow) -> None:
    ada, ben = await talk.viewer(), await talk.viewer()
    await ruled(talk, slow_mode_s=30)
    await talk.say(ada, "1")
    talk.clock.advance(10)
    with pytest.raises(SlowMode) as slow:
        await talk.say(ada, "2")
    assert slow.value.retry_after_s == 20.0
    await talk.say(ben, "3")
    for number in range(3):
        await talk.say(talk.host, f"Host {number}")
    talk.clock.advance(20)
    await talk.say(ada, "2")
    assert await texts(talk) == ["1", "3", "Host 0", "Host 1", "Host 2", "2"]


async def test_two_messages_at_once_do_not_slip_through_slow_mode(talk: TalkShow) -> None:
    ada = await talk.viewer()
    await ruled(talk, slow_mode_s=30)
    outcomes = await asyncio.gather(*(talk.say(ada, f"{number}") for number in range(4)), return_exceptions=True)
    assert sum(isinstance(outcome, SlowMode) for outcome in outcomes) == 3
    assert await talk.count("SELECT count(*) FROM chat_messages") == 1


@pytest.mark.parametrize("is_broken", [False, True])
async def test_processes_do_not_let_a_writer_slip_through_between_them(
    talk: TalkShow, is_broken: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if is_broken:
        guard = "AND (t.last_sent_at IS NULL OR t.last_sent_at + $4::interval <= $3)"
        assert guard in store._ADMIT
        monkeypatch.setattr(store, "_ADMIT", store._ADMIT.replace(guard, "AND $4::interval IS NOT NULL"))
    ada = await talk.viewer()
    await ruled(talk, slow_mode_s=30)
    processes = [replace(talk, commits=GroupCommits()) for _ in range(4)]
    said = [one.say(ada, f"{number}") for number, one in enumerate(processes)]
    outcomes = await asyncio.gather(*said, return_exceptions=True)
    sent = await talk.count("SELECT count(*) FROM chat_messages")
    assert (sent == 1) is not is_broken
    assert sum(isinstance(outcome, SlowMode) for outcome in outcomes) == 4 - sent


async def test_processes_that_are_sent_the_same_message_write_it_once(talk: TalkShow) -> None:
    ada = await talk.viewer()
    processes = [replace(talk, commits=GroupCommits()) for _ in range(4)]
    sent = await asyncio.gather(*(one.say(ada, "Hello", "one") for one in processes))
    assert len({message.id for message in sent}) == 1
    assert await talk.count("SELECT count(*) FROM chat_messages") == 1
    assert sum(len(ids) for kind, ids in await told(talk)) == 1  # type: ignore[arg-type]  # lists


async def test_a_chat_for_members_takes_only_their_words(talk: TalkShow) -> None:
    ada, ben = await talk.viewer(), await talk.viewer(plan=Plan.PREMIUM)
    await ruled(talk, plans=[Plan.PREMIUM])
    with pytest.raises(PlanRequired) as refused:
        await talk.say(ada, "Hello")
    assert refused.value.plans == (Plan.PREMIUM,)
    await talk.say(ben, "Hello")
    await ruled(talk, 1, plans=[])
    await talk.say(ada, "Hello")


async def test_blocked_words_are_refused_but_to_staff(talk: TalkShow) -> None:
    ada = await talk.viewer()
    await ruled(talk, blocked_words=["badword"])
    for number, text in enumerate(("BADWORD", "b\u0430d\u200cw0rd")):
        with pytest.raises(WordsBlocked):
            await talk.say(ada, text, f"{number}")
    await talk.say(talk.host, "badword")
    assert await texts(talk) == ["badword"]


async def test_a_closed_chat_takes_words_of_staff_only_and_that_of_an_ended_show_none(talk: TalkShow) -> None:
    ada = await talk.viewer()
    await ruled(talk, is_open=False)
    with pytest.raises(ChatClosed):
        await talk.say(ada, "Hello")
    await talk.say(talk.host, "Back soon")
    await ruled(talk, 1, is_open=True)
    async with talk.work() as work:
        await end_stream(work, viewer=talk.host, stream_id=talk.stream.id, expected_version=talk.stream.version)
    for one in (ada, talk.host):
        with pytest.raises(ChatClosed):
            await talk.say(one, "Good night")


async def test_who_is_silenced_writes_again_when_the_time_is_over(talk: TalkShow) -> None:
    ada, host = await talk.viewer(), talk.host
    first, second = await talk.say(ada, "Rude"), await talk.say(ada, "Ruder")
    async with talk.work() as work:
        await time_out_author(work, viewer=host, message_id=first.id, seconds=60, removes_messages=True)
    with pytest.raises(TimedOut):
        await talk.say(ada, "Hello")
    assert await texts(talk) == []
    assert await talk.count("SELECT count(*) FROM chat_messages WHERE text <> ''") == 0
    assert (await told(talk))[-1] == ("ChatMessagesRemoved", [str(first.id), str(second.id)])
    talk.clock.advance(60)
    await talk.say(ada, "Sorry")
    async with talk.work() as work:
        await time_out_author(work, viewer=host, message_id=first.id, seconds=60)
        await time_out_author(work, viewer=host, message_id=first.id, seconds=0)
    await talk.say(ada, "Thanks")


async def test_staff_cannot_be_silenced(talk: TalkShow) -> None:
    other = await talk.viewer(Role.HOST)
    said = await talk.say(other, "I run this too")
    async with talk.work() as work:
        with pytest.raises(Forbidden):
            await time_out_author(work, viewer=talk.host, message_id=said.id, seconds=60)
        with pytest.raises(InvalidInput):
            await time_out_author(work, viewer=talk.host, message_id=said.id, seconds=86_401)
    await talk.say(other, "Still here")


async def test_a_message_is_removed_by_its_author_or_a_moderator_and_its_text_is_gone(talk: TalkShow) -> None:
    ada, ben = await talk.viewer(), await talk.viewer()
    first, second = await talk.say(ada, "First"), await talk.say(ada, "Second")
    async with talk.work() as work:
        await pin_message(work, viewer=talk.host, stream_id=talk.stream.id, message_id=first.id)
    async with talk.work() as work:
        with pytest.raises(Forbidden):
            await remove_message(work, viewer=ben, message_id=first.id)
    for viewer, message in ((ada, first), (talk.host, second), (talk.host, second)):
        async with talk.work() as work:
            removed = await remove_message(work, viewer=viewer, message_id=message.id)
        assert (removed.text, removed.is_removed) == ("", True)
    assert [kind for kind, _ in await told(talk)] == [
        "ChatMessagesSent", "ChatMessagesSent", "ChatRoomChanged", "ChatMessagesRemoved", "ChatRoomChanged",
        "ChatMessagesRemoved",
    ]  # fmt: skip
    assert await talk.count("SELECT count(*) FROM chat_rooms WHERE pinned_message_id IS NOT NULL") == 0
    assert await talk.count("SELECT count(*) FROM facts WHERE encode(body, 'escape') LIKE '%First%'") == 0


async def test_only_what_is_there_is_pinned(talk: TalkShow) -> None:
    ada = await talk.viewer()
    said = await talk.say(ada, "Hello")
    async with talk.work() as work:
        other, _ = await create_live_stream(work)
    elsewhere = await send_message(talk.runtime, viewer=ada, stream_id=other.id, text="Hi", client_id="one")
    for message_id in (elsewhere.id, uuid4()):
        with pytest.raises(NotFound):
            async with talk.work() as work:
                await pin_message(work, viewer=talk.host, stream_id=talk.stream.id, message_id=message_id)
    with pytest.raises(Forbidden):
        async with talk.work() as work:
            await pin_message(work, viewer=ada, stream_id=talk.stream.id, message_id=said.id)
    for wanted in (said.id, said.id, None):
        async with talk.work() as work:
            room = await pin_message(work, viewer=talk.host, stream_id=talk.stream.id, message_id=wanted)
    assert (room.pinned_message_id, room.version) == (None, 2)


async def test_moderators_are_let_in_and_out_by_hosts(talk: TalkShow) -> None:
    ada, ben = await talk.viewer(), await talk.viewer()
    hers, his = await talk.say(ada, "Hello"), await talk.say(ben, "Hi")
    with pytest.raises(Forbidden):
        async with talk.work() as work:
            await appoint_moderator(work, viewer=ben, message_id=hers.id)
    for _ in range(2):
        async with talk.work() as work:
            (moderator,) = await appoint_moderator(work, viewer=talk.host, message_id=hers.id)
    assert moderator.account_id == ada.account_id
    async with talk.work() as work:
        await remove_message(work, viewer=ada, message_id=his.id)
        with pytest.raises(Forbidden):
            await appoint_moderator(work, viewer=ada, message_id=his.id)
        with pytest.raises(Forbidden):
            await time_out_author(work, viewer=talk.host, message_id=hers.id, seconds=1)
    with pytest.raises(Forbidden):
        await chat_moderation(talk.reads(), talk.stream.id, viewer=ben)
    assert (await chat_moderation(talk.reads(), talk.stream.id, viewer=ada)).moderators == (moderator,)
    key = author_key(talk.stream.id, ada.account_id)
    async with talk.work() as work:
        assert await dismiss_moderator(work, viewer=talk.host, stream_id=talk.stream.id, key=key) == []


async def test_rules_change_only_as_they_are_known(talk: TalkShow) -> None:
    ada = await talk.viewer()
    for viewer, version, rules, refusal in (
        (ada, 0, ChatRules(is_open=False), Forbidden),
        (None, 0, ChatRules(is_open=False), SignInRequired),
        (talk.host, 1, ChatRules(is_open=False), StaleVersion),
        (talk.host, 0, ChatRules(slow_mode_s=-1), InvalidInput),
        (talk.host, 0, ChatRules(slow_mode_s=3_601), InvalidInput),
        (talk.host, 0, ChatRules(blocked_words=["..."]), InvalidInput),
    ):
        with pytest.raises(refusal):
            async with talk.work() as work:
                await update_chat(
                    work, viewer=viewer, stream_id=talk.stream.id, expected_version=version, rules=rules
                )  # fmt: skip
    assert await talk.count("SELECT count(*) FROM chat_rooms") == 0
    assert await told(talk) == []


async def test_a_chat_of_a_hidden_title_looks_like_none(talk: TalkShow) -> None:
    german = await talk.viewer()
    async with talk.work() as work:
        hidden, editor = await create_live_stream(work, territory="FR")
    said = await send_message(talk.runtime, viewer=editor, stream_id=hidden.id, text="Salut", client_id="one")

    async def tried(verb: object, **given: object) -> str:
        with pytest.raises(NotFound) as refused:
            async with talk.work() as work:
                await verb(work, viewer=german, **given)  # type: ignore[operator]  # a verb
        return refused.value.message.replace(str(next(iter(given.values()))), "ID")

    for verb in (remove_message, appoint_moderator):
        assert await tried(verb, message_id=said.id) == await tried(verb, message_id=uuid4())
    for stream_id in (hidden.id, UUID(int=0)):
        with pytest.raises(NotFound):
            await send_message(talk.runtime, viewer=german, stream_id=stream_id, text="Hallo", client_id="one")
        with pytest.raises(NotFound):
            await chat_history(talk.reads(), stream_id, viewer=german, request=PageRequest(limit=5))
    with pytest.raises(SignInRequired):
        await send_message(talk.runtime, viewer=None, stream_id=talk.stream.id, text="Hallo", client_id="one")


async def test_history_is_read_page_by_page_from_the_newest_on(talk: TalkShow) -> None:
    for number in range(5):
        await talk.say(talk.host, f"{number}")
    pages, after = [], None
    while True:
        page = await chat_history(
            talk.reads(), talk.stream.id, viewer=talk.host, request=PageRequest(limit=2, after=after)
        )
        pages.append([message.text for message in page.items])
        if not page.has_next:
            break
        after = page.cursors[-1]
    assert pages == [["4", "3"], ["2", "1"], ["0"]]
    for request in (PageRequest(limit=2, after="garbage"), PageRequest(limit=2, backwards=True)):
        with pytest.raises(InvalidInput):
            await chat_history(talk.reads(), talk.stream.id, viewer=talk.host, request=request)


async def test_what_a_person_wrote_goes_with_the_person(talk: TalkShow) -> None:
    ada = await talk.viewer()
    said = await talk.say(ada, "My address is 1 Main Street")
    async with talk.work() as work:
        await pin_message(work, viewer=talk.host, stream_id=talk.stream.id, message_id=said.id)
        await appoint_moderator(work, viewer=talk.host, message_id=said.id)
    person = Person(ada.account_id, [ada.profile_id])
    async with talk.work() as work:
        for data in PERSONAL:
            if data.table.startswith("chat_"):
                await erase_rows(work.connection, data, person)
    for table in ("chat_messages", "chat_talkers", "chat_moderators"):
        assert await talk.count(f"SELECT count(*) FROM {table}") == 0
    assert await talk.count("SELECT count(*) FROM facts WHERE encode(body, 'escape') LIKE '%Main Street%'") == 0
    assert await visible_messages(talk.reads(), [said.id], viewer=talk.host) == [None]


async def test_old_messages_are_pruned_but_pinned_ones(talk: TalkShow) -> None:
    pinned, old = await talk.say(talk.host, "Pinned"), await talk.say(talk.host, "Old")
    async with talk.work() as work:
        await pin_message(work, viewer=talk.host, stream_id=talk.stream.id, message_id=pinned.id)
    talk.clock.advance(100)
    new = await talk.say(talk.host, "New")
    async with talk.work() as work:
        assert (
            await prune_messages(work, kept=talk.clock() - old.sent_at - (talk.clock() - new.sent_at) / 2, limit=9) == 0
        )
    talk.clock.advance(1)
    async with talk.work() as work:
        assert await prune_messages(work, kept=talk.clock() - new.sent_at, limit=9) == 1
    assert await texts(talk) == ["Pinned", "New"]
