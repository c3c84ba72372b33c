"""What an import of listings is: RUNNING, then DONE or FAILED; and its report, programme by programme. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from domain.guide.listing_problems import FileFailure, ProblemReason
from domain.kernel.refusals import Refusal

ListingsImportId = NewType("ListingsImportId", UUID)

# As much as the listings of a country for two weeks, several times over.
SOURCE_MAX_BYTES = 1 << 30
# How many may run at a time, of everybody.
RUNNING_MAX = 10
# A file with more problems than this needs no longer list. All are counted.
PROBLEMS_KEPT_MAX = 1_000
# Programmes of one transaction.
BATCH_PROGRAMMES = 500


class ImportState(StrEnum):
    """How far an import is."""

    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"


@dataclass(frozen=True)
class Counts:
    """What became of programmes. `removed` counts slots that made room, all others programmes of the file."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    skipped: int = 0
    refused: int = 0

    @property
    def programmes(self) -> int:
        """How many programmes of the file these are."""
        return self.added + self.changed + self.unchanged + self.skipped + self.refused


@dataclass(frozen=True)
class ListingsImport:
    """An upload that is made into slots, or was. `counts.programmes` tells how far it is.

    It keeps no upload from being deleted when nothing else was made from it; then `upload_id` is None.
    """

    id: ListingsImportId
    upload_id: UUID | None
    state: ImportState
    failure: FileFailure | None
    failure_line: int | None
    counts: Counts
    created_by: UUID
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True)
class ProgrammeProblem:
    """Why one programme of the file, the `number`th, is not on the schedule. `channel` and `start` are as written."""

    number: int
    line: int
    reason: ProblemReason
    channel: str
    start: str
    quoted: str


class TooManyImports(Refusal):
    """As many imports run as may."""

    def __init__(self, imports_max: int) -> None:
        super().__init__(f"{imports_max} imports are running. Wait until one has ended.")
        self.imports_max = imports_max
