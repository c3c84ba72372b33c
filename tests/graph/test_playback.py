"""Playing, through the whole application."""

from typing import Any
from uuid import uuid4

import pytest

from domain.drm import KeySystem
from domain.entitlements import Plan
from graph.global_ids import Kind, global_id
from graph.playback.playing import PlayAddresses
from tests.graph.asking import change
from tests.graph_scene import GraphScene, Person
from tests.playable import Playable

SESSION = "session { id state positionSeconds startedAt leaseExpiresAt title { id } device { name } }"
START = change(
    "startPlayback",
    "PlaybackStarted",
    SESSION
    + """
    manifests { dash hls } licence { keySystem url token } resumePositionSeconds tracks { label trackClass }
    thumbnailsUrl heartbeatIntervalSeconds title { name }
    decision { allowed reasons trackClasses maxHeight concurrentStreams }""",
    "... on AccessDenied { reasons } ... on StreamLimitReached { limit sessions { id } }"
    "... on KeySystemUnsupported { available } ... on InvalidInput { field }",
)
HEARTBEAT = change(
    "heartbeatPlayback",
    "PlaybackHeartbeat",
    "session { id state positionSeconds } manifests { dash } licence { url }",
    "... on StaleSequence { latest } ... on SessionEnded { state reasons } ... on InvalidInput { field }",
)
STOP = change("stopPlayback", "PlaybackStopped", "session { id state }", "... on StaleSequence { latest }")
REVOKE = change("revokePlayback", "PlaybackRevoked", "session { id state }")
EXPLAIN = """query($input: ExplainPlaybackInput!) { explainPlayback(input: $input) {
  __typename
  ... on PlaybackExplanation { asOf title { id } decision { allowed reasons } recorded { allowed reasons } }
  ... on Problem { code }
} }"""


async def play(scene: GraphScene, by: Person | None, made: Playable, **more: Any) -> Any:
    """Start playing and return what came back."""
    values = {"titleId": global_id(Kind.TITLE, made.title_id), "idempotencyKey": uuid4().hex, **more}
    return (await scene.data(START, {"input": values}, by=by))["startPlayback"]


async def beat(scene: GraphScene, by: Person, session: str, sequence: int, position: float, **more: Any) -> Any:
    """Send a heartbeat and return what came back."""
    values = {"sessionId": session, "sequence": sequence, "positionSeconds": position, "state": "PLAYING", **more}
    return (await scene.data(HEARTBEAT, {"input": values}, by=by))["heartbeatPlayback"]


async def test_playback_starts_with_everything_a_player_needs(scene: GraphScene) -> None:
    made, person = await scene.playable(), await scene.person(plan=Plan.STANDARD)
    started = await play(scene, person, made)
    prefix = started["manifests"]["dash"].removesuffix("/manifest.mpd")
    assert prefix.startswith("http://marquee.example/play/")
    assert started["manifests"]["hls"] == f"{prefix}/master.m3u8"
    assert started["licence"] == {"keySystem": "CLEARKEY", "url": f"{prefix}/licence/clearkey", "token": None}
    assert started["thumbnailsUrl"] == f"{prefix}/thumbnails/thumbnails.vtt"
    session = started["session"]
    assert session.pop("startedAt") < session.pop("leaseExpiresAt")
    assert session.pop("id")
    assert session == {
        "state": "ACTIVE",
        "positionSeconds": 0.0,
        "title": {"id": global_id(Kind.TITLE, made.title_id)},
        "device": {"name": "Television"},
    }
    assert started["decision"] == {
        "allowed": True,
        "reasons": ["GRANTED_BY_PLAN"],
        "trackClasses": ["AUDIO", "SD", "HD"],
        "maxHeight": 1080,
        "concurrentStreams": 2,
    }
    assert [track["label"] for track in started["tracks"]] == ["1080p", "360p", "English", "Deutsch", "Français"]
    assert (started["resumePositionSeconds"], started["heartbeatIntervalSeconds"]) == (0.0, 20)


async def test_tracks_are_those_the_plan_and_the_screen_allow(scene: GraphScene) -> None:
    made = await scene.playable()
    basic = await play(scene, await scene.person(plan=Plan.BASIC), made)
    small = await play(scene, await scene.person(plan=Plan.PREMIUM), made, maxHeight=480)
    for started in (basic, small):
        assert [track["label"] for track in started["tracks"]] == ["360p", "English", "Deutsch", "Français"]


async def test_a_retried_start_is_the_same_session(scene: GraphScene) -> None:
    made, person, key = await scene.playable(), await scene.person(plan=Plan.PREMIUM), uuid4().hex
    first = await play(scene, person, made, idempotencyKey=key)
    again = await play(scene, person, made, idempotencyKey=key)
    assert again["session"]["id"] == first["session"]["id"]
    reused = await play(scene, person, await scene.playable(), idempotencyKey=key)
    assert reused["code"] == "IDEMPOTENCY_KEY_REUSED"


async def test_denials_name_every_reason(scene: GraphScene) -> None:
    abroad = await play(
        scene, await scene.person(territory="JP"), await scene.playable(territory="DE", maturity_age=21)
    )
    assert (abroad["code"], set(abroad["reasons"])) == (
        "ACCESS_DENIED",
        {"NOT_AVAILABLE_IN_TERRITORY", "NO_GRANT", "MATURITY_LIMIT"},
    )


async def test_no_more_screens_than_the_plan_has(scene: GraphScene) -> None:
    made, person = await scene.playable(), await scene.person(plan=Plan.BASIC)
    first = await play(scene, person, made)
    refused = await play(scene, await scene.again(person), made)
    assert (refused["code"], refused["limit"]) == ("STREAM_LIMIT_REACHED", 1)
    assert refused["sessions"] == [{"id": first["session"]["id"]}]
    ended = (await scene.data(REVOKE, {"input": {"sessionId": first["session"]["id"]}}, by=person))["revokePlayback"]
    assert ended["session"]["state"] == "REVOKED"
    assert (await play(scene, await scene.again(person), made))["__typename"] == "PlaybackStarted"


async def test_heartbeats_move_the_position_and_a_stale_one_does_not(scene: GraphScene) -> None:
    made, person = await scene.playable(), await scene.person(plan=Plan.PREMIUM)
    started = await play(scene, person, made)
    id = started["session"]["id"]
    accepted = await beat(scene, person, id, 5, 42.5)
    assert accepted["session"] == {"id": id, "state": "ACTIVE", "positionSeconds": 42.5}
    assert accepted["manifests"]["dash"].endswith("/manifest.mpd")
    stale = await beat(scene, person, id, 5, 1.0)
    assert (stale["code"], stale["latest"]) == ("STALE_SEQUENCE", 5)
    resume = "query($id: ID!) { title(id: $id) { resumePositionSeconds } }"
    asked = {"id": global_id(Kind.TITLE, made.title_id)}
    assert (await scene.data(resume, asked, by=person))["title"] == {"resumePositionSeconds": 42.5}
    assert (await scene.data(resume, asked, by=await scene.person()))["title"] == {"resumePositionSeconds": None}


@pytest.mark.parametrize(
    ("sequence", "position", "field"),
    [(0, 1.0, "sequence"), (-1, 1.0, "sequence"), (1, -1.0, "positionSeconds"), (1, 1e9, "positionSeconds")],
)
async def test_a_heartbeat_of_bad_values_is_refused(
    scene: GraphScene, sequence: int, position: float, field: str
) -> None:
    made, person = await scene.playable(), await scene.person(plan=Plan.PREMIUM)
    started = await play(scene, person, made)
    refused = await beat(scene, person, started["session"]["id"], sequence, position)
    assert (refused["code"], refused["field"]) == ("INVALID_INPUT", field)


async def test_a_stopped_session_is_over_and_can_be_gone_on_with(scene: GraphScene) -> None:
    made, person = await scene.playable(), await scene.person(plan=Plan.PREMIUM)
    started = await play(scene, person, made)
    id = started["session"]["id"]
    listed = "{ viewer { playbackSessions { id title { name } device { name } } } }"
    (running,) = (await scene.data(listed, by=person))["viewer"]["playbackSessions"]
    assert running == {"id": id, "title": {"name": "Film"}, "device": {"name": "Television"}}
    values = {"input": {"sessionId": id, "sequence": 9, "positionSeconds": 120.0}}
    for _ in range(2):
        stopped = (await scene.data(STOP, values, by=person))["stopPlayback"]
        assert stopped["session"] == {"id": id, "state": "ENDED"}
    ended = await beat(scene, person, id, 10, 130.0)
    assert (ended["code"], ended["state"], ended["reasons"]) == ("SESSION_ENDED", "ENDED", [])
    points = "{ continueWatching(first: 5) { positionSeconds title { id } } }"
    (point,) = (await scene.data(points, by=person))["continueWatching"]
    assert point == {"positionSeconds": 120.0, "title": {"id": global_id(Kind.TITLE, made.title_id)}}
    assert (await play(scene, person, made))["resumePositionSeconds"] == 120.0


async def test_what_was_withdrawn_is_not_offered_again(scene: GraphScene) -> None:
    made, person, editor = await scene.playable(), await scene.person(plan=Plan.PREMIUM), await scene.editor()
    started = await play(scene, person, made)
    await beat(scene, person, started["session"]["id"], 1, 60.0)
    values = {"titleId": global_id(Kind.TITLE, made.title_id), "expectedVersion": 2}
    withdraw = change("withdrawTitle", "TitleWithdrawn", "title { id }")
    assert "title" in (await scene.data(withdraw, {"input": values}, by=editor))["withdrawTitle"]
    assert await scene.data("{ continueWatching { positionSeconds } }", by=person) == {"continueWatching": []}
    ended = await beat(scene, person, started["session"]["id"], 2, 61.0)
    assert (ended["code"], ended["state"], ended["reasons"]) == ("SESSION_ENDED", "REVOKED", ["TITLE_NOT_PUBLISHED"])


@pytest.mark.parametrize("first", [0, 51, -3])
async def test_going_on_lists_a_sensible_number(scene: GraphScene, first: int) -> None:
    answer = await scene.ask("query($n: Int!) { continueWatching(first: $n) { positionSeconds } }", {"n": first})
    assert answer["errors"][0]["extensions"]["code"] == "INVALID_INPUT"


async def test_an_unsupported_key_system_starts_nothing(scene: GraphScene) -> None:
    made, person = await scene.playable(), await scene.person(plan=Plan.PREMIUM)
    before = await scene.count("playback_sessions")
    refused = await play(scene, person, made, keySystem="WIDEVINE")
    assert (refused["__typename"], refused["code"], refused["available"]) == (
        "KeySystemUnsupported",
        "KEY_SYSTEM_UNAVAILABLE",
        ["CLEARKEY"],
    )
    assert await scene.count("playback_sessions") == before


async def test_a_decision_is_explained_as_of_now_and_as_it_was(scene: GraphScene) -> None:
    made, person = await scene.playable(territory="DE"), await scene.person(plan=Plan.PREMIUM)
    started = await play(scene, person, made)
    title = {"titleId": global_id(Kind.TITLE, made.title_id)}
    explained = (await scene.data(EXPLAIN, {"input": title}, by=person))["explainPlayback"]
    assert explained["decision"] == {"allowed": True, "reasons": ["GRANTED_BY_PLAN"]}
    assert explained["recorded"] is None
    replayed = await scene.data(EXPLAIN, {"input": {"sessionId": started["session"]["id"]}}, by=person)
    assert replayed["explainPlayback"]["recorded"] == {"allowed": True, "reasons": ["GRANTED_BY_PLAN"]}
    assert (await scene.data(EXPLAIN, {"input": title}))["explainPlayback"]["code"] == "SIGN_IN_REQUIRED"


@pytest.mark.parametrize("values", [{}, {"titleId": "a", "sessionId": "b"}, {"titleId": None}, {"sessionId": None}])
async def test_an_explanation_is_of_exactly_one_thing(scene: GraphScene, values: dict[str, Any]) -> None:
    answer = await scene.ask(EXPLAIN, {"input": values})
    assert "data" not in answer
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_the_manifest_address_is_served_to_the_viewer(scene: GraphScene) -> None:
    made, person = await scene.playable(), await scene.person(plan=Plan.PREMIUM)
    started = await play(scene, person, made)
    path = started["manifests"]["dash"].removeprefix(scene.runtime.settings.public_url)
    # There are no media in this store: past the token's door, that is what is missing.
    assert (await scene.client.get(scene.url + path)).status_code == 404
    forged = path.replace("/play/", "/play/x")
    assert (await scene.client.get(scene.url + forged)).status_code == 403


def test_fairplay_gets_the_playlist_of_the_package_it_reads() -> None:
    assert PlayAddresses("t", KeySystem.FAIRPLAY).hls == "/play/t/cbcs/master.m3u8"
    assert PlayAddresses("t", KeySystem.WIDEVINE).hls == "/play/t/master.m3u8"
