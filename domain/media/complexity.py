"""How hard a title is to compress, measured by encoding a few seconds of it.

A talking head and a snow storm at the same size differ fivefold in the bits they need. A quick constant-quality encode
of short samples tells where a title stands; the ladder scales its bit rates by it.
"""

from __future__ import annotations

import asyncio
import math
import tempfile
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from domain.media.ffmpeg_runner import EncodeFailed, Option, Progress, open_source, run_ffmpeg, write
from domain.media.sandbox import Limits
from domain.media.source import SourceProbe
from domain.media.tools import MediaTools

SAMPLES = 3
SAMPLE_FRAMES = 36
SAMPLE_CRF = 23
# Small enough to cost a few seconds of work for a film of any length.
SAMPLE_LONG_SIDE = 640
# A source shorter than this is sampled once, from its start.
MIN_SPREAD_S = 9.0
# An ordinary drama at 1920 x 1080 and 30 frames a second with the sample's own settings.
REFERENCE_KBPS = 4500
REFERENCE_PIXELS = 1920 * 1080
# Bits grow slower than pixels and than frames, because neighbours resemble each other more.
PIXEL_EXPONENT = 0.75
RATE_EXPONENT = 0.5
LOWEST_FACTOR, HIGHEST_FACTOR = 0.3, 1.8
SAMPLE_LIMITS = Limits(wall_s=180, cpu_s=360, memory_bytes=6 << 30, file_size_bytes=1 << 30)


@dataclass(frozen=True)
class Complexity:
    """`factor` scales the bit rates of the ladder, 1 for ordinary content; `measured_kbps` is what the samples took."""

    factor: float
    measured_kbps: float


ORDINARY = Complexity(factor=1.0, measured_kbps=0.0)


def reference_kbps(width: int, height: int, rate: Fraction) -> float:
    """What ordinary content needs at a size and frame rate, in kilobits a second of H.264."""
    pixels = math.pow(width * height / REFERENCE_PIXELS, PIXEL_EXPONENT)
    return REFERENCE_KBPS * pixels * math.pow(rate / 30, RATE_EXPONENT)


async def measure_complexity(tools: MediaTools, path: Path, probe: SourceProbe) -> Complexity:
    """Encode samples spread over the source and compare their size with ordinary content.

    A sample that cannot be decoded is left out; without any, the content counts as ordinary.
    """
    width, height = _sample_size(probe)
    with tempfile.TemporaryDirectory(prefix="marquee-sample-") as folder:
        samples = await asyncio.gather(
            *(_encode_sample(tools, path, probe, place_s, Path(folder)) for place_s in _places(probe.duration_s))
        )
    seconds, bits = sum(sample.seconds for sample in samples), sum(sample.bits for sample in samples)
    if seconds <= 0:
        return ORDINARY
    measured = bits / seconds / 1000
    expected = reference_kbps(width, height, probe.video.average_rate or Fraction(25))
    return Complexity(
        factor=round(min(HIGHEST_FACTOR, max(LOWEST_FACTOR, measured / expected)), 3), measured_kbps=round(measured, 1)
    )


@dataclass(frozen=True)
class _Sample:
    seconds: float
    bits: float


def _places(duration_s: float) -> list[float]:
    if duration_s <= MIN_SPREAD_S:
        return [0.0]
    return [duration_s * (number + 1) / (SAMPLES + 1) for number in range(SAMPLES)]


def _sample_size(probe: SourceProbe) -> tuple[int, int]:
    video = probe.video
    scale = min(1.0, SAMPLE_LONG_SIDE / max(video.display_width, video.display_height))
    return (max(2, int(video.display_width * scale) // 2 * 2), max(2, int(video.display_height * scale) // 2 * 2))


async def _encode_sample(tools: MediaTools, path: Path, probe: SourceProbe, place_s: float, folder: Path) -> _Sample:
    frames = 0

    async def remember(progress: Progress) -> None:
        nonlocal frames
        frames = progress.frame

    width, height = _sample_size(probe)
    # Any moment will do, so the sample starts at the key frame before its place and nothing is decoded in vain.
    seek: dict[str, Option] = {"ss": f"{place_s:.3f}", "noaccurate_seek": None} if place_s > 0 else {}
    source = open_source(path, probe.container, threads=2, **seek)[str(probe.video.index)]
    picture = source.filter("scale", width, height).filter("format", "yuv420p")
    target = folder / f"sample-{place_s:.3f}.h264"
    output = write(
        picture, target, format="h264", vcodec="libx264", preset="veryfast", crf=SAMPLE_CRF, threads=2,
        frames=SAMPLE_FRAMES, fps_mode="passthrough",
    )  # fmt: skip
    try:
        await run_ffmpeg(tools, [output], reads=[path], folder=folder, limits=SAMPLE_LIMITS, on_progress=remember)
    except EncodeFailed:
        return _Sample(seconds=0.0, bits=0.0)
    rate = float(probe.video.average_rate or 25)
    return _Sample(seconds=frames / rate, bits=target.stat().st_size * 8.0)
