import asyncio
import re
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import psutil
import pytest
from lxml import etree

from domain.media.complexity import ORDINARY
from domain.media.encode import encode_audio, encode_chunk, extract_subtitles, join_chunks, make_seekable
from domain.media.ladder import TrackClass
from domain.media.packager import (
    AudioInput,
    PackagingFailed,
    PackagingKey,
    Scheme,
    TextInput,
    VideoInput,
    package,
)
from domain.media.plan import EncodePlan, make_plan
from domain.media.probe import probe_source

DASH = "{urn:mpeg:dash:schema:mpd:2011}"
KEYS = {
    name: PackagingKey(kid=bytes([0x10 + number]) * 16, key=bytes([0xA0 + number]) * 16)
    for number, name in enumerate(TrackClass)
}


@dataclass
class Title:
    plan: EncodePlan
    videos: list[VideoInput]
    audios: list[AudioInput]
    texts: list[TextInput]

    def order(self, folder: Path, **changes):
        folder.mkdir()
        values = {
            "videos": self.videos, "audios": self.audios, "texts": self.texts, "keys": KEYS, "scheme": Scheme.CENC,
            "segment_s": self.plan.ladder.segment_s, "duration_s": self.plan.duration_s, "folder": folder,
        }  # fmt: skip
        return {**values, **changes}


@pytest.fixture(scope="module")
async def title(tools, clips, tmp_path_factory) -> Title:
    """Two sizes of numbered frames, two languages, and German subtitles in three kinds, encoded once."""
    folder = tmp_path_factory.mktemp("title")
    scaled = ("-map", "0", "-vf", "scale=1280:720:flags=neighbor", "-c:v", "libx264", "-preset", "ultrafast")
    source = clips.make("bilingual-hd.mkv", "-i", clips.bilingual(), *scaled, "-c:a", "copy", "-c:s", "copy")
    plan = make_plan(await probe_source(tools, source), ORDINARY)
    seekable = await make_seekable(tools, source, plan, folder=folder)
    parts = await encode_chunk(tools, seekable, plan, plan.chunks[0], folder=folder)
    rungs = [rung for rung in plan.ladder.rungs if rung.label_height in {720, 240}]
    videos = [
        VideoInput(await join_chunks(tools, plan, rung, [parts[rung.id]], output=folder / f"{rung.id}.mp4"), rung)
        for rung in rungs
    ]
    audios = [
        AudioInput(
            await encode_audio(tools, source, plan, one, folder=folder), one.id, one.language, one.label, one.is_default
        )
        for one in plan.audio
    ]
    captions = await extract_subtitles(tools, source, plan, plan.text[0], folder=folder)
    texts = [
        TextInput(captions, "text-0", "de", "Deutsch"),
        TextInput(captions, "text-1", "de", 'Deutsch, "SDH"', is_sdh=True),
        TextInput(captions, "text-2", "de", "Deutsch", is_forced=True),
    ]
    return Title(plan, videos, audios, texts)


def whole(folder: Path, name: str, target: Path) -> Path:
    """A track put together again from its segments."""
    count = len(list((folder / name).glob("*.m4s")))
    segments = [folder / name / "init.mp4", *(folder / name / f"{number}.m4s" for number in range(1, count + 1))]
    target.write_bytes(b"".join(segment.read_bytes() for segment in segments))
    return target


@pytest.mark.parametrize("scheme", list(Scheme))
async def test_only_the_right_key_shows_every_frame(tools, clips, title, tmp_path, scheme):
    packaged = await package(tools, **title.order(tmp_path / "out", scheme=scheme))
    for name, track_class in (("h264-720", TrackClass.HD), ("h264-240", TrackClass.SD)):
        track = whole(packaged.folder, name, tmp_path / f"{name}.mp4")
        key = KEYS[track_class].key.hex()
        assert clips.read_frame_numbers(track, "-decryption_key", key) == list(range(150))
        wrong = KEYS[TrackClass.UHD].key.hex()
        assert not await _decodes(tools, track, wrong)
    sound = whole(packaged.folder, "audio-0", tmp_path / "audio-0.mp4")
    assert len(clips.read_samples(sound, "-decryption_key", KEYS[TrackClass.AUDIO].key.hex())) >= 6 * 48_000


async def _decodes(tools, path: Path, key: str) -> bool:
    argv = [str(tools.ffmpeg), "-v", "error", "-xerror", "-decryption_key", key, "-i", str(path), "-f", "null", "-"]
    process = await asyncio.create_subprocess_exec(*argv, stderr=asyncio.subprocess.DEVNULL)
    return await process.wait() == 0


async def test_segments_hold_the_named_scheme_and_no_key_system(tools, title, tmp_path):
    for scheme in Scheme:
        packaged = await package(tools, **title.order(tmp_path / scheme, scheme=scheme))
        header = (packaged.folder / "h264-720" / "init.mp4").read_bytes()
        assert b"schm" in header
        assert header[header.index(b"schm") + 8 :][:4] == scheme.value.encode()
        assert KEYS[TrackClass.HD].kid in header
        everything = b"".join((packaged.folder / name).read_bytes() for name in packaged.files)
        assert b"pssh" not in everything
        assert b"EXT-X-KEY" not in everything
        assert not any(key.key in everything or key.key.hex().encode() in everything for key in KEYS.values())


async def test_the_representations_are_described(tools, title, tmp_path):
    packaged = await package(tools, **title.order(tmp_path / "out"))
    found = {one.id: one for one in packaged.representations}
    assert sorted(found) == ["audio-0", "audio-1", "h264-240", "h264-720", "text-0", "text-1", "text-2"]
    video = found["h264-720"]
    assert (video.kind, video.track_class, video.kid) == ("video", TrackClass.HD, UUID(bytes=KEYS[TrackClass.HD].kid))
    assert (video.width, video.height, video.frame_rate) == (1280, 720, 25.0)
    assert video.codec.startswith("avc1.64")
    assert video.bandwidth > 10_000
    sound = found["audio-1"]
    assert (sound.kind, sound.track_class, sound.language, sound.codec) == (
        "audio",
        TrackClass.AUDIO,
        "de",
        "mp4a.40.2",
    )
    assert (found["text-0"].kind, found["text-0"].kid, found["text-0"].language) == ("text", None, "de")
    assert [found[f"text-{number}"].label for number in range(3)] == ["Deutsch", "Deutsch   SDH", "Deutsch 2"]
    assert packaged.duration_s == 6.0
    assert set(packaged.files) == {
        str(path.relative_to(packaged.folder)) for path in packaged.folder.rglob("*") if path.is_file()
    }


async def test_dash_and_hls_lie_over_the_same_segments(tools, title, tmp_path):
    packaged = await package(tools, **title.order(tmp_path / "out"))
    root = etree.parse(str(packaged.folder / packaged.mpd)).getroot()
    for representation in root.iter(f"{DASH}Representation"):
        name = representation.get("id")
        template = representation.find(f"{DASH}SegmentTemplate")
        suffix = "vtt" if name.startswith("text") else "m4s"
        assert template.get("initialization") == (None if suffix == "vtt" else f"{name}/init.mp4")
        assert template.get("media") == f"{name}/$Number$.{suffix}"
        segments = sum(int(s.get("r") or 0) + 1 for s in template.iter(f"{DASH}S"))
        playlist = (packaged.folder / name / "index.m3u8").read_text()
        assert re.findall(r"^[^#].*$", playlist, re.MULTILINE) == [f"{n}.{suffix}" for n in range(1, segments + 1)]
    schemes = {one.get("schemeIdUri") for one in root.iter(f"{DASH}ContentProtection")}
    assert schemes == {"urn:mpeg:dash:mp4protection:2011"}


async def test_video_segments_are_equal_in_every_size(tools, title, tmp_path):
    packaged = await package(tools, **title.order(tmp_path / "out"))
    playlists = [(packaged.folder / f"h264-{size}" / "index.m3u8").read_text() for size in (720, 240)]
    assert playlists[0] == playlists[1]
    assert re.findall(r"#EXTINF:([\d.]+)", playlists[0]) == ["4.000", "2.000"]


async def test_menus_name_languages_and_roles(tools, title, tmp_path):
    packaged = await package(tools, **title.order(tmp_path / "out"))
    master = (packaged.folder / packaged.hls).read_text()
    media = [dict(re.findall(r'([A-Z-]+)="?([^",]*)', line)) for line in master.splitlines() if "EXT-X-MEDIA" in line]
    assert [(one["TYPE"], one["LANGUAGE"], one["NAME"], one["DEFAULT"]) for one in media] == [
        ("AUDIO", "en", "English", "YES"), ("AUDIO", "de", "Deutsch", "NO"), ("SUBTITLES", "de", "Deutsch", "NO"),
        ("SUBTITLES", "de", "Deutsch   SDH", "NO"), ("SUBTITLES", "de", "Deutsch 2", "NO"),
    ]  # fmt: skip
    assert media[4]["FORCED"] == "YES"
    assert "transcribes-spoken-dialog" in media[3]["CHARACTERISTICS"]
    root = etree.parse(str(packaged.folder / packaged.mpd)).getroot()
    roles = {
        adaptation.find(f"{DASH}Representation").get("id"): [one.get("value") for one in adaptation.iter(f"{DASH}Role")]
        for adaptation in root.iter(f"{DASH}AdaptationSet")
    }
    assert roles["audio-0"] == ["main"]
    assert (roles["audio-1"], roles["text-0"], roles["text-1"]) == (["dub"], ["subtitle"], ["caption"])
    assert roles["text-2"] == ["forced-subtitle"]


async def test_subtitles_last_as_long_as_the_title_and_keep_their_words(tools, title, tmp_path):
    packaged = await package(tools, **title.order(tmp_path / "out"))
    playlist = (packaged.folder / "text-0" / "index.m3u8").read_text()
    assert sum(map(float, re.findall(r"#EXTINF:([\d.]+)", playlist))) >= 6.0
    first = (packaged.folder / "text-0" / "1.vtt").read_text()
    assert first.startswith("WEBVTT")
    assert "00:00:01.000 --> 00:00:02.000" in first
    assert "Guten <i>Tag</i>" in first


async def test_keys_never_show_in_the_process_list(tools, title, tmp_path):
    task = asyncio.create_task(package(tools, **title.order(tmp_path / "out")))
    seen: list[str] = []
    while not task.done():
        for child in psutil.Process().children(recursive=True):
            try:
                seen.append(" ".join([*child.cmdline(), *child.environ().values()]))
            except psutil.Error:
                continue
        await asyncio.sleep(0.002)
    await task
    assert any("packager" in line for line in seen)
    assert not any(key.key.hex() in line for line in seen for key in KEYS.values())


async def test_a_class_without_a_key_is_refused_before_anything_is_written(tools, title, tmp_path):
    keys = {name: key for name, key in KEYS.items() if name is not TrackClass.HD}
    with pytest.raises(PackagingFailed, match="no key for HD"):
        await package(tools, **title.order(tmp_path / "out", keys=keys))
    assert list((tmp_path / "out").iterdir()) == []


async def test_a_broken_track_is_an_error_without_keys_in_it(tools, title, tmp_path):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"not an mp4")
    videos = [VideoInput(broken, title.videos[0].rung)]
    with pytest.raises(PackagingFailed) as failed:
        await package(tools, **title.order(tmp_path / "out", videos=videos))
    assert failed.value.stderr_tail
    assert not any(key.key.hex() in failed.value.stderr_tail for key in KEYS.values())


def test_a_key_does_not_show_when_printed():
    assert "a0a0" not in repr(KEYS[TrackClass.AUDIO]).replace("\\x", "")
