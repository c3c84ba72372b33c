"""Encodes: one chunk of the picture in every size at once, joining chunks, and whole sound and subtitle tracks.

The source is decoded once per chunk and split to all rungs inside one ffmpeg process, so a checkpoint is one chunk of
the whole ladder. Time runs on the source's own clock, counted from the start of its container, for picture and sound.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from domain.media.chunks import Chunk
from domain.media.containers import Container
from domain.media.ffmpeg_runner import (
    EncodeFailed,
    Graph,
    OnProgress,
    Option,
    Output,
    Progress,
    open_concat_list,
    open_source,
    run_ffmpeg,
    split,
    write,
)
from domain.media.ladder import Ladder, Rung, VideoCodec
from domain.media.plan import AudioRendition, EncodePlan, Picture, TextRendition
from domain.media.sandbox import Limits
from domain.media.source import DynamicRange
from domain.media.subtitles import read_subtitles, write_webvtt
from domain.media.tools import MediaTools

DEFAULT_THREADS = 2
# Seek this far before a chunk: a key frame at or before it is shown before the chunk starts even where frames are
# stored out of order, so the frame visible at the chunk's first instant is always among those decoded.
PREROLL_S = 1.0
# A slow machine with a slow codec: ten minutes, plus two for each second of media.
BASE_WALL_S, WALL_PER_MEDIA_S = 600.0, 120.0
# Address space, most of it never touched: UHD in three codecs at once reserved 10.3 GiB.
ENCODE_MEMORY_BYTES = 16 << 30
OUTPUT_BYTES = 64 << 30
AUDIO_RATE = 48_000
# Peak brightness, in candela per square metre, of the SDR screen that HDR is brought down to.
SDR_PEAK_NITS = 100


@dataclass(frozen=True)
class SeekableSource:
    """A source in which a seek lands on a key frame; `video_index` is the picture's stream in this file."""

    path: Path
    container: Container
    video_index: int


async def make_seekable(tools: MediaTools, source: Path, plan: EncodePlan, *, folder: Path) -> SeekableSource:
    """Give back the source itself, or, where it has no index, a copy of its streams in Matroska.

    Repeating it is cheap: an existing copy in `folder` is used.
    """
    if plan.is_indexed:
        return SeekableSource(path=source, container=plan.container, video_index=plan.picture.index)
    target = folder / "seekable.mkv"
    if not target.exists():
        part = folder / "seekable.part"
        opened = open_source(source, plan.container, fflags="+genpts")
        # The sound goes along so that both files start at the same instant.
        tracks = [opened[str(plan.picture.index)], *(opened[str(track.source_index)] for track in plan.audio)]
        output = tracks[0].output(*tracks[1:], f"file:{part}", format="matroska", c="copy", map_metadata=-1)
        try:
            await run_ffmpeg(tools, [output], reads=[source], folder=folder, limits=_limits(plan.duration_s))
            part.rename(target)
        finally:
            # The folder outlives the job, and half a copy is as large as a disk can hold.
            part.unlink(missing_ok=True)
    return SeekableSource(path=target, container=Container.MATROSKA, video_index=0)


async def encode_chunk(
    tools: MediaTools,
    source: SeekableSource,
    plan: EncodePlan,
    chunk: Chunk,
    *,
    folder: Path,
    threads: int = DEFAULT_THREADS,
    on_progress: OnProgress | None = None,
) -> dict[str, Path]:
    """Encode one chunk in every rung; returns the file of each rung by its id.

    Each file has exactly `chunk.frames` frames, the first of them a key frame at 0. Files appear under their final
    name only when all of them are whole.

    Raises:
        EncodeFailed: also when the picture could not be decoded at all.
    """
    opened = _open_chunk(source, chunk, threads)
    picture = _constant_rate(opened, plan, chunk)
    largest = max(plan.ladder.rungs, key=lambda rung: rung.width * rung.height)
    prepared = _to_standard_colours(picture, plan.picture, largest)
    parts = {rung.id: folder / f"chunk-{chunk.index:05d}-{rung.id}.part" for rung in plan.ladder.rungs}
    outputs = [
        write(_scaled(copy, rung, largest), parts[rung.id], **_video_options(rung, plan, threads))
        for copy, rung in zip(split(prepared, len(parts)), plan.ladder.rungs, strict=True)
    ]
    await _run_counted(
        tools, outputs, frames=chunk.frames, reads=[source.path], folder=folder,
        limits=_limits(chunk.end_s - chunk.start_s + PREROLL_S), on_progress=on_progress,
    )  # fmt: skip
    return {rung_id: part.rename(part.with_suffix(".mp4")) for rung_id, part in parts.items()}


async def join_chunks(tools: MediaTools, plan: EncodePlan, rung: Rung, parts: Sequence[Path], *, output: Path) -> Path:
    """Join the chunks of one rung, in order, into one MP4 at `output` without encoding again.

    Raises:
        EncodeFailed: when the joined file does not have every frame of the plan.
    """
    if len(parts) != len(plan.chunks):
        raise EncodeFailed(reason=f"{rung.id} has {len(parts)} of {len(plan.chunks)} chunks")
    if len(parts) == 1:
        return _place(parts[0], output)
    script = output.with_suffix(".ffconcat")
    script.write_text(_concat_script(plan, parts), encoding="utf-8")
    part = output.with_suffix(".part")
    joined = write(
        open_concat_list(script)["v"], part, format="mp4", c="copy", video_track_timescale=_timescale(plan.ladder)
    )
    await _run_counted(
        tools, [joined], frames=plan.total_frames, reads=[script, *parts], folder=output.parent,
        limits=_limits(plan.duration_s), on_progress=None,
    )  # fmt: skip
    script.unlink()
    return part.rename(output)


async def encode_audio(
    tools: MediaTools,
    source: Path,
    plan: EncodePlan,
    rendition: AudioRendition,
    *,
    folder: Path,
    container: Container | None = None,
    on_progress: OnProgress | None = None,
) -> Path:
    """Encode one sound track, whole, to AAC; silence fills gaps and both ends so that it lasts as long as the picture.

    `container` is that of a file uploaded for its sound; without it `source` is the source of the plan.
    """
    sound = open_source(source, container or plan.container)[str(rendition.source_index)]
    lasts = f"{plan.duration_s:.6f}"
    filled = (
        sound.filter("aresample", AUDIO_RATE, **{"async": 1, "first_pts": 0})
        .filter("aformat", sample_fmts="fltp", channel_layouts="stereo")
        .filter("apad", whole_dur=lasts)
        .filter("atrim", end=lasts)
    )
    part = folder / f"{rendition.id}.part"
    rates: dict[str, Option] = {"b:a": f"{rendition.kbps}k", "ar": AUDIO_RATE}
    output = write(filled, part, format="mp4", acodec="aac", **rates)
    await run_ffmpeg(
        tools, [output], reads=[source], folder=folder, limits=_limits(plan.duration_s), on_progress=on_progress
    )
    return part.rename(part.with_suffix(".mp4"))


async def extract_subtitles(
    tools: MediaTools, source: Path, plan: EncodePlan, rendition: TextRendition, *, folder: Path
) -> Path:
    """Take one embedded subtitle track out of the source as clean WebVTT.

    Raises:
        EncodeFailed: when ffmpeg cannot read the track.
        SubtitlesUnreadable: when there is no usable caption in it.
    """
    raw = folder / f"{rendition.id}.part"
    track = open_source(source, plan.container)[str(rendition.source_index)]
    output = write(track, raw, format="webvtt", scodec="webvtt")
    await run_ffmpeg(tools, [output], reads=[source], folder=folder, limits=_limits(plan.duration_s))
    clean = write_webvtt(read_subtitles(raw.read_bytes()))
    raw.write_text(clean, encoding="utf-8")
    return raw.rename(raw.with_suffix(".vtt"))


def _open_chunk(source: SeekableSource, chunk: Chunk, threads: int) -> Graph:
    options: dict[str, Option] = {"threads": threads}
    seek_s = _seek_s(chunk)
    if seek_s > 0:
        # Without exact seeking ffmpeg keeps what it decodes from the key frame on; the frame rate filter drops it.
        options |= {"ss": f"{seek_s:.6f}", "noaccurate_seek": None}
    return open_source(source.path, source.container, **options)[str(source.video_index)]


def _seek_s(chunk: Chunk) -> float:
    return max(0.0, chunk.start_s - PREROLL_S)


def _constant_rate(opened: Graph, plan: EncodePlan, chunk: Chunk) -> Graph:
    """Exactly the chunk's frames on the constant grid, starting at 0; a source that ends early freezes."""
    rate = plan.ladder.frame_rate
    if plan.picture.interlaced:
        opened = opened.filter("bwdif", mode="send_frame", deint="interlaced")
    return (
        opened.filter("fps", fps=str(rate), start_time=f"{chunk.start_s - _seek_s(chunk):.6f}")
        .filter("tpad", stop=-1, stop_mode="clone")
        .filter("trim", end_frame=chunk.frames)
        .filter("setpts", "PTS-STARTPTS")
    )


def _to_standard_colours(picture: Graph, track: Picture, size: Rung) -> Graph:
    """Square pixels in BT.709 at the largest size; HDR is tone-mapped there, where it is cheapest once for all."""
    if track.dynamic_range is DynamicRange.SDR:
        picture = picture.filter(
            "scale", size.width, size.height,
            in_color_matrix=track.colour_matrix, out_color_matrix="bt709", out_range="tv",
        )  # fmt: skip
    else:
        curve = "smpte2084" if track.dynamic_range is DynamicRange.PQ else "arib-std-b67"
        picture = (
            picture.filter(
                "zscale",
                w=size.width,
                h=size.height,
                tin=curve,
                pin="bt2020",
                min="bt2020nc",
                t="linear",
                npl=SDR_PEAK_NITS,
            )
            .filter("format", "gbrpf32le")
            .filter("zscale", p="bt709")
            .filter("tonemap", "hable", desat=0)
            .filter("zscale", t="bt709", m="bt709", r="tv")
        )
    return (
        picture.filter("format", "yuv420p")
        .filter("setparams", color_primaries="bt709", color_trc="bt709", colorspace="bt709", range="tv")
        .filter("setsar", 1)
    )


def _scaled(picture: Graph, rung: Rung, largest: Rung) -> Graph:
    if (rung.width, rung.height) == (largest.width, largest.height):
        return picture
    return picture.filter("scale", rung.width, rung.height).filter("setsar", 1)


def _video_options(rung: Rung, plan: EncodePlan, threads: int) -> Mapping[str, Option]:
    ladder = plan.ladder
    shared: dict[str, Option] = {
        "format": "mp4",
        "fps_mode": "passthrough",
        "video_track_timescale": _timescale(ladder),
        "g": ladder.gop_frames,
        "threads": threads,
    }
    rate_control: dict[str, Option] = {"maxrate": f"{rung.max_kbps}k", "bufsize": f"{rung.max_kbps * 2}k"}
    if rung.codec is VideoCodec.H264:
        return shared | rate_control | {
            "vcodec": "libx264", "preset": plan.preset, "profile:v": "high", "crf": rung.crf,
            "keyint_min": ladder.gop_frames, "sc_threshold": 0, "flags": "+cgop",
        }  # fmt: skip
    if rung.codec is VideoCodec.HEVC:
        grid = f"keyint={ladder.gop_frames}:min-keyint={ladder.gop_frames}:scenecut=0:open-gop=0:log-level=error"
        return shared | rate_control | {
            "vcodec": "libx265", "preset": plan.preset, "crf": rung.crf, "tag:v": "hvc1",
            "x265-params": f"{grid}:pools={threads}",
        }  # fmt: skip
    # SVT-AV1 presets are numbers; 10 is its counterpart of `veryfast`. `mbr` caps the rate of constant quality.
    return shared | {
        "vcodec": "libsvtav1", "preset": 10, "crf": rung.crf,
        "svtav1-params": f"scd=0:enable-overlays=0:mbr={rung.max_kbps}:lp={threads}",
    }  # fmt: skip


def _timescale(ladder: Ladder) -> int:
    """Ticks a second in which one frame is a whole number of ticks."""
    numerator = ladder.frame_rate.numerator
    return numerator if numerator >= 1000 else numerator * 1000


def _concat_script(plan: EncodePlan, parts: Sequence[Path]) -> str:
    lines = ["ffconcat version 1.0"]
    for chunk, part in zip(plan.chunks, parts, strict=True):
        quoted = str(part).replace("'", "'\\''")
        # The exact duration places the next chunk on the grid, whatever its container says.
        lasts = Fraction(chunk.frames) / plan.ladder.frame_rate
        lines += [f"file 'file:{quoted}'", f"duration {float(lasts):.9f}"]
    return "\n".join([*lines, ""])


def _place(part: Path, output: Path) -> Path:
    try:
        os.link(part, output)
    except FileExistsError:
        output.unlink()
        os.link(part, output)
    except OSError:
        shutil.copyfile(part, output)  # Another file system, or one without links.
    return output


async def _run_counted(
    tools: MediaTools,
    outputs: Sequence[Output],
    *,
    frames: int,
    reads: Sequence[Path],
    folder: Path,
    limits: Limits,
    on_progress: OnProgress | None,
) -> None:
    written = 0

    async def count(progress: Progress) -> None:
        nonlocal written
        written = progress.frame
        if on_progress is not None:
            await on_progress(progress)

    await run_ffmpeg(tools, outputs, reads=reads, folder=folder, limits=limits, on_progress=count)
    if written != frames:
        raise EncodeFailed(reason=f"{written} of {frames} frames were written", permanent=True)


def _limits(media_s: float) -> Limits:
    wall_s = BASE_WALL_S + WALL_PER_MEDIA_S * media_s
    return Limits(wall_s=wall_s, cpu_s=int(wall_s * 8), memory_bytes=ENCODE_MEMORY_BYTES, file_size_bytes=OUTPUT_BYTES)
