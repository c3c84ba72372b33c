"""Assets: made of a complete upload, called off, tried again, and looked up.

Refusal
├── UploadNotComplete   the upload has not arrived as a whole
├── AssetInProgress     the same upload is being made into the same title already
├── AssetSettled        it is too late to call the asset off
└── AssetNotFailed      only a failed asset can be tried again
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from domain.accounts import Viewer
from domain.kernel.idempotency import answer_once
from domain.kernel.jobs import JOBS_TOPIC, cancel_jobs, insert_jobs
from domain.kernel.refusals import InvalidInput, NotFound, Refusal
from domain.kernel.work import Reads, Work
from domain.media import media_jobs
from domain.media.asset import (
    Asset,
    AssetId,
    AssetState,
    InputKind,
    TranscodeProgress,
    job_group,
    topic_of,
)
from domain.media.asset_facts import AssetCancelled, AssetRetried
from domain.media.languages import UNDETERMINED, is_known_language, language_tag
from domain.media.packager import Scheme
from domain.media.policy import MEDIA, MediaAct
from domain.media.store import asset_steps as steps_store
from domain.media.store import assets as store

INPUTS_MAX = 40
PRIORITY_MAX = 10
STRANDED_AFTER = timedelta(minutes=1)
STRANDED_MAX = 100


class UploadNotComplete(Refusal):
    """The upload has not arrived as a whole; `state` is what it is instead of COMPLETE."""

    def __init__(self, upload_id: UUID, state: str) -> None:
        super().__init__(f"The upload {upload_id} is {state}. Finish it first.")
        self.upload_id = str(upload_id)
        self.state = state


class AssetInProgress(Refusal):
    """The same upload is being made into the same title already; `asset_id` is that asset."""

    def __init__(self, asset_id: UUID) -> None:
        super().__init__("This upload is being prepared for this title already. Wait for it, or cancel it.")
        self.asset_id = str(asset_id)


class AssetSettled(Refusal):
    """The asset has ended, so there is nothing to call off."""

    def __init__(self, state: AssetState) -> None:
        super().__init__(f"The asset is {state} already.")
        self.state = state.value


class AssetNotFailed(Refusal):
    """Only a failed asset can be tried again."""

    def __init__(self, state: AssetState) -> None:
        super().__init__(f"The asset is {state}, not FAILED. Create a new asset instead.")
        self.state = state.value


@dataclass(frozen=True)
class SubtitleUpload:
    """A complete upload of one subtitle file."""

    upload_id: UUID
    language: str
    kind: InputKind = InputKind.SUBTITLES


@dataclass(frozen=True)
class AudioUpload:
    """A complete upload that brings one more sound track."""

    upload_id: UUID
    language: str


async def create_asset(
    work: Work,
    *,
    viewer: Viewer | None,
    upload_id: UUID,
    title_id: UUID,
    subtitles: Sequence[SubtitleUpload] = (),
    audio: Sequence[AudioUpload] = (),
    schemes: Sequence[Scheme] = (Scheme.CENC,),
    priority: int = 0,
    idempotency_key: str | None = None,
) -> Asset:
    """Begin to make a complete upload into what a title plays. Editors only; enqueues the probe.

    With a key, a repeated call returns the asset of the first.

    Raises:
        SignInRequired, Forbidden, InvalidInput.
        NotFound: no such title, or no such upload of this account.
        UploadNotComplete, AssetInProgress.
        IdempotencyKeyReused, RequestInProgress.
    """
    viewer = MEDIA.require(viewer, MediaAct.TRANSCODE)
    _check_bounds(schemes, priority, len(subtitles) + len(audio))
    inputs = _inputs(subtitles, audio)

    async def perform() -> Mapping[str, object]:
        id = await _insert(work, viewer, upload_id, title_id, inputs, schemes, priority)
        return {"asset_id": str(id)}

    request = {
        "upload": upload_id, "title": title_id, "inputs": inputs, "schemes": sorted(set(schemes)), "priority": priority,
    }  # fmt: skip
    answer = await _once(work, viewer, idempotency_key, request, perform)
    created = (await store.assets_by_id(work.connection, [UUID(str(answer["asset_id"]))]))[0]
    assert created is not None, "an asset is never deleted"
    return created


async def cancel_asset(work: Work, *, viewer: Viewer | None, asset_id: UUID) -> Asset:
    """Call an unfinished asset off: its jobs leave the queue, running ones stop within two seconds.

    What was made so far is removed. Announces AssetCancelled.

    Raises:
        SignInRequired, Forbidden, NotFound.
        AssetSettled: it is ready, rejected, or cancelled already.
    """
    await _own_asset(work, viewer, asset_id)
    await cancel_jobs(work.connection, group=job_group(asset_id))
    unfinished = (AssetState.PROBING, AssetState.ENCODING, AssetState.PACKAGING, AssetState.FAILED)
    if not await store.move(work.connection, asset_id, from_states=unfinished, to=AssetState.CANCELLED, failure=None):
        raise AssetSettled((await _reloaded(work, asset_id)).state)
    await media_jobs.clean_later(work, asset_id=asset_id)
    work.ring(JOBS_TOPIC)
    await work.announce(topic_of(asset_id), AssetCancelled(asset_id))
    return await _reloaded(work, asset_id)


async def retry_asset(work: Work, *, viewer: Viewer | None, asset_id: UUID) -> Asset:
    """Go on with a failed asset from its finished steps. Announces AssetRetried.

    Raises:
        SignInRequired, Forbidden, NotFound.
        AssetNotFailed: it is in any other state.
    """
    await _own_asset(work, viewer, asset_id)
    # What is left of the failed run, dead jobs among it, must not get in the way of the new one.
    await cancel_jobs(work.connection, group=job_group(asset_id))
    asset = await store.lock_asset(work.connection, asset_id)
    assert asset is not None, "an asset is never deleted"
    if asset.state is not AssetState.FAILED:
        raise AssetNotFailed(asset.state)
    refs = await steps_store.unfinished(work.connection, asset.id)
    if await store.plan_of(work.connection, asset_id) is None:
        state = AssetState.PROBING
    else:
        state = AssetState.ENCODING if refs else AssetState.PACKAGING
    await store.move(work.connection, asset_id, from_states=[AssetState.FAILED], to=state, failure=None)
    await _enqueue_rest(work, asset.id, state, asset.priority)
    await work.announce(topic_of(asset_id), AssetRetried(asset_id))
    return await _reloaded(work, asset_id)


async def resume_assets(work: Work) -> int:
    """Enqueue again what is left of assets in progress that have no job; return how many there were.

    No known path loses a job. This is what finishes an asset all the same when somebody removed one by hand, or
    restored the queue without the rest.
    """
    stranded = await store.stranded_assets(work.connection, before=work.now - STRANDED_AFTER, limit=STRANDED_MAX)
    for asset in stranded:
        await _enqueue_rest(work, asset.id, asset.state, asset.priority)
    return len(stranded)


async def assets_by_id(reads: Reads, keys: Sequence[UUID]) -> list[Asset | None]:
    """Batch load assets aligned with `keys`; who may see them is the caller's question."""
    async with reads.connection() as connection:
        return await store.assets_by_id(connection, keys)


async def visible_assets(reads: Reads, keys: Sequence[UUID], *, viewer: Viewer | None) -> list[Asset | None]:
    """Batch load the assets this viewer may see: an editor its own, an administrator all."""
    return [asset if _may_see(viewer, asset) else None for asset in await assets_by_id(reads, keys)]


async def assets_of_titles(reads: Reads, title_ids: Sequence[UUID]) -> list[list[Asset]]:
    """Batch load all assets of titles, the newest first."""
    async with reads.connection() as connection:
        return await store.assets_of_titles(connection, title_ids)


async def ready_asset_of_titles(reads: Reads, title_ids: Sequence[UUID]) -> list[Asset | None]:
    """Batch load the asset that plays for each title: the one that became ready last."""
    async with reads.connection() as connection:
        return await store.ready_asset_of_titles(connection, title_ids)


async def transcode_progress(reads: Reads, asset_id: UUID) -> TranscodeProgress | None:
    """Return how far an asset is, or None when there is no such asset.

    To follow it, listen to the doorbell of `topic_of(asset_id)` and load again.
    """
    async with reads.connection() as connection:
        return await store.progress_of(connection, asset_id)


async def progress_of_assets(reads: Reads, asset_ids: Sequence[UUID]) -> list[TranscodeProgress | None]:
    """Batch load how far assets are; who may see them is the caller's question."""
    async with reads.connection() as connection:
        return await store.progress_of_assets(connection, asset_ids)


def _check_bounds(schemes: Sequence[Scheme], priority: int, inputs: int) -> None:
    if not schemes:
        raise InvalidInput("schemes", "Name at least one protection scheme.")
    if not -PRIORITY_MAX <= priority <= PRIORITY_MAX:
        raise InvalidInput("priority", f"Use {-PRIORITY_MAX} to {PRIORITY_MAX}.")
    if inputs > INPUTS_MAX:
        raise InvalidInput("subtitles", f"Give at most {INPUTS_MAX} subtitle and audio uploads.")


def _inputs(subtitles: Sequence[SubtitleUpload], audio: Sequence[AudioUpload]) -> list[tuple[UUID, InputKind, str]]:
    inputs = [(item.upload_id, InputKind.AUDIO, _language("audio", item.language)) for item in audio]
    for item in subtitles:
        if item.kind is InputKind.AUDIO:
            raise InvalidInput("subtitles", "A subtitle upload is SUBTITLES, CAPTIONS or FORCED.")
        inputs.append((item.upload_id, item.kind, _language("subtitles", item.language)))
    if len({(kind, language) for _, kind, language in inputs}) < len(inputs):
        raise InvalidInput("subtitles", "Give each language once for each kind.")
    return inputs


def _language(field: str, written: str) -> str:
    tag = language_tag(written)
    if tag == UNDETERMINED or not is_known_language(tag):
        raise InvalidInput(field, f"{written[:20]!r} is no language. Use a BCP 47 tag such as en or pt-BR.")
    return tag


async def _once(
    work: Work,
    viewer: Viewer,
    key: str | None,
    request: Mapping[str, object],
    perform: Callable[[], Awaitable[Mapping[str, object]]],
) -> Mapping[str, object]:
    if key is None:
        return await perform()
    return await answer_once(
        work, account_id=viewer.account_id, operation="createAsset", key=key, request=request, perform=perform
    )


async def _insert(
    work: Work,
    viewer: Viewer,
    upload_id: UUID,
    title_id: UUID,
    inputs: Sequence[tuple[UUID, InputKind, str]],
    schemes: Sequence[Scheme],
    priority: int,
) -> UUID:
    await _check_uploads(work, viewer, [upload_id, *(input_id for input_id, _, _ in inputs)])
    id = work.new_id()
    try:
        await store.insert_asset(
            work.connection, id=id, account_id=viewer.account_id, title_id=title_id, upload_id=upload_id,
            priority=priority, schemes=sorted(set(schemes)), now=work.now,
        )  # fmt: skip
    except store.TitleAbsent as absent:
        raise NotFound("title", title_id) from absent
    except store.AlreadyInProgress as twin:
        other = await store.asset_in_progress(work.connection, upload_id=upload_id, title_id=title_id)
        assert other is not None, "the index that refused holds it"
        raise AssetInProgress(other) from twin
    await store.insert_inputs(work.connection, id, inputs)
    await work.enqueue(media_jobs.probe_job(AssetId(id), priority))
    return id


async def _check_uploads(work: Work, viewer: Viewer, upload_ids: Sequence[UUID]) -> None:
    """Refuse unless every upload is this account's and complete; keeps them from changing until the commit."""
    found = await store.lock_uploads(work.connection, upload_ids)
    for upload_id in upload_ids:
        upload = found.get(upload_id)
        if upload is None or upload.account_id != viewer.account_id:
            raise NotFound("upload", upload_id)
        if upload.state != "COMPLETE":
            raise UploadNotComplete(upload_id, upload.state)


async def _enqueue_rest(work: Work, asset_id: AssetId, state: AssetState, priority: int) -> None:
    if state is AssetState.PROBING:
        await work.enqueue(media_jobs.probe_job(asset_id, priority))
    elif state is AssetState.PACKAGING:
        await work.enqueue(media_jobs.package_job(asset_id, priority))
    else:
        refs = await steps_store.unfinished(work.connection, asset_id)
        await insert_jobs(work.connection, [media_jobs.step_job(ref, priority) for ref in refs])
        work.ring(JOBS_TOPIC)


async def _own_asset(work: Work, viewer: Viewer | None, asset_id: UUID) -> Asset:
    viewer = MEDIA.require(viewer, MediaAct.TRANSCODE)
    asset = (await store.assets_by_id(work.connection, [asset_id]))[0]
    if asset is None or not _may_see(viewer, asset):
        raise NotFound("asset", asset_id)
    return asset


def _may_see(viewer: Viewer | None, asset: Asset | None) -> bool:
    if viewer is None or asset is None:
        return False
    is_own = asset.account_id == viewer.account_id and MEDIA.permits(viewer, MediaAct.TRANSCODE)
    return is_own or MEDIA.permits(viewer, MediaAct.SEE_ALL)


async def _reloaded(work: Work, asset_id: UUID) -> Asset:
    asset = (await store.assets_by_id(work.connection, [asset_id]))[0]
    assert asset is not None, "an asset is never deleted"
    return asset
