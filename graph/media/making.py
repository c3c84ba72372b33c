"""Beginning, calling off and trying again what makes an asset."""

from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import ID

from domain.kernel.idempotency import IdempotencyKeyReused, RequestInProgress
from domain.kernel.refusals import Forbidden, InvalidInput, NotFound, SignInRequired
from domain.kernel.work import Work
from domain.media import assets as domain
from domain.media.asset import InputKind
from graph.batching import derived
from graph.context import Context
from graph.global_ids import Kind, global_id, read_id
from graph.media.assets import Asset
from graph.media.vocabulary import AssetState, SubtitleKind, UploadState
from graph.payloads import shown
from graph.problems import Problem, problem
from graph.root_fields import mutation_field


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
