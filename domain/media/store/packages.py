"""All SQL about packages and their tracks."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from itertools import groupby
from uuid import UUID

from sqlalchemy import Row, Uuid, any_, bindparam, delete, insert, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.kernel.hot import HotQuery
from domain.media.asset import AssetId
from domain.media.ladder import TrackClass
from domain.media.package import Package, PackageId, Track, TrackKind
from domain.media.packager import Scheme
from domain.media.store.asset_tables import assets, package_tracks, packages


async def insert_package(
    connection: AsyncConnection, *, id: UUID, asset_id: UUID, scheme: Scheme, object_prefix: str, now: datetime
) -> None:
    """Record a package before its first object is written, so that a half-made one can be found and removed."""
    await connection.execute(
        insert(packages).values(
            id=id, asset_id=asset_id, scheme=scheme, state="BUILDING", object_prefix=object_prefix, created_at=now
        )
    )


async def unfinished_prefixes(connection: AsyncConnection, asset_id: UUID) -> list[str]:
    """Return the prefixes of the asset's packages that were begun and not finished."""
    statement = select(packages.c.object_prefix).where(packages.c.asset_id == asset_id, packages.c.state == "BUILDING")
    return list((await connection.execute(statement)).scalars())


async def forget_packages(connection: AsyncConnection, prefixes: Sequence[str]) -> None:
    """Delete the rows of unfinished packages whose objects are gone."""
    await connection.execute(
        delete(packages).where(packages.c.object_prefix.in_(prefixes), packages.c.state == "BUILDING")
    )


async def finish_package(
    connection: AsyncConnection,
    package_id: UUID,
    *,
    duration_s: float,
    segment_s: float,
    size_bytes: int,
    tracks: Sequence[Track],
) -> bool:
    """Make a package READY with its tracks; return whether it was being built."""
    statement = (
        update(packages)
        .where(packages.c.id == package_id, packages.c.state == "BUILDING")
        .values(state="READY", duration_s=duration_s, segment_s=segment_s, size_bytes=size_bytes)
        .returning(packages.c.id)
    )
    if (await connection.execute(statement)).first() is None:
        return False
    rows = [{"package_id": package_id, "position": n} | asdict(track) for n, track in enumerate(tracks)]
    await connection.execute(insert(package_tracks), rows)
    return True


# A package without tracks gives one row without one.
_WITH_TRACKS = HotQuery(
    select(packages, package_tracks, assets.c.has_thumbnails)
    .join(assets, assets.c.id == packages.c.asset_id)
    .join(package_tracks, package_tracks.c.package_id == packages.c.id, isouter=True)
    .where(packages.c.asset_id == any_(bindparam("keys", type_=ARRAY(Uuid))), packages.c.state == "READY")
    .order_by(packages.c.scheme.desc(), packages.c.id, package_tracks.c.position)
)


async def packages_of_assets(connection: AsyncConnection, asset_ids: Sequence[UUID]) -> list[list[Package]]:
    """Return the finished packages of each asset, `cenc` before `cbcs`."""
    by_asset: dict[UUID, list[Package]] = {}
    for _, group in groupby(await _WITH_TRACKS.rows(connection, keys=asset_ids), key=lambda row: row.id):
        rows = list(group)
        tracks = tuple(_track(row) for row in rows if row.representation is not None)
        by_asset.setdefault(rows[0].asset_id, []).append(_package(rows[0], tracks))
    return [by_asset.get(id, []) for id in asset_ids]


def _package(row: Row[tuple[object, ...]], tracks: tuple[Track, ...]) -> Package:
    return Package(
        id=PackageId(row.id),
        asset_id=AssetId(row.asset_id),
        scheme=Scheme(row.scheme),
        object_prefix=row.object_prefix,
        duration_s=row.duration_s,
        segment_s=row.segment_s,
        size_bytes=row.size_bytes,
        created_at=row.created_at,
        tracks=tracks,
        has_thumbnails=row.has_thumbnails,
    )


def _track(row: Row[tuple[object, ...]]) -> Track:
    return Track(
        representation=row.representation,
        kind=TrackKind(row.kind),
        track_class=None if row.track_class is None else TrackClass(row.track_class),
        kid=row.kid,
        language=row.language,
        label=row.label,
        codec=row.codec,
        bandwidth=row.bandwidth,
        width=row.width,
        height=row.height,
        frame_rate=row.frame_rate,
    )
