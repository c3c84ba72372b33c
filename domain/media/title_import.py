"""An import of titles: a file on its way into the catalog, and how far it is."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from domain.catalog.exporting import FileFormat
from domain.catalog.importing import FileFault, ImportMode
from domain.catalog.importing.records import Place

ImportId = NewType("ImportId", UUID)

# A million titles; what is larger comes in several files.
SOURCE_MAX_BYTES = 2 << 30
# A report of more is read by nobody. Rows beyond are still counted.
PROBLEMS_MAX = 100_000


class ImportState(StrEnum):
    """RUNNING from the start; the others are ends."""

    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True)
class TitleImport:
    """An import. Counts are of rows; `columns` is the header of a CSV file once it was read.

    `fault` says why a file was given up as a whole. `place` is where reading goes on.
    """

    id: ImportId
    account_id: UUID
    upload_id: UUID
    object_key: str
    format: FileFormat
    mode: ImportMode
    state: ImportState
    fault: FileFault | None
    fault_detail: str | None
    size_bytes: int
    place: Place
    columns: tuple[str, ...] | None
    created: int
    updated: int
    unchanged: int
    failed: int
    problems_kept: int
    created_at: datetime
    settled_at: datetime | None

    @property
    def rows_read(self) -> int:
        """How many rows were read, good and bad."""
        return self.created + self.updated + self.unchanged + self.failed

    @property
    def fraction(self) -> float:
        """How much of the file was read, from 0 to 1."""
        return 1.0 if self.state is ImportState.DONE else min(self.place.offset / max(self.size_bytes, 1), 1.0)


def topic_of(import_id: UUID) -> str:
    """Return the topic that rings when an import moved on."""
    return f"import:{import_id}"


def job_group(import_id: UUID) -> str:
    """Return the group of an import's job."""
    return f"import:{import_id}"
