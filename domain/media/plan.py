"""The encode plan: everything workers need to turn one source into one title, as plain values. Pure.

It is made once, kept as JSON with the asset, and never changes, so a chunk encoded again after a crash, on another
machine, is the same chunk.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any, cast

from domain.media.chunks import DEFAULT_CHUNK_S, Chunk, plan_chunks
from domain.media.complexity import Complexity
from domain.media.containers import Container
from domain.media.ladder import RUNG_HEIGHTS, Ladder, Rung, TrackClass, VideoCodec, plan_ladder
from domain.media.languages import language_name
from domain.media.source import AudioTrack, DynamicRange, SourceProbe, TextTrack

PLAN_VERSION = 1
DEFAULT_PRESET = "veryfast"
STEREO_KBPS = 128
# Sound that outlasts the picture by less than this is a last audio frame, not an outro over a still picture.
AUDIO_OVERHANG_S = 0.5


@dataclass(frozen=True)
class Picture:
    """How to read the picture out of the source."""

    index: int
    dynamic_range: DynamicRange
    colour_matrix: str
    interlaced: bool


@dataclass(frozen=True)
class AudioRendition:
    """One sound track of the title. `source_index` is the stream in the source file."""

    id: str
    source_index: int
    language: str
    label: str
    is_default: bool
    is_descriptive: bool
    channels: int
    kbps: int


@dataclass(frozen=True)
class TextRendition:
    """One subtitle track inside the source. `source_index` is the stream in the source file."""

    id: str
    source_index: int
    language: str
    label: str
    is_default: bool
    is_forced: bool
    is_sdh: bool


@dataclass(frozen=True)
class EncodePlan:
    """What will be made of a source; `duration_s` is exactly `total_frames` at the ladder's rate."""

    container: Container
    is_indexed: bool
    picture: Picture
    total_frames: int
    preset: str
    ladder: Ladder
    chunks: tuple[Chunk, ...]
    audio: tuple[AudioRendition, ...]
    text: tuple[TextRendition, ...]

    @property
    def duration_s(self) -> float:
        return float(self.total_frames / self.ladder.frame_rate)

    @property
    def track_classes(self) -> frozenset[TrackClass]:
        """The classes that need a content key."""
        sound = frozenset({TrackClass.AUDIO}) if self.audio else frozenset()
        return self.ladder.track_classes | sound

    def as_json(self) -> dict[str, object]:
        """Plain values for a JSON column; `from_json` reads them back to an equal plan."""
        values = asdict(self)
        values["ladder"]["frame_rate"] = str(self.ladder.frame_rate)
        return {"version": PLAN_VERSION, **values}

    @classmethod
    def from_json(cls, values: Mapping[str, object]) -> EncodePlan:
        """Read a plan back.

        Raises:
            ValueError: when it was written by another version of this module.
        """
        if values.get("version") != PLAN_VERSION:
            raise ValueError(f"plan version {values.get('version')} cannot be read, {PLAN_VERSION} can")
        picture = _table(values["picture"])
        return cls(
            container=Container(str(values["container"])),
            is_indexed=values["is_indexed"] is True,
            picture=Picture(**{**picture, "dynamic_range": DynamicRange(picture["dynamic_range"])}),
            total_frames=int(str(values["total_frames"])),
            preset=str(values["preset"]),
            ladder=_read_ladder(_table(values["ladder"])),
            chunks=tuple(Chunk(**row) for row in _rows(values["chunks"])),
            audio=tuple(AudioRendition(**row) for row in _rows(values["audio"])),
            text=tuple(TextRendition(**row) for row in _rows(values["text"])),
        )


def make_plan(
    probe: SourceProbe,
    complexity: Complexity,
    *,
    codecs: tuple[VideoCodec, ...] = (VideoCodec.H264,),
    max_height: int = RUNG_HEIGHTS[0],
    chunk_s: float = DEFAULT_CHUNK_S,
    preset: str = DEFAULT_PRESET,
) -> EncodePlan:
    """Decide everything about the encode of one source."""
    ladder = plan_ladder(probe, complexity, codecs=codecs, max_height=max_height)
    total_frames = max(1, round(_timeline_s(probe) * ladder.frame_rate))
    video = probe.video
    return EncodePlan(
        container=probe.container,
        is_indexed=probe.is_indexed,
        picture=Picture(
            index=video.index,
            dynamic_range=video.dynamic_range,
            colour_matrix=video.colour_matrix,
            interlaced=video.interlaced,
        ),
        total_frames=total_frames,
        preset=preset,
        ladder=ladder,
        chunks=plan_chunks(total_frames, ladder.frame_rate, ladder.segment_frames, chunk_s=chunk_s),
        audio=audio_renditions(probe.audio),
        text=_text_renditions(probe.text),
    )


def audio_renditions(tracks: tuple[AudioTrack, ...], *, first_is_default: bool = True) -> tuple[AudioRendition, ...]:
    """Every sound track once, each in stereo; exactly one default where `first_is_default`."""
    declared = next((track.position for track in tracks if track.is_default), 0)
    return tuple(
        AudioRendition(
            id=f"audio-{track.position}",
            source_index=track.index,
            language=track.language,
            label=_label(track, alike=sum(other.language == track.language for other in tracks)),
            is_default=first_is_default and track.position == declared,
            is_descriptive=track.is_descriptive,
            channels=2,
            kbps=STEREO_KBPS,
        )
        for track in tracks
    )


def _timeline_s(probe: SourceProbe) -> Fraction:
    picture = probe.video.end_s
    sound = max((track.end_s for track in probe.audio), default=0.0)
    lasts = sound if sound > picture + AUDIO_OVERHANG_S else picture
    assert math.isfinite(lasts)
    return Fraction(lasts).limit_denominator(1_000_000)


def _text_renditions(tracks: tuple[TextTrack, ...]) -> tuple[TextRendition, ...]:
    usable = [track for track in tracks if track.extractable]
    return tuple(
        TextRendition(
            id=f"text-{track.position}",
            source_index=track.index,
            language=track.language,
            label=_label(track, alike=sum(other.language == track.language for other in usable)),
            is_default=track.is_default,
            is_forced=track.is_forced,
            is_sdh=track.is_sdh,
        )
        for track in usable
    )


def _label(track: AudioTrack | TextTrack, *, alike: int) -> str:
    name = language_name(track.language)
    return f"{name} – {track.title or track.position + 1}" if alike > 1 else name


def _read_ladder(values: Mapping[str, object]) -> Ladder:
    return Ladder(
        frame_rate=Fraction(str(values["frame_rate"])),
        gop_frames=int(str(values["gop_frames"])),
        segment_frames=int(str(values["segment_frames"])),
        rungs=tuple(
            Rung(**{**row, "codec": VideoCodec(row["codec"]), "track_class": TrackClass(row["track_class"])})
            for row in _rows(values["rungs"])
        ),
    )


# The plan is our own JSON of a known version, so its fields are trusted to have the types they were written with;
# a field that does not belong is refused by the dataclass it is read into.
def _table(value: object) -> dict[str, Any]:
    assert isinstance(value, dict)
    return value


def _rows(value: object) -> list[dict[str, Any]]:
    return [_table(row) for row in cast(list[object], value)]
