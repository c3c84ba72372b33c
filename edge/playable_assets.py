"""The packages of assets in play, kept for a moment: a player asks for hundreds of segments of the same one."""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.kernel.refusals import NotFound
from domain.kernel.work import Reads
from domain.media.assets import assets_by_id
from domain.media.package import Package
from domain.media.packager import Scheme
from domain.media.packages import packages_of_assets

# A package never changes, but an asset may get another one.
KEPT_S = 30.0
KEPT_MAX = 1024


@dataclass(frozen=True)
class PlayableAsset:
    """What of an asset can be played."""

    asset_id: UUID
    packages: Sequence[Package]
    has_thumbnails: bool

    def package(self, scheme: Scheme | None) -> Package:
        """Return the package of a scheme; without one the one most players can play.

        Raises:
            NotFound: the asset has no such package.
        """
        for package in self.packages:
            if scheme in (None, package.scheme):
                return package
        raise NotFound("package of asset", self.asset_id)


class PlayableAssets:
    """Loads playable assets, and keeps those in play. One per process."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._kept: OrderedDict[UUID, tuple[float, PlayableAsset]] = OrderedDict()
        self._clock = clock

    async def get(self, reads: Reads, asset_id: UUID) -> PlayableAsset:
        """Return a playable asset, at most `KEPT_S` old.

        Raises:
            NotFound: nothing of it can be played.
        """
        kept = self._kept.get(asset_id)
        if kept is not None and self._clock() - kept[0] < KEPT_S:
            return kept[1]
        loaded = await _load(reads, asset_id)
        self._kept[asset_id] = (self._clock(), loaded)
        self._kept.move_to_end(asset_id)
        if len(self._kept) > KEPT_MAX:
            self._kept.popitem(last=False)
        return loaded


async def _load(reads: Reads, asset_id: UUID) -> PlayableAsset:
    packages = (await packages_of_assets(reads, [asset_id]))[0]
    asset = (await assets_by_id(reads, [asset_id]))[0]
    if asset is None or not packages:
        raise NotFound("package of asset", asset_id)
    return PlayableAsset(asset_id, packages, asset.has_thumbnails)
