"""The first look at an upload: can it be played, and what will be made of it."""

from collections.abc import Awaitable, Callable

from domain.kernel.job_handlers import Done, Outcome, RunningJob
from domain.media.asset import AssetInput, AssetState, InputKind, Rejection
from domain.media.complexity import measure_complexity
from domain.media.cues import SubtitlesUnreadable
from domain.media.ladder import VideoCodec
from domain.media.plan import make_plan
from domain.media.probe import probe_audio, probe_source
from domain.media.recipe import ExtraSound, ExtraText, Recipe, extra_sound
from domain.media.source import SourceProbe, SourceUnplayable
from domain.media.subtitles import read_subtitles
from domain.media.transcoding import Source, record_probe, reject_asset, source_of
from workers.payloads import asset_id_of
from workers.studio import Studio

# A subtitle file of a long film is a few hundred kilobytes; anything beyond this is something else.
SUBTITLES_MAX_BYTES = 8 << 20
SUBTITLES_UNREADABLE = "SUBTITLES_UNREADABLE"


def probe(studio: Studio) -> Callable[[RunningJob], Awaitable[Outcome]]:
    """Return the handler that probes a source, and rejects it or plans its steps."""

    async def perform(job: RunningJob) -> Outcome:
        asset_id = asset_id_of(job)
        async with job.work() as work:
            source = await source_of(work, asset_id=asset_id)
        if source is None or source.asset.state is not AssetState.PROBING:
            return Done()
        try:
            found, recipe = await _look(studio, source)
        except SourceUnplayable as refused:
            rejection = Rejection(refused.reason.value, refused.detail)
        except SubtitlesUnreadable as refused:
            line = "" if refused.line is None else f" (line {refused.line})"
            rejection = Rejection(SUBTITLES_UNREADABLE, f"{refused.reason}{line}")
        else:
            async with job.work() as work:
                await record_probe(work, asset=source.asset, probe=found, recipe=recipe)
            return Done()
        async with job.work() as work:
            await reject_asset(work, asset_id=asset_id, rejection=rejection)
        return Done()

    return perform


async def _look(studio: Studio, source: Source) -> tuple[SourceProbe, Recipe]:
    tools, settings = studio.runtime.tools, studio.runtime.settings
    async with studio.sources.file(source.object_key) as path:
        found = await probe_source(tools, path)
        complexity = await measure_complexity(tools, path, found)
    codecs = tuple(VideoCodec(codec) for codec in settings.codecs)
    plan = make_plan(found, complexity, codecs=codecs, chunk_s=studio.chunk_s)
    texts = [await _look_at_text(studio, item) for item in source.inputs if item.kind is not InputKind.AUDIO]
    sounds: list[ExtraSound] = []
    for item in source.inputs:
        if item.kind is InputKind.AUDIO:
            taken = tuple(track.label for track in plan.audio) + tuple(sound.rendition.label for sound in sounds)
            sounds.append(await _look_at_sound(studio, item, taken))
    return found, Recipe(plan, tuple(sounds), tuple(texts))


async def _look_at_sound(studio: Studio, item: AssetInput, taken: tuple[str, ...]) -> ExtraSound:
    async with studio.sources.file(item.object_key) as path:
        try:
            found = await probe_audio(studio.runtime.tools, path)
        except SourceUnplayable as refused:
            raise SourceUnplayable(
                reason=refused.reason, detail=f"{item.language} sound: {refused.detail}"
            ) from refused
    return extra_sound(
        found,
        object_key=item.object_key,
        position=item.position,
        language=item.language,
        taken=taken,
        is_default=not taken,
    )


async def _look_at_text(studio: Studio, item: AssetInput) -> ExtraText:
    head = await studio.runtime.objects.head(item.object_key)
    if head.size > SUBTITLES_MAX_BYTES:
        raise SubtitlesUnreadable(reason=f"{item.language} subtitles have {head.size} bytes")
    read_subtitles(await studio.runtime.objects.get(item.object_key))
    return ExtraText(item.object_key, item.language, item.kind)
