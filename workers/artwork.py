"""The jobs that make pictures of uploads, and remove files nobody shows any more."""

from collections.abc import Mapping
from uuid import UUID

from domain.kernel.job_handlers import Done, Handler, Outcome, RunningJob
from domain.kernel.work import Work
from domain.media import artworks
from domain.media.artwork import ArtworkFailure, object_key_of
from domain.media.artwork_making import PictureRefused, make_picture
from workers.room import waiting_for_room
from workers.studio import Studio


def artwork_handlers(studio: Studio) -> list[Handler]:
    """Return the handlers of artwork's jobs."""

    async def make(job: RunningJob) -> Outcome:
        artwork_id = _artwork_id(job.payload)
        async with job.work() as work:
            source = await artworks.artwork_source(work, artwork_id=artwork_id)
        if source is None:
            return Done()
        try:
            await _make(studio, job, source)
        except PictureRefused as refused:
            async with job.work() as work:
                await artworks.fail_artwork(work, artwork_id=artwork_id, failure=refused.failure)
        return Done()

    async def sweep(job: RunningJob) -> Outcome:
        names = job.payload["names"]
        assert isinstance(names, list)
        async with job.work() as work:
            # Removed while nobody can name a file: otherwise a picture made just now could lose its new one.
            for name in await artworks.unused_names(work, names=[str(name) for name in names]):
                await studio.runtime.objects.delete(object_key_of(name))
        return Done()

    return [Handler(artworks.MAKE, waiting_for_room(studio, make), on_dead=_give_up), Handler(artworks.SWEEP, sweep)]


async def _make(studio: Studio, job: RunningJob, source: artworks.ArtworkSource) -> None:
    artwork = source.artwork
    with studio.scratch.folder("artwork") as folder:
        path, made_folder = folder / "source", folder / "made"
        made_folder.mkdir()
        await studio.fetch({source.object_key: path})
        made = await make_picture(path, kind=artwork.kind, folder=made_folder)
        async with job.work() as work:
            if not await artworks.name_renditions(work, artwork_id=artwork.id, picture=made.picture):
                return
        await studio.store({object_key_of(name): file for name, file in made.files.items()})
        async with job.work() as work:
            await artworks.finish_artwork(work, artwork_id=artwork.id, picture=made.picture)


async def _give_up(work: Work, payload: Mapping[str, object], reason: str) -> None:
    await artworks.fail_artwork(work, artwork_id=_artwork_id(payload), failure=ArtworkFailure.GAVE_UP)


def _artwork_id(payload: Mapping[str, object]) -> UUID:
    return UUID(str(payload["artwork_id"]))
