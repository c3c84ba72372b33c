"""Reads ffprobe's JSON into our own types; nothing of its shape leaves this module."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from domain.media.ffmpeg_runner import MAX_PIXELS
from domain.media.languages import language_tag
from domain.media.source import AudioTrack, DynamicRange, TextTrack, VideoTrack

VIDEO_CODECS = frozenset(
    ["h264", "hevc", "vp8", "vp9", "av1", "mpeg1video", "mpeg2video", "mpeg4", "prores", "dnxhd", "mjpeg", "ffv1"]
)
AUDIO_CODECS = frozenset(
    ["aac", "mp3", "mp2", "ac3", "eac3", "dts", "truehd", "opus", "vorbis", "flac", "alac", "pcm_u8", "pcm_f32le"]
) | {f"pcm_s{bits}{order}" for bits in (16, 24, 32) for order in ("le", "be")}
TEXT_CODECS = frozenset(["mov_text", "subrip", "ass", "ssa", "webvtt", "text"])
# Profile 5 of Dolby Vision has no picture an ordinary decoder shows in true colours.
DOLBY_VISION_WITHOUT_BASE = 5
# Pixel shapes beyond this are mistakes of a writer, not of a lens.
MAX_SAMPLE_ASPECT = 8
# The tallest standard-definition picture (PAL).
SD_LINES = 576
_TRANSFERS = {"smpte2084": DynamicRange.PQ, "arib-std-b67": DynamicRange.HLG}


@dataclass(frozen=True)
class ProbeAnswer:
    """The streams of a file as ffprobe declares them; `ends` is where their packets really end, by stream index."""

    start_s: float
    declared_s: float
    stream_count: int
    video_tracks: tuple[VideoTrack, ...]
    audio_tracks: tuple[AudioTrack, ...]
    text_tracks: tuple[TextTrack, ...]
    declared_ends: Mapping[int, float]
    ends: Mapping[int, float]
    unknown_video_codec: str | None
    unknown_audio_codec: str | None

    @property
    def too_large(self) -> bool:
        return any(track.width * track.height > MAX_PIXELS for track in self.video_tracks)

    @property
    def duration_s(self) -> float:
        """How long the picture lasts, or the sound where there is no picture."""
        picture = [track.end_s for track in self.video_tracks[:1]]
        return max(picture or [track.end_s for track in self.audio_tracks], default=self.declared_s)

    @property
    def missing_s(self) -> float:
        """How much of a declared stream is not in the file."""
        wanted = {track.index for track in self.video_tracks[:1]} | {track.index for track in self.audio_tracks}
        gaps = [self.declared_ends[index] - self.ends.get(index, 0.0) for index in wanted & self.declared_ends.keys()]
        overall = self.declared_s - max(self.ends.values(), default=0.0)
        return max([overall, *gaps])

    def with_ends(self, ends: Mapping[int, float]) -> ProbeAnswer:
        """The same answer with measured ends, counted from the start of the file."""
        relative = {index: end - self.start_s for index, end in ends.items()}
        return replace(
            self,
            ends=relative,
            video_tracks=tuple(replace(t, end_s=relative.get(t.index, t.end_s)) for t in self.video_tracks),
            audio_tracks=tuple(replace(t, end_s=relative.get(t.index, t.end_s)) for t in self.audio_tracks),
        )


def read_answer(answer: Mapping[str, object]) -> ProbeAnswer:
    """Understand `-show_format -show_streams`."""
    streams = [_Fields(stream) for stream in _items(answer, "streams")]
    overall = _Fields(_mapping(answer, "format"))
    start_s, declared_s = overall.number("start_time"), overall.number("duration")
    lasting = [s for s in streams if s.declared_s > 0]
    declared_ends = {s.integer("index"): s.number("start_time") - start_s + s.declared_s for s in lasting}
    pictures = [s for s in streams if s.text("codec_type") == "video" and not s.disposed("attached_pic")]
    sounds = [s for s in streams if s.text("codec_type") == "audio"]
    texts = [s for s in streams if s.text("codec_type") == "subtitle"]
    return ProbeAnswer(
        start_s=start_s,
        declared_s=declared_s,
        stream_count=len(streams),
        video_tracks=tuple(_video(s, declared_ends.get(s.integer("index"), declared_s)) for s in pictures),
        audio_tracks=tuple(
            _audio(s, position, declared_ends.get(s.integer("index"), declared_s)) for position, s in enumerate(sounds)
        ),
        text_tracks=tuple(_text_track(s, position) for position, s in enumerate(texts)),
        declared_ends=declared_ends,
        ends={},
        unknown_video_codec=next((c for s in pictures[:1] if (c := _unknown_video(s))), None),
        unknown_audio_codec=next((c for s in sounds if (c := s.text("codec_name")) not in AUDIO_CODECS), None),
    )


def read_tail(answer: Mapping[str, object]) -> dict[int, float]:
    """Where each stream's last packet ends, in the file's own time, from `-show_entries packet=…`."""
    ends: dict[int, float] = {}
    for item in _items(answer, "packets"):
        packet = _Fields(item)
        if "C" in packet.text("flags"):
            continue  # Marked corrupt: its bytes are not all there.
        shown = packet.text("pts_time") or packet.text("dts_time")
        if shown:
            index = packet.integer("stream_index")
            end = float(shown) + packet.number("duration_time")
            ends[index] = max(ends.get(index, end), end)
    return ends


def _unknown_video(stream: _Fields) -> str | None:
    codec = stream.text("codec_name")
    if codec not in VIDEO_CODECS:
        return codec or stream.text("codec_tag_string") or "unknown"
    profiles = [_Fields(side).integer("dv_profile") for side in stream.side_data]
    return "dolby vision profile 5" if DOLBY_VISION_WITHOUT_BASE in profiles else None


def _video(stream: _Fields, end_s: float) -> VideoTrack:
    width, height = stream.integer("width"), stream.integer("height")
    rotations = [_Fields(side).integer("rotation") for side in stream.side_data]
    rotation = next((value % 360 for value in rotations if value), 0)
    aspect = stream.ratio("sample_aspect_ratio", ":") or Fraction(1)
    if not Fraction(1, MAX_SAMPLE_ASPECT) <= aspect <= MAX_SAMPLE_ASPECT:
        aspect = Fraction(1)
    shown = (round(width * aspect), height)
    display_width, display_height = shown if rotation % 180 == 0 else (shown[1], shown[0])
    return VideoTrack(
        index=stream.integer("index"),
        codec=stream.text("codec_name"),
        width=width,
        height=height,
        rotation=rotation,
        sample_aspect=aspect,
        display_width=display_width,
        display_height=display_height,
        average_rate=stream.ratio("avg_frame_rate", "/"),
        base_rate=stream.ratio("r_frame_rate", "/"),
        pixel_format=stream.text("pix_fmt"),
        bit_depth=_bit_depth(stream),
        dynamic_range=_TRANSFERS.get(stream.text("color_transfer"), DynamicRange.SDR),
        colour_matrix=_colour_matrix(stream, height),
        interlaced=stream.text("field_order") in {"tt", "bb", "tb", "bt"},
        end_s=end_s,
    )


def _colour_matrix(stream: _Fields, height: int) -> str:
    """The matrix of the picture; where a file does not say, players assume BT.601 for SD and BT.709 above."""
    declared = stream.text("color_space")
    if declared in {"bt709", "smpte170m", "bt470bg", "smpte240m", "bt2020nc", "fcc"}:
        return declared
    return "bt709" if height > SD_LINES else "smpte170m"


def _bit_depth(stream: _Fields) -> int:
    name = stream.text("pix_fmt")
    for depth in (16, 14, 12, 10):
        if f"p{depth}" in name or name.endswith(f"{depth}le"):
            return depth
    return 8


def _audio(stream: _Fields, position: int, end_s: float) -> AudioTrack:
    return AudioTrack(
        index=stream.integer("index"),
        position=position,
        language=language_tag(stream.tag("language")),
        title=stream.tag("title"),
        codec=stream.text("codec_name"),
        channels=stream.integer("channels"),
        sample_rate=stream.integer("sample_rate"),
        is_default=stream.disposed("default"),
        is_descriptive=stream.disposed("visual_impaired") or stream.disposed("descriptions"),
        end_s=end_s,
    )


def _text_track(stream: _Fields, position: int) -> TextTrack:
    codec = stream.text("codec_name")
    return TextTrack(
        index=stream.integer("index"),
        position=position,
        language=language_tag(stream.tag("language")),
        title=stream.tag("title"),
        codec=codec,
        is_default=stream.disposed("default"),
        is_forced=stream.disposed("forced"),
        is_sdh=stream.disposed("hearing_impaired"),
        extractable=codec in TEXT_CODECS,
    )


def _items(answer: Mapping[str, object], key: str) -> Sequence[Mapping[str, object]]:
    found = answer.get(key)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _mapping(answer: Mapping[str, object], key: str) -> Mapping[str, object]:
    found = answer.get(key)
    return found if isinstance(found, dict) else {}


class _Fields:
    """Reads one JSON object whose every value may be absent, a string or a number."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = values

    @property
    def declared_s(self) -> float:
        """The stream's own duration; Matroska keeps it in a tag as HH:MM:SS.fraction."""
        written = self.tag("DURATION")
        if written.count(":") == 2:
            hours, minutes, seconds = written.split(":")
            return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
        return self.number("duration")

    @property
    def side_data(self) -> Sequence[Mapping[str, object]]:
        return _items(self._values, "side_data_list")

    def text(self, key: str) -> str:
        value = self._values.get(key)
        return str(value) if isinstance(value, (str, int, float)) else ""

    def number(self, key: str) -> float:
        try:
            return float(self.text(key) or 0.0)
        except ValueError:
            return 0.0

    def integer(self, key: str) -> int:
        return int(self.number(key))

    def ratio(self, key: str, separator: str) -> Fraction:
        upper, _, lower = self.text(key).partition(separator)
        return Fraction(int(upper), int(lower)) if upper.isdigit() and lower.isdigit() and int(lower) else Fraction(0)

    def tag(self, key: str) -> str:
        tags = _mapping(self._values, "tags")
        value = tags.get(key, tags.get(key.lower(), ""))
        return str(value)[:200]

    def disposed(self, key: str) -> bool:
        return _mapping(self._values, "disposition").get(key) == 1
