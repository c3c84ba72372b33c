"""All SQL about encoding steps: begun, reported and finished, every write fenced by the step's attempt."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.media.asset import AssetId, AssetState, StepKind, StepRef, StepResult, StepStart
from domain.media.store.asset_tables import asset_steps, assets


async def insert_steps(connection: AsyncConnection, weights: Mapping[StepRef, float]) -> None:
    """Insert the steps of a plan, to be done."""
    values = [
        {"asset_id": ref.asset_id, "kind": ref.kind, "position": ref.index, "state": "PENDING", "weight": weight}
        for ref, weight in weights.items()
    ]
    await connection.execute(insert(asset_steps), values)


async def begin(connection: AsyncConnection, ref: StepRef, *, now: datetime) -> StepStart | None:
    """Begin a step anew with the next attempt number; None when it is done already."""
    statement = (
        update(asset_steps)
        .where(*_is(ref), asset_steps.c.state != "DONE")
        .values(state="RUNNING", attempt=asset_steps.c.attempt + 1, fraction=0.0, speed=None, started_at=now)
        .returning(asset_steps.c.attempt)
    )
    attempt = (await connection.execute(statement)).scalar_one_or_none()
    return None if attempt is None else StepStart(ref, attempt)


async def report(connection: AsyncConnection, start: StepStart, *, fraction: float, speed: float | None) -> bool:
    """Record how far an attempt is; return whether it still is the step's attempt."""
    statement = (
        update(asset_steps)
        .where(*_is(start.ref), asset_steps.c.attempt == start.attempt, asset_steps.c.state == "RUNNING")
        .values(fraction=fraction, speed=speed)
        .returning(asset_steps.c.attempt)
    )
    return (await connection.execute(statement)).first() is not None


async def finish(connection: AsyncConnection, start: StepStart, *, objects: Mapping[str, str], now: datetime) -> bool:
    """Record what an attempt made; return whether it still was the step's attempt."""
    statement = (
        update(asset_steps)
        .where(*_is(start.ref), asset_steps.c.attempt == start.attempt, asset_steps.c.state == "RUNNING")
        .values(state="DONE", fraction=1.0, speed=None, objects=dict(objects), done_at=now)
        .returning(asset_steps.c.attempt)
    )
    return (await connection.execute(statement)).first() is not None


async def count_finished(connection: AsyncConnection, asset_id: UUID) -> AssetState | None:
    """Count one more finished step; the last makes the asset PACKAGING. Return its state, None when not ENCODING.

    The asset's row is locked by this one statement, so of two steps that finish at the same instant exactly one
    sees the count complete. Looking for unfinished steps instead would let each miss the other's commit.
    """
    statement = text(
        "UPDATE assets SET steps_done = steps_done + 1, packaging_fraction = 0,"
        " state = CASE WHEN steps_done + 1 = steps_total THEN 'PACKAGING' ELSE state END"
        " WHERE id = :id AND state = 'ENCODING' RETURNING state"
    )
    state = (await connection.execute(statement, {"id": asset_id})).scalar_one_or_none()
    return None if state is None else AssetState(state)


async def unfinished(connection: AsyncConnection, asset_id: AssetId) -> list[StepRef]:
    """Return the steps still to be done, in order."""
    statement = (
        select(asset_steps.c.kind, asset_steps.c.position)
        .where(asset_steps.c.asset_id == asset_id, asset_steps.c.state != "DONE")
        .order_by(asset_steps.c.kind, asset_steps.c.position)
    )
    return [StepRef(asset_id, StepKind(row.kind), row.position) for row in await connection.execute(statement)]


async def results(connection: AsyncConnection, asset_id: AssetId) -> Sequence[StepResult]:
    """Return what the finished steps made, in order."""
    statement = (
        select(asset_steps.c.kind, asset_steps.c.position, asset_steps.c.objects)
        .where(asset_steps.c.asset_id == asset_id, asset_steps.c.state == "DONE")
        .order_by(asset_steps.c.kind, asset_steps.c.position)
    )
    rows = await connection.execute(statement)
    return [StepResult(StepRef(asset_id, StepKind(row.kind), row.position), row.objects) for row in rows]


async def reset_finished(connection: AsyncConnection, asset_id: UUID) -> list[str]:
    """Make the finished steps of a failed asset undone and return the keys of what they had made."""
    asset = update(assets).where(assets.c.id == asset_id, assets.c.state == AssetState.FAILED).values(steps_done=0)
    if (await connection.execute(asset.returning(assets.c.id))).first() is None:
        return []
    statement = text(
        "UPDATE asset_steps AS step SET state = 'PENDING', fraction = 0, objects = NULL, done_at = NULL"
        " FROM asset_steps AS old WHERE step.asset_id = :id AND step.state = 'DONE'"
        " AND (old.asset_id, old.kind, old.position) = (step.asset_id, step.kind, step.position) RETURNING old.objects"
    )
    rows = await connection.execute(statement, {"id": asset_id})
    return [key for row in rows for key in row.objects.values()]


def _is(ref: StepRef) -> tuple[ColumnElement[bool], ...]:
    return (
        asset_steps.c.asset_id == ref.asset_id,
        asset_steps.c.kind == ref.kind,
        asset_steps.c.position == ref.index,
    )
