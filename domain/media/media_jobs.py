"""The jobs by which an asset is made. `workers.media` has their handlers."""

from uuid import UUID

from domain.kernel.jobs import Job
from domain.kernel.work import Work
from domain.media.asset import AssetId, StepKind, StepRef, job_group

PROBE = "media.probe"
ENCODE_CHUNK = "media.encode_chunk"
ENCODE_AUDIO = "media.encode_audio"
EXTRACT_TEXT = "media.extract_text"
PACKAGE = "media.package"
CLEAN = "media.clean"
RESUME = "media.resume"

STEP_ENTRYPOINTS = {
    StepKind.CHUNK: ENCODE_CHUNK,
    StepKind.AUDIO: ENCODE_AUDIO,
    StepKind.TEXT: EXTRACT_TEXT,
}
# Within one priority an asset that is nearly done goes before one that is not: fewer unfinished parts lie around.
# The probe goes first, because it is short and an editor waits for its answer.
_STAGE = {PROBE: 9, PACKAGE: 8, EXTRACT_TEXT: 6, ENCODE_AUDIO: 5, ENCODE_CHUNK: 4, CLEAN: 0}
# A worker that lost its lease may still be uploading a part when the asset is cleaned; the second sweep gets it.
SWEEPS_S = (5.0, 900.0)
# How long the finished steps of a failed asset wait for another try.
FAILED_KEPT_S = 7 * 24 * 3600.0


def probe_job(asset_id: AssetId, priority: int) -> Job:
    """Return the job that looks at the source and plans the rest."""
    return _job(PROBE, asset_id, priority, {}, "probe")


def step_job(ref: StepRef, priority: int) -> Job:
    """Return the job that does one step."""
    payload: dict[str, object] = {"kind": ref.kind.value, "index": ref.index}
    return _job(STEP_ENTRYPOINTS[ref.kind], ref.asset_id, priority, payload, f"{ref.kind.value}:{ref.index}")


def package_job(asset_id: AssetId, priority: int) -> Job:
    """Return the job that joins, encrypts, packages and publishes."""
    return _job(PACKAGE, asset_id, priority, {}, "package")


async def clean_later(work: Work, *, asset_id: UUID) -> None:
    """Enqueue the removal of an asset's unfinished parts, twice. These jobs outlive the asset's group."""
    for number, delay_s in enumerate(SWEEPS_S):
        key = f"asset:{asset_id}:clean:{number}"
        await work.enqueue(Job(CLEAN, {"asset_id": str(asset_id)}, delay_s=delay_s, dedupe_key=key))


async def sweep_failed_later(work: Work, *, asset_id: UUID) -> None:
    """Enqueue the removal of a failed asset's parts, should nobody try it again."""
    key = f"asset:{asset_id}:clean:failed"
    payload: dict[str, object] = {"asset_id": str(asset_id), "gives_up": True}
    await work.enqueue(Job(CLEAN, payload, delay_s=FAILED_KEPT_S, dedupe_key=key))


def _job(entrypoint: str, asset_id: AssetId, priority: int, payload: dict[str, object], name: str) -> Job:
    return Job(
        entrypoint,
        {"asset_id": str(asset_id)} | payload,
        priority=priority * 10 + _STAGE[entrypoint],
        dedupe_key=f"asset:{asset_id}:{name}",
        group=job_group(asset_id),
    )
