"""What lists and pages of titles show of their media."""

from collections.abc import Sequence
from uuid import UUID

from domain.kernel.work import Reads
from domain.media.artwork import ArtworkKind, ImageFormat, PictureFile, best_artwork
from domain.media.asset import Playing, PlayingLanguages
from domain.media.store import showing as store


async def playing_of_titles(reads: Reads, title_ids: Sequence[UUID]) -> list[Playing | None]:
    """Batch load what plays for each title; None where nothing does yet."""
    async with reads.connection() as connection:
        return await store.playing_of_titles(connection, title_ids)


async def languages_of_titles(reads: Reads, title_ids: Sequence[UUID]) -> list[PlayingLanguages]:
    """Batch load the languages of what plays for each title."""
    async with reads.connection() as connection:
        return await store.languages_of_titles(connection, title_ids)


async def picture_of_titles(
    reads: Reads,
    title_ids: Sequence[UUID],
    *,
    kind: ArtworkKind,
    width: int,
    format: ImageFormat | None,
    languages: Sequence[str],
) -> list[PictureFile | None]:
    """Batch load a file of the best picture of a kind for these languages, the first one wanted most.

    See `best_artwork` for what is best. The file is the smallest that is wide enough, or the widest; without a format,
    or where there is none of it, JPEG, or PNG for what is see-through. None where there is no picture.
    """
    async with reads.connection() as connection:
        found = await store.pictures_of_titles(connection, title_ids, kind=kind, width=width, format=format)
    return [best_artwork(files, wanted=languages, default=default) for default, files in found]
