from uuid import UUID

import pytest

from domain.kernel.refusals import NotFound
from domain.media.packager import Scheme
from edge.play_paths import (
    KeyPath,
    LicencePath,
    ManifestPath,
    PlayPath,
    ThumbnailPath,
    TrackPath,
    media_type_of,
    read_path,
)

KID = UUID("98ee5596-cd3e-a20d-163a-e382420c6eff")


@pytest.mark.parametrize(
    ("path", "meaning"),
    [
        ("manifest.mpd", ManifestPath(None, "manifest.mpd")),
        ("master.m3u8", ManifestPath(None, "master.m3u8")),
        ("cbcs/master.m3u8", ManifestPath(Scheme.CBCS, "master.m3u8")),
        ("h264-720/init.mp4", TrackPath(None, "h264-720", "init.mp4")),
        ("h264-720/12.m4s", TrackPath(None, "h264-720", "12.m4s")),
        ("cenc/text-0/1.vtt", TrackPath(Scheme.CENC, "text-0", "1.vtt")),
        ("audio-extra-0/index.m3u8", TrackPath(None, "audio-extra-0", "index.m3u8")),
        ("thumbnails/thumbnails.vtt", ThumbnailPath("thumbnails.vtt")),
        ("cbcs/thumbnails/sprite-001.jpg", ThumbnailPath("sprite-001.jpg")),
        (f"key/{KID}", KeyPath(KID)),
        (f"cenc/key/{KID}", KeyPath(KID)),
        ("licence/clearkey", LicencePath()),
    ],
)
def test_addresses_a_player_is_given_are_understood(path: str, meaning: PlayPath) -> None:
    assert read_path(path) == meaning


@pytest.mark.parametrize(
    "path",
    [
        "", "/", ".", "..", "../manifest.mpd", "h264-720/../manifest.mpd", "/manifest.mpd", "//manifest.mpd",
        "h264-720/%2e%2e/init.mp4", "h264-720\\init.mp4", "..\\manifest.mpd", "h264-720/init.mp4\x00",
        "h264-720//1.m4s",
        "manifest.mpd/", "manifest.mpd\n", "h264-720/1.m4s\n", "MANIFEST.MPD", "cenc/cbcs/manifest.mpd",
        "h264-720/0.m4s",
        "h264-720/01.m4s", "h264-720/1.m4s.bak", "h264-720/1.ts", "h264-720", "a/b/c/1.m4s", "posters/320.jpg",
        "../../packages/x/y/init.mp4", "file:///etc/passwd", "/etc/passwd", "thumbnails/../posters/320.jpg",
        "thumbnails/sprite-1.jpg", "key/", "key/1", f"key/{KID.hex}", f"key/{{{KID}}}", f"key/{KID}/x",
        f"key/{str(KID).upper()}", "licence", "licence/widevine", "licence/clearkey/", "h264-७२०/1.m4s",
        "h264-720/१.m4s",
        "x" * 5000,
    ],
)  # fmt: skip
def test_every_other_address_is_not_found(path: str) -> None:
    with pytest.raises(NotFound):
        read_path(path)


def test_types_follow_names() -> None:
    assert media_type_of("manifest.mpd") == "application/dash+xml"
    assert media_type_of("master.m3u8") == "application/vnd.apple.mpegurl"
    assert media_type_of("text-0/index.m3u8") == "application/vnd.apple.mpegurl"
    assert media_type_of("1.vtt") == "text/vtt; charset=utf-8"
    assert media_type_of("sprite-001.jpg") == "image/jpeg"
