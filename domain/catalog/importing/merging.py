"""Puts a row onto what is there: what the title is afterwards, or why the row cannot be taken."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from enum import StrEnum

from domain.catalog.entry import TextEntry, TitleEntry
from domain.catalog.importing.fields import LANGUAGES_MAX, LISTS, SCALARS, TextChange, TitleRow
from domain.catalog.importing.problems import RowCode, RowProblem
from domain.catalog.tags import TAGS_OF_TITLE_MAX
from domain.catalog.title import PARENTS, TitleKind, TitleState


class ImportMode(StrEnum):
    """What an import may do: make what is not there, change what is, or both."""

    CREATE = "CREATE"
    UPDATE = "UPDATE"
    UPSERT = "UPSERT"


# What a new title has unless its row says otherwise.
_DEFAULTS: Mapping[str, object] = {"state": TitleState.DRAFT, "maturity_age": 0}


class RowConflict(Exception):
    """A row does not go with what is there."""

    def __init__(self, row: TitleRow, field: str, code: RowCode, message: str) -> None:
        super().__init__(message)
        self.problem = RowProblem(row.line, row.external_id, field, code, message)


def merged(row: TitleRow, before: TitleEntry | None, *, mode: ImportMode) -> TitleEntry:
    """Return the title after the row. Whether its parent and its tags are there is looked at by the writer.

    Raises:
        RowConflict.
    """
    if before is None:
        if mode is ImportMode.UPDATE:
            raise RowConflict(row, "external_id", RowCode.ABSENT, "There is no such title, and nothing may be made.")
        after = _created(row)
    else:
        if mode is ImportMode.CREATE:
            raise RowConflict(row, "external_id", RowCode.EXISTS, "There is such a title, and nothing may be changed.")
        after = _changed(row, before)
    after = replace(after, texts=_texts(row, after, {} if before is None else before.texts))
    for field, message in _faults(after):
        raise RowConflict(row, field, RowCode.INVALID, message)
    return after


def _created(row: TitleRow) -> TitleEntry:
    if row.kind is None:
        raise RowConflict(row, "kind", RowCode.REQUIRED, "A new title needs its kind.")
    if row.default_language is None:
        raise RowConflict(row, "default_language", RowCode.REQUIRED, "A new title needs its default language.")
    return TitleEntry(
        external_id=row.external_id,
        kind=row.kind,
        state=row.state or TitleState.DRAFT,
        default_language=row.default_language,
        original_language=row.original_language,
        release_year=row.release_year,
        maturity_age=row.maturity_age or 0,
        parent=row.parent,
        number=row.number,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        texts={},
        genres=row.genres,
        tags=row.tags,
        ratings=row.ratings,
        rights=row.rights,
    )


def _changed(row: TitleRow, before: TitleEntry) -> TitleEntry:
    given = {name: getattr(row, name) for name in (*SCALARS, *LISTS) if name in row.given}
    for name in ("kind", "default_language", *_DEFAULTS):
        if name in given and given[name] is None:
            # An empty cell of what every title has says nothing.
            given[name] = getattr(before, name)
    if given.get("kind", before.kind) is not before.kind:
        raise RowConflict(row, "kind", RowCode.INVALID, f"This is a {before.kind.value}, and stays one.")
    return replace(before, **given)


def _texts(row: TitleRow, after: TitleEntry, before: Mapping[str, TextEntry]) -> dict[str, TextEntry]:
    texts = dict(before)
    for language, change in row.texts.items():
        text = _text(row, language, change, texts.pop(language, None))
        if text is not None:
            texts[language] = text
    if after.default_language not in texts:
        language = after.default_language
        raise RowConflict(row, f"name:{language}", RowCode.REQUIRED, f"It needs a name in its language, {language}.")
    if len(texts) > LANGUAGES_MAX:
        raise RowConflict(row, "texts", RowCode.INVALID, f"A title has texts in at most {LANGUAGES_MAX} languages.")
    return dict(sorted(texts.items()))


def _text(row: TitleRow, language: str, change: TextChange, before: TextEntry | None) -> TextEntry | None:
    if change.is_removed:
        return None
    name = change.name or ("" if before is None else before.name)
    synopsis = ("" if before is None else before.synopsis) if change.synopsis is None else change.synopsis
    if not name and synopsis:
        raise RowConflict(row, f"name:{language}", RowCode.REQUIRED, "A text in a language needs a name.")
    return TextEntry(name, synopsis) if name else None


def _faults(title: TitleEntry) -> Iterator[tuple[str, str]]:
    is_part, is_live = bool(PARENTS.get(title.kind)), title.kind is TitleKind.LIVE_EVENT
    if (title.parent is not None) is not is_part or (title.number is not None) is not is_part:
        yield "parent", "A season or an episode has a parent, and a number in it; nothing else has."
    if (title.starts_at is not None) is not is_live or (title.ends_at is not None and not is_live):
        yield "starts_at", "A live event has a start, and may have an end; nothing else has."
    if title.starts_at is not None and title.ends_at is not None and title.ends_at <= title.starts_at:
        yield "ends_at", "It must end after its start."
    if len(title.genres) + len(title.tags) > TAGS_OF_TITLE_MAX:
        yield "tags", f"A title has at most {TAGS_OF_TITLE_MAX} genres and tags."
