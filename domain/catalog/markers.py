"""Places within a title: what may be skipped, and chapters."""

import math
from collections.abc import Sequence
from itertools import pairwise
from uuid import UUID

from domain.accounts import Viewer
from domain.catalog import store
from domain.catalog.changing import changed_title
from domain.catalog.details import Chapter, Marker
from domain.catalog.named import checked_name
from domain.catalog.title import Title, best_text, language_tag
from domain.kernel.refusals import InvalidInput
from domain.kernel.work import Reads, Work

MARKERS_MAX = 50
CHAPTERS_MAX = 500
# Ten days: the database has the same bound.
TITLE_MAX_S = 864_000.0


async def set_markers(
    work: Work, *, viewer: Viewer | None, title_id: UUID, markers: Sequence[Marker], expected_version: int
) -> Title:
    """Replace what may be skipped of a title. Announces TitleChanged. Editors only.

    Raises:
        SignInRequired, Forbidden, NotFound, StaleVersion.
        InvalidInput: too many, a stretch that ends before it starts, or two of a kind that overlap.
    """
    if len(markers) > MARKERS_MAX:
        raise InvalidInput("markers", f"Set at most {MARKERS_MAX}.")
    ordered = sorted(markers, key=lambda marker: (marker.kind, marker.starts_s))
    for marker in ordered:
        if not 0 <= _whole(marker.starts_s) < _whole(marker.ends_s) < TITLE_MAX_S:
            raise InvalidInput("markers", "A marker starts at 0 or later, and ends after its start.")
    if any(one.kind is next.kind and next.starts_s < one.ends_s for one, next in pairwise(ordered)):
        raise InvalidInput("markers", "Markers of a kind must not overlap.")
    title = await changed_title(
        work, viewer=viewer, title_id=title_id, expected_version=expected_version, action="set_markers"
    )
    await store.replace_markers(work.connection, title_id, ordered)
    return title


async def set_chapters(
    work: Work,
    *,
    viewer: Viewer | None,
    title_id: UUID,
    language: str,
    chapters: Sequence[tuple[float, str]],
    expected_version: int,
) -> Title:
    """Replace the chapters of a title in one language, each a (start in seconds, name). Announces TitleChanged.

    Editors only.

    Raises:
        SignInRequired, Forbidden, NotFound, StaleVersion.
        InvalidInput: too many, two at one start, or a name that cannot be shown.
    """
    if len(chapters) > CHAPTERS_MAX or len({start for start, _ in chapters}) < len(chapters):
        raise InvalidInput("chapters", f"Set at most {CHAPTERS_MAX}, each at a start of its own.")
    tag = language_tag("language", language)
    if not all(0 <= _whole(start) < TITLE_MAX_S for start, _ in chapters):
        raise InvalidInput("chapters", "A chapter starts at 0 or later.")
    checked = [Chapter(start, tag, checked_name(tag, name).name) for start, name in chapters]
    title = await changed_title(
        work, viewer=viewer, title_id=title_id, expected_version=expected_version, action="set_chapters"
    )
    (known,) = await store.chapters_of(work.connection, [title_id])
    others = [chapter for chapter in known if chapter.language != tag]
    await store.replace_chapters(work.connection, title_id, [*others, *checked])
    return title


async def markers_of(reads: Reads, title_ids: Sequence[UUID]) -> list[list[Marker]]:
    """Batch load what may be skipped of titles, by its start."""
    async with reads.connection() as connection:
        return await store.markers_of(connection, title_ids)


async def chapters_of(reads: Reads, title_ids: Sequence[UUID], *, languages: Sequence[str]) -> list[list[Chapter]]:
    """Batch load the chapters of titles, by their start, each in the best language for the caller."""
    async with reads.connection() as connection:
        found = await store.chapters_of(connection, title_ids)
    return [_best(chapters, languages) for chapters in found]


def _best(chapters: Sequence[Chapter], languages: Sequence[str]) -> list[Chapter]:
    by_start: dict[float, list[Chapter]] = {}
    for chapter in chapters:
        by_start.setdefault(chapter.starts_s, []).append(chapter)
    chosen = [best_text(names, wanted=languages, default="") for names in by_start.values()]
    return [chapter for chapter in chosen if chapter is not None]


def _whole(seconds: float) -> float:
    """Return seconds that are a number; the rest compares as too little."""
    return seconds if math.isfinite(seconds) else -1.0
