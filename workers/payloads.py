"""Reads the payloads that `domain.media.media_jobs` wrote."""

from uuid import UUID

from domain.kernel.job_handlers import RunningJob
from domain.media.asset import AssetId, StepKind, StepRef


def asset_id_of(job: RunningJob) -> AssetId:
    """Return the asset a job is about."""
    return AssetId(UUID(str(job.payload["asset_id"])))


def step_of(job: RunningJob) -> StepRef:
    """Return the step a job does."""
    return StepRef(asset_id_of(job), StepKind(str(job.payload["kind"])), int(str(job.payload["index"])))
