"""Uploads announced, listed, ended and put together, over real PostgreSQL and a local folder."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from domain.accounts import Role, Viewer
from domain.kernel.paging import PageRequest, encode_cursor
from domain.kernel.refusals import Forbidden, InvalidInput, NotFound, Refusal, SignInRequired
from domain.media.assets import UploadNotComplete, cancel_asset, create_asset
from domain.media.receiving import Piece, concatenate, receive
from domain.media.upload import (
    TooManyUploads,
    Upload,
    UploadEnded,
    UploadInUse,
    UploadIsFinal,
    UploadState,
    UploadTooLarge,
    plain_file_name,
    plain_media_type,
)
from domain.media.uploads import (
    create_final_upload,
    create_upload,
    expire_uploads,
    list_uploads,
    terminate_upload,
    visible_uploads,
)
from tests.arrange import create_draft
from tests.upload_scene import MAX_SIZE_BYTES, MEBIBYTE, UploadScene, bytes_of, chunks_of


async def count_rows(scene: UploadScene) -> int:
    async with scene.runtime.database.read() as connection:
        statement = text("SELECT count(*) FROM uploads WHERE account_id = :id")
        return int((await connection.execute(statement, {"id": scene.viewer.account_id})).scalar_one())


# Announcing


async def test_an_upload_is_announced(upload_scene: UploadScene) -> None:
    async with upload_scene.runtime.work() as work:
        upload = await create_upload(
            work,
            viewer=upload_scene.viewer,
            size_bytes=1000,
            limits=upload_scene.limits,
            file_name="C:\\films\\a film.mp4",
            media_type="Video/MP4; codecs=avc1",
        )
    assert await upload_scene.upload(upload.id) == upload
    assert (upload.state, upload.offset_bytes, upload.object_key) == (UploadState.CREATED, 0, None)
    assert (upload.file_name, upload.media_type) == ("a film.mp4", "video/mp4")
    assert upload.expires_at is not None
    assert (upload.expires_at - upload_scene.clock()).total_seconds() == 24 * 3600


@pytest.mark.parametrize(
    ("size_bytes", "options", "refusal"),
    [
        (0, {}, InvalidInput),
        (-1, {}, InvalidInput),
        (MAX_SIZE_BYTES + 1, {}, UploadTooLarge),
        (2**70, {}, UploadTooLarge),
        (5, {"media_type": "text/html"}, InvalidInput),
        (5, {"media_type": "image/svg+xml; charset=utf-8"}, InvalidInput),
        (5, {"media_type": "video"}, InvalidInput),
        (5, {"media_type": "video/mp4\r\nX-Injected: 1"}, InvalidInput),
        (5, {"metadata": "a" * 4097}, InvalidInput),
    ],
)
async def test_what_cannot_be_received_is_refused_before_it_begins(
    upload_scene: UploadScene, size_bytes: int, options: dict[str, str], refusal: type[Refusal]
) -> None:
    with pytest.raises(refusal):
        async with upload_scene.runtime.work() as work:
            await create_upload(
                work, viewer=upload_scene.viewer, size_bytes=size_bytes, limits=upload_scene.limits, **options
            )
    assert await count_rows(upload_scene) == 0


async def test_only_editors_upload(upload_scene: UploadScene) -> None:
    no_editor = replace(upload_scene.viewer, roles=frozenset({Role.VIEWER}))
    for viewer, refusal in ((None, SignInRequired), (no_editor, Forbidden)):
        with pytest.raises(refusal):
            async with upload_scene.runtime.work() as work:
                await create_upload(work, viewer=viewer, size_bytes=1, limits=upload_scene.limits)
    assert await count_rows(upload_scene) == 0


async def test_an_account_has_so_many_unfinished_uploads_and_no_more(upload_scene: UploadScene) -> None:
    limits = replace(upload_scene.limits, open_max=3)

    async def create() -> UUID:
        async with upload_scene.runtime.work() as work:
            upload = await create_upload(work, viewer=upload_scene.viewer, size_bytes=3, limits=limits)
        return upload.id

    answers = await asyncio.gather(*(create() for _ in range(8)), return_exceptions=True)
    ids = [answer for answer in answers if isinstance(answer, UUID)]
    assert (len(ids), await count_rows(upload_scene)) == (3, 3)
    assert all(isinstance(answer, UUID | TooManyUploads) for answer in answers)
    await upload_scene.send(ids[0], 0, b"abc")
    await create()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("film.mp4", "film.mp4"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("/", "upload"),
        ("..", "upload"),
        ("", "upload"),
        ("a\0b\r\nc.mp4", "abc.mp4"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("x" * 500, "x" * 200),
        ("Ende gut.mp4", "Ende gut.mp4"),
        ("<b>.mp4", "<b>.mp4"),
    ],
)
def test_a_file_name_is_made_plain(name: str, shown: str) -> None:
    assert plain_file_name(name) == shown


def test_no_media_type_is_any_media_type() -> None:
    assert plain_media_type("") == "application/octet-stream"


# Looking


async def test_uploads_are_listed_to_their_owner_newest_first(upload_scene: UploadScene) -> None:
    ids = [(await upload_scene.create(size)).id for size in range(1, 6)][::-1]
    reads, viewer = upload_scene.runtime.reads(), upload_scene.viewer

    async def page(**arguments: object) -> tuple[list[UUID], Sequence[str], bool, bool]:
        found = await list_uploads(reads, viewer=viewer, page=PageRequest.parse(**arguments))  # type: ignore[arg-type]
        return [upload.id for upload in found.items], found.cursors, found.has_next, found.has_previous

    first, cursors, *more = await page(first=2)
    assert (first, more) == (ids[:2], [True, False])
    second, cursors, *more = await page(first=2, after=cursors[-1])
    assert (second, more) == (ids[2:4], [True, True])
    back, _, *more = await page(last=5, before=cursors[0])
    assert (back, more) == (ids[:2], [True, False])
    last, _, *more = await page(last=2)
    assert (last, more) == (ids[3:], [False, True])
    assert (await list_uploads(reads, viewer=upload_scene.other, page=PageRequest.parse())).items == []
    for cursor in (encode_cursor("titles", uuid4()), encode_cursor("uploads", 1), encode_cursor("uploads"), "x"):
        with pytest.raises(InvalidInput):
            await page(after=cursor)


async def test_another_accounts_upload_looks_like_an_absent_one(upload_scene: UploadScene) -> None:
    upload = await upload_scene.whole(b"abc")
    reads, other = upload_scene.runtime.reads(), upload_scene.other
    assert await visible_uploads(reads, [upload.id, uuid4()], viewer=other) == [None, None]
    assert await visible_uploads(reads, [upload.id], viewer=None) == [None]
    assert await visible_uploads(reads, [uuid4(), upload.id], viewer=upload_scene.viewer) == [None, upload]
    for id in (upload.id, uuid4()):
        with pytest.raises(NotFound) as refused:
            async with upload_scene.runtime.work() as work:
                await terminate_upload(work, viewer=other, upload_id=id)
        assert refused.value.message == f"There is no upload {id}. Check the id."
        with pytest.raises(NotFound):
            await receive(upload_scene.receiver, viewer=other, upload_id=id, piece=Piece(0, chunks_of(b"x")))
    assert await upload_scene.content(upload.id) == b"abc"


# Ending


async def test_a_terminated_upload_is_gone_from_the_store(upload_scene: UploadScene) -> None:
    for upload in (await upload_scene.create(5), await upload_scene.whole(b"abc")):
        async with upload_scene.runtime.work() as work:
            ended = await terminate_upload(work, viewer=upload_scene.viewer, upload_id=upload.id)
        assert (ended.state, ended.object_key) == (UploadState.TERMINATED, None)
        await upload_scene.sweep(upload.id)
        assert await upload_scene.keys(upload.id) == []
        with pytest.raises(UploadEnded) as refused:
            async with upload_scene.runtime.work() as work:
                await terminate_upload(work, viewer=upload_scene.viewer, upload_id=upload.id)
        assert refused.value.state == "TERMINATED"
        with pytest.raises(UploadEnded):
            await upload_scene.send(upload.id, 0, b"abc")


async def test_an_upload_an_asset_is_made_from_stays(upload_scene: UploadScene) -> None:
    upload = await upload_scene.whole(b"abc")
    async with upload_scene.runtime.work() as work:
        title_id = await create_draft(work, viewer=upload_scene.viewer)
        asset = await create_asset(work, viewer=upload_scene.viewer, upload_id=upload.id, title_id=title_id)
    with pytest.raises(UploadInUse):
        async with upload_scene.runtime.work() as work:
            await terminate_upload(work, viewer=upload_scene.viewer, upload_id=upload.id)
    assert await upload_scene.content(upload.id) == b"abc"
    async with upload_scene.runtime.work() as work:
        await cancel_asset(work, viewer=upload_scene.viewer, asset_id=asset.id)
        await terminate_upload(work, viewer=upload_scene.viewer, upload_id=upload.id)


async def expire_all(scene: UploadScene) -> None:
    ended = 1
    while ended:
        async with scene.runtime.work() as work:
            ended = await expire_uploads(work)


async def test_an_upload_nobody_goes_on_with_expires(upload_scene: UploadScene) -> None:
    silent, slow, whole = await upload_scene.create(5), await upload_scene.create(5), await upload_scene.whole(b"abc")
    partial = await upload_scene.whole(b"abc", is_partial=True)
    await upload_scene.send(silent.id, 0, b"ab")
    upload_scene.clock.advance(23 * 3600)
    await upload_scene.send(slow.id, 0, b"ab")
    await expire_all(upload_scene)
    assert (await upload_scene.upload(silent.id)).state is UploadState.RECEIVING
    upload_scene.clock.advance(3600)
    # Its time is up, whether or not the job has come round.
    with pytest.raises(UploadEnded):
        await upload_scene.send(silent.id, 2, b"cde")
    await expire_all(upload_scene)
    states = [(await upload_scene.upload(upload.id)).state.value for upload in (silent, slow, whole, partial)]
    assert states == ["EXPIRED", "RECEIVING", "COMPLETE", "EXPIRED"]
    for upload in (silent, partial):
        await upload_scene.sweep(upload.id)
        assert await upload_scene.keys(upload.id) == []
        assert await upload_scene.parts(upload.id) == []
    await upload_scene.send(slow.id, 2, b"cde")
    assert await upload_scene.content(slow.id) == b"abcde"


async def test_an_upload_does_not_expire_while_bytes_arrive(upload_scene: UploadScene) -> None:
    upload = await upload_scene.create(5)

    async def late() -> AsyncIterator[bytes]:
        yield b"abc"
        async with upload_scene.runtime.work() as work:
            await work.connection.execute(
                text("UPDATE uploads SET expires_at = :now WHERE id = :id"), {"now": work.now, "id": upload.id}
            )
        await expire_all(upload_scene)
        yield b"de"

    await upload_scene.send_chunks(upload.id, 0, late())
    assert await upload_scene.content(upload.id) == b"abcde"


# Putting together


async def join(scene: UploadScene, ids: Sequence[UUID], *, viewer: Viewer | None = None) -> Upload:
    async with scene.runtime.work() as work:
        final = await create_final_upload(
            work, viewer=viewer or scene.viewer, partial_ids=ids, limits=scene.limits, file_name="film.mp4"
        )
    return await concatenate(scene.receiver, upload=final)


async def test_partial_uploads_are_put_together_in_order(upload_scene: UploadScene) -> None:
    data = bytes_of(9 * MEBIBYTE)
    first = await upload_scene.whole(data, is_partial=True)
    second = await upload_scene.whole(b"end", is_partial=True)
    assert (first.object_key, first.state) == (None, UploadState.COMPLETE)
    final = await join(upload_scene, [first.id, second.id, first.id])
    assert (final.state, final.size_bytes, final.file_name) == (UploadState.COMPLETE, 2 * len(data) + 3, "film.mp4")
    assert await upload_scene.content(final.id) == data + b"end" + data
    with pytest.raises(UploadIsFinal):
        await upload_scene.send(final.id, 0, b"x")
    # The partial ones can be put together once more, should the answer have been lost.
    again = await join(upload_scene, [second.id])
    assert await upload_scene.content(again.id) == b"end"


async def test_only_own_whole_partial_uploads_are_put_together(upload_scene: UploadScene) -> None:
    partial = await upload_scene.whole(b"abc", is_partial=True)
    unfinished = await upload_scene.create(5, is_partial=True)
    ordinary = await upload_scene.whole(b"abc")
    before = await count_rows(upload_scene)
    for ids in ([partial.id, unfinished.id], [ordinary.id], [uuid4()], [], [partial.id] * 101):
        with pytest.raises(InvalidInput):
            await join(upload_scene, ids)
    with pytest.raises(InvalidInput):
        await join(upload_scene, [partial.id], viewer=upload_scene.other)
    assert await count_rows(upload_scene) == before


async def test_a_partial_upload_makes_no_asset(upload_scene: UploadScene) -> None:
    partial = await upload_scene.whole(b"abc", is_partial=True)
    async with upload_scene.runtime.work() as work:
        title_id = await create_draft(work, viewer=upload_scene.viewer)
        with pytest.raises(UploadNotComplete):
            await create_asset(work, viewer=upload_scene.viewer, upload_id=partial.id, title_id=title_id)
