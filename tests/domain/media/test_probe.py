import socket
import struct
from fractions import Fraction
from pathlib import Path

import pytest

from domain.media.probe import ProbeLimits, probe_audio, probe_source
from domain.media.source import DynamicRange, SourceUnplayable, UnplayableReason

H264 = ("-c:v", "libx264", "-preset", "ultrafast")


async def refusal_of(tools, path: Path, **options) -> SourceUnplayable:
    before = path.read_bytes() if path.stat().st_size < 50_000_000 else None
    with pytest.raises(SourceUnplayable) as refused:
        await probe_source(tools, path, **options)
    assert before is None or path.read_bytes() == before
    assert refused.value.code == "SOURCE_UNPLAYABLE"
    assert refused.value.detail
    return refused.value


async def test_an_ordinary_source_is_described(tools, clips):
    probe = await probe_source(tools, clips.short())
    assert (probe.container, probe.duration_s) == ("mp4", pytest.approx(4.0, abs=0.04))
    video = probe.video
    assert (video.codec, video.width, video.height, video.rotation) == ("h264", 1920, 1080, 0)
    assert (video.average_rate, video.is_variable_rate, video.bit_depth) == (Fraction(30), False, 8)
    assert (video.dynamic_range, video.interlaced) == (DynamicRange.SDR, False)
    assert [(track.codec, track.channels, track.sample_rate) for track in probe.audio] == [("aac", 1, 48000)]
    assert probe.text == ()


async def test_every_language_is_found(tools, clips):
    probe = await probe_source(tools, clips.bilingual())
    assert [(track.position, track.language) for track in probe.audio] == [(0, "en"), (1, "de")]
    assert [(track.language, track.codec, track.extractable) for track in probe.text] == [("de", "subrip", True)]


async def test_a_variable_frame_rate_is_seen(tools, clips):
    chosen = "testsrc2=s=320x180:r=60,select='lt(mod(n,7),3)'"
    probe = await probe_source(tools, clips.picture("variable.mp4", chosen, "4", "-fps_mode", "vfr", *H264))
    assert probe.video.is_variable_rate
    assert 20 < probe.video.average_rate < 30


async def test_a_rotated_source_is_described_as_it_is_seen(tools, clips):
    flat = clips.picture("flat.mp4", "testsrc2=s=640x360:r=25", "2", *H264)
    turned = clips.make("turned.mp4", "-display_rotation", "90", "-i", flat, "-c", "copy")
    video = (await probe_source(tools, turned)).video
    assert (video.width, video.height) == (640, 360)
    assert (video.rotation, video.display_width, video.display_height) == (90, 360, 640)


async def test_wide_pixels_count_in_the_displayed_size(tools, clips):
    wide = clips.picture("wide.mp4", "testsrc2=s=720x576:r=25,setsar=64/45", "1", *H264)
    video = (await probe_source(tools, wide)).video
    assert (video.sample_aspect, video.display_width, video.display_height) == (Fraction(64, 45), 1024, 576)


async def test_hdr_is_seen(tools, clips):
    bright = clips.picture(
        "hdr.mp4", "testsrc2=s=320x180:r=25", "1", "-pix_fmt", "yuv420p10le", "-c:v", "libx265", "-preset", "ultrafast",
        "-x265-params", "log-level=error:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc",
    )  # fmt: skip
    video = (await probe_source(tools, bright)).video
    assert (video.dynamic_range, video.bit_depth, video.colour_matrix) == (DynamicRange.PQ, 10, "bt2020nc")


async def test_a_transport_stream_is_accepted(tools, clips):
    stream = clips.make("short.ts", "-i", clips.short(), "-c", "copy")
    probe = await probe_source(tools, stream)
    assert (probe.container, probe.video.codec) == ("mpegts", "h264")
    assert probe.duration_s == pytest.approx(4.0, abs=0.1)


async def test_a_recording_that_does_not_say_its_length_is_measured(tools, clips):
    piped = clips.run("-i", clips.film(), "-map", "0:v", "-c", "copy", "-f", "matroska", "-live", "1", "pipe:1")
    probe = await probe_source(tools, clips.write("piped.mkv", piped))
    assert (probe.is_indexed, probe.duration_s) == (False, pytest.approx(20.0, abs=0.05))


async def test_a_fragmented_file_counts_as_one_without_an_index(tools, clips):
    options = ("-map", "0:v", "-c", "copy", "-movflags", "+frag_keyframe+empty_moov")
    probe = await probe_source(tools, clips.make("fragments.mp4", "-i", clips.film(), *options))
    assert (probe.is_indexed, probe.duration_s) == (False, pytest.approx(20.0, abs=0.1))
    assert (await probe_source(tools, clips.film())).is_indexed


async def test_an_empty_file_is_refused(tools, clips):
    assert (await refusal_of(tools, clips.write("empty.mp4", b""))).reason is UnplayableReason.EMPTY


@pytest.mark.parametrize(
    "content",
    [
        b"This is not a film, it only claims to be one.",
        b"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>",
        b"<?xml version='1.0'?><MPD xmlns='urn:mpeg:dash:schema:mpd:2011'><BaseURL>http://127.0.0.1:9/</BaseURL></MPD>",
        bytes(range(256)) * 40,
    ],
    ids=["text", "playlist", "concat", "svg", "dash", "noise"],
)
async def test_what_is_no_media_is_refused(tools, clips, content):
    assert (await refusal_of(tools, clips.write("liar.mp4", content))).reason is UnplayableReason.NOT_MEDIA


async def test_a_known_but_unaccepted_container_is_named_so(tools, clips):
    flash = clips.picture("old.flv", "testsrc2=s=320x180:r=25", "1", "-c:v", "flv")
    assert (await refusal_of(tools, flash)).reason is UnplayableReason.UNSUPPORTED_CONTAINER


async def test_an_unaccepted_codec_is_named_so(tools, clips):
    rare = clips.picture("rare.mkv", "testsrc2=s=320x180:r=25", "1", "-c:v", "huffyuv")
    refused = await refusal_of(tools, rare)
    assert (refused.reason, refused.detail) == (UnplayableReason.UNSUPPORTED_CODEC, "codec huffyuv")


async def test_sound_alone_is_refused_as_a_title_and_accepted_as_a_language(tools, clips):
    sound = clips.picture("sound.mp4", "sine=440:r=48000", "3", "-c:a", "aac")
    assert (await refusal_of(tools, sound)).reason is UnplayableReason.NO_VIDEO
    heard = await probe_audio(tools, sound)
    assert heard.duration_s == pytest.approx(3.0, abs=0.05)
    assert [track.codec for track in heard.tracks] == ["aac"]


async def test_cover_art_is_not_a_moving_picture(tools, clips):
    sound = clips.picture("sound.m4a", "sine=440:r=48000", "3", "-c:a", "aac")
    cover = clips.picture("cover.jpg", "testsrc2=s=320x320", "1", "-frames:v", "1", "-update", "1")
    album = clips.make(
        "album.mp4",
        "-i",
        sound,
        "-i",
        cover,
        "-map",
        "0",
        "-map",
        "1",
        "-c",
        "copy",
        "-disposition:v:0",
        "attached_pic",
    )
    assert (await refusal_of(tools, album)).reason is UnplayableReason.NO_VIDEO


async def test_a_file_cut_before_its_index_is_truncated(tools, clips):
    cut = clips.write("cut.mp4", clips.short().read_bytes()[:200_000])
    assert (await refusal_of(tools, cut)).reason is UnplayableReason.TRUNCATED


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
async def test_a_file_cut_behind_its_index_is_truncated(tools, clips, suffix):
    whole = clips.make(f"fast.{suffix}", "-i", clips.film(), "-map", "0:v", "-c", "copy", "-movflags", "+faststart")
    content = whole.read_bytes()
    cut = clips.write(f"half.{suffix}", content[: len(content) * 6 // 10])
    assert (await refusal_of(tools, cut)).reason is UnplayableReason.TRUNCATED


async def test_a_file_whose_media_is_zeroes_is_corrupt(tools, clips):
    content = bytearray(
        clips.make("whole.mp4", "-i", clips.short(), "-c", "copy", "-movflags", "+faststart").read_bytes()
    )
    start = content.index(b"mdat") + 4
    content[start:] = bytes(len(content) - start)
    assert (await refusal_of(tools, clips.write("zeroes.mp4", bytes(content)))).reason is UnplayableReason.CORRUPT


async def test_a_header_without_frames_has_no_length(tools, clips):
    hollow = clips.picture("hollow.mp4", "testsrc2=s=320x180:r=25", "0", *H264, "-movflags", "+empty_moov")
    assert (await refusal_of(tools, hollow)).reason is UnplayableReason.ZERO_LENGTH


async def test_a_picture_bomb_is_too_large(tools, clips):
    bomb = clips.picture("bomb.mkv", "color=gray:s=16000x16000:r=25", "0.04", "-c:v", "mjpeg", "-q:v", "31")
    refused = await refusal_of(tools, bomb)
    assert (refused.reason, refused.detail) == (UnplayableReason.TOO_LARGE_PICTURE, "16000 x 16000 pixels")


async def test_subtitles_that_are_pictures_are_left_out_and_do_no_harm(tools, clips):
    content = clips.bilingual().read_bytes()
    probe = await probe_source(tools, clips.write("bitmap.mkv", content.replace(b"S_TEXT/UTF8", b"S_HDMV/PGS\0", 1)))
    assert [(track.codec, track.extractable) for track in probe.text] == [("hdmv_pgs_subtitle", False)]


async def test_a_source_past_the_longest_length_is_refused(tools, clips):
    refused = await refusal_of(tools, clips.short(), limits=ProbeLimits(max_duration_s=3))
    assert refused.reason is UnplayableReason.TOO_LONG


async def test_no_source_makes_a_request(tools, clips):
    """The address is live, so a connection would succeed and be seen."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/secret.ts"
        playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{address}\n#EXT-X-ENDLIST\n".encode()
        header = struct.pack(">I4s4sI4s", 20, b"ftyp", b"isom", 512, b"isom")
        for name, content in {"list.mp4": playlist, "disguised.mp4": header + playlist}.items():
            await refusal_of(tools, clips.write(name, content))
        with pytest.raises(TimeoutError):
            listener.accept()
