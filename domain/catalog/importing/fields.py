"""Reads the fields of one row, and says of each that cannot be used why."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from itertools import pairwise
from typing import TypeVar

from domain.accounts import DeviceClass
from domain.catalog.details import Rating
from domain.catalog.editing import MATURITY_MAX_AGE, NAME_MAX_CHARS, NUMBERS, RELEASE_YEARS, SYNOPSIS_MAX_CHARS
from domain.catalog.entry import RightEntry
from domain.catalog.importing.problems import RowCode, RowProblem
from domain.catalog.named import checked_slug
from domain.catalog.ratings import rating_of
from domain.catalog.tags import TAGS_OF_TITLE_MAX
from domain.catalog.title import WORLDWIDE, TitleKind, TitleState, language_tag
from domain.kernel.refusals import InvalidInput

EXTERNAL_ID_MAX_CHARS = 128
LANGUAGES_MAX = 100
RIGHTS_MAX = 500
PLANS_MAX = 20
PLAN_MAX_CHARS = 100
# A row that is wrong in more ways than this has been told enough.
PROBLEMS_OF_ROW_MAX = 20

SCALARS = (
    "kind", "state", "default_language", "original_language", "release_year", "maturity_age", "parent", "number",
    "starts_at", "ends_at",
)  # fmt: skip
LISTS = ("genres", "tags", "ratings", "rights")
FIELDS = ("external_id", *SCALARS, "texts", *LISTS)

_TERRITORY = re.compile(r"[A-Z]{2}")
_E = TypeVar("_E", bound=StrEnum)
_T = TypeVar("_T")


@dataclass(frozen=True)
class TextChange:
    """What becomes of a text: each part is another now, or None to stay. `is_removed` takes the language away."""

    name: str | None = None
    synopsis: str | None = None
    is_removed: bool = False


@dataclass(frozen=True)
class TitleRow:
    """A row whose fields can be used, each by itself. What `given` does not name stays as it is."""

    line: int
    external_id: str
    given: frozenset[str]
    kind: TitleKind | None = None
    state: TitleState | None = None
    default_language: str | None = None
    original_language: str | None = None
    release_year: int | None = None
    maturity_age: int | None = None
    parent: str | None = None
    number: int | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    texts: Mapping[str, TextChange] = field(default_factory=dict)
    genres: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    ratings: tuple[Rating, ...] = ()
    rights: tuple[RightEntry, ...] = ()


class _Wrong(Exception):
    """A value cannot be used."""

    def __init__(self, message: str, code: RowCode = RowCode.INVALID) -> None:
        super().__init__(message)
        self.code = code


class RowUnusable(Exception):
    """Fields of a row cannot be used."""

    def __init__(self, problems: list[RowProblem]) -> None:
        super().__init__(f"{len(problems)} problems")
        self.problems = problems


class _Reader:
    """Reads the fields of one row and gathers what is wrong."""

    def __init__(self, line: int, fields: Mapping[str, object]) -> None:
        self.line = line
        self.fields = fields
        self.problems: list[RowProblem] = []
        self.external_id: str | None = None

    def read(self, name: str, take: Callable[[object], _T], default: _T) -> _T:
        value = self.fields.get(name)
        return default if value is None else self.take(name, value, take, default)

    def take(self, name: str, value: object, take: Callable[[object], _T], default: _T) -> _T:
        try:
            return take(value)
        except _Wrong as wrong:
            self.wrong(name, wrong.code, str(wrong))
        except InvalidInput as refused:
            self.wrong(name, RowCode.INVALID, refused.reason)
        return default

    def wrong(self, name: str, code: RowCode, message: str) -> None:
        if len(self.problems) < PROBLEMS_OF_ROW_MAX:
            self.problems.append(RowProblem(self.line, self.external_id, name[:100], code, message))


def read_row(line: int, fields: Mapping[str, object]) -> TitleRow:
    """Return the row of these fields, as JSON has them.

    Raises:
        RowUnusable: with all that is wrong.
    """
    reader = _Reader(line, fields)
    external_id = reader.external_id = reader.read("external_id", _external_id, None)
    if external_id is None and not reader.problems:
        reader.wrong("external_id", RowCode.REQUIRED, "Each row needs its external id.")
    for name in fields:
        if name not in _KNOWN:
            reader.wrong(name, RowCode.UNKNOWN_FIELD, f"There is no field {name[:40]!r}. Use {', '.join(FIELDS)}.")
    row = TitleRow(
        line=line,
        external_id=external_id or "",
        given=frozenset(fields),
        kind=reader.read("kind", lambda value: _member(TitleKind, value), None),
        state=reader.read("state", lambda value: _member(TitleState, value), None),
        default_language=reader.read("default_language", _language, None),
        original_language=reader.read("original_language", _language, None),
        release_year=reader.read("release_year", lambda value: _number(value, RELEASE_YEARS), None),
        maturity_age=reader.read("maturity_age", lambda value: _number(value, range(MATURITY_MAX_AGE + 1)), None),
        parent=reader.read("parent", _external_id, None),
        number=reader.read("number", lambda value: _number(value, NUMBERS), None),
        starts_at=reader.read("starts_at", _instant, None),
        ends_at=reader.read("ends_at", _instant, None),
        texts=_texts(reader),
        genres=reader.read("genres", _slugs, ()),
        tags=reader.read("tags", _slugs, ()),
        ratings=reader.read("ratings", _ratings, ()),
        rights=reader.read("rights", _rights, ()),
    )
    if reader.problems:
        raise RowUnusable(reader.problems)
    return row


_KNOWN = frozenset(FIELDS)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise _Wrong("Write this as text.")
    if "\x00" in value:
        raise _Wrong("A NUL character cannot be kept. Remove it.", RowCode.NUL_CHARACTER)
    return value


def _external_id(value: object) -> str:
    written = _text(value).strip()
    if not 1 <= len(written) <= EXTERNAL_ID_MAX_CHARS or not written.isprintable():
        raise _Wrong(f"Use 1 to {EXTERNAL_ID_MAX_CHARS} printable characters.")
    return written


def _language(value: object) -> str:
    return language_tag("language", _text(value))


def _member(enum: type[_E], value: object) -> _E:
    try:
        return enum(_text(value))
    except ValueError as unknown:
        raise _Wrong(f"Use one of {', '.join(enum)}.") from unknown


def _number(value: object, allowed: range) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value not in allowed:
        raise _Wrong(f"Use a whole number from {allowed[0]} to {allowed[-1]}.")
    return value


def _instant(value: object) -> datetime:
    wrong = "Use a date and time with its offset, such as 2030-01-31T18:00:00Z."
    try:
        instant = datetime.fromisoformat(_text(value))
        if instant.tzinfo is None:
            raise _Wrong(wrong)
        return instant.astimezone(UTC)
    except (ValueError, OverflowError) as garbage:
        raise _Wrong(wrong) from garbage


def _texts(reader: _Reader) -> dict[str, TextChange]:
    value = reader.fields.get("texts")
    if value is None:
        return {}
    if not isinstance(value, dict) or len(value) > LANGUAGES_MAX:
        reader.wrong("texts", RowCode.INVALID, f"Give an object of at most {LANGUAGES_MAX} languages.")
        return {}
    changes: dict[str, TextChange] = {}
    for written, change in value.items():
        language = reader.take(f"texts.{written}", written, _language, "")
        if language in changes:
            reader.wrong(f"texts.{written}", RowCode.INVALID, "Name each language once.")
        changes[language] = _text_change(reader, written, change)
    return changes


def _text_change(reader: _Reader, language: str, value: object) -> TextChange:
    if value is None:
        return TextChange(is_removed=True)
    if not isinstance(value, dict) or not set(value) <= {"name", "synopsis"}:
        reader.wrong(f"texts.{language}", RowCode.INVALID, "Give an object with a name and a synopsis, or null.")
        return TextChange()
    name = reader.take(f"name:{language}", value.get("name") or "", _short(NAME_MAX_CHARS), "")
    synopsis = reader.take(f"synopsis:{language}", value.get("synopsis") or "", _short(SYNOPSIS_MAX_CHARS), "")
    if "name" in value and not name:
        if synopsis:
            reader.wrong(f"name:{language}", RowCode.REQUIRED, "A text in a language needs a name.")
        return TextChange(is_removed=True)
    return TextChange(name if "name" in value else None, synopsis if "synopsis" in value else None)


def _short(max_chars: int) -> Callable[[object], str]:
    def take(value: object) -> str:
        written = _text(value).strip()
        if len(written) > max_chars:
            raise _Wrong(f"Use at most {max_chars} characters.")
        return written

    return take


def _items(value: object, most: int) -> list[object]:
    if not isinstance(value, list) or len(value) > most:
        raise _Wrong(f"Give a list of at most {most}.")
    return value


def _slugs(value: object) -> tuple[str, ...]:
    slugs = tuple(checked_slug(_text(item)) for item in _items(value, TAGS_OF_TITLE_MAX))
    if len(set(slugs)) < len(slugs):
        raise _Wrong("Name each once.")
    return slugs


def _ratings(value: object) -> tuple[Rating, ...]:
    if not isinstance(value, dict):
        raise _Wrong("Give an object of labels by system, such as FSK and 12.")
    return tuple(sorted(rating_of(system, _text(label)) for system, label in value.items()))


def _rights(value: object) -> tuple[RightEntry, ...]:
    rights = sorted((_right(item) for item in _items(value, RIGHTS_MAX)), key=RightEntry.order)
    for before, after in pairwise(rights):
        is_same = (before.territory, before[3:]) == (after.territory, after[3:])
        if is_same and (before.closes_at is None or after.opens_at < before.closes_at):
            raise _Wrong(f"Two rights for {after.territory} overlap.")
    return tuple(rights)


def _right(value: object) -> RightEntry:
    if not isinstance(value, dict) or not set(value) <= {
        "territory", "opens_at", "closes_at", "device_classes", "plans"
    }:  # fmt: skip
        raise _Wrong("A right has territory, opens_at, closes_at, device_classes, plans.")
    territory = _text(value.get("territory", ""))
    if territory != WORLDWIDE and _TERRITORY.fullmatch(territory) is None:
        raise _Wrong(f"Use an ISO 3166-1 alpha-2 code such as DE, or {WORLDWIDE} for everywhere, as territory.")
    opens_at = _instant(value.get("opens_at", ""))
    closes_at = None if value.get("closes_at") is None else _instant(value["closes_at"])
    if closes_at is not None and closes_at <= opens_at:
        raise _Wrong("A window must close after it opens.")
    devices, plans = value.get("device_classes"), value.get("plans")
    return RightEntry(
        territory,
        opens_at,
        closes_at,
        None if devices is None else tuple(sorted({_member(DeviceClass, one) for one in _some(devices)})),
        None if plans is None else tuple(sorted({_plan(one) for one in _some(plans)})),
    )


def _some(value: object) -> list[object]:
    items = _items(value, PLANS_MAX)
    if not items:
        raise _Wrong("Name some, or leave it out for all.")
    return items


def _plan(value: object) -> str:
    written = _text(value)
    if not 1 <= len(written) <= PLAN_MAX_CHARS:
        raise _Wrong(f"A plan has 1 to {PLAN_MAX_CHARS} characters.")
    return written
