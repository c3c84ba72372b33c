"""Batch loads that several contexts of the graph share. Each decides what this viewer may see."""

from collections.abc import Sequence
from uuid import UUID

from domain.catalog import Title, audience_of
from domain.catalog import visible_titles as titles_visible_to
from domain.media.asset import Asset, AssetState, Playing, PlayingLanguages
from domain.media.assets import assets_by_id, assets_of_titles, ready_asset_of_titles
from domain.media.assets import visible_assets as assets_visible_to
from domain.media.package import Package
from domain.media.packages import packages_of_assets
from domain.media.showing import languages_of_titles, playing_of_titles
from graph.context import Context
from graph.global_ids import Kind, loads_node


@loads_node(Kind.TITLE, row=Title)
async def visible_titles(context: Context, keys: Sequence[UUID]) -> list[Title | None]:
    """Load titles: for editors any, for others what they may find now. Requests of one audience go together."""

    async def load(wanted: Sequence[UUID]) -> list[Title | None]:
        return await titles_visible_to(context.reads, wanted, viewer=context.viewer)

    name = ("visible titles", audience_of(context.viewer))
    found = await context.runtime.gathering.get(name, dict(zip(keys, keys, strict=True)), load)
    return [found[key] for key in keys]


@loads_node(Kind.ASSET, row=Asset)
async def visible_assets(context: Context, keys: Sequence[UUID]) -> list[Asset | None]:
    """Load assets: an editor's own whatever their state, and those that play a title the viewer may find."""
    own = await assets_visible_to(context.reads, keys, viewer=context.viewer)
    hidden = [key for key, asset in zip(keys, own, strict=True) if asset is None]
    if not hidden:
        return own
    ready = [
        asset
        for asset in await assets_by_id(context.reads, hidden)
        if asset is not None and asset.state is AssetState.READY
    ]
    titles = await visible_titles(context, [asset.title_id for asset in ready])
    shown = {asset.id: asset for asset, title in zip(ready, titles, strict=True) if title is not None}
    return [asset or shown.get(key) for key, asset in zip(keys, own, strict=True)]  # type: ignore[call-overload]  # keys are asset ids


async def title_assets(context: Context, keys: Sequence[UUID]) -> list[Asset | None]:
    """Load what plays for each title; editors get the newest asset whatever its state."""
    if not is_editor(context):
        return await ready_asset_of_titles(context.reads, keys)
    return [next(iter(assets), None) for assets in await assets_of_titles(context.reads, keys)]


async def titles_playing(context: Context, keys: Sequence[UUID]) -> list[Playing | None]:
    """Load what lists show of what plays for each title."""
    return await playing_of_titles(context.reads, keys)


async def titles_languages(context: Context, keys: Sequence[UUID]) -> list[PlayingLanguages]:
    """Load the languages of what plays for each title."""
    return await languages_of_titles(context.reads, keys)


async def packages(context: Context, keys: Sequence[UUID]) -> list[Package | None]:
    """Load one package of each asset: all packages of an asset have the same tracks."""
    return [next(iter(found), None) for found in await packages_of_assets(context.reads, keys)]


def is_editor(context: Context) -> bool:
    """Tell whether the viewer works on titles."""
    return audience_of(context.viewer).sees_all
