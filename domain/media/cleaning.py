"""What is left of an asset in the object store once it has ended, and which of it may go."""

from dataclasses import dataclass
from uuid import UUID

from domain.kernel.work import Work
from domain.media.asset import AssetState, package_root, work_prefix
from domain.media.store import asset_steps as steps_store
from domain.media.store import assets as store
from domain.media.store import packages as packages_store


@dataclass(frozen=True)
class Leftovers:
    """What may be deleted: everything below `prefixes`, and `keys`. `packages` are to be forgotten afterwards."""

    prefixes: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()


async def leftovers_of(work: Work, *, asset_id: UUID, gives_up: bool) -> Leftovers:
    """Name what an ended asset leaves behind; nothing while it is in progress, for a retry may be using it.

    A failed asset keeps its finished steps until `gives_up`; then they are undone, so that a retry makes them again.
    """
    asset = await store.lock_asset(work.connection, asset_id)
    if asset is None or asset.state.is_in_progress:
        return Leftovers()
    unfinished = tuple(await packages_store.unfinished_prefixes(work.connection, asset_id))
    if asset.state is AssetState.FAILED:
        keys = tuple(await steps_store.reset_finished(work.connection, asset_id)) if gives_up else ()
        return Leftovers(prefixes=unfinished, keys=keys, packages=unfinished)
    if asset.state is AssetState.READY:
        return Leftovers(prefixes=(work_prefix(asset_id), *unfinished), packages=unfinished)
    return Leftovers(prefixes=(work_prefix(asset_id), package_root(asset_id)), packages=unfinished)
