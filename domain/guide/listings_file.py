"""Reads a listings file from the disk, plain or compressed by gzip, a batch of programmes at a time."""

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from domain.guide.listing_problems import FileFailed, FileFailure
from domain.guide.listings import Listings, Outcome
from domain.guide.xmltv import XmltvReader

PIECE_BYTES = 64 << 10
# Listings shrink to a tenth. What grows beyond this is made to fill a disk or a day.
UNPACKED_MAX_BYTES = 4 << 30
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class Batch:
    """Some outcomes in a row; `is_last` with the file's last, `failed` where reading ended before it."""

    outcomes: list[Outcome]
    is_last: bool
    failed: FileFailed | None


def outcomes_of(path: Path) -> Iterator[Outcome]:
    """Yield the outcome of every programme of a file, the same each time it is read.

    Raises:
        FileFailed: after the outcomes of what could be read.
    """
    reader, listings = XmltvReader(), Listings()
    with path.open("rb") as file:
        try:
            for piece in _pieces(file):
                yield from listings.outcomes(reader.feed(piece))
            yield from listings.outcomes(reader.close())
        except FileFailed:
            yield from listings.outcomes(reader.rest())
            raise
    yield from listings.rest()


def next_batch(outcomes: Iterator[Outcome], size: int) -> Batch:
    """Take up to `size` outcomes."""
    taken: list[Outcome] = []
    try:
        while len(taken) < size:
            taken.append(next(outcomes))
    except StopIteration:
        return Batch(taken, is_last=True, failed=None)
    except FileFailed as failed:
        return Batch(taken, is_last=False, failed=failed)
    return Batch(taken, is_last=False, failed=None)


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    is_packed = file.read(len(_GZIP)) == _GZIP
    file.seek(0)
    # One gzip member after another is one file (RFC 1952, section 2.2), which this reader knows.
    source = gzip.GzipFile(fileobj=file) if is_packed else file
    left = UNPACKED_MAX_BYTES
    try:
        while piece := source.read(PIECE_BYTES):
            left -= len(piece)
            if left < 0:
                raise FileFailed(FileFailure.TOO_LARGE)
            yield piece
    except (gzip.BadGzipFile, EOFError, zlib.error) as broken:
        raise FileFailed(FileFailure.NOT_XML) from broken
