"""Packages: begun before their first object is written, finished together with their asset, and looked up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.catalog import CATALOG_TOPIC, TitleChanged, TitleId
from domain.kernel.work import Reads, Work
from domain.media import media_jobs
from domain.media.asset import Asset, AssetState, package_root, topic_of
from domain.media.asset_facts import AssetReady
from domain.media.package import Package, PackageId, Track, TrackKind
from domain.media.packager import Packaged, Scheme
from domain.media.store import assets as assets_store
from domain.media.store import packages as store
from domain.media.transcoding import StepSuperseded


@dataclass(frozen=True)
class BuiltPackage:
    """A package whose objects are all stored."""

    id: PackageId
    packaged: Packaged
    size_bytes: int


@dataclass(frozen=True)
class Pictures:
    """The pictures stored next to the packages."""

    poster_widths: tuple[int, ...]
    has_thumbnails: bool


async def begin_packages(work: Work, *, asset: Asset) -> dict[Scheme, PackageId]:
    """Record one package for each scheme of the asset, with an id that no earlier attempt used."""
    begun = {scheme: PackageId(work.new_id()) for scheme in asset.schemes}
    for scheme, id in begun.items():
        await store.insert_package(
            work.connection,
            id=id,
            asset_id=asset.id,
            scheme=scheme,
            object_prefix=object_prefix_of(asset.id, id),
            now=work.now,
        )
    return begun


async def finish_packages(
    work: Work, *, asset: Asset, built: Sequence[BuiltPackage], segment_s: float, pictures: Pictures
) -> None:
    """Make the asset READY with its packages and their tracks, all at once. Announces AssetReady.

    Raises:
        StepSuperseded: the asset is not PACKAGING, or a package was removed meanwhile.
    """
    for one in built:
        recorded = await store.finish_package(
            work.connection,
            one.id,
            duration_s=one.packaged.duration_s,
            segment_s=segment_s,
            size_bytes=one.size_bytes,
            tracks=tracks_of(one.packaged),
        )
        if not recorded:
            raise StepSuperseded
    moved = await assets_store.move(
        work.connection,
        asset.id,
        from_states=[AssetState.PACKAGING],
        to=AssetState.READY,
        ready_at=work.now,
        packaging_fraction=1.0,
        poster_widths=list(pictures.poster_widths),
        has_thumbnails=pictures.has_thumbnails,
    )
    if not moved:
        raise StepSuperseded
    await media_jobs.clean_later(work, asset_id=asset.id)
    await work.announce(topic_of(asset.id), AssetReady(asset.id, asset.title_id))
    await work.announce(CATALOG_TOPIC, TitleChanged(TitleId(asset.title_id)))


async def unfinished_prefixes(work: Work, *, asset_id: UUID) -> list[str]:
    """Return where begun and unfinished packages of an asset keep their objects."""
    return await store.unfinished_prefixes(work.connection, asset_id)


async def forget_packages(work: Work, *, prefixes: Sequence[str]) -> None:
    """Forget unfinished packages, once their objects are gone."""
    await store.forget_packages(work.connection, prefixes)


async def packages_of_assets(reads: Reads, asset_ids: Sequence[UUID]) -> list[list[Package]]:
    """Batch load the finished packages of each asset, `cenc` before `cbcs`."""
    async with reads.connection() as connection:
        return await store.packages_of_assets(connection, asset_ids)


def object_prefix_of(asset_id: UUID, package_id: UUID) -> str:
    """Return where a package's objects are."""
    return f"{package_root(asset_id)}{package_id}/"


def tracks_of(packaged: Packaged) -> list[Track]:
    """Describe the representations of a package as tracks; what is in the clear has no class."""
    kinds: Mapping[str, TrackKind] = {"video": TrackKind.VIDEO, "audio": TrackKind.AUDIO, "text": TrackKind.TEXT}
    return [
        Track(
            representation=one.id,
            kind=kinds[one.kind],
            track_class=one.track_class,
            kid=one.kid,
            language=one.language,
            label=one.label or (f"{one.height}p" if one.height else one.id),
            codec=one.codec,
            bandwidth=one.bandwidth,
            width=one.width,
            height=one.height,
            frame_rate=one.frame_rate,
        )
        for one in packaged.representations
    ]
