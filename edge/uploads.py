"""The door for uploads: tus 1.0.0 with creation, deferred length, termination, checksum, expiration, concatenation.

    OPTIONS /uploads            what this server can do
    POST    /uploads            announce an upload, or put partial ones together
    HEAD    /uploads/{id}       where it stands
    PATCH   /uploads/{id}       send bytes
    DELETE  /uploads/{id}       end it

Source: https://tus.io/protocols/resumable-upload, version 1.0.0. Another account's upload looks like an absent one.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from uuid import UUID

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from domain.accounts import Viewer
from domain.kernel.refusals import InvalidInput, NotFound, Refusal, Unavailable
from domain.media.checksums import Checksum
from domain.media.receiving import BytesCut, Piece, Receiver, concatenate, receive
from domain.media.upload import (
    ChecksumMismatch,
    ChecksumUnknown,
    TooManyUploads,
    UploadBusy,
    UploadEnded,
    UploadInUse,
    UploadIsFinal,
    UploadLimits,
    UploadOffsetMismatch,
    UploadTooLarge,
)
from domain.media.uploads import create_final_upload, create_upload, terminate_upload, visible_uploads
from domain.runtime import Runtime
from edge.identity import SAFE_METHODS, check_forgery, required_viewer
from edge.problem_responses import problem_response
from edge.tus_headers import (
    EXPOSED,
    PIECE_TYPE,
    UPLOADS_PATH,
    VERSION,
    location,
    option_headers,
    progress_headers,
    read_announced,
    read_number,
    upload_headers,
)

# Requests whose bytes one process takes at a time; each holds up to two parts in memory.
RECEIVING_MAX = 32
# A sender that is silent for longer is taken for gone. It may come back and go on.
SILENCE_MAX_S = 30.0

_STATUS: dict[type[Refusal], int] = {
    UploadOffsetMismatch: 409,
    UploadBusy: 423,
    UploadTooLarge: 413,
    UploadEnded: 410,
    UploadIsFinal: 403,
    UploadInUse: 409,
    ChecksumMismatch: 460,
    ChecksumUnknown: 400,
    TooManyUploads: 429,
}

_Handle = Callable[[Request, Runtime, Viewer], Awaitable[Response]]


class _Seats:
    """Counts the requests whose bytes this process is taking."""

    def __init__(self) -> None:
        self._taken = 0

    @contextmanager
    def one(self) -> Iterator[None]:
        """Take a seat for the length of the block.

        Raises:
            Unavailable: all are taken.
        """
        if self._taken >= RECEIVING_MAX:
            raise Unavailable
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1


async def _create(request: Request, runtime: Runtime, viewer: Viewer) -> Response:
    announced = read_announced(request.headers)
    limits, described = UploadLimits.of(runtime.settings), announced.described
    async with runtime.work() as work:
        if announced.partial_ids:
            upload = await create_final_upload(
                work,
                viewer=viewer,
                partial_ids=announced.partial_ids,
                limits=limits,
                file_name=described.file_name,
                media_type=described.media_type,
                metadata=described.written,
            )
        else:
            upload = await create_upload(
                work,
                viewer=viewer,
                size_bytes=announced.size_bytes,
                limits=limits,
                file_name=described.file_name,
                media_type=described.media_type,
                metadata=described.written,
                is_partial=announced.is_partial,
            )
    if upload.is_final:
        upload = await concatenate(_receiver(runtime), upload=upload)
    return Response(status_code=201, headers={"Location": location(upload.id)} | progress_headers(upload))


async def _look(request: Request, runtime: Runtime, viewer: Viewer) -> Response:
    upload_id, reads = _id_in(request), runtime.reads()
    (upload,) = await visible_uploads(reads, [upload_id], viewer=viewer)
    if upload is None:
        raise NotFound("upload", upload_id)
    if (ended := upload.ended(reads.now)) is not None:
        raise UploadEnded(ended)
    return Response(headers=upload_headers(upload))


async def _send(request: Request, runtime: Runtime, viewer: Viewer) -> Response:
    if request.headers.get("content-type", "").lower() != PIECE_TYPE:
        return _plain(415, f"Send the bytes as Content-Type: {PIECE_TYPE}.")
    offset = read_number(request.headers, "Upload-Offset")
    if offset is None:
        raise InvalidInput("Upload-Offset", "Say at which byte this request goes on.")
    checksum = request.headers.get("upload-checksum")
    piece = Piece(
        offset_bytes=offset,
        chunks=_chunks(request),
        length_bytes=read_number(request.headers, "Content-Length"),
        size_bytes=read_number(request.headers, "Upload-Length"),
        checksum=Checksum.parse(checksum) if checksum is not None else None,
    )
    try:
        upload = await receive(_receiver(runtime), viewer=viewer, upload_id=_id_in(request), piece=piece)
    except BytesCut:
        # Seen by nobody but a sender that stalled: the others have gone.
        return _plain(408, "The bytes stopped. Ask for the offset and go on from there.")
    return Response(status_code=204, headers=progress_headers(upload))


async def _end(request: Request, runtime: Runtime, viewer: Viewer) -> Response:
    async with runtime.work() as work:
        await terminate_upload(work, viewer=viewer, upload_id=_id_in(request))
    return Response(status_code=204)


def _receiver(runtime: Runtime) -> Receiver:
    return Receiver(runtime.work, runtime.objects, UploadLimits.of(runtime.settings))


def _id_in(request: Request) -> UUID:
    written = request.path_params["upload_id"]
    try:
        return UUID(written)
    except ValueError as malformed:
        raise NotFound("upload", written[:40]) from malformed


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    """Yield the body as it comes.

    Raises:
        BytesCut: the sender is gone or silent.
    """
    stream = aiter(request.stream())
    while True:
        try:
            async with asyncio.timeout(SILENCE_MAX_S):
                chunk = await anext(stream)
        except StopAsyncIteration:
            return
        except (ClientDisconnect, TimeoutError) as gone:
            raise BytesCut from gone
        if chunk:
            yield chunk


def _plain(status: int, message: str) -> Response:
    return Response(message, status_code=status, media_type="text/plain", headers={"X-Content-Type-Options": "nosniff"})


def _door(handlers: Mapping[str, _Handle]) -> Callable[[Request], Awaitable[Response]]:
    """Wrap handlers by method: the protocol's version first, then the answer, then what every answer says."""

    async def endpoint(request: Request) -> Response:
        runtime: Runtime = request.app.state.runtime
        if request.method == "OPTIONS":
            response = Response(status_code=204, headers=option_headers(runtime.settings.upload_max_size_bytes))
        elif request.headers.get("tus-resumable") != VERSION:
            response = _plain(412, f"Send Tus-Resumable: {VERSION}.")
            response.headers["Tus-Version"] = VERSION
        else:
            try:
                if request.method not in SAFE_METHODS:
                    check_forgery(request)
                response = await handlers[request.method](request, runtime, await required_viewer(request))
            except Refusal as refusal:
                response = _refused(refusal)
        response.headers["Tus-Resumable"] = VERSION
        response.headers["Access-Control-Expose-Headers"] = EXPOSED
        return response

    return endpoint


def _refused(refusal: Refusal) -> Response:
    response = problem_response(refusal, status=_STATUS.get(type(refusal)))
    if isinstance(refusal, UploadBusy):
        response.headers["Retry-After"] = str(max(1, math.ceil(refusal.retry_after_s)))
    return response


def _routes() -> list[Route]:
    seats = _Seats()

    async def send(request: Request, runtime: Runtime, viewer: Viewer) -> Response:
        with seats.one():
            return await _send(request, runtime, viewer)

    collection: dict[str, _Handle] = {"POST": _create}
    single: dict[str, _Handle] = {"HEAD": _look, "PATCH": send, "DELETE": _end}
    return [
        Route(UPLOADS_PATH, _door(collection), methods=["OPTIONS", *collection]),
        Route(UPLOADS_PATH + "/{upload_id}", _door(single), methods=["OPTIONS", *single]),
    ]


routes = _routes()
