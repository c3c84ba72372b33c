import asyncio
import itertools

import psutil
import pytest
from PIL import Image

from domain.media.complexity import measure_complexity
from domain.media.encode import encode_audio, encode_chunk, extract_subtitles, join_chunks, make_seekable
from domain.media.ffmpeg_runner import EncodeFailed
from domain.media.ladder import VideoCodec
from domain.media.pictures import make_posters, make_thumbnails
from domain.media.plan import audio_renditions
from domain.media.probe import probe_audio, probe_source

H264 = ("-c:v", "libx264", "-preset", "ultrafast")


async def encode_all(tools, source, plan, folder, *, rungs=None):
    """Every chunk, then the joined file of each rung by its id."""
    folder.mkdir()
    seekable = await make_seekable(tools, source, plan, folder=folder)
    parts = [await encode_chunk(tools, seekable, plan, chunk, folder=folder) for chunk in plan.chunks]
    return {
        rung.id: await join_chunks(
            tools, plan, rung, [part[rung.id] for part in parts], output=folder / f"{rung.id}.mp4"
        )
        for rung in plan.ladder.rungs
    }


async def test_joined_chunks_equal_the_encode_that_was_never_cut(tools, clips, plan_of, tmp_path):
    cut = await plan_of(clips.film(), chunk_s=4.0)
    whole = await plan_of(clips.film(), chunk_s=60.0)
    assert (len(cut.chunks), len(whole.chunks)) == (5, 1)
    joined = (await encode_all(tools, clips.film(), cut, tmp_path / "cut"))["h264-360"]
    uncut = (await encode_all(tools, clips.film(), whole, tmp_path / "whole"))["h264-360"]
    assert clips.read_packets(joined) == clips.read_packets(uncut)
    assert [pts for pts, _, _ in clips.read_packets(joined)] == [frame * 1000 for frame in range(500)]
    assert clips.read_frame_numbers(joined) == list(range(500))
    assert clips.read_lowest_psnr(joined, uncut) > 35


async def test_key_frames_lie_on_the_segment_grid_in_every_rung(tools, clips, plan_of, tmp_path):
    plan = await plan_of(clips.film(), chunk_s=8.0)
    joined = await encode_all(tools, clips.film(), plan, tmp_path / "cut")
    assert len(joined) == 2
    for path in joined.values():
        keys = [number for number, (_, _, key) in enumerate(clips.read_packets(path)) if key]
        assert keys == list(range(0, 500, 50))


@pytest.mark.parametrize("form", ["live.mkv", "fragmented.mp4"])
async def test_recordings_without_an_index_are_cut_as_exactly(tools, clips, plan_of, tmp_path, form):
    """The Matroska one was written as a live recording, which says neither its length nor where anything is."""
    if form == "live.mkv":
        piped = clips.run("-i", clips.film(), "-map", "0:v", "-c", "copy", "-f", "matroska", "-live", "1", "pipe:1")
        recording = clips.write(form, piped)
    else:
        options = ("-c", "copy", "-movflags", "+frag_keyframe+empty_moov")
        recording = clips.make(form, "-i", clips.film(), "-map", "0:v", *options)
    plan = await plan_of(recording, chunk_s=4.0)
    assert len(plan.chunks) == 5
    joined = (await encode_all(tools, recording, plan, tmp_path / "cut"))["h264-360"]
    numbers = clips.read_frame_numbers(joined)
    assert len(numbers) == plan.total_frames
    assert sorted(set(numbers)) == list(range(500))
    assert len(numbers) <= 503


@pytest.mark.parametrize("suffix", ["ts", "avi"])
async def test_containers_without_an_index_are_cut_as_exactly(tools, clips, plan_of, tmp_path, suffix):
    bframes = () if suffix == "ts" else ("-bf", "0")
    source = clips.make(
        f"film.{suffix}",
        "-i",
        clips.film(),
        "-map",
        "0:v",
        "-c:v",
        "libx264",
        "-preset",
        "superfast",
        "-g",
        "250",
        *bframes,
    )
    plan = await plan_of(source, chunk_s=4.0)
    joined = (await encode_all(tools, source, plan, tmp_path / "cut"))["h264-360"]
    numbers = clips.read_frame_numbers(joined)
    assert len(numbers) == plan.total_frames
    assert numbers[:500] == list(range(500))


async def test_a_variable_frame_rate_becomes_constant_without_losing_time(tools, clips, plan_of, tmp_path):
    """The source shows frame n of a 60 Hz clock, unevenly; at every instant the output shows the latest of them."""
    uneven = clips.make(
        "uneven.mp4", "-f", "lavfi", "-i", f"{_numbered_at_60()},select='lt(mod(n,13),4)'", "-t", "9",
        "-fps_mode", "vfr", *H264, "-bf", "3", "-g", "200",
    )  # fmt: skip
    cut = await plan_of(uneven, chunk_s=3.0)
    whole = await plan_of(uneven, chunk_s=60.0)
    assert (str(cut.ladder.frame_rate), len(cut.chunks)) == ("30", 2)
    joined = clips.read_frame_numbers((await encode_all(tools, uneven, cut, tmp_path / "cut"))["h264-240"])
    uncut = clips.read_frame_numbers((await encode_all(tools, uneven, whole, tmp_path / "whole"))["h264-240"])
    assert joined == uncut
    # Frame k is on screen from k/30 s; the source's clock then reads 2k, give or take the frame rate filter's rounding.
    assert len(joined) == cut.total_frames
    assert all(0 <= 2 * k - number <= 11 for k, number in enumerate(joined))


async def test_a_rotated_odd_source_comes_out_upright_and_even(tools, clips, plan_of, tmp_path):
    flat = clips.picture("odd.mkv", "testsrc2=s=641x361:r=25", "2", "-c:v", "ffv1")
    odd = clips.make("odd.mp4", "-i", flat, "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv444p")
    turned = clips.make("odd-turned.mp4", "-display_rotation", "90", "-i", odd, "-c", "copy")
    plan = await plan_of(turned)
    joined = await encode_all(tools, turned, plan, tmp_path / "out")
    video = (await probe_source(tools, joined["h264-360"])).video
    assert (video.width, video.height, video.rotation, video.sample_aspect) == (360, 640, 0, 1)
    assert (video.pixel_format, video.colour_matrix) == ("yuv420p", "bt709")


async def test_hdr_is_brought_to_ordinary_colours(tools, clips, plan_of, tmp_path):
    options = ("-pix_fmt", "yuv420p10le", "-c:v", "libx265", "-preset", "ultrafast", "-x265-params")
    tags = "log-level=error:colorprim=bt2020:transfer={}:colormatrix=bt2020nc"
    for curve in ("smpte2084", "arib-std-b67"):
        bright = clips.picture(f"{curve}.mp4", "color=white:s=320x180:r=25", "1", *options, tags.format(curve))
        plan = await plan_of(bright)
        joined = (await encode_all(tools, bright, plan, tmp_path / curve))["h264-240"]
        video = (await probe_source(tools, joined)).video
        assert (video.dynamic_range, video.bit_depth, video.colour_matrix) == ("sdr", 8, "bt709")
        luma = clips.run("-i", joined, "-frames:v", "1", "-vf", "format=gray", "-f", "rawvideo", "pipe:1")
        assert min(luma) > 180  # Full white stays bright; untouched PQ or HLG samples would clip or turn grey.


async def test_a_source_that_ends_early_freezes_and_keeps_its_length(tools, clips, plan_of, tmp_path):
    outro = clips.make(
        "outro.mkv", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=3", "-f", "lavfi", "-i", "sine=440:d=5",
        *H264, "-c:a", "aac",
    )  # fmt: skip
    plan = await plan_of(outro)
    assert plan.duration_s == pytest.approx(5.0, abs=0.05)
    joined = (await encode_all(tools, outro, plan, tmp_path / "out"))["h264-240"]
    assert len(clips.read_packets(joined)) == plan.total_frames


async def test_hevc_and_av1_keep_the_same_grid(tools, clips, plan_of, tmp_path):
    source = clips.picture("codecs.mp4", "testsrc2=s=320x180:r=25", "5", *H264)
    plan = await plan_of(source, codecs=(VideoCodec.HEVC, VideoCodec.AV1), chunk_s=4.0)
    joined = await encode_all(tools, source, plan, tmp_path / "out")
    assert sorted(joined) == ["av1-240", "h264-240", "hevc-240"]
    for path in joined.values():
        packets = clips.read_packets(path)
        assert len(packets) == 125
        assert [number for number, (_, _, key) in enumerate(packets) if key] == [0, 50, 100]


async def test_progress_counts_up_to_the_last_frame(tools, clips, plan_of, tmp_path):
    plan = await plan_of(clips.short())
    reports = []

    async def remember(progress):
        reports.append(progress)

    seekable = await make_seekable(tools, clips.short(), plan, folder=tmp_path)
    await encode_chunk(tools, seekable, plan, plan.chunks[0], folder=tmp_path, on_progress=remember)
    frames = [report.frame for report in reports]
    assert frames == sorted(frames)
    assert frames[-1] == 120
    assert reports[-1].out_time_s == pytest.approx(4.0, abs=0.1)
    assert not list(tmp_path.glob("*.part"))


async def test_a_cancelled_chunk_leaves_no_process_and_no_finished_file(tools, clips, plan_of, tmp_path):
    plan = await plan_of(clips.short(), preset="veryslow")
    seekable = await make_seekable(tools, clips.short(), plan, folder=tmp_path)
    started = asyncio.Event()

    async def remember(_progress):
        started.set()

    task = asyncio.create_task(
        encode_chunk(tools, seekable, plan, plan.chunks[0], folder=tmp_path, on_progress=remember)
    )
    async with asyncio.timeout(20):
        await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not [child for child in psutil.Process().children() if "ffmpeg" in child.name()]
    assert not list(tmp_path.glob("*.mp4"))


async def test_a_chunk_that_is_missing_is_noticed_when_joining(tools, clips, plan_of, tmp_path):
    plan = await plan_of(clips.film(), chunk_s=8.0)
    seekable = await make_seekable(tools, clips.film(), plan, folder=tmp_path)
    part = await encode_chunk(tools, seekable, plan, plan.chunks[0], folder=tmp_path)
    with pytest.raises(EncodeFailed, match="1 of 3 chunks"):
        await join_chunks(tools, plan, plan.ladder.rungs[0], [part["h264-360"]], output=tmp_path / "joined.mp4")
    twice = [part["h264-360"]] * 3
    with pytest.raises(EncodeFailed, match="frames were written"):
        await join_chunks(tools, plan, plan.ladder.rungs[0], twice, output=tmp_path / "joined.mp4")
    assert not (tmp_path / "joined.mp4").exists()


async def test_sound_keeps_every_sample_in_its_place(tools, clips, plan_of, tmp_path):
    plan = await plan_of(clips.film(), chunk_s=4.0)
    encoded = await encode_audio(tools, clips.film(), plan, plan.audio[0], folder=tmp_path)
    heard = clips.read_samples(encoded)
    assert len(heard) == 20 * 48_000
    clicks = _starts_of_clicks(heard)
    assert [round(start / 48_000, 2) for start in clicks] == [3.0, 9.0, 15.0]
    assert all(abs(start - second * 48_000) < 240 for start, second in zip(clicks, (3, 9, 15), strict=True))


async def test_silence_fills_sound_that_starts_late_and_ends_early(tools, clips, plan_of, tmp_path):
    late = clips.make(
        "late.mkv", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=4", "-itsoffset", "1", "-f", "lavfi",
        "-i", "sine=1000:d=2:r=48000", *H264, "-c:a", "pcm_s16le",
    )  # fmt: skip
    plan = await plan_of(late)
    heard = clips.read_samples(await encode_audio(tools, late, plan, plan.audio[0], folder=tmp_path))
    assert len(heard) == 4 * 48_000
    loud = [index for index in range(0, len(heard), 48) if max(map(abs, heard[index : index + 48])) > 0.05]
    assert loud[0] / 48_000 == pytest.approx(1.0, abs=0.02)
    assert loud[-1] / 48_000 == pytest.approx(3.0, abs=0.03)


async def test_a_language_from_its_own_file_lasts_as_long_as_the_picture(tools, clips, plan_of, tmp_path):
    plan = await plan_of(clips.short())
    dub = clips.picture("dub.wav", "sine=700:r=44100", "2")
    heard = await probe_audio(tools, dub)
    [rendition] = audio_renditions(heard.tracks, first_is_default=False)
    encoded = await encode_audio(tools, dub, plan, rendition, folder=tmp_path, container=heard.container)
    assert len(clips.read_samples(encoded)) == 4 * 48_000
    assert not rendition.is_default


async def test_embedded_subtitles_come_out_clean(tools, clips, plan_of, tmp_path):
    plan = await plan_of(clips.bilingual())
    [rendition] = plan.text
    assert (rendition.language, rendition.label) == ("de", "Deutsch")
    path = await extract_subtitles(tools, clips.bilingual(), plan, rendition, folder=tmp_path)
    assert path.read_text() == "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nGuten <i>Tag</i>\n"


async def test_posters_are_jpegs_that_are_never_enlarged(tools, clips, plan_of, tmp_path):
    plan = await plan_of(clips.film())
    joined = await encode_all(tools, clips.film(), plan, tmp_path / "out")
    posters = await make_posters(tools, joined["h264-360"], plan, folder=tmp_path)
    assert [poster.path.name for poster in posters] == ["320.jpg", "640.jpg", "1280.jpg"]
    opened = [Image.open(poster.path) for poster in posters]
    assert [(image.format, image.size) for image in opened] == [
        ("JPEG", (320, 180)), ("JPEG", (640, 360)), ("JPEG", (640, 360))
    ]  # fmt: skip


async def test_thumbnails_show_the_frame_of_their_time(tools, clips, plan_of, tmp_path):
    plan = await plan_of(clips.film())
    rung = plan.ladder.rungs[-1]
    joined = await encode_all(tools, clips.film(), plan, tmp_path / "out")
    thumbnails = await make_thumbnails(tools, joined[rung.id], plan, rung, folder=tmp_path)
    assert (thumbnails.interval_s, thumbnails.count) == (2.0, 10)
    [sheet] = thumbnails.sheets
    image = Image.open(sheet).convert("L")
    assert image.size == (1600, 90)
    lines = thumbnails.vtt.read_text().splitlines()
    assert lines[:3] == ["WEBVTT", "", "00:00:00.000 --> 00:00:02.000"]
    areas = [line.split("#xywh=")[1] for line in lines if "#xywh=" in line]
    assert areas == [f"{160 * number},0,160,90" for number in range(10)]
    shown = []
    for area in areas:
        x, y, width, height = map(int, area.split(","))
        bits = [image.getpixel((x + 5 + 10 * bit, y + height // 2)) > 128 for bit in range(16)]
        shown.append(sum(1 << bit for bit, on in enumerate(bits) if on))
        assert width == 160
    assert shown == list(range(0, 500, 50))


async def test_busy_content_measures_more_complex_than_calm(tools, clips):
    calm = clips.picture("calm.mp4", "color=navy:s=640x360:r=25", "3", *H264)
    busy = clips.picture("busy.mp4", "testsrc2=s=640x360:r=25,noise=alls=70:allf=t", "3", *H264)
    measured = [await measure_complexity(tools, path, await probe_source(tools, path)) for path in (calm, busy)]
    assert (measured[0].factor, measured[1].factor) == (0.3, 1.8)
    assert measured[1].measured_kbps > 20 * measured[0].measured_kbps


def _numbered_at_60() -> str:
    bits = "color=black:s=16x2:r=60,format=gray,geq=lum='235*mod(floor(N/pow(2,X)),2)'"
    return f"{bits},scale=320:180:flags=neighbor,setsar=1,format=yuv420p"


def _starts_of_clicks(heard) -> list[int]:
    loud = (index for index, value in enumerate(heard) if abs(value) > 0.2)
    starts = []
    for index in loud:
        if not starts or index - starts[-1] > 24_000:
            starts.append(index)
    return list(itertools.islice(starts, 10))
