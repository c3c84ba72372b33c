"""All SQL about assets and their inputs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    Row,
    Select,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    func,
    insert,
    literal,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.kernel.hot import HotQuery
from domain.media.asset import (
    Asset,
    AssetId,
    AssetInput,
    AssetState,
    InputKind,
    Rejection,
    StepKind,
    TranscodeProgress,
    fraction_of,
)
from domain.media.packager import Scheme
from domain.media.store.asset_tables import asset_inputs, asset_steps, assets

IN_PROGRESS = tuple(state for state in AssetState if state.is_in_progress)


class TitleAbsent(Exception):
    """The foreign key found no such title."""


class AlreadyInProgress(Exception):
    """Another asset of the same upload and title is being made."""


def _summary() -> Select[tuple[float, float, int, int, float]]:
    """Aggregate an asset's steps: done weight, whole weight, chunks done, all chunks, and their speeds together."""
    is_chunk = asset_steps.c.kind == StepKind.CHUNK
    running = asset_steps.c.state == "RUNNING"
    return (
        select(
            func.coalesce(func.sum(asset_steps.c.weight * asset_steps.c.fraction), 0.0).label("encoded_weight"),
            func.coalesce(func.sum(asset_steps.c.weight), 0.0).label("whole_weight"),
            func.count().filter(and_(is_chunk, asset_steps.c.state == "DONE")).label("chunks_done"),
            func.count().filter(is_chunk).label("chunks_total"),
            func.coalesce(func.sum(case((and_(is_chunk, running), asset_steps.c.speed))), 0.0).label("speed"),
        )
        .where(asset_steps.c.asset_id == assets.c.id)
        .correlate(assets)
    )


_STEPS = _summary().lateral("steps")
_ASSET_AND_STEPS = select(
    assets,
    _STEPS.c.encoded_weight,
    _STEPS.c.whole_weight,
    _STEPS.c.chunks_done,
    _STEPS.c.chunks_total,
    _STEPS.c.speed,
).select_from(assets.join(_STEPS, literal(True)))


async def insert_asset(
    connection: AsyncConnection,
    *,
    id: UUID,
    account_id: UUID,
    title_id: UUID,
    upload_id: UUID,
    priority: int,
    schemes: Sequence[Scheme],
    now: datetime,
) -> None:
    """Insert a new asset in PROBING.

    Raises:
        TitleAbsent, AlreadyInProgress: told by the constraints, which no race slips through.
    """
    statement = insert(assets).values(
        id=id,
        account_id=account_id,
        title_id=title_id,
        upload_id=upload_id,
        state=AssetState.PROBING,
        priority=priority,
        schemes=[scheme.value for scheme in schemes],
        created_at=now,
    )
    try:
        # In a savepoint, so that the caller may go on asking why it was refused.
        async with connection.begin_nested():
            await connection.execute(statement)
    except IntegrityError as refused:
        if "assets_title_id_fkey" in str(refused.orig):
            raise TitleAbsent from refused
        if "assets_in_progress_key" in str(refused.orig):
            raise AlreadyInProgress from refused
        raise


async def insert_inputs(
    connection: AsyncConnection, asset_id: UUID, rows: Sequence[tuple[UUID, InputKind, str]]
) -> None:
    """Insert the further uploads of an asset, as (upload id, kind, language) in order."""
    if rows:
        values = [
            {"asset_id": asset_id, "position": position, "upload_id": upload_id, "kind": kind, "language": language}
            for position, (upload_id, kind, language) in enumerate(rows)
        ]
        await connection.execute(insert(asset_inputs), values)


@dataclass(frozen=True)
class UploadRow:
    """What an asset needs to know of an upload. A part of a concatenated upload is PARTIAL even when complete."""

    account_id: UUID
    state: str


async def lock_uploads(connection: AsyncConnection, upload_ids: Sequence[UUID]) -> dict[UUID, UploadRow]:
    """Return uploads by id and keep them from ending before the transaction does."""
    rows = await connection.execute(
        text(
            "SELECT id, account_id, CASE WHEN state = 'COMPLETE' AND object_key IS NULL THEN 'PARTIAL' ELSE state END"
            " AS state FROM uploads WHERE id = ANY(:ids) ORDER BY id FOR SHARE"
        ),
        {"ids": list(set(upload_ids))},
    )
    return {row.id: UploadRow(row.account_id, row.state) for row in rows}


async def inputs_of(connection: AsyncConnection, asset_id: UUID) -> list[AssetInput]:
    """Return the further uploads of an asset in order."""
    rows = await connection.execute(
        text(
            "SELECT i.position, i.kind, i.language, u.object_key FROM asset_inputs i"
            " JOIN uploads u ON u.id = i.upload_id WHERE i.asset_id = :id ORDER BY i.position"
        ),
        {"id": asset_id},
    )
    return [AssetInput(row.position, InputKind(row.kind), row.language, row.object_key) for row in rows]


async def asset_in_progress(connection: AsyncConnection, *, upload_id: UUID, title_id: UUID) -> UUID | None:
    """Return the id of the unfinished asset of this upload and title."""
    statement = select(assets.c.id).where(
        assets.c.upload_id == upload_id, assets.c.title_id == title_id, assets.c.state.in_(IN_PROGRESS)
    )
    return (await connection.execute(statement)).scalar_one_or_none()


async def source_key_of(connection: AsyncConnection, asset_id: UUID) -> str | None:
    """Return the object key of the asset's source."""
    statement = text("SELECT u.object_key FROM assets a JOIN uploads u ON u.id = a.upload_id WHERE a.id = :id")
    return (await connection.execute(statement, {"id": asset_id})).scalar_one_or_none()


async def plan_of(connection: AsyncConnection, asset_id: UUID) -> Mapping[str, object] | None:
    """Return the asset's plan as stored."""
    statement = select(assets.c.plan).where(assets.c.id == asset_id)
    plan: Mapping[str, object] | None = (await connection.execute(statement)).scalar_one_or_none()
    return plan


async def move(
    connection: AsyncConnection,
    asset_id: UUID,
    *,
    from_states: Sequence[AssetState],
    to: AssetState,
    **values: object,
) -> bool:
    """Move an asset to another state if it is in one of `from_states`; return whether it was."""
    statement = (
        update(assets)
        .where(assets.c.id == asset_id, assets.c.state.in_(from_states))
        .values(state=to, **values)
        .returning(assets.c.id)
    )
    return (await connection.execute(statement)).first() is not None


async def lock_asset(connection: AsyncConnection, asset_id: UUID) -> Asset | None:
    """Return an asset and keep others from changing it until the transaction ends."""
    await connection.execute(select(assets.c.id).where(assets.c.id == asset_id).with_for_update())
    return (await assets_by_id(connection, [asset_id]))[0]


async def stranded_assets(connection: AsyncConnection, *, before: datetime, limit: int) -> list[Asset]:
    """Return assets in progress, created before an instant, that have no queued or running job."""
    jobless = text(
        "NOT EXISTS (SELECT 1 FROM pgqueuer job WHERE job.headers ? 'group'"
        " AND job.headers->>'group' = 'asset:' || assets.id AND job.status IN ('queued', 'picked'))"
    )
    rows = await connection.execute(
        _ASSET_AND_STEPS.where(assets.c.state.in_(IN_PROGRESS), assets.c.created_at < before, jobless).limit(limit)
    )
    return [_asset(row) for row in rows]


async def set_packaging_fraction(connection: AsyncConnection, asset_id: UUID, fraction: float) -> None:
    statement = (
        update(assets)
        .where(assets.c.id == asset_id, assets.c.state == AssetState.PACKAGING)
        .values(packaging_fraction=fraction)
    )
    await connection.execute(statement)


_KEYS: BindParameter[Sequence[UUID]] = bindparam("keys", type_=ARRAY(Uuid))
_BY_ID = HotQuery(_ASSET_AND_STEPS.where(assets.c.id == any_(_KEYS)))


async def assets_by_id(connection: AsyncConnection, ids: Sequence[UUID]) -> list[Asset | None]:
    """Return assets aligned with `ids`."""
    found = {row.id: _asset(row) for row in await _BY_ID.rows(connection, keys=ids)}
    return [found.get(id) for id in ids]


async def assets_of_titles(connection: AsyncConnection, title_ids: Sequence[UUID]) -> list[list[Asset]]:
    """Return every title's assets, the newest first."""
    rows = await connection.execute(
        _ASSET_AND_STEPS.where(assets.c.title_id.in_(set(title_ids))).order_by(
            assets.c.created_at.desc(), assets.c.id.desc()
        )
    )
    found: dict[UUID, list[Asset]] = {}
    for row in rows:
        found.setdefault(row.title_id, []).append(_asset(row))
    return [found.get(id, []) for id in title_ids]


# What plays is whole: its steps need not be added up.
_WHOLE = literal(1).label("encoded_weight"), literal(1).label("whole_weight")
_READY = HotQuery(
    select(assets, *_WHOLE)
    .ext(distinct_on(assets.c.title_id))
    .where(assets.c.title_id == any_(_KEYS), assets.c.state == AssetState.READY.value)
    .order_by(assets.c.title_id, assets.c.ready_at.desc(), assets.c.id.desc())
)


async def ready_asset_of_titles(connection: AsyncConnection, title_ids: Sequence[UUID]) -> list[Asset | None]:
    """Return for each title the asset that plays: the one that became ready last."""
    found = {row.title_id: _asset(row) for row in await _READY.rows(connection, keys=title_ids)}
    return [found.get(id) for id in title_ids]


async def progress_of(connection: AsyncConnection, asset_id: UUID) -> TranscodeProgress | None:
    """Return how far an asset is."""
    return (await progress_of_assets(connection, [asset_id]))[0]


async def progress_of_assets(connection: AsyncConnection, asset_ids: Sequence[UUID]) -> list[TranscodeProgress | None]:
    """Return how far assets are, aligned with `asset_ids`."""
    rows = await connection.execute(_ASSET_AND_STEPS.where(assets.c.id.in_(asset_ids)))
    found = {row.id: _progress(row) for row in rows}
    return [found.get(asset_id) for asset_id in asset_ids]


def _progress(row: Row[tuple[object, ...]]) -> TranscodeProgress:
    state = AssetState(row.state)
    speed = row.speed if state is AssetState.ENCODING and row.speed > 0 else None
    left_s = (row.duration_s or 0.0) * (1.0 - _encoded(row))
    return TranscodeProgress(
        asset_id=AssetId(row.id),
        state=state,
        fraction=_fraction(row),
        chunks_done=row.chunks_done,
        chunks_total=row.chunks_total,
        speed=speed,
        eta_s=None if speed is None else left_s / speed,
        message=row.failure or row.rejection_detail or _MESSAGES[state],
    )


_MESSAGES = {
    AssetState.PROBING: "Looking at the source",
    AssetState.REJECTED: "The source cannot be played",
    AssetState.ENCODING: "Encoding",
    AssetState.PACKAGING: "Packaging and encrypting",
    AssetState.READY: "Ready to play",
    AssetState.FAILED: "Failed",
    AssetState.CANCELLED: "Cancelled",
}


def _encoded(row: Row[tuple[object, ...]]) -> float:
    return float(row.encoded_weight / row.whole_weight) if row.whole_weight else 0.0


def _fraction(row: Row[tuple[object, ...]]) -> float:
    return fraction_of(AssetState(row.state), encoded=_encoded(row), packaged=row.packaging_fraction)


def _asset(row: Row[tuple[object, ...]]) -> Asset:
    rejected = row.rejection_reason is not None
    return Asset(
        id=AssetId(row.id),
        account_id=row.account_id,
        title_id=row.title_id,
        upload_id=row.upload_id,
        state=AssetState(row.state),
        priority=row.priority,
        schemes=tuple(Scheme(scheme) for scheme in row.schemes),
        rejection=Rejection(row.rejection_reason, row.rejection_detail or "") if rejected else None,
        failure=row.failure,
        duration_s=row.duration_s,
        width=row.width,
        height=row.height,
        hdr=row.hdr,
        progress=_fraction(row),
        poster_widths=tuple(row.poster_widths),
        has_thumbnails=row.has_thumbnails,
        created_at=row.created_at,
        ready_at=row.ready_at,
    )
