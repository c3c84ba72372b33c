"""Uploads, the assets made of them, and how far those are."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import ID

from domain.kernel.idempotency import IdempotencyKeyReused, RequestInProgress
from domain.kernel.paging import Page, PageRequest
from domain.kernel.refusals import Forbidden, InvalidInput, NotFound, SignInRequired
from domain.kernel.work import Work
from domain.media import assets as domain
from domain.media import upload as uploading
from domain.media import uploads as domain_uploads
from domain.media.asset import Asset as AssetRow
from domain.media.asset import AssetState, InputKind, Rejection
from domain.media.asset import TranscodeProgress as ProgressRow
from domain.media.ladder import TrackClass
from domain.media.package import Track as TrackRow
from domain.media.package import TrackKind
from domain.media.upload import Upload as UploadRow
from domain.media.upload import UploadLimits, UploadState
from graph.batching import batched, derived
from graph.context import Context
from graph.enums import described
from graph.global_ids import Kind, global_id, load_node, loads_node, read_id
from graph.loads import packages, visible_titles
from graph.nodes import Node
from graph.paging import After, Before, First, Last, connection_of
from graph.payloads import shown
from graph.problems import Problem, problem
from graph.progress import follow_progress
from graph.root_fields import mutation_field, query_field, subscription_field
from graph.rows import declares

described(
    UploadState,
    description="Where an upload is on its way.",
    values={
        UploadState.CREATED: "Announced; no byte has arrived.",
        UploadState.RECEIVING: "Some bytes have arrived.",
        UploadState.COMPLETE: "Every byte has arrived.",
        UploadState.EXPIRED: "Nobody went on with it in time; its bytes are gone.",
        UploadState.TERMINATED: "Its owner ended it; its bytes are gone.",
    },
)
described(
    AssetState,
    description="Where an asset is on its way.",
    values={
        AssetState.PROBING: "Its source is being looked at.",
        AssetState.REJECTED: "Its source cannot be played; `rejection` says why.",
        AssetState.ENCODING: "Its renditions are being encoded.",
        AssetState.PACKAGING: "Its segments are being encrypted and packaged.",
        AssetState.READY: "It plays.",
        AssetState.FAILED: "Something broke. `retryAsset` goes on from what is done.",
        AssetState.CANCELLED: "Its owner called it off.",
    },
)
described(
    TrackKind,
    description="What a track carries.",
    values={TrackKind.VIDEO: "Pictures.", TrackKind.AUDIO: "Sound.", TrackKind.TEXT: "Subtitles or captions."},
)
described(
    TrackClass,
    description="What shares one content key. What a viewer may have is said in these classes.",
    values={
        TrackClass.AUDIO: "Sound.",
        TrackClass.SD: "Pictures up to 576 lines.",
        TrackClass.HD: "Pictures up to 1080 lines.",
        TrackClass.UHD: "Pictures of more than 1080 lines.",
    },
)


class SubtitleKind(StrEnum):
    """What a subtitle upload is."""

    SUBTITLES = "SUBTITLES"
    CAPTIONS = "CAPTIONS"
    FORCED = "FORCED"


described(
    SubtitleKind,
    description="What a subtitle track is for.",
    values={
        SubtitleKind.SUBTITLES: "Speech, for those who do not know the language.",
        SubtitleKind.CAPTIONS: "Speech and sounds, for those who do not hear them.",
        SubtitleKind.FORCED: "Only what is in a foreign language within the film.",
    },
)


class AssetRejectionReason(StrEnum):
    """Why a source cannot be played, by the engine's own names."""

    EMPTY = "EMPTY"
    NOT_MEDIA = "NOT_MEDIA"
    UNSUPPORTED_CONTAINER = "UNSUPPORTED_CONTAINER"
    UNSUPPORTED_CODEC = "UNSUPPORTED_CODEC"
    NO_VIDEO = "NO_VIDEO"
    NO_AUDIO = "NO_AUDIO"
    PICTURE_TOO_LARGE = "TOO_LARGE_PICTURE"
    ZERO_LENGTH = "ZERO_LENGTH"
    TOO_LONG = "TOO_LONG"
    TRUNCATED = "TRUNCATED"
    CORRUPT = "CORRUPT"
    SUBTITLES_UNREADABLE = "SUBTITLES_UNREADABLE"


described(
    AssetRejectionReason,
    description="Why a source cannot be played.",
    values={
        AssetRejectionReason.EMPTY: "The file has no bytes.",
        AssetRejectionReason.NOT_MEDIA: "It is no media file.",
        AssetRejectionReason.UNSUPPORTED_CONTAINER: "Its container is not supported.",
        AssetRejectionReason.UNSUPPORTED_CODEC: "Its codec is not supported.",
        AssetRejectionReason.NO_VIDEO: "It has no picture.",
        AssetRejectionReason.NO_AUDIO: "A sound track was announced, and there is no sound in it.",
        AssetRejectionReason.PICTURE_TOO_LARGE: "Its picture is larger than any rendition is made from.",
        AssetRejectionReason.ZERO_LENGTH: "It lasts no time at all.",
        AssetRejectionReason.TOO_LONG: "It lasts longer than is accepted.",
        AssetRejectionReason.TRUNCATED: "It ends before it should.",
        AssetRejectionReason.CORRUPT: "It is damaged.",
        AssetRejectionReason.SUBTITLES_UNREADABLE: "A subtitle file cannot be read.",
    },
)


@loads_node(Kind.UPLOAD, row=UploadRow)
async def visible_uploads(context: Context, keys: Sequence[UUID]) -> list[UploadRow | None]:
    """Load the viewer's own uploads."""
    return await domain_uploads.visible_uploads(context.reads, keys, viewer=context.viewer)


async def progress_of_assets(context: Context, keys: Sequence[UUID]) -> list[ProgressRow | None]:
    """Load how far assets are that the viewer has come by already."""
    return await domain.progress_of_assets(context.reads, keys)


@declares(UploadRow)
@strawberry.type(description="A file on its way in, by the tus protocol.")
class Upload(Node):
    """An upload."""

    state: UploadState = strawberry.field(description="Where it is on its way.")
    url: str = derived(
        lambda upload, context: context.address_of(f"/uploads/{upload.id}"),
        description="Where to send its bytes, by tus 1.0.0.",
    )
    file_name: str = strawberry.field(description="What the file is called.")
    media_type: str = strawberry.field(description="What its sender takes it for.")
    size_bytes: float | None = strawberry.field(description="How long it is; null while its sender does not know.")
    offset_bytes: float = strawberry.field(description="How many bytes have arrived.")
    created_at: datetime = strawberry.field(description="When it was announced.")
    expires_at: datetime | None = strawberry.field(
        description="When it is given up unless more arrives; null once whole."
    )


UploadConnection = connection_of(Upload, plural="uploads")


@declares(TrackRow)
@strawberry.type(description="One rendition of the picture, one language of the sound, or one of the subtitles.")
class Track:
    """A track."""

    kind: TrackKind = strawberry.field(description="What it carries.")
    track_class: TrackClass | None = strawberry.field(
        description="Which content key it needs; null for text, which is in the clear."
    )
    language: str | None = strawberry.field(description="Its language, as a BCP 47 tag; null for pictures.")
    label: str = strawberry.field(description="What a menu calls it.")
    width: int | None = strawberry.field(description="Width of the picture in pixels.")
    height: int | None = strawberry.field(description="Height of the picture in pixels.")
    bandwidth: int | None = strawberry.field(name="bandwidthBitsPerSecond", description="Its highest rate.")
    codec: str | None = strawberry.field(description="Its codec, as RFC 6381 writes it; null for text.")
    frame_rate: float | None = strawberry.field(description="Pictures a second.")


@declares(Rejection)
@strawberry.type(description="Why the source of an asset cannot be played.")
class AssetRejection:
    """Why a source was turned down."""

    reason: AssetRejectionReason = derived(
        lambda rejection, _: AssetRejectionReason(rejection.reason), description="The reason, out of a closed list."
    )
    detail: str = strawberry.field(description="What was seen, for people.")


@declares(ProgressRow)
@strawberry.type(description="How far an asset is.")
class TranscodeProgress:
    """How far an asset is."""

    asset_id: ID = derived(lambda progress, _: global_id(Kind.ASSET, progress.asset_id), description="Which asset.")
    state: AssetState = strawberry.field(description="Where it is on its way.")
    fraction: float = strawberry.field(description="How much of the whole way is done, from 0 to 1.")
    chunks_done: int = strawberry.field(description="How many pieces of video are encoded.")
    chunks_total: int = strawberry.field(description="How many there are; 0 until the source was looked at.")
    speed: float | None = strawberry.field(description="Seconds of video encoded a second; null when unknown.")
    eta_s: float | None = strawberry.field(
        name="remainingSeconds", description="How long it may still take; null when unknown."
    )
    message: str = strawberry.field(description="What is being done, for people.")


@declares(AssetRow)
@strawberry.type(description="A film as it plays: one upload turned into encrypted segments.")
class Asset(Node):
    """An asset."""

    state: AssetState = strawberry.field(description="Where it is on its way.")
    rejection: AssetRejection | None = strawberry.field(description="Why its source cannot be played, if so.")
    duration_s: float | None = strawberry.field(
        name="durationSeconds", description="How long it plays; null until it is known."
    )
    width: int | None = strawberry.field(description="Width of its source in pixels.")
    height: int | None = strawberry.field(description="Height of its source in pixels.")
    hdr: bool | None = strawberry.field(description="Whether its source has a high dynamic range.")
    created_at: datetime = strawberry.field(description="When it was begun.")
    ready_at: datetime | None = strawberry.field(description="Since when it plays.")
    progress: TranscodeProgress = batched(
        progress_of_assets, key=lambda asset: asset.id, description="How far it is. `transcodeProgress` follows it."
    )
    tracks: list[Track] = batched(
        packages,
        key=lambda asset: asset.id,
        shape=lambda package, _: () if package is None else package.tracks,
        list_size=12,
        description="What it consists of once it is ready.",
    )
    title: Annotated["Title", strawberry.lazy("graph.catalog")] | None = batched(  # type: ignore[name-defined]  # noqa: F821 (lazy: catalog imports this module)
        visible_titles, key=lambda asset: asset.title_id, description="The title it belongs to."
    )


@problem(uploading.UploadTooLarge, description="The upload is larger than is accepted.")
class UploadTooLarge(Problem):
    """Too many bytes."""

    max_size_bytes: float = strawberry.field(description="How many bytes would do.")


@problem(uploading.TooManyUploads, description="The account has too many unfinished uploads. Finish or terminate some.")
class TooManyUploads(Problem):
    """Too many unfinished uploads."""

    open_max: int = strawberry.field(description="How many an account may have.")


@problem(uploading.UploadEnded, description="The upload has expired or was terminated. Create a new one.")
class UploadEnded(Problem):
    """The upload has ended."""

    state: UploadState = derived(lambda refusal, _: UploadState(refusal.state), description="How it ended.")


@problem(uploading.UploadInUse, description="An asset is being made from this upload. Cancel the asset first.")
class UploadInUse(Problem):
    """An asset needs the upload."""


@problem(domain.UploadNotComplete, description="The upload has not arrived as a whole. Finish it first.")
class UploadNotComplete(Problem):
    """Bytes are missing."""

    message: str = derived(
        lambda refusal, _: f"The upload is {refusal.state.lower()}. Finish it first.",
        description="What happened and what to do, for people. It may change.",
    )
    upload_id: ID = derived(
        lambda refusal, _: global_id(Kind.UPLOAD, UUID(refusal.upload_id)), description="Which upload."
    )
    state: UploadState = derived(lambda refusal, _: UploadState(refusal.state), description="What it is instead.")


@problem(domain.AssetInProgress, description="The same upload is being prepared for the same title already.")
class AssetInProgress(Problem):
    """There is such an asset under way."""

    asset_id: ID = derived(
        lambda refusal, _: global_id(Kind.ASSET, UUID(refusal.asset_id)), description="The asset under way."
    )


@problem(domain.AssetSettled, description="The asset has ended, so there is nothing to call off.")
class AssetSettled(Problem):
    """It is too late."""

    state: AssetState = derived(lambda refusal, _: AssetState(refusal.state), description="How it ended.")


@problem(domain.AssetNotFailed, description="Only a failed asset can be tried again.")
class AssetNotFailed(Problem):
    """There is nothing to try again."""

    state: AssetState = derived(lambda refusal, _: AssetState(refusal.state), description="What it is instead.")


@strawberry.input(description="A file to upload.")
class CreateUploadInput:
    """A file to upload."""

    file_name: str = strawberry.field(description="What the file is called; up to 200 characters are kept.")
    media_type: str = strawberry.field(description="What kind of file it is, such as `video/mp4`.")
    size_bytes: float | None = strawberry.field(default=None, description="How long it is; leave out when unknown.")


@strawberry.type(description="The upload is announced; send its bytes to its `url`.")
class UploadCreated:
    """What createUpload gives."""

    upload: Upload = strawberry.field(description="The new upload.")


@strawberry.input(description="An upload to end.")
class TerminateUploadInput:
    """An upload to end."""

    upload_id: ID = strawberry.field(description="Which one; your own.")


@strawberry.type(description="The upload is ended and its bytes are removed.")
class UploadTerminated:
    """What terminateUpload gives."""

    upload: Upload = strawberry.field(description="The upload as it is now.")


@strawberry.input(description="A complete upload that is one subtitle file: WebVTT, SRT or TTML.")
class SubtitleInput:
    """A subtitle file."""

    upload_id: ID = strawberry.field(description="The upload.")
    language: str = strawberry.field(description="Its language, as a BCP 47 tag.")
    kind: SubtitleKind = strawberry.field(default=SubtitleKind.SUBTITLES, description="What it is for.")


@strawberry.input(description="A complete upload that brings one more sound track.")
class AudioInput:
    """A further sound track."""

    upload_id: ID = strawberry.field(description="The upload.")
    language: str = strawberry.field(description="Its language, as a BCP 47 tag.")


@strawberry.input(description="A complete upload to make into what a title plays.")
class CreateAssetInput:
    """What to make an asset of."""

    upload_id: ID = strawberry.field(description="The film; your own upload, complete.")
    title_id: ID = strawberry.field(description="The title it is to play for.")
    subtitles: list[SubtitleInput] = strawberry.field(default_factory=list, description="Its subtitles.")
    audio: list[AudioInput] = strawberry.field(default_factory=list, description="Further sound tracks.")
    priority: int = strawberry.field(default=0, description="Before others above 0, after them below; -10 to 10.")
    idempotency_key: str = strawberry.field(
        description="A key of your own, 8 to 128 characters: repeating the input with it makes nothing twice."
    )


@strawberry.type(description="The asset is begun; follow it with `transcodeProgress`.")
class AssetCreated:
    """What createAsset gives."""

    asset: Asset = strawberry.field(description="The new asset.")


@strawberry.input(description="An asset to call off.")
class CancelAssetInput:
    """An asset to call off."""

    asset_id: ID = strawberry.field(description="Which one; your own, unfinished.")


@strawberry.type(description="The asset is called off.")
class AssetCancelled:
    """What cancelAsset gives."""

    asset: Asset = strawberry.field(description="The asset as it is now.")


@strawberry.input(description="A failed asset to try again.")
class RetryAssetInput:
    """An asset to try again."""

    asset_id: ID = strawberry.field(description="Which one; your own, failed.")


@strawberry.type(description="The asset goes on from what was done.")
class AssetRetried:
    """What retryAsset gives."""

    asset: Asset = strawberry.field(description="The asset as it is now.")


@query_field(UploadConnection, description="Your own uploads, the newest first. Editors only.")
async def uploads(
    context: Context, first: First = None, after: After = None, last: Last = None, before: Before = None
) -> Page[UploadRow]:
    """List the viewer's uploads."""
    page = PageRequest.parse(first=first, after=after, last=last, before=before)
    return await domain_uploads.list_uploads(context.reads, viewer=context.viewer, page=page)


@query_field(Asset | None, description="The asset with this id, or null when there is none that the viewer may see.")
async def asset(context: Context, id: Annotated[ID, strawberry.argument(description="The asset's id.")]) -> Any:
    """Find an asset."""
    return await load_node(context, id, only=Kind.ASSET)


@mutation_field(
    UploadCreated,
    refusals=(InvalidInput, SignInRequired, Forbidden, uploading.UploadTooLarge, uploading.TooManyUploads),
    description="Announce a file. Its bytes then go to the upload's `url`, by tus 1.0.0. Editors only.",
)
async def create_upload(
    work: Work,
    context: Context,
    input: Annotated[CreateUploadInput, strawberry.argument(description="The file.")],
) -> UploadCreated:
    """Announce an upload."""
    upload = await domain_uploads.create_upload(
        work,
        viewer=context.viewer,
        size_bytes=_whole_bytes(input.size_bytes),
        file_name=input.file_name,
        media_type=input.media_type,
        limits=UploadLimits.of(context.runtime.settings),
    )
    return UploadCreated(upload=shown(upload))


@mutation_field(
    UploadTerminated,
    refusals=(NotFound, SignInRequired, Forbidden, uploading.UploadEnded, uploading.UploadInUse),
    description="End an upload, also while its bytes arrive, and remove them. Editors only.",
)
async def terminate_upload(
    work: Work,
    context: Context,
    input: Annotated[TerminateUploadInput, strawberry.argument(description="The upload.")],
) -> UploadTerminated:
    """End an upload."""
    upload_id = read_id(Kind.UPLOAD, input.upload_id)
    upload = await domain_uploads.terminate_upload(work, viewer=context.viewer, upload_id=upload_id)
    return UploadTerminated(upload=shown(upload))


@mutation_field(
    AssetCreated,
    refusals=(
        InvalidInput,
        NotFound,
        SignInRequired,
        Forbidden,
        domain.UploadNotComplete,
        domain.AssetInProgress,
        IdempotencyKeyReused,
        RequestInProgress,
    ),
    description="Make a complete upload into what a title plays: probe, encode, encrypt, package. Editors only.",
)
async def create_asset(
    work: Work,
    context: Context,
    input: Annotated[CreateAssetInput, strawberry.argument(description="What to make it of.")],
) -> AssetCreated:
    """Begin an asset."""
    asset = await domain.create_asset(
        work,
        viewer=context.viewer,
        upload_id=read_id(Kind.UPLOAD, input.upload_id),
        title_id=read_id(Kind.TITLE, input.title_id),
        subtitles=[
            domain.SubtitleUpload(read_id(Kind.UPLOAD, one.upload_id), one.language, InputKind(one.kind))
            for one in input.subtitles
        ],
        audio=[domain.AudioUpload(read_id(Kind.UPLOAD, one.upload_id), one.language) for one in input.audio],
        priority=input.priority,
        idempotency_key=input.idempotency_key,
    )
    return AssetCreated(asset=shown(asset))


@mutation_field(
    AssetCancelled,
    refusals=(NotFound, SignInRequired, Forbidden, domain.AssetSettled),
    description="Call an unfinished asset off. Editors only.",
)
async def cancel_asset(
    work: Work,
    context: Context,
    input: Annotated[CancelAssetInput, strawberry.argument(description="The asset.")],
) -> AssetCancelled:
    """Call an asset off."""
    asset = await domain.cancel_asset(work, viewer=context.viewer, asset_id=read_id(Kind.ASSET, input.asset_id))
    return AssetCancelled(asset=shown(asset))


@mutation_field(
    AssetRetried,
    refusals=(NotFound, SignInRequired, Forbidden, domain.AssetNotFailed),
    description="Go on with a failed asset from what was done. Editors only.",
)
async def retry_asset(
    work: Work,
    context: Context,
    input: Annotated[RetryAssetInput, strawberry.argument(description="The asset.")],
) -> AssetRetried:
    """Try an asset again."""
    asset = await domain.retry_asset(work, viewer=context.viewer, asset_id=read_id(Kind.ASSET, input.asset_id))
    return AssetRetried(asset=shown(asset))


@subscription_field(
    TranscodeProgress,
    description="How far an asset is: at once, then at every change, at most four times a second, until it has ended.",
)
async def transcode_progress(
    context: Context, asset_id: Annotated[ID, strawberry.argument(description="Which asset; your own.")]
) -> AsyncIterator[ProgressRow]:
    """Follow an asset."""
    async for progress in follow_progress(context, read_id(Kind.ASSET, asset_id)):
        yield progress


def _whole_bytes(size: float | None) -> int | None:
    if size is None:
        return None
    if not size.is_integer():
        raise InvalidInput("size_bytes", "Give a whole number of bytes.")
    return int(size)


QUERIES = [uploads, asset]
MUTATIONS = [create_upload, terminate_upload, create_asset, cancel_asset, retry_asset]
SUBSCRIPTIONS = [transcode_progress]
