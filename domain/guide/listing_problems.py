"""What can be wrong with one programme of a listings file, and with a file as a whole."""

from enum import StrEnum

# What is quoted of a file in a report.
QUOTED_MAX_CHARS = 100


class ProblemReason(StrEnum):
    """Why a programme of a file is not on the schedule."""

    NO_CHANNEL = "NO_CHANNEL"
    UNKNOWN_CHANNEL = "UNKNOWN_CHANNEL"
    BAD_TIME = "BAD_TIME"
    COARSE_TIME = "COARSE_TIME"
    UNKNOWN_ZONE = "UNKNOWN_ZONE"
    NO_END = "NO_END"
    BAD_LENGTH = "BAD_LENGTH"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    NO_NAME = "NO_NAME"
    SHARED_SLOT = "SHARED_SLOT"
    OVERLAPS = "OVERLAPS"
    EDITORS_SLOT = "EDITORS_SLOT"


class FileFailure(StrEnum):
    """Why an import ended before the end of its file. What was read before stays."""

    NOT_XML = "NOT_XML"
    NOT_XMLTV = "NOT_XMLTV"
    TOO_LARGE = "TOO_LARGE"
    SOURCE_GONE = "SOURCE_GONE"
    GAVE_UP = "GAVE_UP"


class ListingProblem(Exception):
    """A programme cannot be on the schedule. `quoted` is what the file says there."""

    def __init__(self, reason: ProblemReason, quoted: str = "") -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.quoted = quotable(quoted)


class FileFailed(Exception):
    """Nothing more can be read from a file. `line` counts from 1, None where it has none."""

    def __init__(self, failure: FileFailure, line: int | None = None) -> None:
        super().__init__(failure.value)
        self.failure = failure
        self.line = line


def quotable(text: str) -> str:
    """Return the beginning of a text of a stranger, in one line that a database takes."""
    return "".join(sign if sign.isprintable() else " " for sign in text[:QUOTED_MAX_CHARS]).strip()
