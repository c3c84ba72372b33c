"""The steps between the plan and the package. A finished one is objects in the store and a row, never done again."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from domain.kernel.job_claims import LeaseLost
from domain.kernel.job_handlers import Done, Outcome, RunningJob
from domain.media.asset import StepStart
from domain.media.cues import SubtitlesUnreadable
from domain.media.encode import encode_audio, encode_chunk, extract_subtitles
from domain.media.ffmpeg_runner import OnProgress, Progress
from domain.media.object_store import StorageFull
from domain.media.recipe import Recipe
from domain.media.subtitles import read_subtitles, write_webvtt
from domain.media.transcoding import (
    Source,
    StepSuperseded,
    begin_step,
    finish_step,
    recipe_of,
    report_step,
    source_of,
)
from workers.payloads import step_of
from workers.reporting import reporting
from workers.studio import Studio

Handle = Callable[[RunningJob], Awaitable[Outcome]]


@dataclass(frozen=True)
class ActiveStep:
    """A begun step with all it takes to do it."""

    studio: Studio
    job: RunningJob
    start: StepStart
    source: Source
    recipe: Recipe
    folder: Path

    @property
    def index(self) -> int:
        return self.start.ref.index

    @asynccontextmanager
    async def progress(self, fraction: Callable[[Progress], float]) -> AsyncIterator[OnProgress]:
        """Lend a callback that turns ffmpeg's progress into the step's."""

        async def report(progress: Progress) -> None:
            async with self.job.work() as work:
                await report_step(work, start=self.start, fraction=fraction(progress), speed=progress.speed)

        async with reporting(report) as on_progress:
            yield on_progress


Make = Callable[[ActiveStep], Awaitable[Mapping[str, Path]]]


def chunk_step(studio: Studio) -> Handle:
    """Return the handler that encodes one chunk in every rung."""
    return _step(studio, _make_chunk)


def audio_step(studio: Studio) -> Handle:
    """Return the handler that encodes one sound track."""
    return _step(studio, _make_audio)


def text_step(studio: Studio) -> Handle:
    """Return the handler that makes one subtitle track."""
    return _step(studio, _make_text)


def _step(studio: Studio, make: Make) -> Handle:
    async def perform(job: RunningJob) -> Outcome:
        ref = step_of(job)
        async with job.work() as work:
            source = await source_of(work, asset_id=ref.asset_id)
            start = None if source is None else await begin_step(work, ref=ref)
            if source is None or start is None:
                return Done()
            recipe = await recipe_of(work, asset_id=ref.asset_id)
        with studio.scratch.folder(ref.kind.lower()) as folder:
            step = ActiveStep(studio, job, start, source, recipe, folder)
            await _keep(step, await make(step))
        return Done()

    return perform


async def _keep(step: ActiveStep, files: Mapping[str, Path]) -> None:
    """Store what a step made, then record it. What was refused, or had only partly room, is removed again.

    After any other fault the objects stay: the record may have been committed before the connection broke.
    """
    prefix = step.start.object_prefix
    objects = {name: f"{prefix}{path.name}" for name, path in files.items()}
    try:
        await step.studio.store({objects[name]: path for name, path in files.items()})
    except StorageFull:
        await step.studio.remove([prefix])
        raise
    try:
        async with step.job.work() as work:
            await finish_step(work, start=step.start, objects=objects)
    except (LeaseLost, StepSuperseded):
        await step.studio.remove([prefix])
        raise


async def _make_chunk(step: ActiveStep) -> Mapping[str, Path]:
    studio, plan = step.studio, step.recipe.plan
    chunk = plan.chunks[step.index]
    tools = studio.runtime.tools
    async with (
        studio.sources.seekable(step.source.object_key, tools, plan) as source,
        step.progress(lambda progress: progress.frame / chunk.frames) as on_progress,
    ):
        return await encode_chunk(
            tools, source, plan, chunk, folder=step.folder, threads=studio.threads, on_progress=on_progress
        )


async def _make_audio(step: ActiveStep) -> Mapping[str, Path]:
    plan = step.recipe.plan
    extra = step.index - len(plan.audio)
    if extra < 0:
        key, rendition, container = step.source.object_key, plan.audio[step.index], None
    else:
        sound = step.recipe.sounds[extra]
        key, rendition, container = sound.object_key, sound.rendition, sound.container
    tools = step.studio.runtime.tools
    async with (
        step.studio.sources.file(key) as path,
        step.progress(lambda progress: progress.out_time_s / plan.duration_s) as on_progress,
    ):
        made = await encode_audio(
            tools, path, plan, rendition, folder=step.folder, container=container, on_progress=on_progress
        )
    return {rendition.id: made}


async def _make_text(step: ActiveStep) -> Mapping[str, Path]:
    plan = step.recipe.plan
    extra = step.index - len(plan.text)
    if extra >= 0:
        path = step.folder / f"text-extra-{extra}.vtt"
        data = await step.studio.runtime.objects.get(step.recipe.texts[extra].object_key)
        path.write_text(write_webvtt(read_subtitles(data)), encoding="utf-8")
        return {"text": path}
    async with step.studio.sources.file(step.source.object_key) as source:
        try:
            made = await extract_subtitles(
                step.studio.runtime.tools, source, plan, plan.text[step.index], folder=step.folder
            )
        except SubtitlesUnreadable:
            # A track inside the source that holds no caption is left out; nobody asked for it.
            return {}
    return {"text": made}
