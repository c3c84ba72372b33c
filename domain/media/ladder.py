"""The ladder: which sizes and rates a source is encoded to. Pure.

Rungs are boxes of a 16:9 screen (or 9:16 for tall pictures); a picture is fitted into each box and never enlarged.
All rungs share one constant frame rate and one key-frame grid, so a player can switch at any segment.

Key frames come every 2 s and segments hold two of them: 2 s keeps seeking and thumbnails fine, 4 s keeps the number of
requests and the cost of packaging low. Both are rounded to whole frames, hence 2.002 s at 23.976 frames a second.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import log

from domain.media.complexity import Complexity, reference_kbps
from domain.media.source import DynamicRange, SourceProbe, VideoTrack

KEY_FRAME_PERIOD_S = 2
KEY_FRAMES_PER_SEGMENT = 2
RUNG_HEIGHTS = (2160, 1440, 1080, 720, 540, 360, 240)
# Two rungs closer than this in pixels look the same and only cost storage.
MIN_PIXEL_STEP = 1.25
MIN_SIDE = 16
MAX_FRAME_RATE = 60
STANDARD_RATES = tuple(
    Fraction(rate)
    for rate in ("10", "12", "15", "20", "24000/1001", "24", "25", "30000/1001", "30", "48", "50", "60000/1001", "60")
)
# A variable rate says little about motion: screen recordings average 10 and scroll at 60.
MIN_RATE_OF_VARIABLE = Fraction(30)
# Constant quality per size: small pictures are watched enlarged, so they get a little less quality per bit.
CRF_H264 = {2160: 22, 1440: 22, 1080: 22, 720: 22, 540: 23, 360: 23, 240: 24}
# Equal quality on each codec's own scale, and its appetite for bits compared with H.264.
CODEC_CRF_OFFSET = {"h264": 0, "hevc": 4, "av1": 11}
CODEC_APPETITE = {"h264": 1.0, "hevc": 0.65, "av1": 0.55}
# Peaks above the expected average that a network is asked to bear.
PEAK_FACTOR = 1.6
MIN_TARGET_KBPS = 60


class TrackClass(StrEnum):
    """What a content key protects: everything of one class shares one key."""

    AUDIO = "AUDIO"
    SD = "SD"
    HD = "HD"
    UHD = "UHD"

    @classmethod
    def of_height(cls, label_height: int) -> TrackClass:
        if label_height > 1080:
            return cls.UHD
        return cls.HD if label_height >= 720 else cls.SD


class VideoCodec(StrEnum):
    """The families a ladder may hold; H.264 is always there because everything plays it."""

    H264 = "h264"
    HEVC = "hevc"
    AV1 = "av1"


@dataclass(frozen=True)
class Rung:
    """One size in one codec. `label_height` names the box, `width` and `height` the even, square-pixel picture."""

    id: str
    codec: VideoCodec
    label_height: int
    width: int
    height: int
    track_class: TrackClass
    crf: int
    target_kbps: int
    max_kbps: int


@dataclass(frozen=True)
class Ladder:
    """All rungs, largest first within a codec, and the grid they share."""

    frame_rate: Fraction
    gop_frames: int
    segment_frames: int
    rungs: tuple[Rung, ...]

    @property
    def segment_s(self) -> float:
        return float(self.segment_frames / self.frame_rate)

    @property
    def track_classes(self) -> frozenset[TrackClass]:
        return frozenset(rung.track_class for rung in self.rungs)


def plan_ladder(
    probe: SourceProbe,
    complexity: Complexity,
    *,
    codecs: tuple[VideoCodec, ...] = (VideoCodec.H264,),
    max_height: int = RUNG_HEIGHTS[0],
) -> Ladder:
    """Choose the rungs of a source. `max_height` bounds the boxes; H.264 is added when `codecs` lacks it."""
    rate = standard_rate(probe.video)
    gop_frames = round(rate * KEY_FRAME_PERIOD_S)
    sizes = picture_sizes(probe.video.display_width, probe.video.display_height, max_height=max_height)
    families = tuple(dict.fromkeys((VideoCodec.H264, *codecs)))
    return Ladder(
        frame_rate=rate,
        gop_frames=gop_frames,
        segment_frames=gop_frames * KEY_FRAMES_PER_SEGMENT,
        rungs=tuple(_rung(codec, size, rate, complexity) for codec in families for size in sizes),
    )


@dataclass(frozen=True)
class PictureSize:
    """An even, square-pixel size and the smallest box it fits."""

    label_height: int
    width: int
    height: int


def picture_sizes(width: int, height: int, *, max_height: int = RUNG_HEIGHTS[0]) -> tuple[PictureSize, ...]:
    """Fit a picture into each box without enlarging it, largest first, without near duplicates."""
    fitted: dict[tuple[int, int], PictureSize] = {}
    for label in RUNG_HEIGHTS:
        if label <= max_height or label == RUNG_HEIGHTS[-1]:
            size = _fit(width, height, label)
            # Several boxes may hold the whole picture; the smallest of them names it.
            fitted[size.width, size.height] = size
    kept: list[PictureSize] = []
    for size in fitted.values():
        if not kept or kept[-1].width * kept[-1].height >= MIN_PIXEL_STEP * size.width * size.height:
            kept.append(size)
        elif kept[-1].width - size.width <= 2 and kept[-1].height - size.height <= 2:
            kept[-1] = size  # One row less is the same picture in a smaller box.
    return tuple(kept)


def standard_rate(video: VideoTrack) -> Fraction:
    """The constant rate to encode at: the nearest common one, at most 60 frames a second."""
    rate = video.average_rate or video.base_rate or Fraction(25)
    if video.is_variable_rate:
        rate = max(rate, min(MIN_RATE_OF_VARIABLE, video.base_rate or MIN_RATE_OF_VARIABLE))
    while rate > MAX_FRAME_RATE * Fraction(101, 100):
        rate /= 2  # Every second frame of 120 is smoother than 2 of 3 of 90, and never uneven.
    return min(STANDARD_RATES, key=lambda standard: abs(log(standard / max(rate, Fraction(1)))))


def needs_tone_mapping(video: VideoTrack) -> bool:
    """Whether the picture must be brought from HDR to what every screen shows."""
    return video.dynamic_range is not DynamicRange.SDR


def _fit(width: int, height: int, label: int) -> PictureSize:
    long_side = Fraction(label * 16, 9)
    box = (long_side, Fraction(label)) if width >= height else (Fraction(label), long_side)
    scale = min(Fraction(1), box[0] / width, box[1] / height)
    return PictureSize(label_height=label, width=_even(width, scale), height=_even(height, scale))


def _even(length: int, scale: Fraction) -> int:
    # 4:2:0 needs even sides. The nearest keeps the shape best, as long as it adds no row the source has not.
    nearest = round(length * scale / 2) * 2
    return max(MIN_SIDE, min(nearest, length // 2 * 2))


def _rung(codec: VideoCodec, size: PictureSize, rate: Fraction, complexity: Complexity) -> Rung:
    reference = reference_kbps(size.width, size.height, rate)
    target = max(MIN_TARGET_KBPS, round(reference * complexity.factor * CODEC_APPETITE[codec.value]))
    return Rung(
        id=f"{codec.value}-{size.label_height}",
        codec=codec,
        label_height=size.label_height,
        width=size.width,
        height=size.height,
        track_class=TrackClass.of_height(size.label_height),
        crf=CRF_H264[size.label_height] + CODEC_CRF_OFFSET[codec.value],
        target_kbps=target,
        max_kbps=round(target * PEAK_FACTOR),
    )
