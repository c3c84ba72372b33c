"""Plans of a source that nobody has to encode: 12 s of full HD in three chunks."""

from fractions import Fraction

from domain.media.complexity import ORDINARY
from domain.media.containers import Container
from domain.media.plan import EncodePlan, make_plan
from domain.media.source import AudioTrack, DynamicRange, SourceProbe, VideoTrack

SECONDS = 12.0
CHUNK_S = 4.0


def a_sound_track(position: int, language: str) -> AudioTrack:
    return AudioTrack(
        index=position + 1, position=position, language=language, title="", codec="aac", channels=2,
        sample_rate=48_000, is_default=position == 0, is_descriptive=False, end_s=SECONDS,
    )  # fmt: skip


def a_probe(*, audio: tuple[str, ...] = ("en",)) -> SourceProbe:
    """What probing a plain full HD film says."""
    video = VideoTrack(
        index=0, codec="h264", width=1920, height=1080, rotation=0, sample_aspect=Fraction(1), display_width=1920,
        display_height=1080, average_rate=Fraction(25), base_rate=Fraction(25), pixel_format="yuv420p", bit_depth=8,
        dynamic_range=DynamicRange.SDR, colour_matrix="bt709", interlaced=False, end_s=SECONDS,
    )  # fmt: skip
    tracks = tuple(a_sound_track(position, language) for position, language in enumerate(audio))
    return SourceProbe(
        container=Container.MP4,
        is_indexed=True,
        size_bytes=1_000_000,
        duration_s=SECONDS,
        video=video,
        audio=tracks,
        text=(),
    )


def a_plan(*, audio: tuple[str, ...] = ("en",)) -> EncodePlan:
    return make_plan(a_probe(audio=audio), ORDINARY, chunk_s=CHUNK_S)
