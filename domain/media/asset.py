"""What an asset is: an upload on its way to something that plays.

PROBING ──► ENCODING ──► PACKAGING ──► READY
   │            │            │
   ▼            └─────┬──────┘
REJECTED              ▼
            FAILED ──► (retry) ENCODING or PACKAGING        any unfinished state ──► CANCELLED
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, NewType
from uuid import UUID

from domain.media.packager import Scheme

AssetId = NewType("AssetId", UUID)

# Shares of the whole way, as shown to people: encoding takes nearly all of it.
ENCODING_SHARE = 0.9
PACKAGING_SHARE = 1.0 - ENCODING_SHARE


class AssetState(StrEnum):
    """Where an asset is on its way."""

    PROBING = "PROBING"
    REJECTED = "REJECTED"
    ENCODING = "ENCODING"
    PACKAGING = "PACKAGING"
    READY = "READY"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"

    @property
    def is_in_progress(self) -> bool:
        return self in (AssetState.PROBING, AssetState.ENCODING, AssetState.PACKAGING)


class InputKind(StrEnum):
    """What a further upload of an asset is."""

    AUDIO = "AUDIO"
    SUBTITLES = "SUBTITLES"
    CAPTIONS = "CAPTIONS"
    FORCED = "FORCED"


class StepKind(StrEnum):
    """The steps between the plan and the package. Each is done once and kept."""

    CHUNK = "CHUNK"
    AUDIO = "AUDIO"
    TEXT = "TEXT"


@dataclass(frozen=True)
class Rejection:
    """Why the source cannot be played: a closed reason, and what was seen."""

    reason: str
    detail: str


@dataclass(frozen=True)
class AssetInput:
    """A further upload that belongs to an asset: one more sound track or one subtitle track."""

    position: int
    kind: InputKind
    language: str
    object_key: str


@dataclass(frozen=True)
class Asset:
    """An asset as its owner sees it. `progress` goes from 0 to 1."""

    id: AssetId
    account_id: UUID
    title_id: UUID
    upload_id: UUID
    state: AssetState
    priority: int
    schemes: tuple[Scheme, ...]
    rejection: Rejection | None
    failure: str | None
    duration_s: float | None
    width: int | None
    height: int | None
    hdr: bool | None
    progress: float
    poster_widths: tuple[int, ...]
    has_thumbnails: bool
    created_at: datetime
    ready_at: datetime | None


class Playing(NamedTuple):
    """What lists show of an asset that plays: the least, because screens show hundreds. The duration is in seconds."""

    asset_id: UUID
    duration_s: float
    width: int | None
    height: int | None
    poster_widths: Sequence[int]


class PlayingLanguages(NamedTuple):
    """The languages of an asset that plays, as BCP 47 tags in the order of its tracks."""

    audio: Sequence[str]
    text: Sequence[str]


@dataclass(frozen=True)
class TranscodeProgress:
    """How far an asset is. `speed` is in seconds of video encoded a second; `eta_s` is None when unknown."""

    asset_id: AssetId
    state: AssetState
    fraction: float
    chunks_done: int
    chunks_total: int
    speed: float | None
    eta_s: float | None
    message: str


@dataclass(frozen=True)
class StepRef:
    """Names one step of one asset."""

    asset_id: AssetId
    kind: StepKind
    index: int


@dataclass(frozen=True)
class StepStart:
    """A step that has been begun. `attempt` fences what is written for it."""

    ref: StepRef
    attempt: int

    @property
    def object_prefix(self) -> str:
        """Where this attempt keeps what it makes. Attempts never share a key, so a late one overwrites nothing."""
        return f"{work_prefix(self.ref.asset_id)}{self.ref.kind.lower()}-{self.ref.index:05d}/{self.attempt}/"


@dataclass(frozen=True)
class StepResult:
    """What a finished step made: object keys by name."""

    ref: StepRef
    objects: Mapping[str, str]


def fraction_of(state: AssetState, *, encoded: float, packaged: float) -> float:
    """Return the overall progress from the encoded and packaged parts, each from 0 to 1."""
    if state is AssetState.READY:
        return 1.0
    return min(1.0, ENCODING_SHARE * encoded + PACKAGING_SHARE * packaged)


def topic_of(asset_id: UUID) -> str:
    """Return the topic on which an asset's facts and doorbells travel."""
    return f"asset:{asset_id}"


def job_group(asset_id: UUID) -> str:
    """Return the group of all jobs of an asset, which are cancelled together."""
    return f"asset:{asset_id}"


def work_prefix(asset_id: UUID) -> str:
    """Return where an asset's unfinished parts are kept."""
    return f"work/{asset_id}/"


def package_root(asset_id: UUID) -> str:
    """Return where an asset's packages, posters and thumbnails are kept."""
    return f"packages/{asset_id}/"


def poster_key(asset_id: UUID, width: int) -> str:
    return f"{package_root(asset_id)}posters/{width}.jpg"


def thumbnails_key(asset_id: UUID, name: str = "thumbnails.vtt") -> str:
    return f"{package_root(asset_id)}thumbnails/{name}"
