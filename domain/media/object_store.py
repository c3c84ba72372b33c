"""The one adapter over `obstore`: a local folder by default, S3 (or gs, az) by address, the same verbs for all.

    Refusal
    ├── ObjectMissing           no object has this key
    │   └── InvalidObjectKey    the key can name no object
    └── StorageUnavailable      the store is away, full, or refuses us; the log says which
        └── StorageFull         it is a folder, and its disk has no room

A put is atomic: readers see the whole object or none. Interrupted multipart uploads can leave hidden parts in an
S3 bucket; give the bucket a lifecycle rule that removes incomplete uploads after a day.
"""

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterator
from contextlib import aclosing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypedDict
from urllib.parse import parse_qs, urlsplit, urlunsplit

import obstore
import structlog
from obstore.exceptions import BaseError
from obstore.store import AzureStore, GCSStore, LocalStore, MemoryStore, S3Store, from_url

from domain.kernel.refusals import Unavailable
from domain.media.object_keys import InvalidObjectKey, ObjectMissing, checked_key, checked_prefix
from domain.media.room import is_full, says_full

if TYPE_CHECKING:
    from obstore import GetResult
    from obstore.store import ClientConfig, RetryConfig, S3Config

__all__ = [
    "InvalidObjectKey",
    "ObjectHead",
    "ObjectMissing",
    "ObjectReader",
    "ObjectStore",
    "StorageFull",
    "StorageUnavailable",
]

log = structlog.get_logger()

# S3 wants at least 5 MiB for every part but the last, and takes at most 10,000 parts (Amazon S3 User Guide,
# "Multipart upload limits"). 8 MiB keeps the memory of one transfer small.
PART_BYTES = 8 << 20
PARTS_MAX = 9_000
PARTS_AT_ONCE = 4
# What a reader gets at a time: large enough to be few awaits, small enough that a slow reader holds little.
CHUNK_BYTES = 256 << 10
FILE_CHUNK_BYTES = 4 << 20
DELETES_AT_ONCE = 500
RETRY_AFTER_S = 5.0
# Long enough for the last futures of obstore's threads to be let go of before the interpreter ends.
SETTLE_S = 0.05

# The overall timeout has to outlast a slow viewer's segment; the others notice a dead server. Retries end while
# the caller still waits, so that an outage is an answer and not a hang.
_CLIENT: "ClientConfig" = {"connect_timeout": "3s", "read_timeout": "20s", "timeout": "10m"}
_RETRIES: "RetryConfig" = {"max_retries": 3, "retry_timeout": timedelta(seconds=10)}

# Where "not found" means the object. For the other verbs it is the folder or the bucket that is gone.
_READING = frozenset({"head", "get", "move"})

_Vendor = S3Store | GCSStore | AzureStore | LocalStore | MemoryStore


class StorageUnavailable(Unavailable):
    """The object store is away, full, or refuses our credentials. Nothing was stored by this call."""

    def __init__(self, retry_after_s: float = RETRY_AFTER_S) -> None:
        super().__init__(retry_after_s)
        self.message = f"The media store cannot be used at the moment. Try again in {retry_after_s:.0f} s."


class StorageFull(StorageUnavailable):
    """The object store is a folder, and its disk has no room. Nothing was stored by this call."""


@dataclass(frozen=True)
class ObjectHead:
    """What is known of an object without reading it. `etag` is quoted, as HTTP writes it."""

    key: str
    size: int
    etag: str
    modified: datetime


@dataclass(frozen=True)
class ObjectReader:
    """An opened object: its head, and the bytes from `start` up to, not including, `end`."""

    head: ObjectHead
    start: int
    end: int
    chunks: AsyncIterator[bytes]


class _Meta(TypedDict):
    path: str
    size: int
    e_tag: str | None
    last_modified: datetime


class ObjectStore:
    """Objects by key. Every verb may raise StorageUnavailable and, given a malformed key, InvalidObjectKey."""

    def __init__(self, vendor: _Vendor) -> None:
        self._vendor = vendor
        self._folder = Path(vendor.prefix) if isinstance(vendor, LocalStore) and vendor.prefix else None

    @classmethod
    def open(cls, url: str) -> Self:
        """Open `file:///folder`, `memory:///`, `s3://bucket/prefix`, `gs://…` or `az://…`. Nothing is contacted yet.

        Credentials come from the variables of the provider (`AWS_ACCESS_KEY_ID` and so on). An S3-compatible server
        is named by `AWS_ENDPOINT_URL`, or in the address itself: `s3://bucket?endpoint=http://host:9000&region=eu`.

        Raises:
            ValueError: the address names no store.
            StorageUnavailable: the local folder cannot be made.
        """
        address = urlsplit(url)
        if address.scheme == "file":
            with _translated("open", url):
                return cls(LocalStore.from_url(url, mkdir=True, automatic_cleanup=True))
        options = {name: values[-1] for name, values in parse_qs(address.query).items()}
        if unknown := set(options) - {"endpoint", "region"}:
            raise ValueError(f"unknown option {min(unknown)}; endpoint and region are known")
        return cls(_open_remote(urlunsplit(address._replace(query="")), address.scheme, options))

    async def close(self) -> None:
        """Let the last transfers go. A process that ends in the same instant would be aborted by their threads."""
        await asyncio.sleep(SETTLE_S)

    async def put(
        self, key: str, data: bytes | AsyncIterable[bytes], *, durable: bool = False, size_bytes: int = 0
    ) -> None:
        """Store bytes, or a stream of bytes that is never held whole, replacing what was there.

        With `durable` a local file is also forced to the disk; other stores answer only after that anyway.
        `size_bytes` is about how long a stream will be: it decides the size of its parts.
        """
        with _translated("put", checked_key(key)):
            if isinstance(data, bytes) and len(data) <= 2 * PART_BYTES:
                await obstore.put_async(self._vendor, key, data, use_multipart=False)
            else:
                size_bytes = max(size_bytes, len(data) if isinstance(data, bytes) else 0)
                await obstore.put_async(
                    self._vendor, key, data, chunk_size=_part_bytes(size_bytes), max_concurrency=PARTS_AT_ONCE
                )
            if durable and self._folder is not None:
                await asyncio.to_thread(_force_to_disk, self._folder / key)

    async def put_file(self, key: str, path: Path) -> None:
        """Store a local file."""
        size = await asyncio.to_thread(lambda: path.stat().st_size)
        with _translated("put", checked_key(key)):
            await obstore.put_async(
                self._vendor,
                key,
                path,
                use_multipart=size > 2 * PART_BYTES,
                chunk_size=_part_bytes(size),
                max_concurrency=PARTS_AT_ONCE,
            )

    async def move(self, source: str, target: str) -> None:
        """Give an object another key, inside the store.

        Raises:
            ObjectMissing: there is no `source`.
        """
        checked_key(target)
        with _translated("move", checked_key(source)):
            await obstore.rename_async(self._vendor, source, target)

    async def head(self, key: str) -> ObjectHead:
        """Return size, entity tag and time of an object.

        Raises:
            ObjectMissing.
        """
        with _translated("head", checked_key(key)):
            return _head_of(await obstore.head_async(self._vendor, key), key)

    async def get(self, key: str) -> bytes:
        """Return a whole object; for small ones only, as it is held in memory.

        Raises:
            ObjectMissing.
        """
        with _translated("get", checked_key(key)):
            result = await obstore.get_async(self._vendor, key)
            return bytes(await result.bytes_async())

    async def read(self, key: str, *, start: int = 0, end: int | None = None) -> ObjectReader:
        """Open an object and return its head together with its bytes from `start` up to, not including, `end`.

        An `end` past the object reads to its end. Nothing is read before the first chunk is asked for, and a reader
        that stops asking holds back the transfer. The caller sees to it that `start` lies inside the object.

        Raises:
            ObjectMissing.
        """
        with _translated("get", checked_key(key)):
            if start == 0 and end is None:
                result = await obstore.get_async(self._vendor, key)
            elif end is None:
                result = await obstore.get_async(self._vendor, key, options={"range": {"offset": start}})
            else:
                result = await obstore.get_async(self._vendor, key, options={"range": (start, end)})
        first, last = result.range
        return ObjectReader(_head_of(result.meta, key), first, last, _chunks(result, key, CHUNK_BYTES))

    async def stream(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Yield the bytes of an object from `start` up to, not including, `end`.

        Raises:
            ObjectMissing.
        """
        reader = await self.read(key, start=start, end=end)
        async for chunk in reader.chunks:
            yield chunk

    async def get_file(self, key: str, path: Path) -> None:
        """Write an object into a local file. What was written so far is removed when it fails half-way.

        Raises:
            ObjectMissing.
            OSError: the local disk is full or may not be written.
        """
        with _translated("get", checked_key(key)):
            result = await obstore.get_async(self._vendor, key)
        try:
            with await asyncio.to_thread(path.open, "wb") as file:
                async with aclosing(_chunks(result, key, FILE_CHUNK_BYTES)) as chunks:
                    async for chunk in chunks:
                        await asyncio.to_thread(file.write, chunk)
        except BaseException:
            await asyncio.to_thread(path.unlink, missing_ok=True)
            raise

    async def delete(self, key: str) -> None:
        """Remove an object; one that is not there is no fault."""
        with _translated("delete", checked_key(key)):
            try:
                await obstore.delete_async(self._vendor, key)
            except FileNotFoundError:
                return

    async def delete_prefix(self, prefix: str, *, keep: str | None = None) -> None:
        """Remove every object below a prefix of whole path segments, such as `work/<asset id>/`, but for `keep`."""
        prefix = checked_prefix(prefix)
        with _translated("delete", prefix):
            if self._folder is not None:
                # Also takes the hidden files of puts that a killed process left half-way; a listing leaves them out.
                kept = None if keep is None else self._folder / checked_key(keep)
                await asyncio.to_thread(_remove_folder, self._folder / prefix, kept)
                return
            async for batch in obstore.list(self._vendor, prefix, chunk_size=DELETES_AT_ONCE):
                if paths := [entry["path"] for entry in batch if entry["path"] != keep]:
                    await obstore.delete_async(self._vendor, paths)

    async def list(self, prefix: str) -> AsyncIterator[ObjectHead]:
        """Yield the heads of all objects below a prefix of whole path segments, in no particular order."""
        prefix = checked_prefix(prefix)
        with _translated("list", prefix):
            async for batch in obstore.list(self._vendor, prefix, chunk_size=DELETES_AT_ONCE):
                for entry in batch:
                    yield _head_of(entry, entry["path"])

    async def check(self) -> None:
        """Find out whether the store answers, for a readiness check. Writes nothing."""
        with _translated("check", "health"):
            if self._folder is not None and not os.access(self._folder, os.W_OK | os.X_OK):
                raise PermissionError("the folder may not be written")
            async for _batch in obstore.list(self._vendor, "health", chunk_size=1):
                return


def _open_remote(url: str, scheme: str, options: dict[str, str]) -> _Vendor:
    endpoint = options.get("endpoint") or os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    plain_http = bool(endpoint and endpoint.startswith("http://"))
    try:
        if scheme == "memory":
            return MemoryStore()
        if scheme in ("s3", "s3a"):
            config: S3Config = {}
            if endpoint:
                config["endpoint"] = endpoint
            if region := options.get("region"):
                config["region"] = region
            return S3Store.from_url(
                url,
                config=config,
                client_options={**_CLIENT, "allow_http": plain_http},
                retry_config=_RETRIES,
            )
        opened = from_url(url, client_options=_CLIENT, retry_config=_RETRIES)
    except BaseError as refused:
        raise ValueError(f"the address of the media store cannot be used: {_first_line(refused)}") from refused
    if not isinstance(opened, GCSStore | AzureStore):
        raise ValueError(f"{scheme}:// names no object store; use file, s3, gs or az")
    return opened


def _part_bytes(size_bytes: int) -> int:
    return max(PART_BYTES, -(-size_bytes // PARTS_MAX))


def _head_of(meta: _Meta, key: str) -> ObjectHead:
    # A store without entity tags changes an object's time or size with its bytes.
    tag = meta["e_tag"] or f'"{meta["last_modified"].timestamp():.6f}-{meta["size"]}"'
    return ObjectHead(key, meta["size"], tag, meta["last_modified"])


async def _chunks(result: "GetResult", key: str, chunk_bytes: int) -> AsyncGenerator[bytes, None]:
    first, last = result.range
    seen, expected = 0, last - first
    with _translated("get", key):
        async for chunk in result.stream(min_chunk_size=chunk_bytes):
            data = bytes(chunk)
            seen += len(data)
            yield data
        if seen != expected:
            raise OSError(f"the object ended after {seen} of {expected} bytes")


@contextmanager
def _translated(verb: str, key: str) -> Iterator[None]:
    """Turn the faults of the store into ours. Its own messages hold paths and addresses, so only the log gets them."""
    try:
        yield
    except (BaseError, OSError) as fault:
        if isinstance(fault, FileNotFoundError) and verb in _READING:
            raise ObjectMissing(key) from fault
        log.warning("storage_unavailable", verb=verb, key=key, fault=_first_line(fault))
        raise (StorageFull if _is_full(fault) else StorageUnavailable)() from fault


def _is_full(fault: Exception) -> bool:
    return is_full(fault) if isinstance(fault, OSError) and fault.errno else says_full(str(fault))


def _first_line(fault: Exception) -> str:
    return str(fault).strip().split("\n", 1)[0]


def _force_to_disk(path: Path) -> None:
    for target in (path, path.parent):
        descriptor = os.open(target, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _remove_folder(folder: Path, kept: Path | None) -> None:
    """Remove a folder but for one file. Others may put and delete below it at the same moment."""
    if folder.is_symlink() or not folder.is_dir():
        folder.unlink(missing_ok=True)
        return
    with suppress(FileNotFoundError):
        for entry in folder.iterdir():
            if entry != kept:
                _remove_folder(entry, kept)
    with suppress(OSError):
        # It still holds what is kept, or something new.
        folder.rmdir()
