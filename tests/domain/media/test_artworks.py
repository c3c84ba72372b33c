"""Artwork of titles: who adds it, what is shown in which language, and what takes whose place."""

from uuid import UUID

import pytest
from sqlalchemy import text

from domain.accounts import Viewer
from domain.kernel.refusals import Forbidden, InvalidInput, NotFound, SignInRequired
from domain.kernel.work import Reads, Work
from domain.media.artwork import Artwork, ArtworkFailure, ArtworkKind, ArtworkState, ImageFormat, PictureFile
from domain.media.artworks import (
    add_artwork,
    artwork_source,
    artworks_by_id,
    artworks_of_titles,
    fail_artwork,
    finish_artwork,
    name_renditions,
    remove_artwork,
    unused_names,
)
from domain.media.assets import UploadNotComplete
from domain.media.showing import picture_of_titles
from domain.media.upload import UploadInUse, UploadTooLarge
from domain.media.uploads import terminate_upload
from tests.arrange import complete_upload, create_draft, create_editor, create_viewer, receiving_upload
from tests.pictures import made


class Desk:
    """An editor at work on one title."""

    def __init__(self, work: Work, editor: Viewer, title_id: UUID) -> None:
        self.work, self.editor, self.title_id = work, editor, title_id

    async def add(self, *, language: str | None = None, kind: ArtworkKind = ArtworkKind.POSTER) -> Artwork:
        upload_id, _ = await complete_upload(self.work, viewer=self.editor, size_bytes=1000)
        return await add_artwork(
            self.work, viewer=self.editor, title_id=self.title_id, upload_id=upload_id, kind=kind, language=language
        )

    async def finish(self, artwork: Artwork) -> None:
        picture = made(str(artwork.id), 320, 640)
        assert await name_renditions(self.work, artwork_id=artwork.id, picture=picture)
        await finish_artwork(self.work, artwork_id=artwork.id, picture=picture)

    async def ready(self, *, language: str | None = None) -> Artwork:
        artwork = await self.add(language=language)
        await self.finish(artwork)
        return artwork

    async def state_of(self, artwork: Artwork) -> ArtworkState:
        (found,) = await artworks_by_id(self.work.reads(), [artwork.id])
        assert found is not None
        return found.state

    async def count(self, table: str) -> int:
        return int((await self.work.connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())

    async def shown(self, *languages: str, kind: ArtworkKind = ArtworkKind.POSTER) -> UUID | None:
        best = await self.file(*languages, kind=kind)
        return None if best is None else best.artwork_id

    async def file(
        self,
        *languages: str,
        kind: ArtworkKind = ArtworkKind.POSTER,
        width: int = 640,
        format: ImageFormat | None = None,
    ) -> PictureFile | None:
        (best,) = await picture_of_titles(
            self.work.reads(), [self.title_id], kind=kind, width=width, format=format, languages=languages
        )
        return best


@pytest.fixture
async def desk(work: Work) -> Desk:
    editor = await create_editor(work)
    return Desk(work, editor, await create_draft(work, viewer=editor))


async def test_a_picture_is_shown_once_its_files_are_stored(desk: Desk, reads: Reads) -> None:
    artwork = await desk.add()
    assert (artwork.state, artwork.picture) == (ArtworkState.PROCESSING, None)
    assert await desk.shown() is None
    await desk.finish(artwork)
    assert await desk.shown() == artwork.id
    assert await desk.shown(kind=ArtworkKind.LOGO) is None
    ((listed,),) = await artworks_of_titles(reads, [desk.title_id])
    assert listed.picture is not None
    expected = made(str(artwork.id), 320, 640).renditions
    assert {file.name for file in listed.picture.renditions} == {file.name for file in expected}


async def test_only_editors_add_and_remove_pictures(desk: Desk, work: Work) -> None:
    viewer, artwork = await create_viewer(work), await desk.ready()
    upload_id, _ = await complete_upload(work, viewer=desk.editor, size_bytes=10)
    for somebody, refusal in ((viewer, Forbidden), (None, SignInRequired)):
        with pytest.raises(refusal):
            await add_artwork(
                work, viewer=somebody, title_id=desk.title_id, upload_id=upload_id, kind=ArtworkKind.POSTER
            )
        with pytest.raises(refusal):
            await remove_artwork(work, viewer=somebody, artwork_id=artwork.id)
    assert await desk.count("artworks") == 1


async def test_only_a_whole_upload_of_ones_own_becomes_a_picture(desk: Desk, work: Work) -> None:
    stranger = await create_editor(work)
    foreign, _ = await complete_upload(work, viewer=stranger, size_bytes=10)
    large, _ = await complete_upload(work, viewer=desk.editor, size_bytes=(64 << 20) + 1)
    own, _ = await complete_upload(work, viewer=desk.editor, size_bytes=10)
    arriving = await receiving_upload(work, viewer=desk.editor)

    async def add(upload_id: UUID, *, title_id: UUID = desk.title_id, language: str | None = None) -> None:
        await add_artwork(
            work, viewer=desk.editor, title_id=title_id, upload_id=upload_id, kind=ArtworkKind.LOGO, language=language
        )

    for refused, upload_id in ((NotFound, foreign), (NotFound, work.new_id()), (UploadTooLarge, large),
                               (UploadNotComplete, arriving)):  # fmt: skip
        with pytest.raises(refused):
            await add(upload_id)
    with pytest.raises(NotFound):
        await add(own, title_id=work.new_id())
    with pytest.raises(InvalidInput):
        await add(own, language="German")
    assert await desk.count("artworks") == 0


async def test_a_later_picture_takes_the_place_of_an_earlier_one(desk: Desk) -> None:
    first, second = await desk.ready(), await desk.add()
    assert await desk.shown() == first.id
    await desk.finish(second)
    assert await desk.shown() == second.id
    assert await desk.state_of(first) is ArtworkState.REPLACED


async def test_an_earlier_picture_that_finishes_late_is_not_shown(desk: Desk) -> None:
    first, second = await desk.add(), await desk.add()
    await desk.finish(second)
    await desk.finish(first)
    assert await desk.shown() == second.id
    assert await desk.state_of(first) is ArtworkState.REPLACED


async def test_the_picture_is_in_the_best_language_there_is(desk: Desk) -> None:
    pt, english = await desk.ready(language="pt"), await desk.ready(language="en")
    assert await desk.shown("pt-BR", "en") == pt.id
    assert await desk.shown("fr", "en-GB") == english.id
    # The title's own language is English.
    assert await desk.shown("fr") == english.id
    everybody = await desk.ready()
    assert await desk.shown("fr") == everybody.id
    assert await desk.shown("pt") == pt.id


async def test_a_failed_picture_says_why_and_changes_nothing_that_is_shown(desk: Desk, reads: Reads) -> None:
    shown, failing = await desk.ready(), await desk.add()
    await fail_artwork(desk.work, artwork_id=failing.id, failure=ArtworkFailure.BROKEN)
    (failed,) = await artworks_by_id(reads, [failing.id])
    assert failed is not None
    assert (failed.state, failed.failure) == (ArtworkState.FAILED, ArtworkFailure.BROKEN)
    assert await desk.shown() == shown.id
    # What is settled is not made again, and a late worker's word is not heard.
    assert await artwork_source(desk.work, artwork_id=failing.id) is None
    assert not await name_renditions(desk.work, artwork_id=failing.id, picture=made("late", 320))
    await finish_artwork(desk.work, artwork_id=failing.id, picture=made("late", 320))
    assert await desk.state_of(failing) is ArtworkState.FAILED


async def test_a_removed_picture_lets_go_only_of_files_nobody_else_has(desk: Desk, work: Work) -> None:
    twins = [await desk.add(language=language) for language in ("de", "fr")]
    picture = made("the same", 320)
    for twin in twins:
        assert await name_renditions(work, artwork_id=twin.id, picture=picture)
        await finish_artwork(work, artwork_id=twin.id, picture=picture)
    names = [file.name for file in picture.renditions]
    assert await remove_artwork(work, viewer=desk.editor, artwork_id=twins[0].id) == desk.title_id
    assert await unused_names(work, names=names) == []
    await remove_artwork(work, viewer=desk.editor, artwork_id=twins[1].id)
    assert await unused_names(work, names=names) == sorted(names)
    with pytest.raises(NotFound):
        await remove_artwork(work, viewer=desk.editor, artwork_id=twins[1].id)


async def test_an_upload_is_kept_while_a_picture_is_made_of_it(desk: Desk, work: Work) -> None:
    artwork = await desk.add()
    with pytest.raises(UploadInUse):
        await terminate_upload(work, viewer=desk.editor, upload_id=artwork.upload_id)
    await desk.finish(artwork)
    await terminate_upload(work, viewer=desk.editor, upload_id=artwork.upload_id)


@pytest.mark.parametrize(
    ("width", "format", "chosen"),
    [
        (1, None, (320, ImageFormat.JPEG)),
        (320, None, (320, ImageFormat.JPEG)),
        (321, ImageFormat.WEBP, (640, ImageFormat.WEBP)),
        (9999, None, (640, ImageFormat.JPEG)),
        (320, ImageFormat.AVIF, (320, ImageFormat.JPEG)),
    ],
)
async def test_the_smallest_file_that_is_wide_enough_is_chosen(
    desk: Desk, width: int, format: ImageFormat | None, chosen: tuple[int, ImageFormat]
) -> None:
    await desk.ready()
    file = await desk.file(width=width, format=format)
    assert file is not None
    assert (file.width, file.format) == chosen
