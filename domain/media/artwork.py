"""What artwork is: a picture an editor uploaded for a title, re-encoded in several sizes and formats. Pure.

PROCESSING ──► READY ──► REPLACED      by a later picture for the same place
   ├──► FAILED                         the file was no picture we take
   └──► REPLACED                       a later picture was faster

A place is a kind and a language of one title; a language of None is for everybody.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, NewType, Protocol, TypeVar
from uuid import UUID

ArtworkId = NewType("ArtworkId", UUID)

SOURCE_MAX_BYTES = 64 << 20
# A poster of 8,192 by 12,288 would pass; what is larger is no picture for a screen but an attack on our memory.
SOURCE_MAX_PIXELS = 100_000_000
SOURCE_MIN_SIDE_PIXELS = 32
# The widest logos are 8 to 1; encoders end at 16,383 pixels, which a slimmer strip would pass when enlarged upwards.
SOURCE_MAX_RATIO = 8
# Enough for every kind in every language somebody translates into.
ARTWORKS_OF_TITLE_MAX = 400
HASH_CHARS = 64
_NAME = re.compile(r"([0-9a-f]{64})\.(jpg|png|webp|avif)")


class ArtworkKind(StrEnum):
    """What a picture is for."""

    POSTER = "POSTER"
    BACKDROP = "BACKDROP"
    LOGO = "LOGO"
    STILL = "STILL"


class ArtworkState(StrEnum):
    """How far a picture is."""

    PROCESSING = "PROCESSING"
    READY = "READY"
    FAILED = "FAILED"
    REPLACED = "REPLACED"


class ArtworkFailure(StrEnum):
    """Why nothing was made of an upload."""

    NOT_A_PICTURE = "NOT_A_PICTURE"
    TOO_LARGE = "TOO_LARGE"
    TOO_SMALL = "TOO_SMALL"
    ODD_SHAPE = "ODD_SHAPE"
    BROKEN = "BROKEN"
    GAVE_UP = "GAVE_UP"


class ImageFormat(StrEnum):
    """How a picture is encoded."""

    JPEG = "JPEG"
    PNG = "PNG"
    WEBP = "WEBP"
    AVIF = "AVIF"

    @property
    def suffix(self) -> str:
        """The ending of its file names."""
        return "jpg" if self is ImageFormat.JPEG else self.value.lower()

    @property
    def media_type(self) -> str:
        """Its type as HTTP names it."""
        return f"image/{self.value.lower()}"


# Each kind in the widths that layouts ask for, in pixels. A source is never enlarged to reach one.
WIDTHS: Mapping[ArtworkKind, tuple[int, ...]] = {
    ArtworkKind.POSTER: (160, 320, 640, 1280),
    ArtworkKind.BACKDROP: (320, 640, 1280, 1920),
    ArtworkKind.LOGO: (160, 320, 640),
    ArtworkKind.STILL: (320, 640, 1280),
}


class InLanguage(Protocol):
    """Something for one language, or for everybody when it is None."""

    @property
    def language(self) -> str | None:
        """A BCP 47 tag."""


T = TypeVar("T", bound=InLanguage)


@dataclass(frozen=True)
class Rendition:
    """One file made of a picture. `name` is its SHA-256 and suffix: the same bytes have the same name for ever."""

    format: ImageFormat
    width: int
    height: int
    size_bytes: int
    name: str


@dataclass(frozen=True)
class Picture:
    """What was made of an upload: its upright size in pixels, what to show while it loads, and its files."""

    width: int
    height: int
    dominant_color: str
    blur_hash: str
    renditions: tuple[Rendition, ...]


class PictureFile(NamedTuple):
    """One file of a picture, as lists show it."""

    artwork_id: UUID
    language: str | None
    dominant_color: str
    blur_hash: str
    width: int
    height: int
    format: ImageFormat
    name: str


@dataclass(frozen=True)
class Artwork:
    """A picture of a title. `picture` is None unless it is ready."""

    id: ArtworkId
    title_id: UUID
    kind: ArtworkKind
    language: str | None
    upload_id: UUID
    state: ArtworkState
    failure: ArtworkFailure | None
    created_by: UUID
    created_at: datetime
    picture: Picture | None


def best_artwork(artworks: Sequence[T], *, wanted: Sequence[str], default: str) -> T | None:
    """Choose a picture: each wanted language with its wider forms, then one for everybody, then the default language.

    The wider forms are those of RFC 4647, section 3.4 (lookup).
    """
    if not artworks:
        return None
    by_language = {artwork.language: artwork for artwork in artworks}
    for language in wanted:
        if (found := _wider(by_language, language)) is not None:
            return found
    if None in by_language:
        return by_language[None]
    found = _wider(by_language, default)
    return found or min(artworks, key=lambda artwork: artwork.language or "")


def object_key_of(name: str) -> str:
    """Return where a file is in the object store. The first characters spread the files over folders."""
    return f"artwork/{name[:2]}/{name}"


def format_of(name: str) -> ImageFormat | None:
    """Return the format of a file by its name, or None when it is no name we give."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    return next(format for format in ImageFormat if format.suffix == match[2])


def _wider(by_language: Mapping[str | None, T], language: str) -> T | None:
    while language:
        if language in by_language:
            return by_language[language]
        language = language.rpartition("-")[0]
    return None
