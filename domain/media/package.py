"""What a package is: one set of encrypted segments with its manifests, and the tracks in it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from domain.media.asset import AssetId
from domain.media.ladder import TrackClass
from domain.media.packager import Scheme

PackageId = NewType("PackageId", UUID)


class TrackKind(StrEnum):
    """What a track carries."""

    VIDEO = "VIDEO"
    AUDIO = "AUDIO"
    TEXT = "TEXT"


@dataclass(frozen=True)
class Track:
    """One track of a package. `bandwidth` is in bits a second; `kid` names its content key, None when in the clear.

    `representation` is the track's id in the DASH manifest and the folder of its segments.
    """

    representation: str
    kind: TrackKind
    track_class: TrackClass | None
    kid: UUID | None
    language: str | None
    label: str
    codec: str | None
    bandwidth: int | None
    width: int | None
    height: int | None
    frame_rate: float | None


@dataclass(frozen=True)
class Package:
    """A finished package: its objects are all below `object_prefix`, which ends in a slash."""

    id: PackageId
    asset_id: AssetId
    scheme: Scheme
    object_prefix: str
    duration_s: float
    segment_s: float
    size_bytes: int
    created_at: datetime
    tracks: tuple[Track, ...]
    # Whether a thumbnail track stands next to the packages of its asset.
    has_thumbnails: bool = False
