"""What is told about an asset, on its own topic."""

from dataclasses import dataclass
from uuid import UUID

from domain.kernel.facts import Fact


@dataclass(frozen=True)
class AssetProbed(Fact):
    """The source can be played, and it is known what will be made of it."""

    asset_id: UUID
    duration_s: float
    width: int
    height: int
    chunks: int


@dataclass(frozen=True)
class AssetRejected(Fact):
    """The source, or one of its further uploads, cannot be played."""

    asset_id: UUID
    reason: str
    detail: str


@dataclass(frozen=True)
class AssetEncoded(Fact):
    """Every step is done; the asset is being packaged."""

    asset_id: UUID


@dataclass(frozen=True)
class AssetReady(Fact):
    """The asset plays."""

    asset_id: UUID
    title_id: UUID


@dataclass(frozen=True)
class AssetFailed(Fact):
    """The asset could not be made; finished steps are kept for another try."""

    asset_id: UUID
    failure: str


@dataclass(frozen=True)
class AssetRetried(Fact):
    """A failed asset goes on from its finished steps."""

    asset_id: UUID


@dataclass(frozen=True)
class AssetCancelled(Fact):
    """Its owner called the asset off."""

    asset_id: UUID
