"""What a source is, once it has been looked at, and why one may be refused.

Refusal
└── SourceUnplayable    `reason` says which of the closed list, `detail` what was seen
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from domain.kernel.refusals import Refusal
from domain.media.containers import Container


class UnplayableReason(StrEnum):
    """Why a source cannot become a title. Closed: clients translate these."""

    EMPTY = "EMPTY"
    NOT_MEDIA = "NOT_MEDIA"
    UNSUPPORTED_CONTAINER = "UNSUPPORTED_CONTAINER"
    UNSUPPORTED_CODEC = "UNSUPPORTED_CODEC"
    NO_VIDEO = "NO_VIDEO"
    NO_AUDIO = "NO_AUDIO"
    TOO_LARGE_PICTURE = "TOO_LARGE_PICTURE"
    ZERO_LENGTH = "ZERO_LENGTH"
    TOO_LONG = "TOO_LONG"
    TRUNCATED = "TRUNCATED"
    CORRUPT = "CORRUPT"


_ADVICE = {
    UnplayableReason.EMPTY: "The file is empty. Upload it again.",
    UnplayableReason.NOT_MEDIA: "This is not a video file. Upload MP4, MOV, MKV, WebM, MPEG-TS or AVI.",
    UnplayableReason.UNSUPPORTED_CONTAINER: "This container is not supported. Upload MP4, MOV, MKV or WebM.",
    UnplayableReason.UNSUPPORTED_CODEC: "This codec is not supported. Upload H.264, HEVC, VP9, AV1 or ProRes.",
    UnplayableReason.NO_VIDEO: "There is no video track. Upload a file with a picture.",
    UnplayableReason.NO_AUDIO: "There is no audio track. Upload a file with sound.",
    UnplayableReason.TOO_LARGE_PICTURE: "The picture is too large. Upload 8K or smaller.",
    UnplayableReason.ZERO_LENGTH: "The video has no length. Upload the whole file.",
    UnplayableReason.TOO_LONG: "The video is too long. Upload it in parts.",
    UnplayableReason.TRUNCATED: "The file ends too early. Upload the whole file.",
    UnplayableReason.CORRUPT: "The file is damaged. Export it again, then upload it.",
}


class SourceUnplayable(Refusal):
    """The file cannot be turned into something that plays. Nothing was kept of it."""

    def __init__(self, *, reason: UnplayableReason, detail: str) -> None:
        super().__init__(_ADVICE[reason])
        self.reason = reason
        self.detail = detail


class DynamicRange(StrEnum):
    """How the picture codes brightness: SDR, or one of the two HDR curves of ITU-R BT.2100."""

    SDR = "sdr"
    PQ = "pq"
    HLG = "hlg"


@dataclass(frozen=True)
class VideoTrack:
    """The picture. `display_*` are square-pixel sizes after rotation; `end_s` is where the last frame ends."""

    index: int
    codec: str
    width: int
    height: int
    rotation: int
    sample_aspect: Fraction
    display_width: int
    display_height: int
    average_rate: Fraction
    base_rate: Fraction
    pixel_format: str
    bit_depth: int
    dynamic_range: DynamicRange
    colour_matrix: str
    interlaced: bool
    end_s: float

    @property
    def is_variable_rate(self) -> bool:
        """Whether frames come unevenly: the average differs from the rate of the finest timestamps."""
        if self.base_rate <= 0:
            return True
        return abs(float(self.average_rate / self.base_rate) - 1.0) > 0.01


@dataclass(frozen=True)
class AudioTrack:
    """One sound track. `language` is a BCP 47 tag, "und" when unknown; `position` counts audio tracks from 0."""

    index: int
    position: int
    language: str
    title: str
    codec: str
    channels: int
    sample_rate: int
    is_default: bool
    is_descriptive: bool
    end_s: float


@dataclass(frozen=True)
class TextTrack:
    """One embedded subtitle track. `extractable` is false for pictures of text."""

    index: int
    position: int
    language: str
    title: str
    codec: str
    is_default: bool
    is_forced: bool
    is_sdh: bool
    extractable: bool


@dataclass(frozen=True)
class SourceProbe:
    """Everything the plan needs to know about a source; durations in seconds on the source's own clock from 0.

    `is_indexed` tells whether a seek lands on a key frame; other sources are copied into an indexed file first.
    """

    container: Container
    size_bytes: int
    duration_s: float
    video: VideoTrack
    audio: tuple[AudioTrack, ...]
    text: tuple[TextTrack, ...]
    is_indexed: bool = True

    def as_json(self) -> dict[str, object]:
        """A summary for people and logs; the plan, not this, is what workers read back."""
        return {
            "container": self.container.value,
            "durationSeconds": round(self.duration_s, 3),
            "sizeBytes": self.size_bytes,
            "width": self.video.display_width,
            "height": self.video.display_height,
            "rotation": self.video.rotation,
            "frameRate": round(float(self.video.average_rate), 3),
            "variableFrameRate": self.video.is_variable_rate,
            "videoCodec": self.video.codec,
            "bitDepth": self.video.bit_depth,
            "dynamicRange": self.video.dynamic_range.value,
            "audio": [{"language": a.language, "codec": a.codec, "channels": a.channels} for a in self.audio],
            "text": [{"language": t.language, "codec": t.codec} for t in self.text],
        }
