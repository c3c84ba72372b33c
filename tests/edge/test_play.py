import asyncio
import base64
from collections.abc import MutableMapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from uuid import UUID, uuid4
from xml.etree import ElementTree

import orjson
import pytest
from starlette.applications import Starlette

from domain.drm import AxinomSettings, KeySystem, choose_provider
from domain.entitlements import Plan, grant_access
from domain.media.ladder import TrackClass
from domain.media.packager import Scheme
from domain.playback import PlaybackStarted, revoke_session, stop_playback
from edge import play
from tests.arrange import create_viewer
from tests.play_scene import ADDRESS, EVERYTHING, PUBLIC_URL, PlayScene

MPD = "{urn:mpeg:dash:schema:mpd:2011}"


def wanting(*kids: UUID) -> bytes:
    names = [base64.urlsafe_b64encode(kid.bytes).rstrip(b"=").decode() for kid in kids]
    return orjson.dumps({"kids": names, "type": "temporary"})


def keys_in(licence: bytes) -> dict[UUID, bytes]:
    def decoded(value: str) -> bytes:
        return base64.urlsafe_b64decode(value + "==")

    return {UUID(bytes=decoded(one["kid"])): decoded(one["k"]) for one in orjson.loads(licence)["keys"]}


def key_id_of(mpd: ElementTree.Element, representation: str) -> UUID:
    """The id of the key that a manifest names for one of its representations."""
    for adaptation in mpd.iter(f"{MPD}AdaptationSet"):
        if adaptation.find(f"{MPD}Representation[@id='{representation}']") is not None:
            protection = adaptation.find(f"{MPD}ContentProtection[@schemeIdUri='urn:mpeg:dash:mp4protection:2011']")
            assert protection is not None
            return UUID(protection.attrib["{urn:mpeg:cenc:2013}default_KID"])
    raise AssertionError(representation)


async def answer_to(app: Starlette, path: str, *, leaves: bool = False) -> tuple[int, bytes]:
    """Ask for a path exactly as it is, which clients would tidy up; the asker may leave at the first bytes."""
    left, status, body = asyncio.Event(), 0, b""

    async def receive() -> dict[str, object]:
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        nonlocal status, body
        status = message.get("status", status)
        body += message.get("body", b"")
        if body and leaves:
            left.set()
        await asyncio.sleep(0)

    scope = {
        "type": "http", "method": "GET", "path": unquote(path), "raw_path": path.encode(), "query_string": b"",
        "headers": [], "client": (ADDRESS, 1), "server": None, "scheme": "https", "http_version": "1.1",
        "asgi": {"spec_version": "2.4", "version": "3.0"}, "root_path": "",
    }  # fmt: skip
    await app(scope, receive, send)
    return status, body


@pytest.mark.parametrize("scheme", list(Scheme))
async def test_what_the_manifest_names_is_served_and_decrypts_with_the_licence_it_names(
    play_scene: PlayScene, scheme: Scheme, tmp_path: Path
) -> None:
    started = await play_scene.start()
    root = f"/play/{started.token}/{scheme.value}/"
    async with play_scene.client() as client:
        mpd = ElementTree.fromstring((await client.get(f"{root}manifest.mpd")).content)
        address = mpd.findtext(f".//{MPD}ContentProtection/{{https://dashif.org/CPS}}Laurl")
        assert address == f"{PUBLIC_URL}/play/{started.token}/licence/clearkey"
        for name in ("h264-720", "h264-360", "audio-1"):
            kid = key_id_of(mpd, name)
            keys = keys_in((await client.post(address, content=wanting(kid))).content)
            parts = [await client.get(f"{root}{name}/{part}") for part in ("init.mp4", "1.m4s", "2.m4s")]
            encrypted = b"".join(part.content for part in parts)
            frames = play_scene.film.source_checksums(name)
            # The last sound frame is padded in the file and cut by its edit list; segments have no such list.
            whole = len(frames) - 1
            assert whole >= 19
            assert play_scene.film.decoded(encrypted, tmp_path, keys[kid])[:whole] == frames[:whole]
            assert play_scene.film.decoded(encrypted, tmp_path)[:whole] != frames[:whole]


async def test_everything_has_its_type_and_its_cache_rules(play_scene: PlayScene) -> None:
    started = await play_scene.start()
    expected = {
        "manifest.mpd": ("application/dash+xml", "no-store"),
        "master.m3u8": ("application/vnd.apple.mpegurl", "no-store"),
        "h264-360/index.m3u8": ("application/vnd.apple.mpegurl", "no-store"),
        "h264-360/init.mp4": ("video/mp4", play.SEGMENT_CACHE),
        "h264-360/1.m4s": ("video/mp4", play.SEGMENT_CACHE),
        "audio-0/1.m4s": ("audio/mp4", play.SEGMENT_CACHE),
        "text-0/1.vtt": ("text/vtt; charset=utf-8", play.SEGMENT_CACHE),
        "thumbnails/thumbnails.vtt": ("text/vtt; charset=utf-8", play.SEGMENT_CACHE),
        "thumbnails/sprite-001.jpg": ("image/jpeg", play.SEGMENT_CACHE),
    }
    async with play_scene.client() as client:
        for path, (media_type, cache_control) in expected.items():
            answer = await client.get(f"/play/{started.token}/{path}")
            assert answer.status_code == 200, path
            assert (answer.headers["content-type"], answer.headers["cache-control"]) == (media_type, cache_control)
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["referrer-policy"] == "no-referrer"


async def test_every_address_is_closed_without_a_good_token(play_scene: PlayScene) -> None:
    started, other = await play_scene.start(), await play_scene.start()
    forged = started.token[:-3] + ("AAA" if started.token[-3:] != "AAA" else "BBB")
    swapped = other.token[: len(other.token) // 2] + started.token[len(started.token) // 2 :]
    kid = play_scene.film.packages[Scheme.CENC].kid(TrackClass.SD)
    async with play_scene.client() as client:
        for token in (forged, swapped, "x", "-", "%00", "null", "A" * 4000, "..;", started.token + "A"):
            for path in (*EVERYTHING, f"key/{kid}", "no/such"):
                answer = await client.get(f"/play/{token}/{path}")
                assert answer.status_code == 403, (token, path)
                assert orjson.loads(answer.content)["code"] == "PLAYBACK_TOKEN_REFUSED"
            licence = await client.post(f"/play/{token}/licence/clearkey", content=wanting(kid))
            assert licence.status_code == 403
        for path in ("/play/manifest.mpd", "/play//manifest.mpd", "/play/"):
            assert (await client.get(path)).status_code == 404


async def test_a_token_is_good_only_where_its_viewer_is(play_scene: PlayScene) -> None:
    started = await play_scene.start()
    kid = play_scene.film.packages[Scheme.CENC].kid(TrackClass.SD)
    async with play_scene.client() as here, play_scene.client(address="198.51.100.9") as elsewhere:
        assert (await here.get(f"/play/{started.token}/manifest.mpd")).status_code == 200
        for path in (*EVERYTHING, f"key/{kid}"):
            assert (await elsewhere.get(f"/play/{started.token}/{path}")).status_code == 403
        answer = await elsewhere.post(f"/play/{started.token}/licence/clearkey", content=wanting(kid))
        assert answer.status_code == 403


async def test_a_token_ends_with_its_lease_and_with_its_session(play_scene: PlayScene) -> None:
    async with play_scene.runtime.work() as work:
        viewer = await create_viewer(work)
        await grant_access(work, account_id=viewer.account_id, plan=Plan.PREMIUM, source="test")

    async def status(started: PlaybackStarted) -> list[int]:
        # A door of its own each time, so that no answer of the last moment is reused.
        async with play_scene.client() as client:
            paths = ("manifest.mpd", "h264-360/1.m4s")
            return [(await client.get(f"/play/{started.token}/{path}")).status_code for path in paths]

    stopped = await play_scene.start_as(viewer)
    assert await status(stopped) == [200, 200]
    async with play_scene.runtime.work() as work:
        await stop_playback(work, viewer=viewer, session_id=stopped.session.id, sequence=1, position_s=1.0)
    assert await status(stopped) == [403, 403]

    revoked = await play_scene.start_as(viewer)
    async with play_scene.runtime.work() as work:
        await revoke_session(work, viewer=viewer, session_id=revoked.session.id)
    assert await status(revoked) == [403, 403]

    abandoned = await play_scene.start_as(viewer)
    assert await status(abandoned) == [200, 200]
    play_scene.clock.advance(61)
    assert await status(abandoned) == [403, 403]
    play_scene.clock.advance(timedelta(hours=13).total_seconds())
    assert await status(abandoned) == [403, 403]


async def test_a_basic_viewer_sees_no_trace_of_better_pictures(play_scene: PlayScene) -> None:
    started = await play_scene.start(Plan.BASIC)
    film = play_scene.film.packages[Scheme.CENC]
    sound, sd, hd = (film.kid(one) for one in (TrackClass.AUDIO, TrackClass.SD, TrackClass.HD))
    root = f"/play/{started.token}"
    async with play_scene.client() as client:
        for path in ("manifest.mpd", "master.m3u8", "cbcs/manifest.mpd"):
            body = (await client.get(f"{root}/{path}")).text
            assert "h264-360" in body
            assert "h264-720" not in body
            assert str(hd) not in body
            assert hd.hex not in body
        for path in ("h264-720/init.mp4", "h264-1080/1.m4s", "h264-720/index.m3u8", "cbcs/h264-720/1.m4s"):
            assert (await client.get(f"{root}/{path}")).status_code == 403, path
        assert (await client.get(f"{root}/key/{hd}")).status_code == 403
        assert (await client.get(f"{root}/key/{sd}")).content == film.keys[TrackClass.SD].key
        licence = await client.post(f"{root}/licence/clearkey", content=wanting(sound, sd, hd))
        assert set(keys_in(licence.content)) == {sound, sd}
        refused = await client.post(f"{root}/licence/clearkey", content=wanting(hd))
        assert refused.status_code == 403
        assert orjson.loads(refused.content)["code"] == "LICENCE_REFUSED"


async def test_a_small_screen_is_served_no_larger_picture(play_scene: PlayScene) -> None:
    started = await play_scene.start(max_height=720)
    async with play_scene.client() as client:
        assert "h264-1080" not in (await client.get(f"/play/{started.token}/manifest.mpd")).text
        assert (await client.get(f"/play/{started.token}/h264-720/1.m4s")).status_code == 200
        assert (await client.get(f"/play/{started.token}/h264-1080/1.m4s")).status_code == 403


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{}", 400),
        (b'{"kids":[]}', 400),
        (b"x" * 9000, 400),
        (wanting(UUID("4e55f8f0-b873-4a1f-bb6c-a098ba4d21fc")), 403),
    ],
)
async def test_a_licence_request_that_cannot_be_answered_is_told_why(
    play_scene: PlayScene, body: bytes, status: int
) -> None:
    started = await play_scene.start()
    async with play_scene.client() as client:
        answer = await client.post(f"/play/{started.token}/licence/clearkey", content=body)
    assert answer.status_code == status
    assert set(orjson.loads(answer.content)) == {"code", "message"}
    assert answer.headers["cache-control"] == "no-store"


async def test_a_licence_is_never_kept_by_a_cache(play_scene: PlayScene) -> None:
    started = await play_scene.start()
    kid = play_scene.film.packages[Scheme.CENC].kid(TrackClass.UHD)
    async with play_scene.client() as client:
        licence = await client.post(f"/play/{started.token}/licence/clearkey", content=wanting(kid))
        key = await client.get(f"/play/{started.token}/key/{kid}")
    assert (licence.status_code, licence.headers["content-type"]) == (200, "application/json")
    assert licence.headers["cache-control"] == key.headers["cache-control"] == "no-store"
    assert len(key.content) == 16


async def test_the_wrong_method_is_told_the_right_ones(play_scene: PlayScene) -> None:
    started = await play_scene.start()
    async with play_scene.client() as client:
        posted = await client.post(f"/play/{started.token}/manifest.mpd")
        got = await client.get(f"/play/{started.token}/licence/clearkey")
        deleted = await client.delete(f"/play/{started.token}/manifest.mpd")
    assert (posted.status_code, posted.headers["allow"]) == (405, "GET, HEAD")
    assert (got.status_code, got.headers["allow"]) == (405, "POST")
    assert deleted.status_code == 405


async def test_no_path_leads_out_of_the_package(play_scene: PlayScene) -> None:
    started = await play_scene.start()
    prefix = play_scene.prefixes[Scheme.CENC]
    attempts = [
        "../secret.m4s", "%2e%2e/secret.m4s", "h264-360/../../secret.m4s", "h264-360/%2e%2e/%2e%2e/secret.m4s",
        "h264-360/..%2f..%2fsecret.m4s", "h264-360/..%5c..%5csecret.m4s", "h264-360/%252e%252e/secret.m4s",
        "h264-360%2f..%2f..%2fsecret.m4s", "/etc/passwd", "//etc/passwd", "%2fetc%2fpasswd", "file:///etc/passwd",
        f"/{prefix}manifest.mpd", f"../../../{prefix}manifest.mpd", prefix + "h264-360/init.mp4",
        "thumbnails/../posters/320.jpg", "thumbnails/%2e%2e/posters/320.jpg", "posters/320.jpg",
        "h264-360/init.mp4%00.m4s", "h264-360/999.m4s", "no-such/init.mp4", "text-9/index.m3u8",
        "thumbnails/sprite-999.jpg",
    ]  # fmt: skip
    app = Starlette(routes=play.routes)
    app.state.runtime = play_scene.runtime
    for attempt in attempts:
        status, body = await answer_to(app, f"/play/{started.token}/{attempt}")
        assert status == 404, attempt
        assert orjson.loads(body)["code"] == "NOT_FOUND"


async def test_where_a_service_guards_the_keys_none_is_had_in_the_clear(play_scene: PlayScene) -> None:
    started = await play_scene.start()
    axinom = AxinomSettings(
        str(uuid4()), base64.b64encode(bytes(32)).decode(), {KeySystem.WIDEVINE: "https://wv.example/"}
    )
    provider = choose_provider(name="axinom", public_url=PUBLIC_URL, keyring=play_scene.runtime.keyring, axinom=axinom)
    kid = play_scene.film.packages[Scheme.CENC].kid(TrackClass.SD)
    async with play_scene.client(licences=provider) as client:
        manifest = (await client.get(f"/play/{started.token}/manifest.mpd")).text
        licence = await client.post(f"/play/{started.token}/licence/clearkey", content=wanting(kid))
        key = await client.get(f"/play/{started.token}/key/{kid}")
        playlist = (await client.get(f"/play/{started.token}/h264-360/index.m3u8")).text
    assert "edef8ba9-79d6-4ace-a3c8-27dcd51d21ed" in manifest
    assert "e2719d58" not in manifest
    assert started.token not in manifest
    assert "../key/" not in playlist
    assert (licence.status_code, key.status_code) == (404, 404)


async def test_reading_stops_when_the_player_leaves(play_scene: PlayScene) -> None:
    started = await play_scene.start()
    size_bytes = 64 * 1024 * 1024
    await play_scene.runtime.objects.put(play_scene.prefixes[Scheme.CENC] + "h264-360/77.m4s", bytes(size_bytes))
    app = Starlette(routes=play.routes)
    app.state.runtime = play_scene.runtime
    _, sent = await answer_to(app, f"/play/{started.token}/h264-360/77.m4s", leaves=True)
    assert 0 < len(sent) < size_bytes / 4
