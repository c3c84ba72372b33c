"""Cutting a title into chunks that several workers encode at once and that join without a seam. Pure.

Chunks are counted in *output* frames on the constant-rate grid, never in seconds of the source: chunk boundaries fall
on segment boundaries, where every rung has a key frame anyway. A worker seeks to a source key frame before its chunk,
decodes up to it, and lets exactly `frames` frames through, so neighbours neither overlap nor leave a gap. Audio is not
cut at all: a codec that overlaps its blocks, as AAC does, cannot be joined without a click.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

# Long enough that decoding up to a chunk, at most one key-frame period of the source, is a small part of it.
DEFAULT_CHUNK_S = 30.0


@dataclass(frozen=True)
class Chunk:
    """Frames `first_frame` to `first_frame + frames - 1` of the output."""

    index: int
    first_frame: int
    frames: int
    start_s: float
    end_s: float


def plan_chunks(total_frames: int, rate: Fraction, segment_frames: int, *, chunk_s: float) -> tuple[Chunk, ...]:
    """Cut `total_frames` into whole segments of about `chunk_s` seconds; the last chunk takes what is left.

    The last one lasts between half and one and a half times the others, so no worker gets a sliver.
    """
    size = segment_frames * max(1, round(chunk_s * float(rate) / segment_frames))
    count = max(1, int(total_frames / size + 0.5))
    starts = [index * size for index in range(count)]
    ends = [*starts[1:], total_frames]
    return tuple(
        Chunk(
            index=index,
            first_frame=first,
            frames=end - first,
            start_s=float(first / rate),
            end_s=float(end / rate),
        )
        for index, (first, end) in enumerate(zip(starts, ends, strict=True))
    )
