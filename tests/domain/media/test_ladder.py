import json
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.media.chunks import plan_chunks
from domain.media.complexity import Complexity
from domain.media.containers import Container
from domain.media.ladder import TrackClass, VideoCodec, picture_sizes, plan_ladder, standard_rate
from domain.media.plan import EncodePlan, make_plan
from domain.media.source import AudioTrack, DynamicRange, SourceProbe, VideoTrack

ORDINARY = Complexity(factor=1.0, measured_kbps=1500.0)


def video(width=1920, height=1080, rate="30", base_rate=None, end_s=60.0) -> VideoTrack:
    return VideoTrack(
        index=0, codec="h264", width=width, height=height, rotation=0, sample_aspect=Fraction(1),
        display_width=width, display_height=height, average_rate=Fraction(rate),
        base_rate=Fraction(base_rate or rate), pixel_format="yuv420p", bit_depth=8,
        dynamic_range=DynamicRange.SDR, colour_matrix="bt709", interlaced=False, end_s=end_s,
    )  # fmt: skip


def sound(position=0, language="en", end_s=60.0, **options) -> AudioTrack:
    values = {
        "title": "",
        "codec": "aac",
        "channels": 2,
        "sample_rate": 48000,
        "is_default": False,
        "is_descriptive": False,
    }
    return AudioTrack(index=position + 1, position=position, language=language, end_s=end_s, **{**values, **options})


def probe(picture=None, audio=(), text=()) -> SourceProbe:
    picture = picture or video()
    return SourceProbe(
        container=Container.MP4,
        is_indexed=True,
        size_bytes=1,
        duration_s=picture.end_s,
        video=picture,
        audio=tuple(audio),
        text=tuple(text),
    )


def sizes(width, height, **options):
    return [(size.label_height, size.width, size.height) for size in picture_sizes(width, height, **options)]


def test_full_hd_gets_five_rungs():
    assert sizes(1920, 1080) == [
        (1080, 1920, 1080),
        (720, 1280, 720),
        (540, 960, 540),
        (360, 640, 360),
        (240, 426, 240),
    ]


def test_a_wide_film_is_named_by_its_box():
    assert sizes(1920, 800) == [(1080, 1920, 800), (720, 1280, 534), (540, 960, 400), (360, 640, 266), (240, 426, 178)]


def test_an_upright_picture_is_fitted_into_upright_boxes():
    assert sizes(1080, 1920) == [
        (1080, 1080, 1920),
        (720, 720, 1280),
        (540, 540, 960),
        (360, 360, 640),
        (240, 240, 426),
    ]


def test_an_odd_size_becomes_even_without_growing():
    assert sizes(641, 361) == [(360, 640, 360), (240, 426, 240)]


def test_a_size_between_two_rungs_is_kept_and_its_near_twin_left_out():
    assert sizes(1000, 562) == [(720, 1000, 562), (360, 640, 360), (240, 426, 240)]


def test_a_tiny_picture_keeps_its_size():
    assert sizes(100, 60) == [(240, 100, 60)]


def test_the_largest_box_can_be_bounded():
    assert sizes(3840, 2160, max_height=720) == [(720, 1280, 720), (540, 960, 540), (360, 640, 360), (240, 426, 240)]


@given(width=st.integers(16, 8192), height=st.integers(16, 4320))
def test_no_size_is_ever_enlarged_or_odd_or_repeated(width, height):
    chosen = picture_sizes(width, height)
    assert chosen
    assert all(size.width <= width and size.height <= height for size in chosen)
    assert all(size.width % 2 == size.height % 2 == 0 for size in chosen)
    areas = [size.width * size.height for size in chosen]
    assert areas == sorted(areas, reverse=True)
    assert len({size.label_height for size in chosen}) == len(chosen)


@pytest.mark.parametrize(
    ("rate", "base_rate", "expected"),
    [
        ("30", None, "30"), ("30000/1001", None, "30000/1001"), ("2997/100", None, "30000/1001"), ("24", None, "24"),
        ("120", None, "60"), ("100", None, "50"), ("90", None, "48"), ("240000/1001", None, "60000/1001"),
        ("18", "60", "30"), ("2985/100", "60", "30"), ("47", "60", "48"), ("1", None, "10"), ("15", None, "15"),
    ],
)  # fmt: skip
def test_a_frame_rate_becomes_the_nearest_standard_one(rate, base_rate, expected):
    assert standard_rate(video(rate=rate, base_rate=base_rate)) == Fraction(expected)


def test_the_grid_is_whole_frames():
    ladder = plan_ladder(probe(video(rate="24000/1001")), ORDINARY)
    assert (ladder.gop_frames, ladder.segment_frames) == (48, 96)
    assert ladder.segment_s == pytest.approx(4.004)


def test_track_classes_follow_the_height():
    classes = {rung.label_height: rung.track_class for rung in plan_ladder(probe(video(3840, 2160)), ORDINARY).rungs}
    uhd, hd, sd = TrackClass.UHD, TrackClass.HD, TrackClass.SD
    assert classes == {2160: uhd, 1440: uhd, 1080: hd, 720: hd, 540: sd, 360: sd, 240: sd}


def test_bit_rates_follow_the_measured_complexity():
    calm = plan_ladder(probe(), Complexity(factor=0.4, measured_kbps=600))
    wild = plan_ladder(probe(), Complexity(factor=1.6, measured_kbps=2400))
    for low, high in zip(calm.rungs, wild.rungs, strict=True):
        assert high.target_kbps == pytest.approx(4 * low.target_kbps, rel=0.02)
    assert [rung.target_kbps for rung in plan_ladder(probe(), ORDINARY).rungs] == [4500, 2449, 1591, 866, 471]


def test_h264_is_always_there_and_others_join_it():
    ladder = plan_ladder(probe(video(1280, 720)), ORDINARY, codecs=(VideoCodec.HEVC, VideoCodec.AV1))
    ids = [rung.id for rung in ladder.rungs]
    assert ids == [f"{codec}-{height}" for codec in ("h264", "hevc", "av1") for height in (720, 540, 360, 240)]
    assert ladder.rungs[4].target_kbps < ladder.rungs[0].target_kbps


def test_chunks_are_whole_segments_without_gap_or_overlap():
    chunks = plan_chunks(1510, Fraction(25), 100, chunk_s=12.0)
    assert [(chunk.first_frame, chunk.frames) for chunk in chunks] == [
        (0, 300), (300, 300), (600, 300), (900, 300), (1200, 310)
    ]  # fmt: skip
    assert (chunks[1].start_s, chunks[-1].end_s) == (12.0, 60.4)


@settings(deadline=None)
@given(
    total=st.integers(1, 500_000),
    rate=st.sampled_from(["24000/1001", "25", "30000/1001", "60"]),
    chunk_s=st.floats(0.5, 600),
)
def test_every_frame_is_in_exactly_one_chunk(total, rate, chunk_s):
    segment = round(Fraction(rate) * 2) * 2
    chunks = plan_chunks(total, Fraction(rate), segment, chunk_s=chunk_s)
    assert [chunk.index for chunk in chunks] == list(range(len(chunks)))
    assert chunks[0].first_frame == 0
    assert all(a.first_frame + a.frames == b.first_frame for a, b in pairwise(chunks))
    assert chunks[-1].first_frame + chunks[-1].frames == total
    assert all(chunk.first_frame % segment == 0 and chunk.frames > 0 for chunk in chunks)


def test_a_plan_survives_json():
    plan = make_plan(probe(video(rate="30000/1001"), [sound(), sound(1, "de")]), ORDINARY, codecs=(VideoCodec.AV1,))
    assert EncodePlan.from_json(json.loads(json.dumps(plan.as_json()))) == plan


def test_a_plan_of_another_version_is_refused():
    with pytest.raises(ValueError, match="version 99"):
        EncodePlan.from_json({**make_plan(probe(), ORDINARY).as_json(), "version": 99})


def test_the_picture_decides_the_length_unless_sound_goes_on():
    assert make_plan(probe(audio=[sound(end_s=60.02)]), ORDINARY).total_frames == 1800
    assert make_plan(probe(audio=[sound(end_s=63.0)]), ORDINARY).total_frames == 1890
    assert make_plan(probe(audio=[sound(end_s=40.0)]), ORDINARY).total_frames == 1800


def test_one_sound_track_is_the_default_and_twins_are_told_apart():
    tracks = [sound(0, "en"), sound(1, "de", is_default=True), sound(2, "en", title="Commentary")]
    renditions = make_plan(probe(audio=tracks), ORDINARY).audio
    assert [(one.label, one.is_default) for one in renditions] == [
        ("English – 1", False), ("Deutsch", True), ("English – Commentary", False)
    ]  # fmt: skip


def test_keys_are_wanted_for_the_classes_that_exist():
    small = probe(video(640, 360), [sound()])
    assert make_plan(small, ORDINARY).track_classes == {TrackClass.SD, TrackClass.AUDIO}
    assert make_plan(replace(small, audio=()), ORDINARY).track_classes == {TrackClass.SD}
