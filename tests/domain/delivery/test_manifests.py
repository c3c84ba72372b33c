import base64
import re
from pathlib import Path
from uuid import UUID
from xml.etree import ElementTree

import pytest

from domain.delivery import ManifestCache, ManifestRequest, select_tracks
from domain.delivery.dash import ManifestUnreadable, dash_manifest
from domain.delivery.hls import PlaylistUnreadable, media_playlist, multivariant_playlist
from domain.media.ladder import TrackClass
from domain.media.packager import Scheme
from domain.media.protection_systems import KeySystem, playready_object, playready_pssh, widevine_pssh
from tests.packaged_film import Film

ALL = frozenset(TrackClass)
BASIC = frozenset({TrackClass.AUDIO, TrackClass.SD})
CLEARKEY = frozenset({KeySystem.CLEARKEY})
MULTI_DRM = frozenset({KeySystem.WIDEVINE, KeySystem.PLAYREADY, KeySystem.FAIRPLAY})
LICENCE = "https://play.example/play/t0k_en-A/licence/clearkey"
NAMES = {
    "": "urn:mpeg:dash:schema:mpd:2011",
    "cenc": "urn:mpeg:cenc:2013",
    "dashif": "https://dashif.org/CPS",
    "mspr": "urn:microsoft:playready",
}


async def made(
    film: Film,
    path: str,
    *,
    scheme: Scheme = Scheme.CENC,
    track_classes: frozenset[TrackClass] = ALL,
    max_height: int | None = None,
    key_systems: frozenset[KeySystem] = CLEARKEY,
    url: str = LICENCE,
    has_thumbnails: bool = False,
    cache: ManifestCache | None = None,
) -> bytes:
    one = film.packages[scheme]
    selection = select_tracks(one.package, track_classes=track_classes, max_height=max_height)
    wanted = ManifestRequest(selection, path, key_systems, url, has_thumbnails)
    return await (cache or ManifestCache()).manifest(wanted, one.fetch)


def representations(mpd: ElementTree.Element) -> list[str]:
    return [one.attrib["id"] for one in mpd.findall(".//Representation", NAMES)]


def systems(mpd: ElementTree.Element) -> set[str]:
    return {one.attrib["schemeIdUri"] for one in mpd.findall(".//ContentProtection", NAMES)}


async def test_dash_names_every_track_to_a_viewer_who_may_have_all(film: Film) -> None:
    mpd = ElementTree.fromstring(await made(film, "manifest.mpd"))
    names = {"h264-1080", "h264-720", "h264-360", "audio-0", "audio-1", "text-0", "text-1"}
    assert set(representations(mpd)) == names


async def test_dash_leaves_out_what_is_withheld_with_every_trace_of_its_key(film: Film) -> None:
    body = await made(film, "manifest.mpd", track_classes=BASIC)
    mpd = ElementTree.fromstring(body)
    assert set(representations(mpd)) == {"h264-360", "audio-0", "audio-1", "text-0", "text-1"}
    assert str(film.packages[Scheme.CENC].kid(TrackClass.HD)).encode() not in body
    # The set it could have switched to is gone, and so is the promise of it.
    assert b"adaptation-set-switching" not in body


async def test_dash_shrinks_a_set_to_the_greatest_height(film: Film) -> None:
    mpd = ElementTree.fromstring(await made(film, "manifest.mpd", max_height=720))
    assert "h264-1080" not in representations(mpd)
    greatest = [one.attrib.get("maxHeight") for one in mpd.findall(".//AdaptationSet", NAMES)]
    assert "1080" not in greatest
    assert "720" in greatest


@pytest.mark.parametrize("scheme", list(Scheme))
async def test_dash_says_where_the_clearkey_licence_is_for_every_protected_set(film: Film, scheme: Scheme) -> None:
    mpd = ElementTree.fromstring(await made(film, "manifest.mpd", scheme=scheme, url=f"{LICENCE}?a=1&b=2"))
    for adaptation in mpd.findall(".//AdaptationSet", NAMES):
        kids = [one.get(f"{{{NAMES['cenc']}}}default_KID") for one in adaptation.findall("ContentProtection", NAMES)]
        addresses = [one.text for one in adaptation.findall("ContentProtection/dashif:Laurl", NAMES)]
        if adaptation.attrib["contentType"] == "text":
            assert kids == []
        else:
            assert addresses == [f"{LICENCE}?a=1&b=2"]
            assert sum(kid is not None for kid in kids) == 1
    assert systems(mpd) == {"urn:mpeg:dash:mp4protection:2011", "urn:uuid:e2719d58-a985-b3c9-781a-b030af78d30e"}


async def test_dash_keeps_the_order_of_elements_that_the_schema_asks_for(film: Film) -> None:
    mpd = ElementTree.fromstring(await made(film, "manifest.mpd", key_systems=CLEARKEY | MULTI_DRM))
    order = ["ContentProtection", "EssentialProperty", "SupplementalProperty", "Accessibility", "Role", "Label"]
    for adaptation in mpd.findall(".//AdaptationSet", NAMES):
        names = [child.tag.rpartition("}")[2] for child in adaptation]
        last_protection = max((n for n, name in enumerate(names) if name == order[0]), default=0)
        assert all(name not in order[1:] for name in names[:last_protection])


async def test_dash_carries_the_boxes_of_the_multi_drm_systems(film: Film) -> None:
    mpd = ElementTree.fromstring(await made(film, "manifest.mpd", key_systems=MULTI_DRM, scheme=Scheme.CBCS))
    kid = film.packages[Scheme.CBCS].kid(TrackClass.AUDIO)
    sound = next(one for one in mpd.findall(".//AdaptationSet", NAMES) if one.attrib["contentType"] == "audio")
    boxes = {
        one.attrib["schemeIdUri"]: one.findtext("cenc:pssh", "", NAMES)
        for one in sound.findall("ContentProtection", NAMES)
    }
    widevine, playready = (
        boxes.pop("urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed"),
        boxes.pop("urn:uuid:9a04f079-9840-4286-ab92-e65be0885f95"),
    )
    assert base64.b64decode(widevine) == widevine_pssh(kid, Scheme.CBCS)
    assert base64.b64decode(playready) == playready_pssh(kid, Scheme.CBCS)
    assert base64.b64decode(sound.findtext(".//mspr:pro", "", NAMES)) == playready_object(kid, Scheme.CBCS)
    # The neutral element alone is left: no ClearKey where a service guards the keys.
    assert set(boxes) == {"urn:mpeg:dash:mp4protection:2011"}


async def test_dash_offers_thumbnails_where_there_are_some(film: Film) -> None:
    mpd = ElementTree.fromstring(await made(film, "manifest.mpd", has_thumbnails=True))
    images = [one for one in mpd.findall(".//AdaptationSet", NAMES) if one.attrib["contentType"] == "image"]
    assert len(images) == 1
    template, picture = images[0].find("SegmentTemplate", NAMES), images[0].find("Representation", NAMES)
    assert template is not None
    assert picture is not None
    assert template.attrib["media"] == "thumbnails/sprite-$Number%03d$.jpg"
    assert (template.attrib["duration"], template.attrib["timescale"]) == ("20000", "1000")
    assert (picture.attrib["width"], picture.attrib["height"]) == ("1600", "90")
    tiles = picture.find("EssentialProperty", NAMES)
    assert tiles is not None
    assert tiles.attrib["value"] == "10x1"
    ids = [one.attrib["id"] for one in mpd.findall(".//AdaptationSet", NAMES)]
    assert len(ids) == len(set(ids))


async def test_every_address_in_a_manifest_is_relative(film: Film) -> None:
    mpd = ElementTree.fromstring(await made(film, "manifest.mpd", has_thumbnails=True))
    for template in mpd.findall(".//SegmentTemplate", NAMES):
        assert not template.attrib["media"].startswith(("/", "http"))
    for path in ("master.m3u8", "h264-360/index.m3u8"):
        lines = (await made(film, path)).decode().splitlines()
        assert not any(line.startswith(("/", "http")) for line in lines)


async def test_hls_leaves_out_variants_and_their_key_frames(film: Film) -> None:
    playlist = (await made(film, "master.m3u8", track_classes=BASIC)).decode()
    assert re.findall(r"^([^#\n].*)$", playlist, re.MULTILINE) == ["h264-360/index.m3u8"]
    assert set(re.findall(r'URI="([^"]+/[^"]+\.m3u8)"', playlist)) == {
        "audio-0/index.m3u8", "audio-1/index.m3u8", "text-0/index.m3u8", "text-1/index.m3u8", "h264-360/iframes.m3u8",
    }  # fmt: skip
    assert film.packages[Scheme.CENC].kid(TrackClass.HD).hex not in playlist


async def test_hls_announces_each_key_once_and_never_by_identity(film: Film) -> None:
    playlist = (await made(film, "master.m3u8")).decode()
    announced = [line for line in playlist.splitlines() if line.startswith("#EXT-X-SESSION-KEY:")]
    assert sorted(re.findall(r"KEYID=0x([0-9a-f]{32})", playlist)) == sorted(
        film.packages[Scheme.CENC].kid(one).hex for one in (TrackClass.AUDIO, TrackClass.SD, TrackClass.HD)
    )
    assert len(announced) == 3
    assert "identity" not in playlist


async def test_hls_with_cenc_has_both_tags_of_clearkey(film: Film) -> None:
    lines = (await made(film, "h264-720/index.m3u8")).decode().splitlines()
    kid = film.packages[Scheme.CENC].kid(TrackClass.HD)
    raw = base64.b64encode(kid.bytes).decode()
    assert [line for line in lines if line.startswith("#EXT-X-KEY:")] == [
        f'#EXT-X-KEY:METHOD=SAMPLE-AES-CTR,URI="../key/{kid}",KEYFORMAT="identity"',
        f'#EXT-X-KEY:METHOD=SAMPLE-AES-CTR,URI="data:text/plain;base64,{raw}",KEYFORMAT="org.w3.clearkey",'
        f'KEYID=0x{kid.hex},KEYFORMATVERSIONS="1"',
    ]
    # The tags stand between the header and the first segment, so they hold for all of them.
    tags = [line.split(":")[0] for line in lines]
    assert tags.index("#EXT-X-MAP") < tags.index("#EXT-X-KEY") < tags.index("#EXTINF")


async def test_hls_with_cbcs_has_no_identity_tag(film: Film) -> None:
    playlist = (await made(film, "h264-720/iframes.m3u8", scheme=Scheme.CBCS)).decode()
    assert playlist.count("#EXT-X-KEY:METHOD=SAMPLE-AES,") == 1
    assert 'KEYFORMAT="org.w3.clearkey"' in playlist
    assert "identity" not in playlist


async def test_hls_names_fairplay_for_cbcs_alone(film: Film) -> None:
    kid = film.packages[Scheme.CBCS].kid(TrackClass.SD)
    cbcs = (await made(film, "h264-360/index.m3u8", scheme=Scheme.CBCS, key_systems=MULTI_DRM)).decode()
    assert f'URI="skd://{kid}",KEYFORMAT="com.apple.streamingkeydelivery",KEYFORMATVERSIONS="1"' in cbcs
    assert 'KEYFORMAT="urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed"' in cbcs
    assert 'KEYFORMAT="com.microsoft.playready"' in cbcs
    assert "clearkey" not in cbcs
    cenc = (await made(film, "h264-360/index.m3u8", key_systems=MULTI_DRM)).decode()
    assert "streamingkeydelivery" not in cenc


async def test_hls_subtitles_are_in_the_clear(film: Film) -> None:
    assert b"#EXT-X-KEY" not in await made(film, "text-0/index.m3u8")


async def test_the_token_of_one_viewer_never_reaches_another(film: Film) -> None:
    cache = ManifestCache()
    first = await made(film, "manifest.mpd", url="https://a.example/play/first/licence/clearkey", cache=cache)
    second = await made(film, "manifest.mpd", url="https://a.example/play/second/licence/clearkey", cache=cache)
    assert b"first" in first
    assert b"second" not in first
    assert first.replace(b"first", b"second") == second


async def test_viewers_of_other_classes_do_not_share_a_manifest(film: Film) -> None:
    cache = ManifestCache()
    all_of_it = await made(film, "manifest.mpd", cache=cache)
    basic = await made(film, "manifest.mpd", track_classes=BASIC, cache=cache)
    assert b"h264-720" in all_of_it
    assert b"h264-720" not in basic
    assert await made(film, "manifest.mpd", cache=cache) == all_of_it


async def test_the_cache_stays_within_its_bound_and_reads_the_store_once(film: Film) -> None:
    one, read = film.packages[Scheme.CENC], list[str]()
    selection = select_tracks(one.package, track_classes=ALL)
    paths = ["manifest.mpd", "master.m3u8", *(f"{name}/index.m3u8" for name in ("h264-1080", "audio-0", "text-0"))]

    async def fetch(key: str) -> bytes:
        read.append(key)
        return await one.fetch(key)

    roomy, tight = ManifestCache(), ManifestCache(capacity_bytes=4000)
    for cache in (roomy, tight):
        for path in paths * 2:
            await cache.manifest(ManifestRequest(selection, path, CLEARKEY, LICENCE), fetch)
    assert len(read) > 2 * len(paths)
    assert read[: len(paths)] == [one.package.object_prefix + path for path in paths]
    assert 0 < tight.size_bytes <= 4000 < roomy.size_bytes


def test_a_manifest_that_is_not_the_packagers_is_a_fault() -> None:
    def cut(mpd: bytes) -> bytes:
        return dash_manifest(mpd, keep={"a"}, scheme=Scheme.CENC, key_systems=CLEARKEY, clearkey_url=LICENCE)

    for broken in (b"", b"<MPD", b"<MPD/>", b'<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"/>'):
        with pytest.raises(ManifestUnreadable):
            cut(broken)


def test_a_manifest_cannot_read_files_through_entities(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the-secret")
    mpd = (
        f'<!DOCTYPE MPD [<!ENTITY x SYSTEM "{secret.as_uri()}">]><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period>'
        '<AdaptationSet><Representation id="a">&x;</Representation></AdaptationSet></Period></MPD>'
    )
    made = dash_manifest(mpd.encode(), keep={"a"}, scheme=Scheme.CENC, key_systems=CLEARKEY, clearkey_url=LICENCE)
    assert b"the-secret" not in made


def test_a_playlist_that_is_not_the_packagers_is_a_fault() -> None:
    for broken in (b"", b"\xff", b"#EXT-X-VERSION:6\n"):
        with pytest.raises(PlaylistUnreadable):
            multivariant_playlist(broken, keep={"a"}, kids=[], scheme=Scheme.CENC, key_systems=CLEARKEY)
    with pytest.raises(PlaylistUnreadable, match="no variant"):
        multivariant_playlist(b"#EXTM3U\n", keep={"a"}, kids=[], scheme=Scheme.CENC, key_systems=CLEARKEY)
    with pytest.raises(PlaylistUnreadable, match="no header"):
        media_playlist(
            b"#EXTM3U\n1.m4s\n", kid=UUID(int=1), scheme=Scheme.CENC, key_systems=CLEARKEY, key_root="../key/"
        )


def test_a_variant_that_leads_outside_is_dropped() -> None:
    kept = b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\na/index.m3u8\n"
    stray = b"#EXT-X-STREAM-INF:BANDWIDTH=1\na/../b/index.m3u8\n"
    cut = multivariant_playlist(kept + stray, keep={"a"}, kids=[], scheme=Scheme.CENC, key_systems=CLEARKEY)
    assert cut == kept
