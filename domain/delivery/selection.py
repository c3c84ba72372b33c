"""Which tracks of a package a viewer may have. Pure.

Refusal
└── NothingPlayable    nothing of the package is left for this viewer
"""

import math
from collections.abc import Collection
from dataclasses import dataclass

from domain.kernel.refusals import Refusal
from domain.media.ladder import TrackClass
from domain.media.package import Package, Track, TrackKind

# Sides are rounded to even numbers, which may add one row or column to an exact fit.
ROUNDING = 1


class NothingPlayable(Refusal):
    """The viewer may have no picture, or no sound, of this title at all."""

    def __init__(self) -> None:
        super().__init__("Nothing of this title may be played here with these limits.")


@dataclass(frozen=True)
class Selection:
    """The tracks of a package that a viewer may have, and those withheld."""

    package: Package
    tracks: tuple[Track, ...]

    @property
    def representations(self) -> frozenset[str]:
        """The ids of the tracks, which are the folders of their segments."""
        return frozenset(track.representation for track in self.tracks)

    @property
    def withheld(self) -> frozenset[str]:
        """The ids of the tracks that are in the package and not for this viewer."""
        return frozenset(track.representation for track in self.package.tracks) - self.representations

    def track(self, representation: str) -> Track | None:
        """Return one of the tracks by its id."""
        return next((track for track in self.tracks if track.representation == representation), None)


def select_tracks(
    package: Package, *, track_classes: Collection[TrackClass], max_height: int | None = None
) -> Selection:
    """Keep the tracks of the given classes whose picture fits a screen of `max_height` lines. Text is always kept.

    A screen that is smaller than every picture gets the smallest of these classes.

    Raises:
        NothingPlayable: a package with pictures would have none left, or one with sound no sound.
    """
    held = [track for track in package.tracks if _may_have(track, track_classes)]
    pictures = [track for track in held if track.kind is TrackKind.VIDEO]
    fitting = [track for track in pictures if max_height is None or _fits(track, max_height)]
    shown = fitting or sorted(pictures, key=_pixels)[:1]
    kept = tuple(track for track in held if track.kind is not TrackKind.VIDEO or track in shown)
    for kind in (TrackKind.VIDEO, TrackKind.AUDIO):
        if any(track.kind is kind for track in package.tracks) and not any(track.kind is kind for track in kept):
            raise NothingPlayable
    return Selection(package, kept)


def _may_have(track: Track, track_classes: Collection[TrackClass]) -> bool:
    if track.track_class is None:
        # Only text has no class; anything else without one is not ours to give.
        return track.kind is TrackKind.TEXT
    if track.kind is TrackKind.VIDEO and not _pixels(track):
        return False
    return track.track_class in track_classes


def _pixels(track: Track) -> int:
    return (track.width or 0) * (track.height or 0)


def _fits(track: Track, max_height: int) -> bool:
    """Whether a picture, wide or tall, fits the 16:9 box that a number of lines names, as the ladder's boxes do."""
    short, long = sorted((track.width or 0, track.height or 0))
    return short <= max_height + ROUNDING and long <= math.ceil(max_height * 16 / 9) + ROUNDING
