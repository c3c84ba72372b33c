"""How the bytes of an upload are taken, over real PostgreSQL and a local folder."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.kernel.refusals import InvalidInput, Refusal
from domain.media.checksums import Checksum
from domain.media.receiving import BytesCut, Piece, receive
from domain.media.upload import (
    ChecksumMismatch,
    ChecksumUnknown,
    Upload,
    UploadOffsetMismatch,
    UploadState,
    UploadTooLarge,
)
from tests.upload_scene import MAX_SIZE_BYTES, MEBIBYTE, UploadScene, bytes_of, chunks_of, encoded

SHA1_OF_ABC = "qZk+NkcGgWq6PiVxeFDCbJzQ2J0="

# Receiving


@pytest.mark.parametrize("size", [1, MEBIBYTE, 8 * MEBIBYTE, 8 * MEBIBYTE + 1, 20 * MEBIBYTE + 3])
async def test_what_was_sent_is_what_is_kept(upload_scene: UploadScene, size: int) -> None:
    data = bytes_of(size)
    upload = await upload_scene.whole(data)
    assert (upload.state, upload.offset_bytes) == (UploadState.COMPLETE, size)
    assert upload.expires_at == upload_scene.clock() + timedelta(days=7)
    assert await upload_scene.content(upload.id) == data
    await upload_scene.sweep(upload.id)
    assert await upload_scene.keys(upload.id) == [upload.object_key]
    assert await upload_scene.parts(upload.id) == []


async def test_bytes_are_acknowledged_part_by_part(upload_scene: UploadScene) -> None:
    data, seen = bytes_of(20 * MEBIBYTE), []
    upload = await upload_scene.create(len(data))

    async def watched() -> AsyncIterator[bytes]:
        async for chunk in chunks_of(data, MEBIBYTE):
            seen.append((await upload_scene.upload(upload.id)).offset_bytes)
            yield chunk

    await upload_scene.send_chunks(upload.id, 0, watched())
    assert sorted(set(seen)) == [0, 8 * MEBIBYTE, 16 * MEBIBYTE]


async def test_a_cut_sender_goes_on_where_it_was_cut(upload_scene: UploadScene) -> None:
    data = bytes_of(11 * MEBIBYTE)
    upload = await upload_scene.create(len(data))

    async def cut() -> AsyncIterator[bytes]:
        yield data[: 9 * MEBIBYTE + 17]
        raise BytesCut

    with pytest.raises(BytesCut):
        await upload_scene.send_chunks(upload.id, 0, cut())
    assert (await upload_scene.upload(upload.id)).offset_bytes == 9 * MEBIBYTE + 17
    await upload_scene.send(upload.id, 9 * MEBIBYTE + 17, data[9 * MEBIBYTE + 17 :])
    assert await upload_scene.content(upload.id) == data


async def test_tiny_pieces_grow_into_parts(upload_scene: UploadScene) -> None:
    data, step = bytes_of(3 * MEBIBYTE), 300_000
    upload = await upload_scene.create(len(data))
    for start in range(0, len(data) - step, step):
        await upload_scene.send(upload.id, start, data[start : start + step])
    sizes = [size for _, size in await upload_scene.parts(upload.id)]
    assert all(size >= MEBIBYTE for size in sizes[:-1])
    # Outgrown parts went at once.
    assert len(await upload_scene.keys(upload.id)) == len(sizes) == 3
    at = (await upload_scene.upload(upload.id)).offset_bytes
    await upload_scene.send(upload.id, at, data[at:])
    assert await upload_scene.content(upload.id) == data


async def test_nothing_is_no_progress(upload_scene: UploadScene) -> None:
    upload = await upload_scene.create(10)
    after = await upload_scene.send(upload.id, 0, b"")
    assert (after.state, after.offset_bytes) == (UploadState.CREATED, 0)
    whole_one = await upload_scene.whole(b"abc")
    assert await upload_scene.send(whole_one.id, 3, b"") == whole_one


async def test_a_wrong_offset_is_refused_with_the_right_one(upload_scene: UploadScene) -> None:
    upload = await upload_scene.create(10)
    await upload_scene.send(upload.id, 0, b"abc")
    for offset in (0, 2, 4, 10, 11):
        with pytest.raises(UploadOffsetMismatch) as refused:
            await upload_scene.send(upload.id, offset, b"x")
        assert refused.value.offset_bytes == 3
    assert (await upload_scene.upload(upload.id)).offset_bytes == 3


async def test_more_than_announced_is_refused(upload_scene: UploadScene) -> None:
    upload = await upload_scene.create(10)
    with pytest.raises(UploadTooLarge) as refused:
        await upload_scene.send(upload.id, 0, b"x" * 11)
    assert refused.value.max_size_bytes == 10
    with pytest.raises(UploadTooLarge):
        await upload_scene.send_chunks(upload.id, 0, chunks_of(b"x" * 11, 4))
    assert await upload_scene.upload(upload.id) == upload
    assert await upload_scene.keys(upload.id) == []
    await upload_scene.send(upload.id, 0, b"x" * 10)


async def test_a_size_may_come_later_but_only_once(upload_scene: UploadScene) -> None:
    upload = await upload_scene.create(None)
    await upload_scene.send(upload.id, 0, b"abc")

    async def tell(size: int, data: bytes) -> Upload:
        piece = Piece(3, chunks_of(data), length_bytes=len(data), size_bytes=size)
        return await receive(upload_scene.receiver, viewer=upload_scene.viewer, upload_id=upload.id, piece=piece)

    for size, refusal in ((2, InvalidInput), (MAX_SIZE_BYTES + 1, UploadTooLarge)):
        with pytest.raises(refusal):
            await tell(size, b"")
    assert (await upload_scene.upload(upload.id)).size_bytes is None
    assert (await tell(5, b"")).size_bytes == 5
    with pytest.raises(InvalidInput):
        await tell(6, b"d")
    done = await tell(5, b"de")
    assert (done.state, await upload_scene.content(upload.id)) == (UploadState.COMPLETE, b"abcde")


async def test_a_size_told_after_the_last_byte_makes_the_upload_whole(upload_scene: UploadScene) -> None:
    upload = await upload_scene.create(None)
    await upload_scene.send(upload.id, 0, b"abc")
    piece = Piece(3, chunks_of(b""), length_bytes=0, size_bytes=3)
    await receive(upload_scene.receiver, viewer=upload_scene.viewer, upload_id=upload.id, piece=piece)
    assert await upload_scene.content(upload.id) == b"abc"


async def test_an_unknown_size_has_the_same_limit(upload_scene: UploadScene) -> None:
    upload = await upload_scene.create(None)
    scene = replace(upload_scene)
    small = replace(scene.receiver, limits=replace(scene.limits, max_size_bytes=10))
    with pytest.raises(UploadTooLarge):
        await receive(small, viewer=scene.viewer, upload_id=upload.id, piece=Piece(0, chunks_of(b"x" * 11)))
    assert await upload_scene.keys(upload.id) == []


# Checksums


@pytest.mark.parametrize(
    "checksum",
    [
        f"sha1 {SHA1_OF_ABC}",
        "SHA256 ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=",
        "md5 kAFQmDzST7DWlj99KOF/cg==",
        "crc32 NSRBwg==",
    ],
)
async def test_bytes_that_match_their_checksum_are_kept(upload_scene: UploadScene, checksum: str) -> None:
    upload = await upload_scene.create(3)
    await upload_scene.send(upload.id, 0, b"abc", checksum=checksum)
    assert await upload_scene.content(upload.id) == b"abc"


@pytest.mark.parametrize("size", [3, 9 * MEBIBYTE])
async def test_bytes_that_do_not_match_leave_nothing(upload_scene: UploadScene, size: int) -> None:
    data = bytes_of(size)
    upload = await upload_scene.create(size + 4)
    await upload_scene.send(upload.id, 0, b"kept")
    before = await upload_scene.upload(upload.id), await upload_scene.parts(upload.id)
    with pytest.raises(ChecksumMismatch):
        await upload_scene.send(upload.id, 4, data, checksum=f"sha1 {SHA1_OF_ABC}")
    assert (await upload_scene.upload(upload.id), await upload_scene.parts(upload.id)) == before
    assert len(await upload_scene.keys(upload.id)) == 1
    await upload_scene.send(upload.id, 4, data)
    assert await upload_scene.content(upload.id) == b"kept" + data


async def test_a_cut_piece_with_a_checksum_counts_for_nothing(upload_scene: UploadScene) -> None:
    upload = await upload_scene.create(10)

    async def cut() -> AsyncIterator[bytes]:
        yield b"abc"
        raise BytesCut

    piece = Piece(0, cut(), checksum=Checksum.parse(f"sha1 {SHA1_OF_ABC}"))
    with pytest.raises(BytesCut):
        await receive(upload_scene.receiver, viewer=upload_scene.viewer, upload_id=upload.id, piece=piece)
    assert (await upload_scene.upload(upload.id)).offset_bytes == 0
    assert await upload_scene.keys(upload.id) == []


@pytest.mark.parametrize(
    ("written", "refusal"),
    [
        ("sha512 AAAA", ChecksumUnknown),
        ("", ChecksumUnknown),
        ("sha1", InvalidInput),
        ("sha1 !!!!", InvalidInput),
        ("sha1 " + encoded(b"short"), InvalidInput),
    ],
)
def test_a_checksum_that_cannot_be_checked_is_refused(written: str, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        Checksum.parse(written)
