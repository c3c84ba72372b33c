"""The catalog as a file: CSV or JSON Lines, piece by piece, in the form that imports read.

Pieces are read by key, each on a connection of its own, so a slow reader holds nothing. A title that changes meanwhile
is written as it was or as it is.
"""

from collections.abc import AsyncIterator
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import orjson

from domain.accounts import Viewer
from domain.catalog import store
from domain.catalog.entry import RightEntry, TitleEntry
from domain.catalog.importing.columns import PLAIN_COLUMNS, RIGHTS_COLUMN, TEXT_COLUMNS, cells_of, csv_line
from domain.catalog.policy import CATALOG, CatalogAct
from domain.kernel.work import Reads

# Rows in memory at a time; a title of the usual size has about a kilobyte.
TITLES_AT_ONCE = 500


class FileFormat(StrEnum):
    """How a file of titles is written."""

    CSV = "CSV"
    JSON_LINES = "JSON_LINES"


async def export_titles(reads: Reads, *, viewer: Viewer | None, format: FileFormat) -> AsyncIterator[bytes]:
    """Return the whole catalog as pieces of a file, parts after what they are parts of. Editors only.

    Raises:
        SignInRequired, Forbidden.
    """
    CATALOG.require(viewer, CatalogAct.EXPORT)
    if format is FileFormat.JSON_LINES:
        return _json_lines(reads)
    async with reads.connection() as connection:
        languages = await store.languages_in_use(connection)
    texts = [f"{part}:{language}" for language in languages for part in TEXT_COLUMNS]
    return _csv(reads, [*PLAIN_COLUMNS, *texts, RIGHTS_COLUMN])


async def _json_lines(reads: Reads) -> AsyncIterator[bytes]:
    async for titles in _pages(reads):
        yield b"".join(orjson.dumps(fields_of_title(title)) + b"\n" for title in titles)


async def _csv(reads: Reads, columns: list[str]) -> AsyncIterator[bytes]:
    yield csv_line(columns).encode()
    async for titles in _pages(reads):
        yield "".join(csv_line(cells_of(columns, fields_of_title(title))) for title in titles).encode()


async def _pages(reads: Reads) -> AsyncIterator[list[TitleEntry]]:
    for rank in range(len(store.RANKS)):
        after = UUID(int=0)
        while True:
            async with reads.connection() as connection:
                ids = await store.ids_after(connection, rank=rank, after=after, limit=TITLES_AT_ONCE)
                found = await store.entries_of(connection, ids)
            if found:
                yield [one.entry for one in found]
            if len(ids) < TITLES_AT_ONCE:
                break
            after = ids[-1]


def fields_of_title(title: TitleEntry) -> dict[str, object]:
    """Return the fields of a title as a row of an import has them."""
    return {
        "external_id": title.external_id,
        "kind": title.kind,
        "state": title.state,
        "default_language": title.default_language,
        "original_language": title.original_language,
        "release_year": title.release_year,
        "maturity_age": title.maturity_age,
        "parent": title.parent,
        "number": title.number,
        "starts_at": _instant(title.starts_at),
        "ends_at": _instant(title.ends_at),
        "texts": {language: text._asdict() for language, text in title.texts.items()},
        "genres": list(title.genres),
        "tags": list(title.tags),
        "ratings": {rating.system: rating.label for rating in title.ratings},
        "rights": [_right(right) for right in title.rights],
    }


def _right(right: RightEntry) -> dict[str, object]:
    return {
        "territory": right.territory,
        "opens_at": _instant(right.opens_at),
        "closes_at": _instant(right.closes_at),
        "device_classes": right.device_classes,
        "plans": right.plans,
    }


def _instant(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat().replace("+00:00", "Z")
