"""The doors of files of the catalog: exports for editors, and reports for whoever began an import.

    GET /exports/titles.csv, /exports/titles.jsonl
    GET /imports/{id}/report.csv

For everybody else there is nothing here. Files are made while they are sent, a page of rows at a time.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from domain.catalog.exporting import FileFormat, export_titles
from domain.kernel.refusals import Forbidden, NotFound, Refusal, SignInRequired, Unavailable
from domain.media.imports import report_of
from domain.runtime import Runtime
from edge.identity import viewer_of
from edge.problem_responses import problem_response

# Files that one process sends at a time: each asks the database as fast as its reader takes it.
SENDING_MAX = 4

CSV_TYPE = "text/csv; charset=utf-8; header=present"
# There is no registered type; this is the one that is used, see https://jsonlines.org.
JSON_LINES_TYPE = "application/jsonl; charset=utf-8"


class _Seats:
    """Counts the files that are being sent."""

    def __init__(self) -> None:
        self._taken = 0

    def sending(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Hold a seat while the pieces are sent.

        Raises:
            Unavailable: all are taken.
        """
        if self._taken >= SENDING_MAX:
            raise Unavailable(5.0)
        return self._send(pieces)

    async def _send(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        self._taken += 1
        try:
            async for piece in pieces:
                yield piece
        finally:
            self._taken -= 1


class _File(StreamingResponse):
    """A file to keep, never to show."""

    def __init__(self, pieces: AsyncIterator[bytes], *, name: str, media_type: str) -> None:
        headers = {
            "Cache-Control": "private, no-store",
            "Content-Disposition": f'attachment; filename="{name}"',
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
        }
        super().__init__(pieces, headers=headers, media_type=media_type)


_Answer = Callable[[Request, Runtime, _Seats], Awaitable[Response]]


def _door(answer: _Answer) -> Callable[[Request], Awaitable[Response]]:
    seats = _Seats()

    async def respond(request: Request) -> Response:
        try:
            return await answer(request, request.app.state.runtime, seats)
        except (SignInRequired, Forbidden, NotFound):
            return problem_response(NotFound("file", request.url.path[:200]))
        except Refusal as refusal:
            return problem_response(refusal)

    return respond


def _export(format: FileFormat, *, name: str, media_type: str) -> _Answer:
    async def answer(request: Request, runtime: Runtime, seats: _Seats) -> Response:
        pieces = await export_titles(runtime.reads(), viewer=await viewer_of(request), format=format)
        return _File(seats.sending(pieces), name=name, media_type=media_type)

    return answer


async def _report(request: Request, runtime: Runtime, seats: _Seats) -> Response:
    written = request.path_params["import_id"]
    try:
        import_id = UUID(written)
    except ValueError as garbage:
        raise NotFound("import", written[:40]) from garbage
    pieces = await report_of(runtime.reads(), viewer=await viewer_of(request), import_id=import_id)
    return _File(seats.sending(pieces), name="report.csv", media_type=CSV_TYPE)


routes = [
    Route(
        "/exports/titles.csv",
        _door(_export(FileFormat.CSV, name="titles.csv", media_type=CSV_TYPE)),
        methods=["GET"],
    ),
    Route(
        "/exports/titles.jsonl",
        _door(_export(FileFormat.JSON_LINES, name="titles.jsonl", media_type=JSON_LINES_TYPE)),
        methods=["GET"],
    ),
    Route("/imports/{import_id}/report.csv", _door(_report), methods=["GET"]),
]
