"""One contract for every store: a local folder, and S3 as a real S3-speaking server has it."""

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from domain.kernel.refusals import NotFound, Unavailable
from domain.media.object_store import InvalidObjectKey, ObjectMissing, ObjectStore, StorageUnavailable
from tests.upload_scene import MEBIBYTE, bytes_of


@pytest.fixture(params=["folder", "s3"])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    """An empty store of each kind."""
    if request.param == "s3":
        return ObjectStore.open(request.getfixturevalue("s3_url"))
    return ObjectStore.open((tmp_path / "media").as_uri())


async def keys_below(objects: ObjectStore, prefix: str) -> list[str]:
    return sorted([head.key async for head in objects.list(prefix)])


async def pieces(data: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def test_what_was_put_is_got(objects: ObjectStore) -> None:
    await objects.put("packages/a/manifest.mpd", b"<MPD/>")
    assert await objects.get("packages/a/manifest.mpd") == b"<MPD/>"
    head = await objects.head("packages/a/manifest.mpd")
    assert (head.key, head.size) == ("packages/a/manifest.mpd", 6)
    assert head.modified.tzinfo is not None


async def test_putting_again_replaces_the_object_and_its_tag(objects: ObjectStore) -> None:
    await objects.put("a/b", b"one")
    before = await objects.head("a/b")
    await objects.put("a/b", b"three", durable=True)
    assert await objects.get("a/b") == b"three"
    assert (await objects.head("a/b")).etag != before.etag


async def test_an_empty_object_is_an_object(objects: ObjectStore) -> None:
    await objects.put("a/empty", b"")
    assert await objects.get("a/empty") == b""
    assert (await objects.read("a/empty")).end == 0


async def test_a_stream_is_stored_in_parts(objects: ObjectStore) -> None:
    data = bytes_of(19 * MEBIBYTE + 7)
    await objects.put("a/stream", pieces(data, 300_000), durable=True, size_bytes=len(data))
    assert await objects.get("a/stream") == data


async def test_a_stream_that_fails_leaves_what_was_there(objects: ObjectStore) -> None:
    async def failing() -> AsyncIterator[bytes]:
        yield bytes_of(9 * MEBIBYTE)
        raise StorageUnavailable

    await objects.put("a/b", b"before")
    with pytest.raises(StorageUnavailable):
        await objects.put("a/b", failing())
    assert await objects.get("a/b") == b"before"
    assert await keys_below(objects, "a") == ["a/b"]


@pytest.mark.parametrize(
    ("start", "end", "first", "last"),
    [
        (0, None, 0, 1000),
        (10, None, 10, 1000),
        (0, 1, 0, 1),
        (10, 20, 10, 20),
        (999, 1000, 999, 1000),
        (990, 5000, 990, 1000),
    ],
)
async def test_a_range_of_bytes_is_read(
    objects: ObjectStore, start: int, end: int | None, first: int, last: int
) -> None:
    data = bytes_of(1000)
    await objects.put("a/b", data)
    reader = await objects.read("a/b", start=start, end=end)
    assert (reader.head.size, reader.start, reader.end) == (1000, first, last)
    assert b"".join([chunk async for chunk in reader.chunks]) == data[first:last]
    assert b"".join([chunk async for chunk in objects.stream("a/b", start, end)]) == data[first:last]


async def test_a_long_object_is_read_in_small_chunks(objects: ObjectStore) -> None:
    data = bytes_of(5 * MEBIBYTE)
    await objects.put("a/b", data)
    sizes = [len(chunk) async for chunk in objects.stream("a/b")]
    assert sum(sizes) == len(data)
    assert max(sizes) <= MEBIBYTE


@pytest.mark.parametrize("size", [0, 5, 17 * MEBIBYTE + 3])
async def test_files_travel_both_ways(objects: ObjectStore, tmp_path: Path, size: int) -> None:
    (tmp_path / "there").write_bytes(bytes_of(size))
    await objects.put_file("a/file", tmp_path / "there")
    await objects.get_file("a/file", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == bytes_of(size)


async def test_a_missing_object_is_a_refusal(objects: ObjectStore, tmp_path: Path) -> None:
    with pytest.raises(ObjectMissing) as refused:
        await objects.get("a/none")
    assert isinstance(refused.value, NotFound)
    assert refused.value.id == "a/none"
    for reading in (objects.head("a/none"), objects.read("a/none"), objects.move("a/none", "a/new")):
        with pytest.raises(ObjectMissing):
            await reading
    with pytest.raises(ObjectMissing):
        await objects.get_file("a/none", tmp_path / "none")
    assert not (tmp_path / "none").exists()


async def test_deleting_twice_is_no_fault(objects: ObjectStore) -> None:
    await objects.put("a/b", b"1")
    await objects.delete("a/b")
    await objects.delete("a/b")
    assert await keys_below(objects, "a") == []


async def test_a_prefix_ends_at_a_segment(objects: ObjectStore) -> None:
    for key in ("work/1/a", "work/1/deep/b", "work/11/a", "work/1-a"):
        await objects.put(key, b"1")
    await objects.delete_prefix("work/1/")
    assert await keys_below(objects, "work") == ["work/1-a", "work/11/a"]
    await objects.delete_prefix("work/none/")


async def test_one_object_is_kept_while_all_around_it_go(objects: ObjectStore) -> None:
    for key in ("uploads/1/source", "uploads/1/other", "uploads/1/parts/0", "uploads/2/source"):
        await objects.put(key, b"1")
    await objects.delete_prefix("uploads/1/", keep="uploads/1/source")
    assert await keys_below(objects, "uploads") == ["uploads/1/source", "uploads/2/source"]


async def test_an_object_gets_another_key(objects: ObjectStore) -> None:
    await objects.put("a/b", b"1")
    await objects.move("a/b", "c/d/e")
    assert await objects.get("c/d/e") == b"1"
    assert await keys_below(objects, "a") == []


BAD_KEYS = [
    "", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/..", "a/./b", "a\\b", "..\\a", "C:\\a", "a\0b", "a\nb",
    "%2e%2e/a", "a/%2e%2e%2fb", "a b", "a?b", "a#1", "~/..", ".hidden", "a/.hidden", "é",
    "a/" + "b" * 300, "a/" * 600 + "b",
]  # fmt: skip


@pytest.mark.parametrize("key", BAD_KEYS)
async def test_a_key_that_could_be_read_in_two_ways_is_refused(objects: ObjectStore, tmp_path: Path, key: str) -> None:
    (tmp_path / "file").write_bytes(b"1")
    verbs = [
        objects.put(key, b"1"), objects.put_file(key, tmp_path / "file"), objects.get(key), objects.head(key),
        objects.read(key), objects.get_file(key, tmp_path / "back"), objects.delete(key), objects.move(key, "a"),
        objects.move("a", key),
    ]  # fmt: skip
    for verb in verbs:
        with pytest.raises(InvalidObjectKey):
            await verb
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == ["file"]


async def test_an_empty_prefix_never_means_everything(objects: ObjectStore) -> None:
    await objects.put("a/b", b"1")
    for prefix in ("", "/", ".", "../", "a/.."):
        with pytest.raises(InvalidObjectKey):
            await objects.delete_prefix(prefix)
    assert await objects.get("a/b") == b"1"


async def test_many_put_and_delete_at_once(objects: ObjectStore) -> None:
    # Deleting the last object of a folder removes the folder, while another may just be going in.
    async def come_and_go(number: int) -> None:
        for _ in range(10):
            await objects.put(f"a/b/{number}", b"1")
            await objects.delete(f"a/b/{number}")

    await asyncio.gather(*(come_and_go(number) for number in range(8)))
    assert await keys_below(objects, "a") == []


async def test_a_store_that_works_passes_its_check(objects: ObjectStore) -> None:
    await objects.check()


async def test_hidden_remains_of_a_killed_put_go_with_their_prefix(tmp_path: Path) -> None:
    objects = ObjectStore.open(tmp_path.as_uri())
    await objects.put("uploads/1/source", b"1")
    (tmp_path / "uploads/1/source-2#1").write_bytes(b"half")
    await objects.delete_prefix("uploads/1/", keep="uploads/1/source")
    assert [path.name for path in (tmp_path / "uploads/1").iterdir()] == ["source"]
    await objects.delete_prefix("uploads/1/")
    assert list((tmp_path / "uploads").iterdir()) == []


async def test_a_folder_that_is_gone_is_unavailable(tmp_path: Path) -> None:
    objects = ObjectStore.open((tmp_path / "media").as_uri())
    (tmp_path / "media").rmdir()
    (tmp_path / "media").write_bytes(b"a file is in the way")
    with pytest.raises(StorageUnavailable) as refused:
        await objects.put("a/b", b"1")
    assert isinstance(refused.value, Unavailable)
    assert str(tmp_path) not in refused.value.message
    with pytest.raises(StorageUnavailable):
        await objects.check()
    with pytest.raises(StorageUnavailable):
        ObjectStore.open((tmp_path / "media" / "below").as_uri())


# A limit on the size of files stands in for a full disk: the same call fails at the same place.
FULL_DISK = """
import asyncio, resource, sys
from domain.media.object_store import ObjectStore, StorageUnavailable
async def main():
    objects = ObjectStore.open(sys.argv[1])
    await objects.put("a/small", b"1")
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
    try:
        await objects.put("a/large", bytes(2 << 20), durable=True)
    except StorageUnavailable as refused:
        print(refused.code)
    print([head.key async for head in objects.list("a")])
    await objects.close()
asyncio.run(main())
"""


async def test_a_full_disk_is_a_refusal_and_leaves_nothing(tmp_path: Path) -> None:
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", FULL_DISK, tmp_path.as_uri()],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines()[-2:] == ["STORAGE_UNAVAILABLE", "['a/small']"], done.stderr
    assert done.returncode == 0
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["small"]


async def test_a_server_that_is_away_is_told_in_bounded_time() -> None:
    objects = ObjectStore.open("s3://bucket?endpoint=http://127.0.0.1:9&region=eu-central-1")
    began = time.monotonic()
    with pytest.raises(StorageUnavailable):
        await objects.get("a/b")
    assert time.monotonic() - began < 15


async def test_a_bucket_that_does_not_exist_is_unavailable(s3_server: str, tmp_path: Path) -> None:
    objects = ObjectStore.open(f"s3://absent?endpoint={s3_server}&region=eu-central-1")
    (tmp_path / "file").write_bytes(b"1")
    for writing in (objects.put("a/b", b"1"), objects.put_file("a/b", tmp_path / "file"), objects.check()):
        with pytest.raises(StorageUnavailable):
            await writing


@pytest.mark.parametrize("url", ["ftp://host/a", "s3://bucket?secret=1", "http://host/bucket", "nonsense", "s3://"])
def test_an_address_of_no_store_is_refused(url: str) -> None:
    with pytest.raises(ValueError):
        ObjectStore.open(url)
