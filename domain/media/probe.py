"""Looks at an uploaded file and says what is in it, or why it cannot play.

Nothing is believed for its name or its declared type: the first bytes choose the only demuxer, ffprobe reads the
header in the sandbox, the tail must be where the header says it is, and a few frames must really decode.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from domain.media.containers import SNIFFED_BYTES, Container, is_indexed, sniff_container
from domain.media.ffmpeg_runner import (
    EncodeFailed,
    EncodeTimedOut,
    Output,
    Progress,
    input_arguments,
    open_source,
    run_ffmpeg,
    write,
)
from domain.media.probe_answer import ProbeAnswer, read_answer, read_tail
from domain.media.sandbox import Confinement, Finished, Limits, OnLine, ProcessTimedOut, run_confined
from domain.media.source import AudioTrack, SourceProbe, SourceUnplayable, UnplayableReason
from domain.media.tools import MediaTools

# Formats we know and do not take, so that the answer can be "another container" and not "no media".
UNSUPPORTED_MAGIC = (b"FLV", b"\x30\x26\xb2\x75", b"\x00\x00\x01\xba", b"\x06\x0e\x2b\x34", b".RMF", b"GIF8")
# Frames that must decode at the start and near the end.
FRAMES_TRIED = 3
# How far before its end the tail is read; some encoders put ten seconds between key frames.
TAIL_S = 12.0
# A header may round, and streams end a little apart; more than this is missing media.
MISSING_TOLERANCE_S = 1.0
MAX_STREAMS = 64
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
NOWHERE = Path("/dev/null")
# What libavutil says of a picture above `-max_pixels`, and of one no build can hold.
_REFUSED_SIZE = re.compile(r"[Pp]icture size (\d+)x(\d+) (?:exceeds|is invalid)")
_REFUSED_DECODER = re.compile(r"Codec \((\w+)\) not on whitelist")
PROBE_PROCESS_LIMITS = Limits(wall_s=300, cpu_s=60, memory_bytes=4 << 30, file_size_bytes=1 << 20)


@dataclass(frozen=True)
class ProbeLimits:
    """What a source may be at most, and what looking at it may cost."""

    min_duration_s: float = 0.1
    max_duration_s: float = 12 * 3600
    process: Limits = PROBE_PROCESS_LIMITS


DEFAULT_LIMITS = ProbeLimits()


@dataclass(frozen=True)
class AudioProbe:
    """A file that brings sound only, such as a further language."""

    container: Container
    duration_s: float
    tracks: tuple[AudioTrack, ...]


async def probe_source(tools: MediaTools, path: Path, *, limits: ProbeLimits = DEFAULT_LIMITS) -> SourceProbe:
    """Describe the video source at `path`.

    Raises:
        SourceUnplayable: with one of the closed reasons; the file is left as it was.
        EncodeTimedOut: on a machine too busy to look; trying again later can help.
    """
    container = _container_of(path)
    if not container.may_hold_video:
        raise _refusal(UnplayableReason.NO_VIDEO, f"{container.value} files hold sound only")
    answer = await _ask(tools, path, container, limits)
    if not answer.video_tracks:
        raise _refusal(UnplayableReason.NO_VIDEO, "no stream is a moving picture")
    _check_streams(answer)
    answer = await _check_length(tools, path, container, answer, limits)
    video = answer.video_tracks[0]
    indexed = is_indexed(path, container) and answer.declared_s > 0
    places = _places_tried(video.end_s) if indexed else (0.0,)
    await _check_decoding(tools, path, container, stream=video.index, places=places, limits=limits)
    return SourceProbe(
        container=container,
        is_indexed=indexed,
        size_bytes=_size_of(path),
        duration_s=answer.duration_s,
        video=video,
        audio=answer.audio_tracks,
        text=answer.text_tracks,
    )


async def probe_audio(tools: MediaTools, path: Path, *, limits: ProbeLimits = DEFAULT_LIMITS) -> AudioProbe:
    """Describe a file uploaded for its sound; any picture in it is ignored.

    Raises:
        SourceUnplayable: as `probe_source`, and NO_AUDIO.
    """
    container = _container_of(path)
    answer = await _ask(tools, path, container, limits)
    if not answer.audio_tracks:
        raise _refusal(UnplayableReason.NO_AUDIO, "no stream is sound")
    answer = await _check_length(tools, path, container, answer, limits)
    track = answer.audio_tracks[0]
    await _check_decoding(tools, path, container, stream=track.index, places=(0.0,), limits=limits)
    return AudioProbe(container=container, duration_s=answer.duration_s, tracks=answer.audio_tracks)


def _refusal(reason: UnplayableReason, detail: str) -> SourceUnplayable:
    return SourceUnplayable(reason=reason, detail=detail)


def _size_of(path: Path) -> int:
    return path.stat().st_size


def _container_of(path: Path) -> Container:
    with path.open("rb") as file:
        head = file.read(SNIFFED_BYTES)
    if not head:
        raise _refusal(UnplayableReason.EMPTY, "0 bytes")
    container = sniff_container(head)
    if container is not None:
        return container
    if head.startswith(UNSUPPORTED_MAGIC):
        raise _refusal(UnplayableReason.UNSUPPORTED_CONTAINER, "a known format that is not accepted")
    raise _refusal(UnplayableReason.NOT_MEDIA, "the first bytes belong to no media container")


async def _ask(tools: MediaTools, path: Path, container: Container, limits: ProbeLimits) -> ProbeAnswer:
    shown = ("-show_format", "-show_streams")
    answer, complaint = await _ffprobe(tools, path, container, shown, limits)
    if bomb := _REFUSED_SIZE.search(complaint):
        raise _refusal(UnplayableReason.TOO_LARGE_PICTURE, f"{bomb.group(1)} x {bomb.group(2)} pixels")
    if answer is None:
        raise _refusal(*_why_unreadable(complaint))
    parsed = read_answer(answer)
    if parsed.stream_count > MAX_STREAMS:
        raise _refusal(UnplayableReason.CORRUPT, f"{parsed.stream_count} streams")
    return parsed


def _why_unreadable(complaint: str) -> tuple[UnplayableReason, str]:
    if refused := _REFUSED_DECODER.search(complaint):
        return UnplayableReason.UNSUPPORTED_CODEC, f"codec {refused.group(1)}"
    detail = complaint.strip().splitlines()[-1][:200] if complaint.strip() else "the header cannot be read"
    if "moov atom not found" in complaint or "Truncat" in complaint or "End of file" in complaint:
        return UnplayableReason.TRUNCATED, detail
    return UnplayableReason.CORRUPT, detail


def _check_streams(answer: ProbeAnswer) -> None:
    video = answer.video_tracks[0]
    if answer.unknown_video_codec is not None:
        raise _refusal(UnplayableReason.UNSUPPORTED_CODEC, f"video codec {answer.unknown_video_codec}")
    if answer.unknown_audio_codec is not None:
        raise _refusal(UnplayableReason.UNSUPPORTED_CODEC, f"audio codec {answer.unknown_audio_codec}")
    if answer.too_large:
        raise _refusal(UnplayableReason.TOO_LARGE_PICTURE, f"{video.width} x {video.height} pixels")
    if video.width < 2 or video.height < 2:
        raise _refusal(UnplayableReason.CORRUPT, f"{video.width} x {video.height} pixels")


async def _check_length(
    tools: MediaTools, path: Path, container: Container, answer: ProbeAnswer, limits: ProbeLimits
) -> ProbeAnswer:
    """Compare the declared length with where the last packets really are, and return the real ends."""
    if answer.declared_s <= 0:
        # A recording that was written while it was made does not say how long it is; reading it through does.
        answer = answer.with_ends(await _read_through(tools, path, container, limits))
    else:
        answer = await _check_tail(tools, path, container, answer, limits)
    if answer.duration_s > limits.max_duration_s:
        raise _refusal(UnplayableReason.TOO_LONG, f"{answer.duration_s:.0f} s")
    if answer.duration_s < limits.min_duration_s:
        raise _refusal(UnplayableReason.ZERO_LENGTH, f"{answer.duration_s:.3f} s")
    return answer


async def _check_tail(
    tools: MediaTools, path: Path, container: Container, answer: ProbeAnswer, limits: ProbeLimits
) -> ProbeAnswer:
    if answer.duration_s > limits.max_duration_s:
        raise _refusal(UnplayableReason.TOO_LONG, f"{answer.duration_s:.0f} s")
    start = max(0.0, answer.duration_s - TAIL_S)
    # A few packets behind the declared end are harmless; an endless read is not.
    interval = f"{answer.start_s + start:.3f}%+{TAIL_S * 4:.0f}" if start > 0 else f"%+{TAIL_S * 4:.0f}"
    shown = ("-read_intervals", interval, "-show_entries", "packet=stream_index,pts_time,dts_time,duration_time,flags")
    tail, complaint = await _ffprobe(tools, path, container, shown, limits)
    measured = answer.with_ends(read_tail(tail or {}))
    if not measured.ends:
        empty = answer.duration_s < limits.min_duration_s
        raise _refusal(
            UnplayableReason.ZERO_LENGTH if empty else UnplayableReason.TRUNCATED,
            "there is not one packet" if empty else "no packet where the header says the end is",
        )
    missing = measured.missing_s
    if missing > MISSING_TOLERANCE_S:
        raise _refusal(UnplayableReason.TRUNCATED, f"the last {missing:.1f} s are missing {complaint.strip()[-80:]}")
    return measured


async def _read_through(tools: MediaTools, path: Path, container: Container, limits: ProbeLimits) -> dict[int, float]:
    """Where each stream ends, found by reading every packet of the file and decoding none."""
    ends: dict[int, float] = {}

    async def follow(line: str) -> None:
        index, shown, lasts = [*line.split(","), "", ""][:3]
        if index.isdigit() and _NUMBER.fullmatch(shown):
            end = float(shown) + (float(lasts) if _NUMBER.fullmatch(lasts) else 0.0)
            ends[int(index)] = max(ends.get(int(index), end), end)

    shown = ("-of", "csv=p=0", "-show_entries", "packet=stream_index,pts_time,duration_time")
    await _run_ffprobe(tools, path, container, shown, limits, on_line=follow)
    return ends


async def _check_decoding(
    tools: MediaTools, path: Path, container: Container, *, stream: int, places: tuple[float, ...], limits: ProbeLimits
) -> None:
    await asyncio.gather(*(_try_frames(tools, path, container, stream, place, limits) for place in places))


def _places_tried(end_s: float) -> tuple[float, ...]:
    # Without an index a seek lands between key frames, where nothing need decode.
    return (0.0, end_s - TAIL_S / 2) if end_s >= 2 * TAIL_S else (0.0,)


async def _try_frames(
    tools: MediaTools, path: Path, container: Container, stream: int, place_s: float, limits: ProbeLimits
) -> None:
    options: dict[str, str | int | float] = {"ss": f"{place_s:.3f}"} if place_s > 0 else {}
    source = open_source(path, container, threads=2, **options)[str(stream)]
    detail = f"nothing decodes at {place_s:.0f} s"
    try:
        last = await _run_to_nowhere(tools, write(source, NOWHERE, format="null", frames=FRAMES_TRIED), path, limits)
    except EncodeTimedOut:
        raise  # A busy machine, not a broken file: a file that needs too much work runs out of processor time first.
    except EncodeFailed as failed:
        raise _refusal(UnplayableReason.CORRUPT, f"{detail}: {failed.reason}") from failed
    if last.frame == 0 and last.out_time_s == 0:
        raise _refusal(UnplayableReason.CORRUPT, detail)


async def _run_to_nowhere(tools: MediaTools, output: Output, path: Path, limits: ProbeLimits) -> Progress:
    """Run an output that writes nothing and return its last report."""
    last = Progress(frame=0, fps=0.0, out_time_s=0.0, speed=0.0)

    async def remember(progress: Progress) -> None:
        nonlocal last
        last = progress

    await run_ffmpeg(tools, [output], reads=[path], folder=None, limits=limits.process, on_progress=remember)
    return last


async def _ffprobe(
    tools: MediaTools, path: Path, container: Container, shown: Sequence[str], limits: ProbeLimits
) -> tuple[Mapping[str, object] | None, str]:
    finished = await _run_ffprobe(tools, path, container, ("-of", "json", *shown), limits)
    if finished.exit_code != 0 or not finished.stdout:
        return None, finished.stderr_tail
    answer = json.loads(finished.stdout)
    assert isinstance(answer, dict)
    return answer, finished.stderr_tail


async def _run_ffprobe(
    tools: MediaTools,
    path: Path,
    container: Container,
    shown: Sequence[str],
    limits: ProbeLimits,
    *,
    on_line: OnLine | None = None,
) -> Finished:
    guards = [part for name, value in input_arguments(container).items() for part in (f"-{name}", str(value))]
    argv = [str(tools.ffprobe), "-v", "error", "-f", container.demuxer, *guards, *shown, f"file:{path}"]
    try:
        confinement = Confinement(reads=(path,), writes=(), limits=limits.process)
        return await run_confined(argv, confinement, on_line=on_line)
    except ProcessTimedOut as late:
        raise EncodeTimedOut(reason=f"looking at it took longer than {late.wall_s:.0f} s") from late
