from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from domain.delivery import NothingPlayable, select_tracks
from domain.media.asset import AssetId
from domain.media.ladder import TrackClass
from domain.media.package import Package, PackageId, Track, TrackKind
from domain.media.packager import Scheme

ALL = frozenset(TrackClass)


def picture(id: str, width: int, height: int, track_class: TrackClass) -> Track:
    return Track(id, TrackKind.VIDEO, track_class, uuid4(), None, id, "avc1.42c01e", 1, width, height, 25.0)


def sound(id: str) -> Track:
    return Track(id, TrackKind.AUDIO, TrackClass.AUDIO, uuid4(), "en", id, "mp4a.40.2", 1, None, None, None)


def text(id: str) -> Track:
    return Track(id, TrackKind.TEXT, None, None, "en", id, "wvtt", 1, None, None, None)


def packaged(*tracks: Track) -> Package:
    prefix, now = "packages/a/p/", datetime(2030, 1, 1, tzinfo=UTC)
    return Package(PackageId(uuid4()), AssetId(uuid4()), Scheme.CENC, prefix, 4.0, 2.0, 1, now, tracks)


FILM = packaged(
    picture("uhd", 3840, 2160, TrackClass.UHD),
    picture("full-hd", 1920, 1080, TrackClass.HD),
    picture("hd", 1280, 720, TrackClass.HD),
    picture("sd", 640, 360, TrackClass.SD),
    sound("sound"),
    text("text"),
)


def test_only_tracks_of_the_viewers_classes_are_kept_and_text_always() -> None:
    selection = select_tracks(FILM, track_classes={TrackClass.AUDIO, TrackClass.SD})
    assert selection.representations == {"sd", "sound", "text"}
    assert selection.withheld == {"uhd", "full-hd", "hd"}


def test_the_greatest_height_bounds_pictures_within_a_class() -> None:
    assert select_tracks(FILM, track_classes=ALL, max_height=720).representations == {"hd", "sd", "sound", "text"}
    assert select_tracks(FILM, track_classes=ALL, max_height=1080).withheld == {"uhd"}


@pytest.mark.parametrize(
    ("width", "height", "max_height", "kept"),
    [
        (1920, 804, 1080, True),  # wide screen in a full HD box
        (1920, 804, 720, False),  # its rows fit 720 lines and a bit, its columns do not
        (1080, 1920, 1080, True),  # a phone's picture
        (1080, 1920, 720, False),
        (428, 240, 240, True),  # rounded up to an even side
        (1920, 1090, 1080, False),
    ],
)
def test_wide_and_tall_pictures_are_measured_by_their_box(width: int, height: int, max_height: int, kept: bool) -> None:
    film = packaged(picture("one", width, height, TrackClass.HD), picture("tiny", 320, 180, TrackClass.SD))
    assert ("one" in select_tracks(film, track_classes=ALL, max_height=max_height).representations) is kept


def test_a_viewer_without_any_picture_is_refused() -> None:
    with pytest.raises(NothingPlayable):
        select_tracks(FILM, track_classes={TrackClass.AUDIO})


def test_a_screen_smaller_than_every_picture_gets_the_smallest() -> None:
    assert select_tracks(FILM, track_classes=ALL, max_height=144).representations == {"sd", "sound", "text"}


def test_a_viewer_without_any_sound_is_refused() -> None:
    with pytest.raises(NothingPlayable):
        select_tracks(FILM, track_classes={TrackClass.SD})


def test_a_silent_film_needs_no_sound() -> None:
    silent = packaged(picture("sd", 640, 360, TrackClass.SD))
    assert select_tracks(silent, track_classes={TrackClass.SD}).representations == {"sd"}


def test_a_picture_without_a_class_or_a_size_is_never_given_away() -> None:
    unknown = replace(picture("unknown", 640, 360, TrackClass.SD), track_class=None, kid=None)
    sizeless = replace(picture("sizeless", 0, 0, TrackClass.SD), width=None, height=None)
    film = packaged(unknown, sizeless, picture("sd", 640, 360, TrackClass.SD))
    assert select_tracks(film, track_classes=ALL, max_height=1080).representations == {"sd"}
