"""The one adapter of ffmpeg: graphs are built with `ffmpeg-python`, run by our own sandboxed runner.

Everything here is an argument list; no shell, no interpolated string. A source of a stranger is opened with a forced
demuxer, one container, one protocol, an allow-list of decoders and a bound on pixels, on top of the sandbox.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

import ffmpeg

from domain.media.containers import Container
from domain.media.room import DiskFull, is_without_room, says_full
from domain.media.sandbox import Confinement, Limits, ProcessTimedOut, run_confined
from domain.media.tools import MediaTools

# The largest picture any level of HEVC or AV1 in use knows (8K cinema); 16k x 16k is seven times that.
MAX_PIXELS = 8192 * 4352
VIDEO_DECODERS = (
    "h264,hevc,vp8,vp9,libvpx,libvpx-vp9,av1,libdav1d,libaom-av1,mpeg1video,mpeg2video,mpeg4,prores,dnxhd,mjpeg,ffv1"
)
AUDIO_DECODERS = (
    "aac,mp3,mp3float,mp2,mp2float,ac3,eac3,dca,truehd,opus,libopus,vorbis,flac,alac,"
    "pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be,pcm_f32le,pcm_u8"
)
TEXT_DECODERS = "mov_text,subrip,srt,ass,ssa,webvtt,text"
# Opened by ffprobe to describe tracks that are left out: subtitles that are pictures, cover art.
IGNORED_DECODERS = "pgssub,dvdsub,dvbsub,xsub,cc_dec,libzvbi_teletextdec,png,bmp"
DECODERS = f"{VIDEO_DECODERS},{AUDIO_DECODERS},{TEXT_DECODERS},{IGNORED_DECODERS}"
PROGRESS_PERIOD_S = 0.5
# Left alone, ffmpeg starts a thread for each processor in every filter, however many encodes run beside it.
FILTER_THREADS = "2"

# None stands for an option without a value.
Option = str | int | float | None
OnProgress = Callable[["Progress"], Awaitable[None]]


@dataclass(frozen=True)
class Progress:
    """One report of a running encode. `speed` is media seconds per wall second, 0 while unknown."""

    frame: int
    fps: float
    out_time_s: float
    speed: float


class EncodeFailed(Exception):
    """ffmpeg could not do its work. `permanent` means that trying the same again cannot help."""

    def __init__(self, *, reason: str, stderr_tail: str = "", permanent: bool = False) -> None:
        complaint = stderr_tail.strip().splitlines()[-3:]
        super().__init__(": ".join([reason, *(line[:200] for line in complaint)]))
        self.reason = reason
        self.stderr_tail = stderr_tail
        self.permanent = permanent


class EncodeTimedOut(EncodeFailed):
    """The encode ran past its wall limit and was killed."""


class Graph(Protocol):
    """What we use of a node of `ffmpeg-python`, which ships no types."""

    def filter(self, filter_name: str, *args: Option, **kwargs: Option) -> Graph: ...

    def filter_multi_output(self, filter_name: str, *args: Option) -> Graph: ...

    def stream(self, label: int) -> Graph: ...

    def output(self, *streams_and_filename: object, **kwargs: Option) -> Output: ...

    def __getitem__(self, selector: str) -> Graph: ...


class Output(Protocol):
    """A finished output of a graph."""

    def get_args(self) -> list[str]: ...


def input_arguments(container: Container) -> dict[str, Option]:
    """The options that keep ffmpeg and ffprobe to one container, one protocol and known decoders."""
    return {
        "protocol_whitelist": "file",
        "format_whitelist": container.demuxer,
        "codec_whitelist": DECODERS,
        "max_pixels": MAX_PIXELS,
    }


def open_source(path: Path, container: Container, **options: Option) -> Graph:
    """An input that can be nothing but this file in this container; `options` are further input options."""
    arguments = {**input_arguments(container), **options}
    return cast(Graph, ffmpeg.input(f"file:{path}", format=container.demuxer, **arguments))


def open_concat_list(path: Path) -> Graph:
    """An input that plays the MP4 files of a list we wrote ourselves, one after the other."""
    return cast(
        Graph,
        ffmpeg.input(f"file:{path}", format="concat", safe=0, protocol_whitelist="file", format_whitelist="concat,mov"),
    )


def split(stream: Graph, count: int) -> tuple[Graph, ...]:
    """Copies of one stream for several outputs; ffmpeg refuses to use a filter's output twice."""
    if count == 1:
        return (stream,)
    copies = stream.filter_multi_output("split", count)
    return tuple(copies.stream(position) for position in range(count))


def write(stream: Graph, path: Path, **options: Option) -> Output:
    """Send a stream to a file, without any metadata of the source (names, places, encoders)."""
    return stream.output(f"file:{path}", map_metadata=-1, map_chapters=-1, **options)


async def run_ffmpeg(
    tools: MediaTools,
    outputs: Sequence[Output],
    *,
    reads: Sequence[Path],
    folder: Path | None,
    limits: Limits,
    on_progress: OnProgress | None = None,
) -> None:
    """Run one graph to its end; it reads `reads` and writes inside `folder` only, or nowhere.

    Raises:
        EncodeTimedOut: past `limits.wall_s`.
        DiskFull: there was no room for what it makes.
        EncodeFailed: for every other bad end.
    """
    argv = _argument_list(tools, outputs)
    listener = _ProgressListener(on_progress)
    confinement = Confinement(reads=tuple(reads), writes=(folder,) if folder else (), limits=limits)
    try:
        finished = await run_confined(argv, confinement, on_line=listener.hear)
    except ProcessTimedOut as late:
        raise EncodeTimedOut(reason=str(late), stderr_tail=late.stderr_tail) from late
    if finished.exit_code != 0:
        if says_full(finished.stderr_tail) or (folder is not None and is_without_room(folder)):
            raise DiskFull
        raise _failure(finished.exit_code, finished.stderr_tail)


def _argument_list(tools: MediaTools, outputs: Sequence[Output]) -> list[str]:
    merged = cast(Output, ffmpeg.merge_outputs(*outputs)) if len(outputs) > 1 else outputs[0]
    flags = ["-nostdin", "-hide_banner", "-nostats", "-y", "-loglevel", "warning"]
    flags += ["-filter_threads", FILTER_THREADS, "-filter_complex_threads", FILTER_THREADS]
    progress = ["-progress", "pipe:1", "-stats_period", str(PROGRESS_PERIOD_S)]
    return [str(tools.ffmpeg), *flags, *progress, *ffmpeg.get_args(merged)]


def _failure(exit_code: int, stderr_tail: str) -> EncodeFailed:
    if "Cannot allocate memory" in stderr_tail or "out of memory" in stderr_tail.lower():
        return EncodeFailed(reason="ffmpeg ran out of memory", stderr_tail=stderr_tail)
    if exit_code < 0:
        return EncodeFailed(reason=f"ffmpeg was ended by signal {-exit_code}", stderr_tail=stderr_tail)
    return EncodeFailed(reason=f"ffmpeg gave up with exit code {exit_code}", stderr_tail=stderr_tail, permanent=True)


class _ProgressListener:
    """Collects the `key=value` lines of `-progress` into one report at each `progress=` line."""

    def __init__(self, on_progress: OnProgress | None) -> None:
        self._on_progress = on_progress
        self._values: dict[str, str] = {}

    async def hear(self, line: str) -> None:
        key, _, value = line.partition("=")
        self._values[key.strip()] = value.strip()
        if key == "progress" and self._on_progress is not None:
            await self._on_progress(self._report())

    def _report(self) -> Progress:
        return Progress(
            frame=int(self._number("frame")),
            fps=self._number("fps"),
            # Despite its name, `out_time_ms` is in microseconds as well; `out_time_us` says what it is.
            out_time_s=max(0.0, self._number("out_time_us") / 1_000_000),
            speed=self._number("speed"),
        )

    def _number(self, key: str) -> float:
        try:
            return float(self._values.get(key, "0").rstrip("x"))
        except ValueError:
            return 0.0  # ffmpeg writes N/A until it knows.
