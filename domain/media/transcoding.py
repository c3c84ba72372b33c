"""What workers record while an asset is made. Every verb runs in the fenced work of one job attempt.

A verb that finds the asset cancelled, or the step begun anew by somebody else, raises `StepSuperseded` and changes
nothing; the worker then drops what it made.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.kernel.jobs import JOBS_TOPIC, insert_jobs, withdraw_jobs
from domain.kernel.work import Work
from domain.media import media_jobs
from domain.media.asset import (
    Asset,
    AssetInput,
    AssetState,
    Rejection,
    StepRef,
    StepResult,
    StepStart,
    job_group,
    topic_of,
)
from domain.media.asset_facts import AssetEncoded, AssetFailed, AssetProbed, AssetRejected
from domain.media.recipe import Recipe
from domain.media.source import DynamicRange, SourceProbe
from domain.media.store import asset_steps as steps_store
from domain.media.store import assets as store

FAILURE_MAX_CHARS = 500


class StepSuperseded(Exception):
    """The asset has moved on without this attempt: cancelled, failed, or the step was begun again elsewhere."""


@dataclass(frozen=True)
class Source:
    """What an asset is made of: the object of its upload, and its further uploads."""

    asset: Asset
    object_key: str
    inputs: tuple[AssetInput, ...]


async def source_of(work: Work, *, asset_id: UUID) -> Source | None:
    """Return what to make of an asset, or None when it is not in progress any more."""
    asset = (await store.assets_by_id(work.connection, [asset_id]))[0]
    if asset is None or not asset.state.is_in_progress:
        return None
    object_key = await store.source_key_of(work.connection, asset_id)
    assert object_key is not None, "the foreign key holds the upload"
    return Source(asset, object_key, tuple(await store.inputs_of(work.connection, asset_id)))


async def recipe_of(work: Work, *, asset_id: UUID) -> Recipe:
    """Return the recipe of a planned asset."""
    values = await store.plan_of(work.connection, asset_id)
    assert values is not None, "only a planned asset has steps"
    return Recipe.from_json(values)


async def record_probe(work: Work, *, asset: Asset, probe: SourceProbe, recipe: Recipe) -> None:
    """Keep what the source is and what is made of it, and enqueue every step. Announces AssetProbed.

    Raises:
        StepSuperseded: the asset is not PROBING.
    """
    steps = recipe.steps(asset.id)
    moved = await store.move(
        work.connection,
        asset.id,
        from_states=[AssetState.PROBING],
        to=AssetState.ENCODING,
        probe=probe.as_json(),
        plan=recipe.as_json(),
        duration_s=recipe.plan.duration_s,
        width=probe.video.display_width,
        height=probe.video.display_height,
        hdr=probe.video.dynamic_range is not DynamicRange.SDR,
        steps_total=len(steps),
        steps_done=0,
    )
    if not moved:
        raise StepSuperseded
    await steps_store.insert_steps(work.connection, steps)
    await insert_jobs(work.connection, [media_jobs.step_job(ref, asset.priority) for ref in steps])
    work.ring(JOBS_TOPIC)
    fact = AssetProbed(
        asset.id, recipe.plan.duration_s, probe.video.display_width, probe.video.display_height, len(recipe.plan.chunks)
    )
    await work.announce(topic_of(asset.id), fact)


async def reject_asset(work: Work, *, asset_id: UUID, rejection: Rejection) -> None:
    """Record that the source cannot be played. Announces AssetRejected.

    Raises:
        StepSuperseded: the asset is not PROBING.
    """
    moved = await store.move(
        work.connection,
        asset_id,
        from_states=[AssetState.PROBING],
        to=AssetState.REJECTED,
        rejection_reason=rejection.reason,
        rejection_detail=rejection.detail[:FAILURE_MAX_CHARS],
    )
    if not moved:
        raise StepSuperseded
    await work.announce(topic_of(asset_id), AssetRejected(asset_id, rejection.reason, rejection.detail))


async def begin_step(work: Work, *, ref: StepRef) -> StepStart | None:
    """Begin a step with a new attempt number; None when there is nothing to do: done before, or not wanted any more."""
    asset = (await store.assets_by_id(work.connection, [ref.asset_id]))[0]
    if asset is None or asset.state is not AssetState.ENCODING:
        return None
    return await steps_store.begin(work.connection, ref, now=work.now)


async def report_step(work: Work, *, start: StepStart, fraction: float, speed: float | None) -> None:
    """Record how far an attempt is, and ring the asset's topic.

    Raises:
        StepSuperseded: the step was begun again since.
    """
    bounded = min(max(fraction, 0.0), 1.0)
    if not await steps_store.report(work.connection, start, fraction=bounded, speed=speed):
        raise StepSuperseded
    work.ring(topic_of(start.ref.asset_id))


async def finish_step(work: Work, *, start: StepStart, objects: Mapping[str, str]) -> None:
    """Keep what an attempt made. The last step of an asset enqueues its packaging, exactly once.

    Announces AssetEncoded with the last step.

    Raises:
        StepSuperseded: the step was begun again since, or the asset is not ENCODING.
    """
    asset_id = start.ref.asset_id
    if not await steps_store.finish(work.connection, start, objects=objects, now=work.now):
        raise StepSuperseded
    state = await steps_store.count_finished(work.connection, asset_id)
    if state is None:
        raise StepSuperseded
    work.ring(topic_of(asset_id))
    if state is AssetState.PACKAGING:
        asset = (await store.assets_by_id(work.connection, [asset_id]))[0]
        assert asset is not None, "it was just counted"
        await work.enqueue(media_jobs.package_job(asset.id, asset.priority))
        await work.announce(topic_of(asset_id), AssetEncoded(asset_id))


async def results_of(work: Work, *, asset: Asset) -> Sequence[StepResult]:
    """Return what the steps of an asset made, in order."""
    return await steps_store.results(work.connection, asset.id)


async def report_packaging(work: Work, *, asset_id: UUID, fraction: float) -> None:
    """Record how far the packaging is, and ring the asset's topic."""
    await store.set_packaging_fraction(work.connection, asset_id, min(max(fraction, 0.0), 1.0))
    work.ring(topic_of(asset_id))


async def fail_asset(work: Work, *, asset_id: UUID, failure: str, keep_job: int | None = None) -> bool:
    """Give an asset up with a reason; its finished steps stay for `retry_asset`. Announces AssetFailed.

    Returns whether it was in progress. Takes its jobs off the queue, but for `keep_job`, which its worker settles.
    """
    in_progress = [state for state in AssetState if state.is_in_progress]
    reason = failure[:FAILURE_MAX_CHARS]
    if not await store.move(work.connection, asset_id, from_states=in_progress, to=AssetState.FAILED, failure=reason):
        return False
    await withdraw_jobs(work.connection, group=job_group(asset_id), keep_job=keep_job)
    await media_jobs.clean_later(work, asset_id=asset_id)
    await media_jobs.sweep_failed_later(work, asset_id=asset_id)
    work.ring(JOBS_TOPIC)
    await work.announce(topic_of(asset_id), AssetFailed(asset_id, reason))
    return True
