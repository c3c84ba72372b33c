"""What is wrong with a row of an import, or with its file as a whole."""

from dataclasses import dataclass
from enum import StrEnum


class RowCode(StrEnum):
    """The kinds of problems of one row. The row is left out; all others go on."""

    NOT_UTF8 = "NOT_UTF8"
    NUL_CHARACTER = "NUL_CHARACTER"
    ROW_TOO_LONG = "ROW_TOO_LONG"
    BAD_QUOTING = "BAD_QUOTING"
    WRONG_CELL_COUNT = "WRONG_CELL_COUNT"
    BAD_JSON = "BAD_JSON"
    UNKNOWN_FIELD = "UNKNOWN_FIELD"
    REQUIRED = "REQUIRED"
    INVALID = "INVALID"
    DUPLICATE_KEY = "DUPLICATE_KEY"
    UNKNOWN_PARENT = "UNKNOWN_PARENT"
    UNKNOWN_TAG = "UNKNOWN_TAG"
    PLACE_TAKEN = "PLACE_TAKEN"
    EXISTS = "EXISTS"
    ABSENT = "ABSENT"
    REFUSED = "REFUSED"


class FileFault(StrEnum):
    """Why a file was given up as a whole. What was written before stays."""

    EMPTY = "EMPTY"
    NOT_UTF8 = "NOT_UTF8"
    BAD_HEADER = "BAD_HEADER"
    UNKNOWN_COLUMN = "UNKNOWN_COLUMN"
    DUPLICATE_COLUMN = "DUPLICATE_COLUMN"
    MISSING_COLUMN = "MISSING_COLUMN"
    GONE = "GONE"
    GAVE_UP = "GAVE_UP"


@dataclass(frozen=True)
class RowProblem:
    """Why the row that begins in `line`, counted from 1, was left out. `field` is empty when it is about the row."""

    line: int
    external_id: str | None
    field: str
    code: RowCode
    message: str


class FileUnusable(Exception):
    """The file as a whole cannot be imported."""

    def __init__(self, fault: FileFault, detail: str) -> None:
        super().__init__(detail)
        self.fault = fault
        self.detail = detail
