"""What uploads are made into, and how far that is."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import ID

from domain.media import assets as domain
from domain.media.asset import Asset as AssetRow
from domain.media.asset import Rejection
from domain.media.asset import TranscodeProgress as ProgressRow
from domain.media.package import Track as TrackRow
from graph.batching import batched, derived
from graph.context import Context
from graph.global_ids import Kind, global_id, load_node, read_id
from graph.loads import packages, visible_titles
from graph.media.vocabulary import AssetRejectionReason, AssetState, TrackClass, TrackKind
from graph.nodes import Node
from graph.progress import follow_progress
from graph.root_fields import query_field, subscription_field
from graph.rows import declares


async def progress_of_assets(context: Context, keys: Sequence[UUID]) -> list[ProgressRow | None]:
    """Load how far assets are that the viewer has come by already."""
    return await domain.progress_of_assets(context.reads, keys)


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


@query_field(Asset | None, description="The asset with this id, or null when there is none that the viewer may see.")
async def asset(context: Context, id: Annotated[ID, strawberry.argument(description="The asset's id.")]) -> Any:
    """Find an asset."""
    return await load_node(context, id, only=Kind.ASSET)


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
