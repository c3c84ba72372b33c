"""Cuts a stream of bytes into records with bounded memory: CSV by RFC 4180, and lines of JSON.

A record knows where the next one begins, so that reading can go on there after a restart. A broken record is a problem
of its own and never of its neighbours.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import orjson

from domain.catalog.importing.problems import RowCode

# A title with long texts in a hundred languages fits.
ROW_MAX_BYTES = 4 << 20
BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True)
class Fault:
    """Why a record cannot be read."""

    code: RowCode
    message: str


TOO_LONG = Fault(RowCode.ROW_TOO_LONG, f"A row has at most {ROW_MAX_BYTES} bytes.")
NOT_UTF8 = Fault(RowCode.NOT_UTF8, "This is not UTF-8. Save the file as UTF-8.")
NUL = Fault(RowCode.NUL_CHARACTER, "A NUL character cannot be kept. Remove it.")


@dataclass(frozen=True)
class Place:
    """Where a record begins: its first byte in the file, and its line, counted from 1."""

    offset: int
    line: int


@dataclass(frozen=True)
class Record:
    """One record: its cells (CSV) or its object (JSON), or why it cannot be read. `next` is where reading goes on."""

    line: int
    size_bytes: int
    next: Place
    value: list[str] | dict[str, object] | None
    fault: Fault | None = None


@dataclass(frozen=True)
class _Line:
    """A physical line. `data` is None when it is too long; then the parity of its quotes says whether one is open."""

    data: bytes | None
    size_bytes: int
    has_odd_quotes: bool = False


@dataclass
class Lines:
    """Cuts chunks into lines, and drops the bytes of those that are too long."""

    _kept: list[bytes] = field(default_factory=list)
    _size: int = 0
    _quotes: int = 0

    def feed(self, chunk: bytes) -> Iterator[_Line]:
        """Take a chunk and give the lines it ends."""
        start = 0
        while (end := chunk.find(b"\n", start)) >= 0:
            if self._size:
                self._keep(chunk[start : end + 1])
                yield self._cut()
            else:
                yield _whole(chunk[start : end + 1])
            start = end + 1
        if start < len(chunk):
            self._keep(chunk[start:])

    def finish(self) -> Iterator[_Line]:
        """Give the last line when nothing ends it."""
        if self._size:
            yield self._cut()

    def _keep(self, piece: bytes) -> None:
        self._size += len(piece)
        self._quotes += piece.count(b'"')
        self._kept.append(piece)
        if self._size > ROW_MAX_BYTES:
            self._kept.clear()

    def _cut(self) -> _Line:
        data = b"".join(self._kept) if self._size <= ROW_MAX_BYTES else None
        line = _Line(data, self._size, has_odd_quotes=self._quotes % 2 == 1)
        self._kept.clear()
        self._size = self._quotes = 0
        return line


def _whole(data: bytes) -> _Line:
    if len(data) <= ROW_MAX_BYTES:
        return _Line(data, len(data))
    return _Line(None, len(data), has_odd_quotes=data.count(b'"') % 2 == 1)


class JsonRecords:
    """One JSON object in each line; blank lines are skipped."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._lines = Lines()

    def feed(self, chunk: bytes) -> Iterator[Record]:
        """Take a chunk and give the records it ends."""
        for line in self._lines.feed(chunk):
            yield from self._record(line)

    def finish(self) -> Iterator[Record]:
        """Give the last record when no line break ends it."""
        for line in self._lines.finish():
            yield from self._record(line)

    def _record(self, line: _Line) -> Iterator[Record]:
        at = self._place
        self._place = Place(at.offset + line.size_bytes, at.line + 1)
        value, fault = _json_value(line, is_first=at.offset == 0)
        if value is not None or fault is not None:
            yield Record(at.line, line.size_bytes, self._place, value, fault)


def _json_value(line: _Line, *, is_first: bool) -> tuple[dict[str, object] | None, Fault | None]:
    if line.data is None:
        return None, TOO_LONG
    try:
        written = line.data.decode()
    except UnicodeDecodeError:
        return None, NOT_UTF8
    written = (written.removeprefix(BYTE_ORDER_MARK) if is_first else written).strip()
    if not written:
        return None, None
    if "\x00" in written:
        return None, NUL
    try:
        value = orjson.loads(written)
    except orjson.JSONDecodeError as garbage:
        return None, Fault(RowCode.BAD_JSON, f"This line is not JSON: {garbage.msg}, at character {garbage.pos + 1}.")
    if not isinstance(value, dict):
        return None, Fault(RowCode.BAD_JSON, "Each line is one JSON object.")
    return value, None


class CsvRecords:
    """Rows of cells by RFC 4180: commas, quotes doubled within quotes, line breaks within quotes; blank lines are
    skipped."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._lines = Lines()
        self._begin: Place = place
        self._cells: list[str] = []
        self._open: list[str] | None = None
        self._fault: Fault | None = None

    def feed(self, chunk: bytes) -> Iterator[Record]:
        """Take a chunk and give the records it ends."""
        for line in self._lines.feed(chunk):
            yield from self._take(line)

    def finish(self) -> Iterator[Record]:
        """Give the last record when no line break ends it."""
        for line in self._lines.finish():
            yield from self._take(line)
        if self._open is not None:
            self._fault = Fault(RowCode.BAD_QUOTING, "A quote is opened here and never closed.")
            yield self._ended()

    def _take(self, line: _Line) -> Iterator[Record]:
        is_first = self._place.offset == 0
        self._place = Place(self._place.offset + line.size_bytes, self._place.line + 1)
        if line.data is None:
            self._fault = TOO_LONG
            self._open = [] if (self._open is not None) is not line.has_odd_quotes else None
        else:
            self._scan(self._decoded(line.data, is_first=is_first))
        if self._open is not None:
            if self._place.offset - self._begin.offset > ROW_MAX_BYTES:
                # Only the end of it is still looked for.
                self._fault = TOO_LONG
                self._cells, self._open = [], []
            return
        if self._cells != [""] or self._fault is not None:
            yield self._ended()
        else:
            self._reset()

    def _decoded(self, data: bytes, *, is_first: bool) -> str:
        try:
            written = data.decode()
        except UnicodeDecodeError:
            self._fault = self._fault or NOT_UTF8
            written = data.decode(errors="replace")
        if "\x00" in written:
            self._fault = self._fault or NUL
        return written.removeprefix(BYTE_ORDER_MARK) if is_first else written

    def _scan(self, written: str) -> None:
        """Add the cells of a physical line. Leaves a cell open when the line ends within its quotes."""
        if self._open is None and '"' not in written:
            self._cells = _without_break(written).split(",")
            return
        at = 0
        while True:
            if self._open is None and written.startswith('"', at):
                self._open, at = [], at + 1
            if self._open is not None:
                end = _closing_quote(written, at)
                self._open.append(written[at : len(written) if end is None else end].replace('""', '"'))
                if end is None:
                    return
                self._cells.append("".join(self._open))
                self._open, at = None, end + 1
                if _without_break(written[at:]) == "":
                    return
                if written[at] != ",":
                    self._fault = self._fault or Fault(
                        RowCode.BAD_QUOTING, "After a closing quote comes a comma or the end of the line."
                    )
                    return
                at += 1
                continue
            comma = written.find(",", at)
            if comma < 0:
                self._cells.append(_without_break(written[at:]))
                return
            self._cells.append(written[at:comma])
            at = comma + 1

    def _ended(self) -> Record:
        begin = self._begin
        value = None if self._fault is not None else self._cells
        record = Record(begin.line, self._place.offset - begin.offset, self._place, value, self._fault)
        self._reset()
        return record

    def _reset(self) -> None:
        self._begin, self._cells, self._open, self._fault = self._place, [], None, None


def _without_break(written: str) -> str:
    return written.removesuffix("\n").removesuffix("\r")


def _closing_quote(written: str, at: int) -> int | None:
    while (end := written.find('"', at)) >= 0:
        if not written.startswith('""', end):
            return end
        at = end + 2
    return None
