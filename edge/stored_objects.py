"""Serves objects of the store over HTTP: whole or in part, and only when the client lacks them."""

from collections.abc import AsyncIterator
from email.utils import format_datetime

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from domain.media.object_store import ObjectHead, ObjectReader, ObjectStore
from edge.byte_ranges import RangeUnsatisfiable, is_unchanged, requested_range

# A segment of a few seconds is smaller, and one read is cheaper than many.
WHOLE_MAX_BYTES = 4 * 1024 * 1024


async def object_response(
    request: Request,
    objects: ObjectStore,
    key: str,
    *,
    media_type: str,
    cache_control: str,
    etag: str | None = None,
) -> Response:
    """Return the response to a GET or HEAD for an object: 200, 206, 304 or 416.

    Give an `etag`, quoted, where one is known that means more than the store's, such as a hash of the bytes.
    Reading stops when the client goes away.

    Raises:
        ObjectMissing: there is no such object.
        Unavailable: the store is away.
    """
    if request.method == "GET" and "range" not in request.headers:
        # The usual case, in one visit to the store.
        reader = await objects.read(key)
        headers = _headers(reader.head, media_type, cache_control, etag)
        if is_unchanged(request.headers, etag=headers["ETag"], modified=reader.head.modified):
            return Response(status_code=304, headers=headers)
        return await _body(request, reader, headers, status=200)
    head = await objects.head(key)
    headers = _headers(head, media_type, cache_control, etag)
    if is_unchanged(request.headers, etag=headers["ETag"], modified=head.modified):
        return Response(status_code=304, headers=headers)
    if request.method == "HEAD":
        return Response(headers=headers | {"Content-Length": str(head.size)})
    return await _part(request, objects, head, headers)


async def _part(request: Request, objects: ObjectStore, head: ObjectHead, headers: dict[str, str]) -> Response:
    try:
        part = requested_range(request.headers, size_bytes=head.size, etag=headers["ETag"], modified=head.modified)
    except RangeUnsatisfiable:
        return Response(status_code=416, headers=headers | {"Content-Range": f"bytes */{head.size}"})
    if part is None:
        return await _body(request, await objects.read(head.key), headers, status=200)
    headers["Content-Range"] = f"bytes {part.start}-{part.end - 1}/{head.size}"
    return await _body(request, await objects.read(head.key, start=part.start, end=part.end), headers, status=206)


async def _body(request: Request, reader: ObjectReader, headers: dict[str, str], *, status: int) -> Response:
    size_bytes = reader.end - reader.start
    headers["Content-Length"] = str(size_bytes)
    if size_bytes <= WHOLE_MAX_BYTES:
        return Response(b"".join([chunk async for chunk in reader.chunks]), status_code=status, headers=headers)
    return StreamingResponse(_until_gone(request, reader.chunks), status_code=status, headers=headers)


async def _until_gone(request: Request, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for chunk in chunks:
        if await request.is_disconnected():
            return
        yield chunk


def _headers(head: ObjectHead, media_type: str, cache_control: str, etag: str | None) -> dict[str, str]:
    return {
        "Accept-Ranges": "bytes",
        "Cache-Control": cache_control,
        "Content-Type": media_type,
        "ETag": etag or _etag(head),
        "Last-Modified": format_datetime(head.modified, usegmt=True),
    }


def _etag(head: ObjectHead) -> str:
    # Objects are replaced as a whole, so every tag of a store is a strong one; not all of them write quotes.
    return '"' + head.etag.removeprefix("W/").strip('"') + '"'
