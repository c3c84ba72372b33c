"""The last step: join the chunks, encrypt and package them for each scheme, store the packages, make the asset READY.

Nothing is resumed half-way. Each attempt packages under ids of its own and first removes what attempts before it left.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from domain.drm import keys_for_asset
from domain.kernel.job_claims import LeaseLost
from domain.kernel.job_handlers import Done, Outcome, RunningJob
from domain.media.asset import AssetState, InputKind, StepKind, StepRef, poster_key, thumbnails_key
from domain.media.encode import join_chunks
from domain.media.ladder import Rung, TrackClass, VideoCodec
from domain.media.object_store import StorageFull
from domain.media.package import PackageId
from domain.media.packager import AudioInput, PackagingKey, Scheme, TextInput, VideoInput, package
from domain.media.packages import (
    BuiltPackage,
    Pictures,
    begin_packages,
    finish_packages,
    forget_packages,
    object_prefix_of,
    unfinished_prefixes,
)
from domain.media.pictures import make_posters, make_thumbnails
from domain.media.recipe import Recipe
from domain.media.transcoding import (
    Source,
    StepSuperseded,
    recipe_of,
    report_packaging,
    results_of,
    source_of,
)
from workers.payloads import asset_id_of
from workers.steps import Handle
from workers.studio import Studio

# Where the packaging stands after joining, after the pictures, and after the last package is stored.
JOINED, PICTURED, STORED = 0.35, 0.45, 0.95

Objects = Mapping[StepRef, Mapping[str, str]]


@dataclass(frozen=True)
class Order:
    """What is to be packaged."""

    studio: Studio
    job: RunningJob
    source: Source
    recipe: Recipe
    objects: Objects
    packages: Mapping[Scheme, PackageId]
    keys: Mapping[TrackClass, PackagingKey]
    folder: Path

    async def report(self, fraction: float) -> None:
        """Record how far the packaging is."""
        async with self.job.work() as work:
            await report_packaging(work, asset_id=self.source.asset.id, fraction=fraction)


@dataclass(frozen=True)
class Inputs:
    """Every track as one whole local file."""

    videos: Sequence[VideoInput]
    audios: Sequence[AudioInput]
    texts: Sequence[TextInput]


def packaging(studio: Studio) -> Handle:
    """Return the handler that packages an asset whose steps are all done."""

    async def perform(job: RunningJob) -> Outcome:
        with studio.scratch.folder("package") as folder:
            order = await _begin(studio, job, folder)
            if order is None:
                return Done()
            prefixes = [object_prefix_of(order.source.asset.id, id) for id in order.packages.values()]
            try:
                built, pictures = await _build(order)
            except BaseException:
                await studio.remove(prefixes)
                raise
            try:
                async with job.work() as work:
                    await finish_packages(
                        work,
                        asset=order.source.asset,
                        built=built,
                        segment_s=order.recipe.plan.ladder.segment_s,
                        pictures=pictures,
                    )
            except (LeaseLost, StepSuperseded):
                # Refused for certain. After any other fault the commit may have happened, and the packages may play.
                await studio.remove(prefixes)
                raise
        return Done()

    return perform


async def _begin(studio: Studio, job: RunningJob, folder: Path) -> Order | None:
    asset_id = asset_id_of(job)
    async with job.work() as work:
        source = await source_of(work, asset_id=asset_id)
        if source is None or source.asset.state is not AssetState.PACKAGING:
            return None
        left = await unfinished_prefixes(work, asset_id=asset_id)
        recipe = await recipe_of(work, asset_id=asset_id)
        results = await results_of(work, asset=source.asset)
    await studio.remove(left)
    async with job.work() as work:
        await forget_packages(work, prefixes=left)
        begun = await begin_packages(work, asset=source.asset)
        keys = await keys_for_asset(
            work, keyring=studio.runtime.keyring, asset_id=asset_id, track_classes=recipe.track_classes
        )
    return Order(
        studio=studio,
        job=job,
        source=source,
        recipe=recipe,
        objects={result.ref: result.objects for result in results},
        packages=begun,
        keys={key.track_class: PackagingKey(kid=key.kid.bytes, key=key.key) for key in keys},
        folder=folder,
    )


async def _build(order: Order) -> tuple[list[BuiltPackage], Pictures]:
    inputs = Inputs(await _videos(order), await _audios(order), await _texts(order))
    await order.report(JOINED)
    pictures = await _make_pictures(order, inputs.videos)
    built = []
    for number, (scheme, id) in enumerate(order.packages.items(), start=1):
        built.append(await _package(order, inputs, scheme, id))
        await order.report(PICTURED + (STORED - PICTURED) * number / len(order.packages))
    return built, pictures


async def _videos(order: Order) -> list[VideoInput]:
    """Fetch and join one rung after the other, so that only one rung's chunks lie on the disk twice."""
    plan = order.recipe.plan
    videos = []
    for rung in plan.ladder.rungs:
        with order.studio.scratch.folder(rung.id) as parts:
            keys = [
                order.objects[StepRef(order.source.asset.id, StepKind.CHUNK, chunk.index)][rung.id]
                for chunk in plan.chunks
            ]
            paths = [parts / f"{index:05d}.mp4" for index in range(len(keys))]
            await order.studio.fetch(dict(zip(keys, paths, strict=True)))
            joined = await join_chunks(
                order.studio.runtime.tools, plan, rung, paths, output=order.folder / f"{rung.id}.mp4"
            )
        videos.append(VideoInput(joined, rung))
    return videos


async def _audios(order: Order) -> list[AudioInput]:
    renditions = [*order.recipe.plan.audio, *(sound.rendition for sound in order.recipe.sounds)]
    audios = []
    for index, rendition in enumerate(renditions):
        key = order.objects[StepRef(order.source.asset.id, StepKind.AUDIO, index)][rendition.id]
        path = order.folder / f"{rendition.id}.mp4"
        await order.studio.fetch({key: path})
        audios.append(
            AudioInput(
                path=path,
                id=rendition.id,
                language=rendition.language,
                label=rendition.label,
                is_default=rendition.is_default,
                is_descriptive=rendition.is_descriptive,
            )
        )
    return audios


async def _texts(order: Order) -> list[TextInput]:
    texts = []
    for index, text in enumerate(_text_descriptions(order.recipe, order.folder)):
        objects = order.objects[StepRef(order.source.asset.id, StepKind.TEXT, index)]
        if "text" in objects:
            await order.studio.fetch({objects["text"]: text.path})
            texts.append(text)
    return texts


def _text_descriptions(recipe: Recipe, folder: Path) -> list[TextInput]:
    embedded = [
        TextInput(
            path=folder / f"{text.id}.vtt",
            id=text.id,
            language=text.language,
            label=text.label,
            is_default=text.is_default,
            is_forced=text.is_forced,
            is_sdh=text.is_sdh,
        )
        for text in recipe.plan.text
    ]
    uploaded = [
        TextInput(
            path=folder / f"text-extra-{index}.vtt",
            id=f"text-extra-{index}",
            language=text.language,
            label=text.label,
            is_forced=text.kind is InputKind.FORCED,
            is_sdh=text.kind is InputKind.CAPTIONS,
        )
        for index, text in enumerate(recipe.texts)
    ]
    return [*embedded, *uploaded]


async def _make_pictures(order: Order, videos: Sequence[VideoInput]) -> Pictures:
    """Take posters from the largest H.264 rung and thumbnails from the smallest, and store them for good."""
    tools, plan, asset_id = order.studio.runtime.tools, order.recipe.plan, order.source.asset.id
    ordinary = sorted((one for one in videos if one.rung.codec is VideoCodec.H264), key=lambda one: _pixels(one.rung))
    with order.studio.scratch.folder("pictures") as folder:
        posters = await make_posters(tools, ordinary[-1].path, plan, folder=folder)
        small = ordinary[0]
        thumbnails = await make_thumbnails(tools, small.path, plan, small.rung, folder=folder)
        files = {poster_key(asset_id, poster.width): poster.path for poster in posters}
        files |= {thumbnails_key(asset_id, path.name): path for path in (thumbnails.vtt, *thumbnails.sheets)}
        # Their names are the asset's and not the attempt's: an attempt that has lost its job stops here, and what two
        # attempts make of the same chunks is the same.
        await order.report(PICTURED)
        await order.studio.store(files)
    return Pictures(poster_widths=tuple(poster.width for poster in posters), has_thumbnails=True)


def _pixels(rung: Rung) -> int:
    return rung.width * rung.height


async def _package(order: Order, inputs: Inputs, scheme: Scheme, id: PackageId) -> BuiltPackage:
    plan = order.recipe.plan
    with order.studio.scratch.folder(scheme.value) as folder:
        packaged = await package(
            order.studio.runtime.tools,
            videos=inputs.videos,
            audios=inputs.audios,
            texts=inputs.texts,
            keys=order.keys,
            scheme=scheme,
            segment_s=plan.ladder.segment_s,
            duration_s=plan.duration_s,
            folder=folder,
        )
        prefix = object_prefix_of(order.source.asset.id, id)
        try:
            size_bytes = await order.studio.store({f"{prefix}{name}": folder / name for name in packaged.files})
        except StorageFull:
            await order.studio.remove([prefix])
            raise
    return BuiltPackage(id, packaged, size_bytes)
