"""Stills of a finished rung: poster frames, and the thumbnails a player shows while its user seeks.

Both are taken from the joined picture, never from the source: it is already upright, in ordinary colours and has a key
frame every two seconds, so a whole film's thumbnails cost a look at its key frames alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from domain.media.containers import Container
from domain.media.ffmpeg_runner import EncodeFailed, open_source, run_ffmpeg, split, write
from domain.media.ladder import Rung
from domain.media.plan import EncodePlan
from domain.media.sandbox import Limits
from domain.media.tools import MediaTools

POSTER_WIDTHS = (320, 640, 1280)
# Far enough in to be past titles and black; the clearest of a few seconds' frames is taken.
POSTER_PLACE = 0.2
POSTER_CANDIDATES = 48
# ffmpeg's JPEG scale runs from 2, the best, to 31.
POSTER_QUALITY, THUMBNAIL_QUALITY = 3, 6
THUMBNAIL_WIDTH = 160
SHEET_COLUMNS = SHEET_ROWS = 10
# A film of any length has about this many thumbnails; a viewer cannot aim finer with a mouse.
MAX_THUMBNAILS = 400
STILL_LIMITS = Limits(wall_s=900, cpu_s=1800, memory_bytes=6 << 30, file_size_bytes=1 << 30)


@dataclass(frozen=True)
class Poster:
    """One poster. `width` names it; a smaller picture is not enlarged to reach it."""

    width: int
    path: Path


@dataclass(frozen=True)
class Thumbnails:
    """The sheets and the WebVTT file that says which part of which sheet belongs to which time."""

    vtt: Path
    sheets: tuple[Path, ...]
    interval_s: float
    count: int


async def make_posters(tools: MediaTools, picture: Path, plan: EncodePlan, *, folder: Path) -> tuple[Poster, ...]:
    """Write `320.jpg`, `640.jpg` and `1280.jpg` from `picture`, the joined MP4 of the largest H.264 rung.

    Raises:
        EncodeFailed: when not all of them came out.
    """
    opened = open_source(picture, Container.MP4, ss=f"{plan.duration_s * POSTER_PLACE:.3f}")["v"]
    chosen = opened.filter("thumbnail", min(POSTER_CANDIDATES, max(1, plan.total_frames // 2)))
    posters = tuple(Poster(width=width, path=folder / f"{width}.jpg") for width in POSTER_WIDTHS)
    outputs = [
        write(
            copy.filter("scale", f"min({poster.width},iw)", -2, out_range="pc"),
            poster.path, format="image2", vcodec="mjpeg", frames=1, update=1, **{"q:v": POSTER_QUALITY},
        )
        for poster, copy in zip(posters, split(chosen, len(posters)), strict=True)
    ]  # fmt: skip
    await run_ffmpeg(tools, outputs, reads=[picture], folder=folder, limits=STILL_LIMITS)
    _check_written([poster.path for poster in posters])
    return posters


async def make_thumbnails(
    tools: MediaTools, picture: Path, plan: EncodePlan, rung: Rung, *, folder: Path
) -> Thumbnails:
    """Write `thumbnails.vtt` and `sprite-001.jpg`… from `picture`, the joined MP4 of `rung`, best the smallest.

    Raises:
        EncodeFailed: when not all sheets came out.
    """
    key_frames = math.ceil(plan.total_frames / plan.ladder.gop_frames)
    step = max(1, math.ceil(key_frames / MAX_THUMBNAILS))
    count = math.ceil(key_frames / step)
    rows = min(SHEET_ROWS, math.ceil(count / SHEET_COLUMNS))
    height = max(2, round(THUMBNAIL_WIDTH * rung.height / rung.width / 2) * 2)
    tiles = (
        open_source(picture, Container.MP4, skip_frame="nokey")["v"]
        .filter("select", f"not(mod(n,{step}))")
        .filter("scale", THUMBNAIL_WIDTH, height, out_range="pc")
        .filter("tile", f"{SHEET_COLUMNS}x{rows}")
    )
    output = write(
        tiles, folder / "sprite-%03d.jpg",
        format="image2", vcodec="mjpeg", fps_mode="passthrough", start_number=1, **{"q:v": THUMBNAIL_QUALITY},
    )  # fmt: skip
    await run_ffmpeg(tools, [output], reads=[picture], folder=folder, limits=STILL_LIMITS)
    sheet_count = math.ceil(count / (SHEET_COLUMNS * rows))
    sheets = tuple(folder / f"sprite-{number:03d}.jpg" for number in range(1, sheet_count + 1))
    _check_written(sheets)
    interval_s = float(step * plan.ladder.gop_frames / plan.ladder.frame_rate)
    vtt = folder / "thumbnails.vtt"
    vtt.write_text(_thumbnail_track(plan, count, interval_s, height, rows), encoding="utf-8")
    return Thumbnails(vtt=vtt, sheets=sheets, interval_s=interval_s, count=count)


def _thumbnail_track(plan: EncodePlan, count: int, interval_s: float, height: int, rows: int) -> str:
    """Cues whose payload is a sheet with a media fragment, relative to the file (W3C Media Fragments, spatial)."""
    blocks = ["WEBVTT"]
    for number in range(count):
        sheet, place = divmod(number, SHEET_COLUMNS * rows)
        row, column = divmod(place, SHEET_COLUMNS)
        start, end = number * interval_s, min((number + 1) * interval_s, plan.duration_s)
        area = f"{column * THUMBNAIL_WIDTH},{row * height},{THUMBNAIL_WIDTH},{height}"
        blocks.append(f"{_clock(start)} --> {_clock(end)}\nsprite-{sheet + 1:03d}.jpg#xywh={area}")
    return "\n\n".join(blocks) + "\n"


def _clock(seconds: float) -> str:
    whole, thousandths = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}.{thousandths:03d}"


def _check_written(paths: Sequence[Path]) -> None:
    missing = [path.name for path in paths if not path.exists() or path.stat().st_size == 0]
    if missing:
        raise EncodeFailed(reason=f"ffmpeg wrote no {', '.join(missing)}", permanent=True)
