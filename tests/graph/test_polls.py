"""Polls in the graph: from the host's desk to everybody's screen and back."""

import asyncio
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from domain.engagement import turn_poll
from domain.live import Stream
from graph.global_ids import Kind, global_id, parse_global_id
from tests.graph.asking import change
from tests.graph.test_websocket import talk, token
from tests.graph_scene import GraphScene, Person
from tests.live_streams import create_live_stream

HOSTED = """poll {
  poll { id state version question language kind minChoices maxChoices finalAt options { id number label isRight } }
  rightOptionIds tally { voters options { optionId votes } average } undoUntil
}"""
CREATE = change("createPoll", "PollCreated", HOSTED)
CAST = change(
    "castVote",
    "VoteCast",
    "vote { optionIds weight stake tally { voters options { votes } } }",
    "... on NotEligible { missing }",
)
TALLY = "subscription($id: ID!) { pollTally(pollId: $id) { voters options { votes } } }"
EVENTS = """subscription($id: ID!) { streamEvents(streamId: $id) {
  __typename
  ... on PollUpdate { pollId poll { state tally { voters } } }
  ... on TallyUpdate { pollId tally { voters options { votes } } }
} }"""


def act(name: str) -> str:
    return change(name, "PollMoved", HOSTED, "... on ResultsNotFinal { finalAt }" if name == "revealPoll" else "")


def asked(kind: str = "SINGLE", **rules: Any) -> dict[str, Any]:
    answers = [{"label": [{"language": "en", "text": text}]} for text in ("Red", "Blue")]
    words = [{"language": "en", "text": "Which?"}, {"language": "de", "text": "Welche?"}]
    return {"kind": kind, "question": words, "options": answers, **rules}


@dataclass
class Desk:
    """A host with a live stream."""

    scene: GraphScene
    stream: Stream
    host: Person

    @property
    def stream_id(self) -> str:
        return global_id(Kind.STREAM, self.stream.id)

    async def create(self, **poll: Any) -> dict[str, Any]:
        values = {"input": {"streamId": self.stream_id, "poll": asked(**poll)}}
        made: dict[str, Any] = (await self.scene.data(CREATE, values, by=self.host))["createPoll"]["poll"]["poll"]
        return made

    async def act(self, name: str, poll: dict[str, Any], **given: Any) -> dict[str, Any]:
        values = {"pollId": poll["id"], "expectedVersion": poll["version"], **given}
        answer: dict[str, Any] = (await self.scene.data(act(name), {"input": values}, by=self.host))[name]
        return answer

    async def opened(self, **poll: Any) -> dict[str, Any]:
        answer = await self.act("openPoll", await self.create(**poll))
        opened: dict[str, Any] = answer["poll"]["poll"]
        return opened

    async def vote(self, voter: Person | None, poll: dict[str, Any], *numbers: int, **given: Any) -> dict[str, Any]:
        values = {
            "pollId": poll["id"], "optionIds": [poll["options"][number - 1]["id"] for number in numbers], **given,
        }  # fmt: skip
        answer: dict[str, Any] = (await self.scene.data(CAST, {"input": values}, by=voter))["castVote"]
        return answer


async def begin(scene: GraphScene) -> Desk:
    async with scene.runtime.work() as work:
        stream, _ = await create_live_stream(work)
    return Desk(scene, stream, await scene.editor())


async def test_a_poll_is_asked_answered_locked_and_revealed(fresh_scene: GraphScene) -> None:
    desk, (one, two) = await begin(fresh_scene), [await fresh_scene.person() for _ in range(2)]
    draft = await desk.create(reveal="AFTER_VOTE")
    look = "query($id: ID!) { poll(id: $id) { state question tally { voters } } ownVote(pollId: $id) { optionIds } }"
    assert await fresh_scene.data(look, {"id": draft["id"]}, by=one) == {"poll": None, "ownVote": None}
    assert (await desk.vote(one, draft, 1))["code"] == "NOT_FOUND"
    opened = (await desk.act("openPoll", draft))["poll"]
    assert (opened["poll"]["state"], opened["poll"]["version"], opened["undoUntil"] is None) == ("OPEN", 2, False)
    cast = await desk.vote(one, draft, 2)
    red, blue = (option["id"] for option in draft["options"])
    assert cast["vote"] == {
        "optionIds": [blue], "weight": 1, "stake": 0, "tally": {"voters": 1, "options": [{"votes": 0}, {"votes": 1}]},
    }  # fmt: skip
    await desk.vote(two, draft, 1)
    assert await fresh_scene.data(look, {"id": draft["id"]}, by=two) == {
        "poll": {"state": "OPEN", "question": "Which?", "tally": None}, "ownVote": {"optionIds": [red]},
    }  # fmt: skip
    locked = (await desk.act("lockPoll", opened["poll"]))["poll"]["poll"]
    early = await desk.act("revealPoll", locked)
    assert (early["code"], early["finalAt"]) == ("RESULTS_NOT_FINAL", locked["finalAt"])
    fresh_scene.clock.advance(66)
    assert (await desk.vote(two, draft, 2))["code"] == "POLL_CLOSED"
    revealed = (await desk.act("revealPoll", locked))["poll"]
    assert revealed["tally"] == {
        "voters": 2, "options": [{"optionId": red, "votes": 1}, {"optionId": blue, "votes": 1}], "average": 1.5,
    }  # fmt: skip
    seen = await fresh_scene.data(look, {"id": draft["id"]})
    assert seen["poll"] == {"state": "REVEALED", "question": "Which?", "tally": {"voters": 2}}


async def test_questions_come_in_the_viewers_language(scene: GraphScene) -> None:
    desk = await begin(scene)
    poll = await desk.opened()
    query = """query($id: ID!) { liveStream(id: $id) { polls {
      id question language questions { language text } options { label labels { text } }
    } } }"""
    answer = await scene.ask(query, {"id": desk.stream_id}, headers={"accept-language": "de-AT"})
    (shown,) = answer["data"]["liveStream"]["polls"]
    assert (shown["id"], shown["question"], shown["language"]) == (poll["id"], "Welche?", "de")
    assert shown["options"] == [
        {"label": "Red", "labels": [{"text": "Red"}]},
        {"label": "Blue", "labels": [{"text": "Blue"}]},
    ]


async def test_votes_are_refused_with_what_would_do(scene: GraphScene) -> None:
    desk, voter = await begin(scene), await scene.person()
    poll, other = await desk.opened(), await desk.opened(territories=["FR"])
    assert (await desk.vote(None, poll, 1))["code"] == "SIGN_IN_REQUIRED"
    foreign = {**poll, "options": other["options"]}
    assert (await desk.vote(voter, foreign, 1))["code"] == "OPTION_NOT_IN_POLL"
    assert (await desk.vote(voter, {**poll, "options": [{"id": "x"}]}, 1))["code"] == "OPTION_NOT_IN_POLL"
    assert (await desk.vote(voter, {**poll, "id": "x"}, 1))["code"] == "NOT_FOUND"
    assert (await desk.vote(voter, {**poll, "id": global_id(Kind.POLL, uuid4())}, 1))["code"] == "NOT_FOUND"
    assert (await desk.vote(voter, poll, 1, 2))["code"] == "CHOICES_OUT_OF_RANGE"
    assert (await desk.vote(voter, other, 1)) == {
        "__typename": "NotEligible", "code": "NOT_ELIGIBLE", "message": "This poll is for other viewers.",
        "missing": "TERRITORY",
    }  # fmt: skip
    early, late = "2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z"
    assert (await desk.vote(voter, poll, 1, mediaTime=early))["code"] == "POLL_NOT_OPEN"
    assert (await desk.vote(voter, poll, 1, mediaTime=late))["code"] == "MEDIA_TIME_IN_FUTURE"
    assert (await desk.vote(voter, poll, 1, stake=5))["code"] == "STAKE_OUT_OF_RANGE"
    assert await scene.data("query($id: ID!) { ownVote(pollId: $id) { castAt } }", {"id": poll["id"]}, by=voter) == {
        "ownVote": None
    }


async def test_a_double_click_is_answered_twice_and_done_once(scene: GraphScene) -> None:
    desk = await begin(scene)
    draft = await desk.create()
    first, second = await asyncio.gather(desk.act("openPoll", draft), desk.act("openPoll", draft))
    assert first == second
    assert first["poll"]["poll"]["version"] == 2
    assert (await desk.act("undoPoll", first["poll"]["poll"]))["poll"]["poll"]["state"] == "DRAFT"
    assert (await desk.act("openPoll", draft))["code"] == "STALE_VERSION"


async def test_a_prediction_moves_points_and_the_board_shows_them(fresh_scene: GraphScene) -> None:
    desk, (one, two) = await begin(fresh_scene), [await fresh_scene.person() for _ in range(2)]
    poll = await desk.opened(kind="PREDICTION", points=500)
    assert (await desk.vote(one, poll, 1, stake=200))["vote"]["stake"] == 200
    await desk.vote(two, poll, 2, stake=300)
    locked = (await desk.act("lockPoll", poll))["poll"]["poll"]
    fresh_scene.clock.advance(66)
    settled = await desk.act("settlePrediction", locked, optionId=poll["options"][1]["id"])
    assert settled["poll"]["rightOptionIds"] == [poll["options"][1]["id"]]
    fresh_scene.clock.advance(10)
    async with fresh_scene.runtime.work() as work:
        await turn_poll(work, poll_id=_uuid(poll["id"]))
    board = """query($id: ID!) {
      leaderboard(streamId: $id) { top { place points name } } ownStanding(streamId: $id) { place points }
    }"""
    assert await fresh_scene.data(board, {"id": desk.stream_id}, by=one) == {
        "leaderboard": {
            "top": [{"place": 1, "points": 1200, "name": "Ada"}, {"place": 2, "points": 800, "name": "Ada"}]
        },
        "ownStanding": {"place": 2, "points": 800},
    }


def _uuid(id: str) -> UUID:
    parsed = parse_global_id(id)
    assert parsed is not None
    return parsed[1]


async def test_the_desk_lists_what_others_do_not_see(scene: GraphScene) -> None:
    desk = await begin(scene)
    draft = await desk.create(kind="QUIZ", points=5, options=[
        {"label": [{"language": "en", "text": "Right"}], "isRight": True},
        {"label": [{"language": "en", "text": "Wrong"}]},
    ])  # fmt: skip
    query = "query($id: ID!) { hostPolls(streamId: $id) { poll { id options { id isRight } } rightOptionIds } }"
    (listed,) = (await scene.data(query, {"id": desk.stream_id}, by=desk.host))["hostPolls"]
    assert listed["rightOptionIds"] == [draft["options"][0]["id"]]
    assert [option["isRight"] for option in listed["poll"]["options"]] == [None, None]
    refused = await scene.ask(query, {"id": desk.stream_id}, by=await scene.person())
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    node = "query($id: ID!) { node(id: $id) { __typename } }"
    for id in (draft["id"], draft["options"][0]["id"]):
        assert await scene.data(node, {"id": id}, by=await scene.person()) == {"node": None}
        assert (await scene.data(node, {"id": id}, by=desk.host))["node"] is not None


async def test_bars_move_for_those_who_may_see_them(scene: GraphScene) -> None:
    desk, voter = await begin(scene), await scene.person()
    poll = await desk.opened(reveal="AFTER_VOTE")
    async with talk(scene) as socket:
        await socket.open(**token(voter))
        await socket.subscribe("early", TALLY, id=poll["id"])
        told = await socket.hear()
        assert told["type"] in ("error", "next"), told
        assert "NOT_FOUND" in str(told)
    await desk.vote(voter, poll, 1)
    async with talk(scene) as socket:
        await socket.open(**token(voter))
        await socket.subscribe("now", TALLY, id=poll["id"])
        assert await _tally_of(socket, voters=1) == [{"votes": 1}, {"votes": 0}]
        await desk.vote(await scene.person(), poll, 2)
        assert await _tally_of(socket, voters=2) == [{"votes": 1}, {"votes": 1}]


async def _tally_of(socket: Any, *, voters: int) -> Any:
    """Hear tallies until that many have voted: who joins may first be told what was a moment ago."""
    while True:
        tally = (await socket.hear())["payload"]["data"]["pollTally"]
        if tally["voters"] == voters:
            return tally["options"]
        assert tally["voters"] < voters


async def test_a_board_moves_with_the_points(scene: GraphScene) -> None:
    desk, player = await begin(scene), await scene.person()
    poll = await desk.opened(kind="PREDICTION", points=500)
    query = "subscription($id: ID!) { leaderboardChanges(streamId: $id) { top { place points } } }"
    async with talk(scene) as socket:
        await socket.open()
        await socket.subscribe("board", query, id=desk.stream_id)
        assert (await socket.hear())["payload"]["data"] == {"leaderboardChanges": {"top": []}}
        await desk.vote(player, poll, 1, stake=100)
        assert (await socket.hear())["payload"]["data"] == {
            "leaderboardChanges": {"top": [{"place": 1, "points": 900}]}
        }


async def test_hosts_see_who_voted_how_unless_it_is_anonymous(scene: GraphScene) -> None:
    desk, voters = await begin(scene), [await scene.person() for _ in range(3)]
    named, anonymous = await desk.opened(isAnonymous=False), await desk.opened()
    for number, voter in enumerate(voters):
        await desk.vote(voter, named, 1 + number % 2)
        await desk.vote(voter, anonymous, 1)
    query = """query($id: ID!, $after: String) { pollVotes(pollId: $id, first: 2, after: $after) {
      nodes { name optionIds weight } pageInfo { hasNextPage endCursor }
    } }"""
    seen, after = [], None
    for expected in (2, 1):
        page = (await scene.data(query, {"id": named["id"], "after": after}, by=desk.host))["pollVotes"]
        assert len(page["nodes"]) == expected
        seen += page["nodes"]
        after = page["pageInfo"]["endCursor"]
    assert page["pageInfo"]["hasNextPage"] is False
    red, blue = (option["id"] for option in named["options"])
    assert sorted(vote["optionIds"][0] for vote in seen) == sorted([red, red, blue])
    assert {vote["name"] for vote in seen} == {"Ada"}
    for poll, person in ((anonymous, desk.host), (named, voters[0])):
        answer = await scene.ask(query, {"id": poll["id"]}, by=person)
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_everybody_hears_of_a_poll_and_of_its_votes(scene: GraphScene) -> None:
    desk, voter = await begin(scene), await scene.person()
    draft = await desk.create()
    async with talk(scene) as socket:
        await socket.open()
        await socket.subscribe("show", EVENTS, id=desk.stream_id)
        assert (await socket.hear())["payload"]["data"]["streamEvents"] == {"__typename": "StreamSnapshot"}
        opened = (await desk.act("openPoll", draft))["poll"]["poll"]
        assert await _next(socket, "PollUpdate") == {
            "__typename": "PollUpdate", "pollId": draft["id"], "poll": {"state": "OPEN", "tally": {"voters": 0}},
        }  # fmt: skip
        await desk.vote(voter, opened, 2)
        heard = await _next(socket, "TallyUpdate")
        while heard["tally"]["voters"] == 0:
            heard = await _next(socket, "TallyUpdate")
        assert heard["tally"] == {"voters": 1, "options": [{"votes": 0}, {"votes": 1}]}
        await desk.act("undoPoll", opened)
        assert await _next(socket, "PollUpdate") == {"__typename": "PollUpdate", "pollId": draft["id"], "poll": None}


async def _next(socket: Any, typename: str) -> dict[str, Any]:
    """Hear the next event of a type; tallies come when they come."""
    while True:
        event: dict[str, Any] = (await socket.hear())["payload"]["data"]["streamEvents"]
        if event["__typename"] == typename:
            return event
