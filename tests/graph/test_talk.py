"""Chat, questions and reactions in the graph."""

from typing import Any
from uuid import uuid4

import pytest

from domain.engagement.reactions import DEFAULT_EMOJIS, reaction_counter
from domain.live import Stream
from graph.global_ids import Kind, global_id
from tests.graph.asking import change
from tests.graph.test_websocket import Talk, talk, token
from tests.graph_scene import GraphScene, Person
from tests.live_streams import create_live_stream

MESSAGE = "chatMessage { id text authorName authorKey isByStaff isRemoved }"
SEND = change("sendChatMessage", "ChatMessageSent", MESSAGE, "... on SlowMode { retryAfterSeconds }")
REMOVE = change("removeChatMessage", "ChatMessageRemoved", MESSAGE)
TIME_OUT = change("timeOutAuthor", "AuthorTimedOut", "chatMessage { id }")
PIN = change("pinChatMessage", "ChatMessagePinned", "chat { pinnedMessage { text } version }")
UPDATE = change("updateChat", "ChatUpdated", "chat { isOpen slowModeSeconds plans version }")
APPOINT = change("appointModerator", "ModeratorAppointed", "moderators { name authorKey }")
DISMISS = change("dismissModerator", "ModeratorDismissed", "moderators { authorKey }")
ASK = change("askQuestion", "QuestionAsked", "question { id text state version }")
UPVOTE = change("upvoteQuestion", "QuestionUpvoted", "question { upvotes }")
MODERATE = change("moderateQuestion", "QuestionModerated", "question { state isPinned version }")
REACT = change("sendReaction", "ReactionSent", "emoji")
CHOOSE = change("chooseReactions", "ReactionsChosen", "reactions { emojis version }")
CHAT = """
subscription Talk($id: ID!, $since: String) {
  chat(streamId: $id, since: $since) {
    __typename
    ... on ChatSnapshot { chat { isOpen version } messages { text } }
    ... on ChatMessages { messages { text authorName authorKey isByStaff } }
    ... on ChatMessagesGone { messageIds }
    ... on ChatUpdate { chat { slowModeSeconds pinnedMessage { text } } }
  }
}
"""
QUESTIONS = "subscription($id: ID!) { topQuestions(streamId: $id) { questions { text upvotes isPinned authorName } } }"
RATES = """
subscription($id: ID!) {
  streamEvents(streamId: $id) { __typename ... on ReactionRates { rates { emoji perSecond } } }
}
"""


async def a_show(scene: GraphScene, territory: str = "*") -> tuple[Stream, Person, str]:
    """Go live; return the stream, an editor, and its id as clients have it."""
    async with scene.runtime.work() as work:
        made, _ = await create_live_stream(work, territory=territory)
    return made, await scene.editor(), global_id(Kind.STREAM, made.id)


async def does(scene: GraphScene, operation: str, by: Person, **input: Any) -> Any:
    """Send a mutation and return its answer."""
    (answer,) = (await scene.data(operation, {"input": input}, by=by)).values()
    return answer


async def heard(socket: Talk) -> dict[str, Any]:
    """The next event."""
    message = await socket.hear()
    assert message["type"] == "next", message
    payload: dict[str, Any] = message["payload"]
    return payload


async def says(scene: GraphScene, by: Person, id: str, text: str) -> Any:
    return await does(scene, SEND, by, streamId=id, text=text, clientId=uuid4().hex)


async def test_everybody_is_told_what_is_said_and_what_becomes_of_it(scene: GraphScene) -> None:
    _, editor, id = await a_show(scene)
    ada = await scene.person()
    await says(scene, editor, id, "Welcome")
    async with talk(scene) as socket:
        await socket.open()
        await socket.subscribe("1", CHAT, id=id)
        begun = await heard(socket)
        snapshot = {
            "__typename": "ChatSnapshot", "chat": {"isOpen": True, "version": 0}, "messages": [{"text": "Welcome"}],
        }  # fmt: skip
        assert begun["data"]["chat"] == snapshot
        message = (await says(scene, ada, id, "Hello"))["chatMessage"]
        assert message["text"] == "Hello"
        told = (await heard(socket))["data"]["chat"]
        assert told["messages"] == [
            {"text": "Hello", "authorName": "Ada", "authorKey": message["authorKey"], "isByStaff": False}
        ]
        assert (await does(scene, PIN, editor, streamId=id, chatMessageId=message["id"]))["chat"]["version"] == 1
        told = (await heard(socket))["data"]["chat"]
        assert told["chat"] == {"slowModeSeconds": 0, "pinnedMessage": {"text": "Hello"}}
        removed = (await does(scene, REMOVE, ada, chatMessageId=message["id"]))["chatMessage"]
        assert (removed["text"], removed["isRemoved"]) == (None, True)
        kinds = [await heard(socket) for _ in range(2)]
        assert kinds[0]["data"]["chat"] == {"__typename": "ChatMessagesGone", "messageIds": [message["id"]]}
        assert kinds[1]["data"]["chat"]["chat"]["pinnedMessage"] is None
        # Whoever comes back is told the same, in the end that it is gone.
        await socket.subscribe("2", CHAT, id=id, since=begun["extensions"]["position"])
        again = [(await heard(socket))["data"]["chat"] for _ in range(4)]
        assert [one["__typename"] for one in again] == ["ChatMessages", "ChatUpdate", "ChatMessagesGone", "ChatUpdate"]


async def test_the_log_has_no_text_of_what_was_removed(scene: GraphScene) -> None:
    _, _, id = await a_show(scene)
    ada = await scene.person()
    async with talk(scene) as socket:
        await socket.open()
        first, second = [(await says(scene, ada, id, text))["chatMessage"] for text in ("First", "Second")]
        await socket.subscribe("1", CHAT, id=id)
        since = (await heard(socket))["extensions"]["position"].partition(":")[0] + ":0"
    await does(scene, REMOVE, ada, chatMessageId=first["id"])
    async with talk(scene) as socket:
        await socket.open()
        await socket.subscribe("1", CHAT, id=id, since=since)
        told = [(await heard(socket))["data"]["chat"] for _ in range(3)]
    assert [one.get("messages") for one in told[:1]] == [[]]
    assert [message["text"] for message in told[1]["messages"]] == ["Second"]
    assert told[2]["messageIds"] == [first["id"]] != [second["id"]]


async def test_history_is_read_by_whoever_may_find_the_show(scene: GraphScene) -> None:
    _, editor, id = await a_show(scene, territory="FR")
    for text in ("1", "2", "3"):
        await says(scene, editor, id, text)
    query = """query($id: ID!, $after: String) {
      chatHistory(streamId: $id, first: 2, after: $after) { nodes { text } pageInfo { hasNextPage endCursor } }
    }"""
    first = (await scene.data(query, {"id": id}, by=editor))["chatHistory"]
    assert [node["text"] for node in first["nodes"]] == ["3", "2"]
    after = first["pageInfo"]["endCursor"]
    rest = (await scene.data(query, {"id": id, "after": after}, by=editor))["chatHistory"]
    assert ([node["text"] for node in rest["nodes"]], rest["pageInfo"]["hasNextPage"]) == (["1"], False)
    german = await scene.person(territory="DE")
    for hidden in (id, global_id(Kind.STREAM, uuid4()), "garbage"):
        answer = await scene.ask(query, {"id": hidden}, by=german)
        assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND"
        assert (await says(scene, german, hidden, "Hallo"))["code"] == "NOT_FOUND"
        async with talk(scene) as socket:
            await socket.open(**token(german))
            await socket.subscribe("1", CHAT, id=hidden)
            message = await socket.hear()
            assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "NOT_FOUND")


async def test_a_message_is_found_by_its_id_where_its_show_is(scene: GraphScene) -> None:
    _, editor, id = await a_show(scene, territory="FR")
    message_id = (await says(scene, editor, id, "Salut"))["chatMessage"]["id"]
    query = "query($id: ID!) { node(id: $id) { id ... on ChatMessage { text streamId } } }"
    found = {"id": message_id, "text": "Salut", "streamId": id}
    assert (await scene.data(query, {"id": message_id}, by=await scene.person(territory="FR")))["node"] == found
    assert (await scene.data(query, {"id": message_id}, by=await scene.person(territory="DE")))["node"] is None


async def test_moderators_keep_order(scene: GraphScene) -> None:
    _, editor, id = await a_show(scene)
    ada, ben = await scene.person(), await scene.person()
    rules = {"slowModeSeconds": 60, "plans": [], "blockedWords": ["badword"], "isOpen": True}
    updated = (await does(scene, UPDATE, editor, streamId=id, expectedVersion=0, **rules))["chat"]
    assert updated == {"isOpen": True, "slowModeSeconds": 60, "plans": [], "version": 1}
    assert (await does(scene, UPDATE, editor, streamId=id, expectedVersion=0))["code"] == "STALE_VERSION"
    assert (await does(scene, UPDATE, ada, streamId=id, expectedVersion=1))["code"] == "FORBIDDEN"
    assert (await says(scene, ada, id, "a b4dword"))["code"] == "WORDS_BLOCKED"
    message = (await says(scene, ada, id, "Hello"))["chatMessage"]
    slow = await says(scene, ada, id, "Hello again")
    assert (slow["code"], 0 < slow["retryAfterSeconds"] <= 60) == ("SLOW_MODE", True)
    named = {"chatMessageId": message["id"]}
    assert (await does(scene, TIME_OUT, ben, **named, seconds=60))["code"] == "FORBIDDEN"
    assert "chatMessage" in await does(scene, TIME_OUT, editor, **named, seconds=60)
    assert (await says(scene, ada, id, "Hello"))["code"] == "TIMED_OUT"
    await does(scene, TIME_OUT, editor, **named, seconds=0)
    (moderator,) = (await does(scene, APPOINT, editor, **named))["moderators"]
    assert moderator == {"name": "Ada", "authorKey": message["authorKey"]}
    query = "query($id: ID!) { chatModeration(streamId: $id) { moderators { name } blockedWords } }"
    seen = (await scene.data(query, {"id": id}, by=ada))["chatModeration"]
    assert seen == {"moderators": [{"name": "Ada"}], "blockedWords": ["badword"]}
    gone = await does(scene, DISMISS, editor, streamId=id, authorKey=moderator["authorKey"])
    assert gone["moderators"] == []
    assert (await scene.ask(query, {"id": id}, by=ada))["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_questions_are_asked_upvoted_and_followed(scene: GraphScene) -> None:
    _, editor, id = await a_show(scene)
    ada, ben = await scene.person(), await scene.person()
    async with talk(scene) as socket:
        await socket.open()
        await socket.subscribe("1", QUESTIONS, id=id)
        assert (await heard(socket))["data"]["topQuestions"]["questions"] == []
        asked = (await does(scene, ASK, ada, streamId=id, text="Why?", clientId="one"))["question"]
        assert (asked["text"], asked["state"], asked["version"]) == ("Why?", "PENDING", 1)
        assert (await does(scene, UPVOTE, ben, questionId=asked["id"]))["code"] == "NOT_FOUND"
        moderation = {"questionId": asked["id"], "expectedVersion": 1, "state": "APPROVED", "isPinned": True}
        assert (await does(scene, MODERATE, ben, **moderation))["code"] == "NOT_FOUND"
        assert (await does(scene, MODERATE, ada, **moderation))["code"] == "FORBIDDEN"
        moderated = (await does(scene, MODERATE, editor, **moderation))["question"]
        assert moderated == {"state": "APPROVED", "isPinned": True, "version": 2}
        shown = {"text": "Why?", "upvotes": 0, "isPinned": True, "authorName": "Ada"}
        assert (await heard(socket))["data"]["topQuestions"]["questions"] == [shown]
        for _ in range(2):
            assert (await does(scene, UPVOTE, ben, questionId=asked["id"]))["question"]["upvotes"] == 1
        assert (await heard(socket))["data"]["topQuestions"]["questions"] == [{**shown, "upvotes": 1}]
    own = "query($id: ID!) { ownQuestions(streamId: $id) { asked { text } upvotedIds } }"
    assert (await scene.data(own, {"id": id}, by=ben))["ownQuestions"] == {"asked": [], "upvotedIds": [asked["id"]]}
    assert (await scene.data(own, {"id": id}, by=ada))["ownQuestions"]["asked"] == [{"text": "Why?"}]
    listed = "query($id: ID!) { questions(streamId: $id, states: [PENDING, HIDDEN]) { nodes { text } } }"
    assert (await scene.data(listed, {"id": id}, by=editor))["questions"]["nodes"] == []
    assert (await scene.ask(listed, {"id": id}, by=ben))["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_taps_are_told_as_rates(scene: GraphScene) -> None:
    _, editor, id = await a_show(scene)
    ada, heart = await scene.person(), DEFAULT_EMOJIS[0]
    async with talk(scene) as socket:
        await socket.open()
        await socket.subscribe("1", RATES, id=id)
        chosen = await does(scene, CHOOSE, editor, streamId=id, expectedVersion=0, emojis=[heart])
        assert chosen["reactions"] == {"emojis": [heart], "version": 1}
        assert (await does(scene, REACT, ada, streamId=id, emoji="💩"))["code"] == "NO_SUCH_REACTION"
        assert (await does(scene, REACT, ada, streamId=id, emoji=heart, taps=10))["emoji"] == heart
        while True:
            event = (await heard(socket))["data"]["streamEvents"]
            if event["__typename"] == "ReactionRates" and event["rates"][0]["perSecond"]:
                break
        assert event["rates"] == [{"emoji": heart, "perSecond": 2.0}]
    counter = reaction_counter(scene.runtime)
    await counter.write()
    query = "query($id: ID!) { liveStream(id: $id) { reactions { emojis } chat { isOpen } } }"
    shown = (await scene.data(query, {"id": id}, by=ada))["liveStream"]
    assert shown == {"reactions": {"emojis": [heart]}, "chat": {"isOpen": True}}


@pytest.mark.parametrize("operation", [SEND, ASK, REACT])
async def test_texts_that_are_none_are_refused(scene: GraphScene, operation: str) -> None:
    _, _, id = await a_show(scene)
    ada = await scene.person()
    for text in ("", "\u202eevil", "a\x00b", "x" * 2_000):
        given = {"emoji": text} if operation is REACT else {"text": text, "clientId": "one"}
        code = (await does(scene, operation, ada, streamId=id, **given))["code"]
        assert code == ("NO_SUCH_REACTION" if operation is REACT else "INVALID_INPUT")
