"""The columns of CSV files: what each cell is in the fields of a row, and the other way round.

A cell that a spreadsheet would take for a formula is written with an apostrophe before it, and one apostrophe is taken
off such cells again. See "CSV Injection", OWASP: cells that begin with = + - @, a tab or a carriage return.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

import orjson

from domain.catalog.importing.fields import FIELDS, LANGUAGES_MAX
from domain.catalog.importing.problems import FileFault, FileUnusable, RowCode
from domain.catalog.importing.records import Fault
from domain.catalog.title import language_tag
from domain.kernel.refusals import InvalidInput

# What lists are joined with: no slug, rating system or label has it.
SEPARATOR = "|"
PLAIN_COLUMNS = tuple(name for name in FIELDS if name not in ("texts", "rights"))
# Rights have too many parts for a cell of their own making.
RIGHTS_COLUMN = "rights"
TEXT_COLUMNS = ("name", "synopsis")
COLUMNS_MAX = len(FIELDS) + 2 * LANGUAGES_MAX

_NUMBERS = frozenset({"release_year", "maturity_age", "number"})
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_QUOTED = re.compile(r'[",\r\n]')
# Longer ones are no year, age or number of ours; Python would take quadratic time to read them.
_WHOLE = re.compile(r"-?[0-9]{1,18}")


def read_header(cells: Sequence[str]) -> list[str]:
    """Return the columns of a file, languages in canonical case.

    Raises:
        FileUnusable: a column is unknown, or there twice, or the external id is missing.
    """
    if len(cells) > COLUMNS_MAX:
        raise FileUnusable(FileFault.BAD_HEADER, f"There are more than {COLUMNS_MAX} columns.")
    columns = [_column(cell.strip()) for cell in cells]
    for name in columns:
        if columns.count(name) > 1:
            raise FileUnusable(FileFault.DUPLICATE_COLUMN, f"The column {name[:60]} is there twice.")
    if "external_id" not in columns:
        raise FileUnusable(FileFault.MISSING_COLUMN, "The column external_id is missing.")
    return columns


def _column(name: str) -> str:
    if name in PLAIN_COLUMNS or name == RIGHTS_COLUMN:
        return name
    part, _, language = name.partition(":")
    if part in TEXT_COLUMNS:
        try:
            return f"{part}:{language_tag('language', language)}"
        except InvalidInput as refused:
            raise FileUnusable(FileFault.UNKNOWN_COLUMN, f"{name[:60]!r}: {refused.reason}") from refused
    raise FileUnusable(FileFault.UNKNOWN_COLUMN, f"There is no column {name[:60]!r}.")


def fields_of(columns: Sequence[str], cells: Sequence[str]) -> dict[str, object] | Fault:
    """Return the fields of a row of cells; empty cells are None."""
    if len(cells) != len(columns):
        return Fault(RowCode.WRONG_CELL_COUNT, f"This row has {len(cells)} cells, the header has {len(columns)}.")
    fields: dict[str, object] = {}
    texts: dict[str, dict[str, object]] = {}
    for column, written in zip(columns, cells, strict=True):
        cell = written[1:] if written.startswith("'") and _FORMULA.match(written) else written
        part, _, language = column.partition(":")
        if language:
            texts.setdefault(language, {})[part] = cell
        elif column == RIGHTS_COLUMN and cell:
            try:
                fields[column] = orjson.loads(cell)
            except orjson.JSONDecodeError:
                return Fault(RowCode.INVALID, "Rights are a JSON list in one cell.")
        else:
            fields[column] = _value(column, cell.strip())
    return fields | {"texts": texts} if texts else fields


def _value(column: str, cell: str) -> object:
    if not cell:
        return None
    if column in _NUMBERS:
        return int(cell) if _WHOLE.fullmatch(cell) else cell
    if column in ("genres", "tags"):
        return [item.strip() for item in cell.split(SEPARATOR)]
    if column == "ratings":
        pairs = [item.partition("=") for item in cell.split(SEPARATOR)]
        return {system.strip(): label.strip() for system, _, label in pairs}
    return cell


def cells_of(columns: Sequence[str], fields: Mapping[str, object]) -> list[str]:
    """Return the cells of a row with these fields."""
    texts = fields["texts"]
    assert isinstance(texts, dict)
    cells = []
    for column in columns:
        part, _, language = column.partition(":")
        value = texts.get(language, {}).get(part) if language else fields.get(column)
        cells.append(_cell(column, value))
    return cells


def _cell(column: str, value: object) -> str:
    if value is None or value == [] or value == {}:
        return ""
    if column == RIGHTS_COLUMN:
        return orjson.dumps(value).decode()
    if isinstance(value, list):
        return SEPARATOR.join(value)
    if isinstance(value, dict):
        return SEPARATOR.join(f"{system}={label}" for system, label in value.items())
    return str(value)


def csv_line(cells: Iterable[str]) -> str:
    """Return a line of CSV, safe to open in a spreadsheet."""
    return ",".join(_written(cell) for cell in cells) + "\r\n"


def _written(cell: str) -> str:
    safe = f"'{cell}" if _FORMULA.match(cell) else cell
    return '"' + safe.replace('"', '""') + '"' if _QUOTED.search(safe) else safe
