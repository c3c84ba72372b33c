"""How the player's door speaks HTTP: ranges, conditions, HEAD, other origins, and what of it a log may show."""

import re

import pytest

from domain.media.ladder import TrackClass
from domain.media.packager import Scheme
from edge import play
from edge.play import redacted_path
from tests.play_scene import EVERYTHING, PLAYER_ORIGIN, PUBLIC_URL, PlayScene


async def test_part_of_a_segment_can_be_had(play_scene: PlayScene) -> None:
    started = await play_scene.start()
    url = f"/play/{started.token}/h264-360/1.m4s"
    async with play_scene.client() as client:
        whole = await client.get(url)
        part = await client.get(url, headers={"Range": "bytes=100-199"})
        last = await client.get(url, headers={"Range": "bytes=-10"})
        outside = await client.get(url, headers={"Range": f"bytes={len(whole.content)}-"})
        several = await client.get(url, headers={"Range": "bytes=0-1,5-6"})
        stale = await client.get(url, headers={"Range": "bytes=0-1", "If-Range": '"other"'})
        current = await client.get(url, headers={"Range": "bytes=0-1", "If-Range": whole.headers["etag"]})
    size = len(whole.content)
    assert (part.status_code, part.content) == (206, whole.content[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{size}"
    assert (part.headers["content-length"], part.headers["accept-ranges"]) == ("100", "bytes")
    assert (last.status_code, last.content) == (206, whole.content[-10:])
    assert (outside.status_code, outside.headers["content-range"], outside.content) == (416, f"bytes */{size}", b"")
    assert (several.status_code, several.content) == (200, whole.content)
    assert (stale.status_code, stale.content) == (200, whole.content)
    assert (current.status_code, current.content) == (206, whole.content[:2])


async def test_a_segment_the_player_has_is_not_sent_again(play_scene: PlayScene) -> None:
    started = await play_scene.start()
    url = f"/play/{started.token}/h264-360/1.m4s"
    async with play_scene.client() as client:
        first = await client.get(url)
        by_tag = await client.get(url, headers={"If-None-Match": first.headers["etag"]})
        by_date = await client.get(url, headers={"If-Modified-Since": first.headers["last-modified"]})
        changed = await client.get(url, headers={"If-None-Match": '"other"'})
    assert re.fullmatch(r'"[^"]+"', first.headers["etag"])
    for same in (by_tag, by_date):
        assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", first.headers["etag"])
        assert same.headers["cache-control"] == play.SEGMENT_CACHE
    assert changed.status_code == 200


async def test_head_says_what_get_would_without_the_bytes(play_scene: PlayScene) -> None:
    started = await play_scene.start()
    kid = play_scene.film.packages[Scheme.CENC].kid(TrackClass.SD)
    async with play_scene.client() as client:
        for path in (*EVERYTHING, f"key/{kid}"):
            url = f"/play/{started.token}/{path}"
            head, got = await client.head(url), await client.get(url)
            assert (head.status_code, head.content) == (200, b""), path
            for name in ("content-length", "content-type", "cache-control"):
                assert head.headers[name] == got.headers[name], path
            assert int(head.headers["content-length"]) == len(got.content)


async def test_pages_of_player_origins_may_play_and_others_may_not(play_scene: PlayScene) -> None:
    started = await play_scene.start()
    url = f"/play/{started.token}/h264-360/1.m4s"
    async with play_scene.client() as client:
        for origin, allowed in (
            (PUBLIC_URL, True),
            (PLAYER_ORIGIN, True),
            ("https://evil.example", False),
            ("null", False),
        ):
            asked = {
                "Origin": origin,
                "Access-Control-Request-Method": "GET",
                "Access-Control-Request-Headers": "range",
            }
            before, got = await client.options(url, headers=asked), await client.get(url, headers={"Origin": origin})
            refused = await client.get(f"/play/x{url[6:]}", headers={"Origin": origin})
            assert (before.status_code, got.status_code, refused.status_code) == (204, 200, 403)
            for answer in (before, got, refused):
                assert answer.headers.get("access-control-allow-origin") == (origin if allowed else None)
                assert "Origin" in answer.headers["vary"]
                assert "access-control-allow-credentials" not in answer.headers
            if allowed:
                assert before.headers["access-control-allow-methods"] == "GET, HEAD, POST"
                assert "Range" in before.headers["access-control-allow-headers"]
                assert "Content-Range" in got.headers["access-control-expose-headers"]


@pytest.mark.parametrize(
    ("path", "logged"),
    [
        ("/play/TOKEN/manifest.mpd", "/play/***/manifest.mpd"),
        ("/play/TOKEN", "/play/***"),
        ("//play//TOKEN/a", "//play//***/a"),
        ("/%70lay/TOKEN/a", "/%70lay/***/a"),
        ("/PLAY/TOKEN/a", "/PLAY/***/a"),
        ("/play/TOKEN/licence/clearkey", "/play/***/licence/clearkey"),
        ("/play/", "/play/"),
        ("/play", "/play"),
        ("/", "/"),
        ("", ""),
        ("/posters/1/320.jpg", "/posters/1/320.jpg"),
        ("/graphql/play/x", "/graphql/play/x"),
    ],
)
def test_a_log_never_shows_a_token(path: str, logged: str) -> None:
    assert redacted_path(path) == logged
